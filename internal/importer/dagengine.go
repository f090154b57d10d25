package importer

import (
	"regexp"
	"strings"

	"github.com/pawl-dev/pawl/internal/spec"
)

// manifest imports a manifest of dag-engine: nodes that depend on others, each a script.
type manifest struct {
	*job
	ids map[string]string
	// env are the variables that scripts see: plain ones, and those from secrets.
	env     []at
	secrets []at
}

func readDagEngine(j *job) *val {
	m := &manifest{job: j, ids: map[string]string{}}
	root := j.root()
	if v := root.get("apiVersion"); v.str() != "workflows/v1" {
		j.fault(orRoot(v, root), spec.CodeVersion, "apiVersion must be workflows/v1", "is it a file of dag-engine?")
		return nil
	}
	if k := root.get("kind"); k.str() != "Workflow" {
		j.fault(orRoot(k, root), spec.CodeValue, "kind must be Workflow", "is it a file of dag-engine?")
		return nil
	}
	root.get("apiVersion").kept("")
	root.get("kind").kept("workflow")
	doc := m.header(root.get("metadata"))
	s := root.get("spec")
	m.configuration(s.get("configuration"))
	doc.put("triggers", m.triggers(s.get("triggers")))
	for _, n := range s.get("nodes").list() {
		m.claim(n)
	}
	nodes := object()
	nodes.open = true
	var starts []string
	for _, n := range s.get("nodes").list() {
		id := n.get("id").str()
		if m.ids[id] == "" || nodes.has(m.ids[id]) {
			continue
		}
		v := m.node(n)
		nodes.put(m.ids[id], v)
		if !v.has("after") {
			starts = append(starts, m.ids[id])
		}
	}
	if nodes.empty() {
		j.fault(orRoot(s.get("nodes"), root), spec.CodeMissing, "a workflow needs nodes", "")
	}
	if len(starts) > 1 {
		doc.put("start", texts(starts...))
	}
	return doc.put("nodes", nodes)
}

func orRoot(x, root at) at {
	if x.t.Exists() {
		return x
	}
	return root
}

func (m *manifest) header(meta at) *val {
	name := meta.get("id").str()
	if name == "" || m.o.Name != "" {
		name = m.title()
	}
	doc := object("workflow", slug(name))
	doc.note("Imported from dag-engine, which ran scripts without inputs and kept no results; here each gets the outputs it depends on.")
	if slug(name) == meta.get("id").str() {
		meta.get("id").kept("workflow")
	} else {
		meta.get("id").changed("workflow", "names of workflows are a-z, 0-9 and -")
	}
	doc.put("version", version(meta.get("version")))
	meta.get("version").kept("version")
	about := meta.get("name").str()
	if d := meta.get("description").str(); d != "" {
		about = strings.TrimPrefix(about+": "+d, ": ")
	}
	doc.put("description", about)
	meta.get("name").kept("description")
	meta.get("description").kept("description")
	labels := object()
	for _, f := range meta.get("labels").fields() {
		f.kept("labels")
		labels.put(label(f.key), text(f.str()))
	}
	for _, f := range meta.get("annotations").fields() {
		if labels.has(label(f.key)) {
			f.out("a label has that name")
			continue
		}
		f.changed("labels", "there are labels only")
		labels.put(label(f.key), text(f.str()))
	}
	if !labels.empty() {
		doc.put("labels", labels)
	}
	return doc
}

