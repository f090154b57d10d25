package spec

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
	"go.yaml.in/yaml/v4"
)

// Marshal writes a canonical workflow as a definition file. Reading it again, with the same node types, gives a
// workflow with the same hash.
func Marshal(w *model.Workflow) ([]byte, error) {
	m := &marshaller{}
	doc := m.workflow(w)
	if m.err != nil {
		return nil, m.err
	}
	var out bytes.Buffer
	dumper, err := yaml.NewDumper(&out, yaml.WithIndent(2), yaml.WithLineWidth(-1))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(dumper.Dump(yamlNode(doc)), dumper.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// marshaller builds the tree of a definition; err is the first JSON of the model that is none.
type marshaller struct{ err error }

func (m *marshaller) raw(b json.RawMessage) *value {
	if len(b) == 0 {
		return nil
	}
	v, fault, _ := readJSON(b, MaxDepth)
	if fault != nil {
		m.err = cmp.Or(m.err, errors.New("the model holds broken JSON: "+fault.message))
		return nil
	}
	return v
}

func (m *marshaller) raws(of map[string]json.RawMessage) *value {
	if len(of) == 0 {
		return nil
	}
	out := &value{kind: isMap}
	for _, k := range slices.Sorted(maps.Keys(of)) {
		out.with(k, m.raw(of[k]))
	}
	return out
}

// say is text, nil where it is empty.
func say[T ~string](s T) *value {
	if s == "" {
		return nil
	}
	return text(string(s))
}

func number(n int) *value {
	if n == 0 {
		return nil
	}
	return &value{kind: isNumber, text: strconv.Itoa(n)}
}

func yes(b bool) *value {
	if !b {
		return nil
	}
	return &value{kind: isBool, text: "true"}
}

func no(b *bool) *value {
	if b == nil || *b {
		return nil
	}
	return &value{kind: isBool, text: "false"}
}

func millis(ms model.Millis) *value {
	if ms == 0 {
		return nil
	}
	return text(expr.FormatDuration(int64(ms)))
}

func (m *marshaller) workflow(w *model.Workflow) *value {
	out := object("workflow", text(w.Name))
	out.with("version", say(w.Version)).with("description", say(w.Description)).with("owner", say(w.Owner))
	if len(w.Labels) > 0 {
		labels := &value{kind: isMap}
		for _, k := range slices.Sorted(maps.Keys(w.Labels)) {
			labels.with(k, text(w.Labels[k]))
		}
		out.with("labels", labels)
	}
	if schema := m.raw(w.Input); schema != nil {
		out.with("input", object("schema", schema).with("defaults", m.raw(w.InputDefaults)))
	}
	out.with("tags", m.raws(w.Tags)).with("signals", m.signals(w.Signals)).with("triggers", m.list(w.Triggers))
	out.with("vars", m.raws(w.Root.Vars)).with("timeout", say(w.Timeout)).with("retention", millis(w.Retention)).with("limits", m.raw(w.Limits))
	out.with("on_failure", say(w.Root.OnFailure)).with("rollback", no(w.Root.Rollback))
	out.with("start", ids(w.Root.Graph.Start)).with("nodes", m.nodes(&w.Root.Graph)).with("output", m.raw(w.Root.Output))
	return out.with("finally", m.long(w.Root.Finally))
}

func (m *marshaller) list(of []json.RawMessage) *value {
	if len(of) == 0 {
		return nil
	}
	out := &value{kind: isList}
	for _, b := range of {
		out.items = append(out.items, m.raw(b))
	}
	return out
}

func (m *marshaller) signals(of map[string]model.Signal) *value {
	if len(of) == 0 {
		return nil
	}
	out := &value{kind: isMap}
	for _, k := range slices.Sorted(maps.Keys(of)) {
		s := of[k]
		out.with(k, object().with("schema", m.raw(s.Schema)).with("ttl", millis(s.TTL)))
	}
	return out
}

func ids(of []string) *value {
	if len(of) == 0 {
		return nil
	}
	return listOfText(of)
}

// long is a graph as {start, nodes}.
func (m *marshaller) long(g *model.Graph) *value {
	if g == nil {
		return nil
	}
	return object().with("start", ids(g.Start)).with("nodes", m.nodes(g))
}

func (m *marshaller) nodes(g *model.Graph) *value {
	out := &value{kind: isMap}
	edges := map[string][]model.Edge{}
	for _, e := range g.Edges {
		edges[e.From] = append(edges[e.From], e)
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		out.with(n.ID, m.node(n).with("next", next(edges[n.ID])))
	}
	return out
}

// next writes the edges of a node, by outcome.
func next(edges []model.Edge) *value {
	if len(edges) == 0 {
		return nil
	}
	out := &value{kind: isMap}
	for _, e := range edges {
		g := out.get(e.On)
		if g == nil {
			g = &value{kind: isList}
			out.with(e.On, g)
		}
		if e.Entry < len(g.items) {
			to := g.items[e.Entry].get("to")
			to.items = append(to.items, text(e.To))
			continue
		}
		g.items = append(g.items, object().with("when", say(e.When)).with("to", listOfText([]string{e.To})))
	}
	return out
}

func (m *marshaller) node(n *model.Node) *value {
	out := object().with("description", say(n.Description)).with("type", text(n.Type))
	m.config(out, n)
	switch {
	case n.Join.Each:
		out.with("join", text("each"))
	case n.Join.N > 0:
		out.with("join", number(n.Join.N))
	}
	if n.SplitAll {
		out.with("split", text("all"))
	}
	if n.Type != "set" {
		out.with("set", m.assigns(n.Set))
	}
	out.with("if", say(n.If)).with("output", m.raw(n.Output)).with("log", say(n.Log)).with("tags", m.raws(n.Tags))
	out.with("retry", retries(n.Retry)).with("timeout", say(n.Timeout)).with("attempt_timeout", say(n.AttemptTimeout)).with("heartbeat", say(n.Heartbeat))
	out.with("callback", yes(n.Callback)).with("on_failure", say(n.OnFailure)).with("compensate", say(n.Compensate)).with("limits", m.raw(n.Limits))
	return out.with("queue", say(n.Queue)).with("priority", number(n.Priority)).with("max_runs", number(n.MaxRuns))
}

// config writes the configuration under with, in the form that the reader takes.
func (m *marshaller) config(out *value, n *model.Node) {
	with := m.raw(n.With)
	switch {
	case n.Composite != nil:
		with = m.composite(n.Type, n.Composite)
	case n.Type == "set":
		if with = m.assigns(n.Set); with == nil {
			with = object()
		}
	case n.Type == "wait" && with != nil:
		with = arms(with)
	}
	out.with("with", with)
}

// arms turns the list of arms back into a plain wait or first.
func arms(with *value) *value {
	list := with.get("arms").orEmpty().items
	first := &value{kind: isMap}
	for _, a := range list {
		form := &value{kind: isMap}
		name := ""
		for i, k := range a.keys {
			if k.text == "name" {
				name = a.items[i].text
				continue
			}
			form.with(k.text, a.items[i])
		}
		if name == "" {
			return form
		}
		first.with(name, form)
	}
	return object("first", first)
}

func (m *marshaller) assigns(of []model.Assign) *value {
	if len(of) == 0 {
		return nil
	}
	out := &value{kind: isList}
	for _, a := range of {
		v := m.raw(a.Value)
		if a.Op == "unset" {
			v = &value{kind: isBool, text: "true"}
		}
		if v == nil {
			v = &value{kind: isNull}
		}
		out.items = append(out.items, object(a.Var, object(a.Op, v)))
	}
	return out
}

func retries(of []model.Retry) *value {
	if len(of) == 0 {
		return nil
	}
	out := &value{kind: isList}
	for _, p := range of {
		v := object().with("max_attempts", number(p.MaxAttempts))
		v.with("initial_interval", text(expr.FormatDuration(int64(p.InitialInterval)))).with("max_interval", text(expr.FormatDuration(int64(p.MaxInterval))))
		v.with("backoff_coefficient", float(p.Backoff)).with("jitter", float(p.Jitter)).with("when", say(p.When))
		if len(p.Match) > 0 {
			v.with("match", listOfText(p.Match))
		}
		out.items = append(out.items, v)
	}
	return out
}

func float(f float64) *value {
	return &value{kind: isNumber, text: strconv.FormatFloat(f, 'g', -1, 64)}
}

func (m *marshaller) composite(typ string, c *model.Composite) *value {
	out := &value{kind: isMap}
	if child := m.raw(c.Child); child != nil {
		return child
	}
	out.with("items", m.raw(c.Items)).with("as", say(c.As)).with("batch", number(c.Batch)).with("mode", say(c.Mode)).with("collect", say(c.Collect))
	out.with("add", say(c.Add)).with("close", say(c.Close)).with("while", say(c.While)).with("until", say(c.Until)).with("max", maxPasses(c.Max))
	out.with("concurrency", number(c.Concurrency)).with("complete", say(c.Complete)).with("rest", say(c.Rest))
	if n, err := strconv.Atoi(c.Tolerate); err == nil {
		out.with("tolerate", &value{kind: isNumber, text: strconv.Itoa(n)})
	} else {
		out.with("tolerate", say(c.Tolerate))
	}
	var rules *model.Scope
	eachScope(c, func(s *model.Scope) {
		if rules == nil {
			rules = s
		}
	})
	if rules != nil {
		out.with("vars", m.raws(rules.Vars)).with("rollback", no(rules.Rollback)).with("finally", m.long(rules.Finally))
	}
	if typ == "parallel" {
		branches := &value{kind: isMap}
		for i := range c.Branches {
			branches.with(c.Branches[i].Name, m.long(&c.Branches[i].Scope.Graph))
		}
		return out.with("branches", branches)
	}
	if c.Scope != nil {
		out.with("do", m.long(&c.Scope.Graph))
	}
	return out
}

func maxPasses(t model.Text) *value {
	if n, err := strconv.Atoi(string(t)); err == nil {
		return number(n)
	}
	return say(t)
}

// yamlNode is v for the YAML writer. Text that a reader could take for something else is quoted.
func yamlNode(v *value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v.text}
	switch v.kind {
	case isNull:
		n.Tag, n.Value = "!!null", "null"
	case isBool:
		n.Tag = "!!bool"
	case isNumber:
		n.Tag = "!!int"
		if strings.ContainsAny(v.text, ".e") {
			n.Tag = "!!float"
		}
	case isText:
		quoteText(n)
	case isList:
		*n = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, it := range v.items {
			n.Content = append(n.Content, yamlNode(it))
		}
		n.Style = flow(v)
	case isMap:
		*n = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for i, k := range v.keys {
			n.Content = append(n.Content, yamlNode(k), yamlNode(v.items[i]))
		}
		n.Style = flow(v)
	}
	return n
}

// flow writes short lists and maps of scalars on one line.
func flow(v *value) yaml.Style {
	size := 0
	for i, it := range v.items {
		if it.kind == isList || it.kind == isMap && len(it.items) > 0 || strings.Contains(it.text, "\n") {
			return 0
		}
		size += len(it.text) + 4
		if v.kind == isMap {
			size += len(v.keys[i].text)
		}
	}
	if size > 80 {
		return 0
	}
	return yaml.FlowStyle
}

// quoteText chooses a style that every reader of YAML, 1.1 included, reads back as the same text.
func quoteText(n *yaml.Node) {
	s := n.Value
	k, _, _ := plainScalar(s)
	safePlain := k == isText && !falseFriend(s) && s != "y" && s != "n" && s != "<<" && s != "=" && safe(s[:min(len(s), maxName)], letters, digits+"_-./ ") && !strings.ContainsAny(s, ":#") &&
		strings.Trim(s, letters+digits+"_-./ ") == "" && strings.TrimSpace(s) == s
	if !safePlain {
		n.Style = yaml.DoubleQuotedStyle
	}
}