// configuration reads what scripts see of the world around them.
func (m *manifest) configuration(c at) {
	for _, f := range c.get("env").fields() {
		f.kept("the scripts' env")
		m.env = append(m.env, f)
	}
	for _, s := range c.get("secrets").list() {
		s.get("namespace").out("secrets belong to the namespace of Pawl")
		s.get("mount_path").out("a secret is a value, not a file")
		keys := s.get("keys").fields()
		if len(keys) == 0 {
			s.get("name").look("", "it names no keys; read them as secrets.<name> where they are needed")
			continue
		}
		s.get("name").changed("secrets", "secrets have one name each, that of the variable")
		for _, k := range keys {
			k.kept("secrets." + identifier(k.str()))
			m.secrets = append(m.secrets, k)
		}
	}
	k := c.get("kubernetes")
	for _, f := range k.get("resource_limits").fields() {
		f.out("limits of memory and CPU belong to the worker's deployment")
	}
	for _, name := range []string{"annotations", "labels"} {
		for _, f := range k.get(name).fields() {
			f.out("it belongs to the worker's deployment")
		}
	}
	k.get("service_account").out("it belongs to the worker's deployment")
}

func (m *manifest) triggers(t at) *val {
	out := list()
	if h := t.get("http"); h.is("map") {
		path := strings.Trim(clean(strings.TrimPrefix(h.get("path").str(), "/"), '-', "/-_", 200), "/")
		for strings.Contains(path, "//") {
			path = strings.ReplaceAll(path, "//", "/")
		}
		if path == "" {
			path = "imported"
		}
		h.get("path").changed("triggers", "the server's address and the namespace stand in front; a request must pass a check")
		h.get("port").out("there is one server for all")
		h.get("timeout_seconds").out("a request is answered at once with the execution's id; pawl run and the API can wait for its end")
		if s := strings.ToUpper(h.get("method").str()); s != "" && s != "POST" {
			h.get("method").look("triggers", "webhooks are POST")
		} else {
			h.get("method").kept("triggers")
		}
		out.items = append(out.items, object("webhook", object("path", path), "input", code("trigger.body.inputs")))
	}
	if c := t.get("cron"); c.is("map") {
		out.items = append(out.items, m.cron(c))
	}
	if out.empty() {
		return nil
	}
	out.open = true
	return out
}

// cron writes a schedule of six fields, the first of which are seconds.
func (m *manifest) cron(c at) *val {
	s := c.get("schedule")
	fields := strings.Fields(s.str())
	v := object()
	line := strings.ReplaceAll(strings.Join(fields, " "), "?", "*")
	switch {
	case len(fields) != 6:
		m.fault(s, spec.CodeValue, "a schedule has six fields, this one "+itoa(len(fields)), "second, minute, hour, day of month, month, day of week")
	case fields[0] == "0":
		s.changed("triggers", "without the seconds, which are 0")
		v.put("cron", strings.TrimPrefix(line, "0 "))
	default:
		s.kept("triggers")
		v.put("cron", line)
	}
	if z := c.get("timezone"); zone.MatchString(z.str()) {
		v.put("zone", z.str())
		z.kept("triggers")
	} else if z.str() != "" {
		z.look("triggers", "it is no name of a time zone")
	}
	in := object()
	for _, f := range c.get("inputs").fields() {
		f.kept("triggers")
		in.keys, in.items = append(in.keys, f.key), append(in.items, literal(f.t))
	}
	if !in.empty() {
		v.put("input", in)
	}
	return v
}

var zone = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]{0,60}(/[A-Za-z][A-Za-z0-9_+-]{0,60}){0,2}$`)

func (m *manifest) claim(n at) {
	id := n.get("id")
	if !n.is("map") {
		return
	}
	if id.str() == "" || m.ids[id.str()] != "" {
		m.fault(orRoot(id, n), spec.CodeDuplicateID, "a node needs an id of its own: "+quote(id.str()), "")
		return
	}
	m.ids[id.str()] = m.names.id(id.str())
	id.key = id.str()
	id.name(m.ids[id.str()], "the node")
	m.told[id.t] = true
}

func (m *manifest) node(n at) *val {
	out := m.work(n)
	meta := n.get("metadata")
	if t := meta.get("timeout"); t.there() {
		if t.count() > 0 {
			out.put("timeout", ms(t.count()*1000))
		}
		t.changed("timeout", "in seconds; dag-engine did not look at it")
	}
	if r := meta.get("retries"); r.there() {
		if r.count() > 0 {
			out.put("retry", number(itoa(min(r.count()+1, 1_000_000))))
		}
		r.changed("retry", "attempts count the first one; dag-engine did not look at it")
	}
	for _, f := range meta.fields() {
		if !m.told[f.t] {
			f.out("nothing reads it")
		}
	}
	after := list()
	for _, d := range n.get("dependencies").list() {
		id := m.ids[d.str()]
		if id == "" {
			m.fault(d, spec.CodeUnknownNode, "there is no node "+quote(d.str()), "")
			continue
		}
		d.kept("after")
		after.items = append(after.items, text(id))
	}
	switch len(after.items) {
	case 0:
	case 1:
		out.put("after", after.items[0])
	default:
		out.put("after", after)
	}
	return out
}

// work writes the script of a node, or the workflow that it stands for.
func (m *manifest) work(n at) *val {
	inputs := object()
	for _, d := range n.get("dependencies").list() {
		if id := m.ids[d.str()]; id != "" && !inputs.has(d.str()) {
			inputs.put(d.str(), code("nodes."+id+".output"))
		}
	}
	if inputs.empty() {
		inputs = code("input")
	}
	meta := n.get("metadata")
	if w := meta.get("workflow_type"); w.str() == "sub-workflow" {
		return m.child(n, w, inputs)
	}
	e := n.get("executor")
	typ, src, conf := e.get("type"), e.get("code"), e.get("config")
	arg := object("inputs", inputs)
	if conf.is("map") && conf.t.Len() > 0 {
		conf.changed("the script's input", "it stands under config; dag-engine gave it to nobody")
		arg.put("config", literal(conf.t))
	}
	switch typ.str() {
	case "lua":
		typ.kept("lua")
		src.changed("lua.code", "it runs in a sandbox without io and os; its input is the table input, what it returns the output")
		env := m.environment()
		if !env.empty() {
			arg.put("env", env)
		}
		return object("lua", object("code", text(lit(src.str())), "input", arg))
	case "shell":
		typ.changed("exec", "dag-engine had not built it; the operator must allow programs")
		src.kept("exec.command")
		script := src.str()
		if script == "" {
			n.look("exec.command", "there is no code")
			script = "true"
		}
		conf := object("command", list(text("sh"), text("-c"), text(lit(script))))
		if env := m.environment(); !env.empty() {
			conf.put("env", env)
		}
		return object("exec", conf.put("json", arg))
	}
	m.fault(orRoot(typ, n), spec.CodeValue, "there is no executor "+quote(typ.str()), "lua or shell")
	return object()
}

// environment are the variables of a script.
func (m *manifest) environment() *val {
	out := object()
	for _, f := range m.env {
		if !out.has(f.key) {
			out.put(f.key, text(lit(f.str())))
		}
	}
	for _, s := range m.secrets {
		if name := s.str(); name != "" && !out.has(name) {
			out.put(name, code("secrets."+identifier(name)))
		}
	}
	return out
}

// child is a node that stands for another workflow.
func (m *manifest) child(n, w at, inputs *val) *val {
	w.changed("workflow", "an execution of its own that is waited for")
	meta := n.get("metadata")
	name := n.get("id").str()
	for _, key := range []string{"workflow_id", "workflow"} {
		if x := meta.get(key); x.str() != "" {
			name = x.str()
			x.kept("workflow.name")
		}
	}
	conf := object("name", slug(name))
	if v := meta.get("workflow_version"); v.str() != "" {
		conf.put("version", strings.TrimPrefix(v.str(), "v"))
		v.kept("workflow.version")
	}
	e := n.get("executor")
	e.get("type").out("the other workflow does the work")
	e.get("code").out("the other workflow does the work")
	return object("workflow", conf.put("input", inputs))
}
