package importer

import (
	"strconv"
	"strings"
)

// work writes type, configuration and output of a node. given is what it works on.
func (p *parevo) work(n at, given string) *val {
	typ, conf := n.get("type"), n.get("config")
	switch typ.str() {
	case "function":
		typ.kept("call")
		conf.get("function").kept("call")
		return object("call", lit(required(conf.get("function"))), "args", code(given))
	case "http":
		typ.kept("http")
		return p.http(conf, given)
	case "notify":
		typ.changed("http", "a request to any address")
		return p.notify(conf, given)
	case "condition":
		typ.changed("switch", "true is the outcome met, false unmet; no branch stays in the data, so later nodes are not skipped by it")
		return p.condition(conf, given)
	case "switch":
		typ.changed("switch", "the branch is the outcome; no branch stays in the data, so later nodes are not skipped by it")
		return p.branches(n, conf, given)
	case "transform":
		typ.changed("set", "a node without work whose output is the mapping")
		return p.transform(conf, given)
	case "setvariable", "set_variable":
		typ.changed("set", "a node without work whose output is its input with these keys")
		vars := conf.get("variables")
		vars.kept("output")
		return object("set", object(), "output", code(fits(vars, "output", "merge("+given+", "+inExpr(vars.t)+")")))
	case "log":
		typ.changed("log", "a line of the step's log; the input is passed on")
		return p.log(conf, given)
	case "wait":
		return p.wait(n, conf, given)
	case "signal":
		return p.signal(n, conf, given)
	case "subworkflow":
		typ.changed("workflow", "the child is waited for without a worker")
		conf.get("workflowId").changed("workflow.name", "names of workflows are a-z, 0-9 and -")
		conf.get("namespace").out("a child lives in the namespace of its parent")
		return object("workflow", object("name", slug(required(conf.get("workflowId"))), "input", code(given)))
	case "ai":
		typ.kept("ai")
		return p.ai(conf, given)
	}
	typ.look("call", "parevo has no such type: an Executor of yours becomes a function named "+identifier(typ.str())+" that takes {config, input}")
	conf.kept("args.config")
	out := object("call", identifier(typ.str()), "args", object("config", literal(conf.t), "input", code(given)))
	return out.note("The node type " + quote(typ.str()) + " was your own: register a function of that name that takes {config, input}.")
}

func required(x at) string {
	if s := x.str(); s != "" {
		return s
	}
	return "unnamed"
}

func (p *parevo) http(conf at, given string) *val {
	out := object("url", lit(conf.get("url").str()))
	conf.get("url").kept("http.url")
	method := strings.ToUpper(conf.get("method").str())
	conf.get("method").kept("http.method")
	if method != "" && method != "GET" {
		out.put("method", lit(method))
	}
	out.put("headers", p.headers(conf, nil))
	if method == "" || method == "GET" || method == "HEAD" {
		conf.get("url").changed("http.url", "a GET sends no body; parevo sent the input along")
	} else {
		out.put("json", code(given))
	}
	return object("http", out, "output", code("result.body"))
}

func (p *parevo) headers(conf at, out *val) *val {
	if out == nil {
		out = object()
	}
	for _, h := range conf.get("headers").fields() {
		if secretHeader(h.key) {
			name := identifier(strings.ToLower(h.key))
			h.look("http.headers", "put its value into the secret "+name)
			out.put(h.key, code("secrets."+name))
			continue
		}
		h.kept("http.headers")
		out.put(h.key, text(lit(h.str())))
	}
	if out.empty() {
		return nil
	}
	return out
}

// secretHeader reports whether a header carries what does not belong into a definition.
func secretHeader(name string) bool {
	n := strings.ToLower(name)
	return n == "authorization" || n == "cookie" || strings.Contains(n, "api-key") || strings.Contains(n, "token") || strings.Contains(n, "secret")
}

func (p *parevo) notify(conf at, given string) *val {
	out := object("method", "POST")
	if m := strings.ToUpper(conf.get("method").str()); m != "" {
		out = object("method", lit(m))
	}
	conf.get("method").kept("http.method")
	out.put("url", p.template(conf.get("url"), given, "http.url"))
	if b := conf.get("body"); b.str() != "" {
		out.put("headers", p.headers(conf, object("Content-Type", "application/json")))
		out.put("body", p.template(b, given, "http.body"))
	} else {
		out.put("headers", p.headers(conf, nil))
		out.put("json", code(given))
	}
	return object("http", out, "output", code(given))
}

func (p *parevo) condition(conf at, given string) *val {
	variable, op, value := conf.get("variable"), conf.get("operator"), conf.get("value")
	for _, x := range []at{variable, op, value} {
		x.kept("switch.cases")
	}
	subject := field(given, variable.str())
	literal := inExpr(value.t)
	if value.t.Kind() == "" {
		literal = "null"
	}
	if looseText(value) {
		subject = "string(" + subject + ")"
	}
	test := "false"
	switch op.str() {
	case "==", "equal":
		test = subject + " == " + literal
	case "!=", "not_equal":
		test = subject + " != " + literal
	case ">", "<", ">=", "<=":
		test = subject + " " + op.str() + " " + literal
		if value.t.Kind() == "text" {
			test = "float(" + subject + ") " + op.str() + " float(" + literal + ")"
		}
	case "contains":
		test = "string(" + subject + ") contains string(" + literal + ")"
	case "not_contains":
		test = "not (string(" + subject + ") contains string(" + literal + "))"
	default:
		op.look("switch.cases", "parevo does not know this operator, and the node failed")
	}
	bare := field(given, variable.str())
	when := fits(value, "switch.cases", bare+" != null && "+test)
	return object("switch", object("cases", list(object("when", when, "outcome", "met")), "default", "unmet"), "output", code(given))
}

// looseText: a text that could also be a number or a boolean, which parevo compared as text.
func looseText(x at) bool {
	s := x.t.Text()
	return x.t.Kind() == "text" && (s == "true" || s == "false" || strings.Trim(s, "0123456789+-.eE") == "")
}

func (p *parevo) branches(n, conf at, given string) *val {
	variable := conf.get("variable")
	variable.kept("switch.cases")
	conf.get("default").kept("switch.default")
	subject := field(given, variable.str())
	words := p.words(n)
	cases := list()
	for i, c := range conf.get("cases").fields() {
		c.kept("switch.cases")
		s := subject
		if strings.Trim(c.key, "0123456789+-.eE") == "" || c.key == "true" || c.key == "false" {
			s = "string(" + subject + ")"
		}
		cases.items = append(cases.items, object("when", fits(c, "switch.cases", s+" == "+str(c.key)), "outcome", words[i][1]))
	}
	fallback := words[len(words)-1][1]
	if cases.empty() {
		cases.items = append(cases.items, object("when", text("false"), "outcome", fallback))
	}
	return object("switch", object("cases", cases, "default", fallback), "output", code(given))
}

// words are the branches of a condition or switch with our outcomes: for each case in order, then the default.
func (p *parevo) words(n at) [][2]string {
	if n.get("type").str() == "condition" {
		return [][2]string{{"true", "met"}, {"false", "unmet"}}
	}
	conf := n.get("config")
	branches := []string{}
	for _, c := range conf.get("cases").fields() {
		branches = append(branches, c.str())
	}
	last := conf.get("default").str()
	if last == "" {
		last = "default"
	}
	var out [][2]string
	taken := map[string]string{}
	for _, b := range append(branches, last) {
		w := word(b)
		for i := 2; taken[w] != "" && taken[w] != "="+b; i++ {
			w = word(b) + "_" + itoa(i)
		}
		taken[w] = "=" + b
		out = append(out, [2]string{b, w})
	}
	return out
}

func (p *parevo) transform(conf at, given string) *val {
	m := conf.get("mapping")
	if !m.there() {
		return object("set", object(), "output", code(given))
	}
	result := object()
	for _, f := range m.fields() {
		result.put(f.key, p.template(f, given, "output."+f.key))
	}
	if result.empty() {
		return object("set", object(), "output", code("{}"))
	}
	return object("set", object(), "output", result)
}

// template turns a Go template into ours. What is more than a field is left to a person.
func (p *parevo) template(x at, given, to string) *val {
	s := x.str()
	var out strings.Builder
	for rest := s; ; {
		before, after, ok := strings.Cut(rest, "{{")
		out.WriteString(lit(before))
		if !ok {
			break
		}
		action, tail, closed := strings.Cut(after, "}}")
		expr, simple := goField(action, given)
		if !closed || !simple || out.Len() > MaxText {
			x.look(to, "only fields such as {{.name}} are turned into expressions")
			return text(lit(s)).note("A Go template that must be written as an expression.")
		}
		out.WriteString("${ " + expr + " }")
		rest = tail
	}
	if strings.Contains(s, "{{") {
		x.changed(to, "a template of Go; a missing field is null")
	} else {
		x.kept(to)
	}
	if out.Len() == 0 {
		return text("")
	}
	return text(out.String())
}

// goField reads {{.a.b}}.
func goField(action, given string) (string, bool) {
	path := strings.TrimSpace(strings.Trim(action, "-"))
	if path == "." {
		return given, true
	}
	if !strings.HasPrefix(path, ".") {
		return "", false
	}
	names := strings.Split(path[1:], ".")
	for i, name := range names {
		if !plainName(name) {
			return "", false
		}
		if i == 0 {
			given = field(given, name)
		} else {
			given = member(given, name)
		}
	}
	return given, true
}

func plainName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

func (p *parevo) log(conf at, given string) *val {
	line := lit(conf.get("message").str())
	conf.get("message").kept("log")
	if l := conf.get("level").str(); l != "" && l != "info" {
		line = lit(strings.ToUpper(l)) + " " + line
	}
	conf.get("level").changed("log", "lines of a log have no level; it stands in front")
	for _, f := range conf.get("fields").fields() {
		line += " " + lit(f.key) + "=" + lit(string(f.t.JSON()))
		f.kept("log")
	}
	return object("set", object(), "log", line, "output", code(given))
}

func (p *parevo) wait(n, conf at, given string) *val {
	n.get("type").changed("wait", "it holds no worker; the input is passed on, where parevo gave a sentence")
	d := conf.get("duration")
	out := object()
	if dur, ok := goDuration(d.str()); ok {
		d.kept("wait")
		out.put("wait", dur)
	} else {
		d.look("wait", "it is no duration, and the node did not wait")
		out.put("set", object())
	}
	return out.put("output", code(given))
}

// goDuration reads a duration as Go writes it, such as 1.5h or 1m30s, or one such as "14 days", in our form.
func goDuration(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if n, unit, ok := strings.Cut(s, " "); ok {
		short := map[string]string{"day": "d", "days": "d", "hour": "h", "hours": "h", "minute": "m", "minutes": "m"}[unit]
		if short == "" {
			return "", false
		}
		s = n + short
	}
	total := 0.0
	for s != "" {
		digits := len(s) - len(strings.TrimLeft(s, "0123456789."))
		n, err := strconv.ParseFloat(s[:digits], 64)
		rest := s[digits:]
		letters := len(rest) - len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyzµμ"))
		unit, ok := units[rest[:letters]]
		if err != nil || !ok {
			return "", false
		}
		total += n * unit
		s = rest[letters:]
	}
	if total < 1 || total > 1e12 {
		return "", false
	}
	return ms(int(total)), true
}

// units are those of a duration in milliseconds.
var units = map[string]float64{"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ns": 1e-6}

func (p *parevo) signal(n, conf at, given string) *val {
	id := n.get("id").str()
	name := word(id)
	n.get("type").changed("signal", "send the signal "+quote(name)+"; it holds no worker, and one that comes early is kept")
	if s := conf.get("signal_name"); s.str() != "" {
		name = word(s.str())
		s.changed("signal", "the name of the signal; parevo took the id of the node")
		n.get("type").kept("signal")
	}
	out := object("signal", name)
	if t := conf.get("timeout"); t.str() != "" {
		if dur, ok := goDuration(t.str()); ok {
			t.changed("timeout", "it ends the wait, and without an edge for timeout the execution; in parevo it never came")
			out.put("timeout", dur)
		} else {
			t.look("timeout", "it is no duration")
		}
	}
	return out.put("output", code("merge("+given+", result)"))
}

func (p *parevo) ai(conf at, given string) *val {
	provider := conf.get("provider")
	secret := "ai_key"
	if s := provider.str(); s != "" {
		secret = identifier(s) + "_key"
	}
	out := object("provider", lit(provider.str()), "model", lit(conf.get("model").str()), "api_key", code("secrets."+secret))
	conf.get("model").kept("ai.model")
	provider.kept("ai.provider")
	conf.get("api_key").look("ai.api_key", "put it into the secret "+secret+"; a definition is no place for keys")
	messages := list()
	if s := conf.get("system_prompt"); s.str() != "" {
		s.kept("ai.messages")
		messages.items = append(messages.items, object("role", "system", "content", text(lit(s.str()))))
	}
	messages.items = append(messages.items, object("role", "user", "content", p.template(conf.get("prompt"), given, "ai.messages")))
	out.put("messages", messages)
	temperature, most := number("0.7"), number("1000")
	if t := conf.get("temperature"); t.is("number") {
		temperature = literal(t.t)
		t.kept("ai.temperature")
	}
	if t := conf.get("max_tokens"); t.is("number") {
		most = literal(t.t)
		t.kept("ai.max_tokens")
	}
	out.put("temperature", temperature).put("max_tokens", most)
	key := conf.get("result_key").str()
	conf.get("result_key").kept("output")
	if key == "" {
		key = "ai_response"
	}
	return object("ai", out, "output", code("merge("+given+", {"+exprKey(key)+": result.text})"))
}

// undoID is the compensation of a node; one that several nodes name is written for each.
func (p *parevo) undoID(undo, of string) string {
	for i, user := range p.undo[undo] {
		if user.get("id").str() != of {
			continue
		}
		if i == 0 {
			return p.ids[undo]
		}
		key := undo + "\x00" + of
		if p.ids[key] == "" {
			p.ids[key] = p.names.id(undo + "_of_" + of)
		}
		return p.ids[key]
	}
	return p.ids[undo]
}

// compensation writes a node that undoes others.
func (p *parevo) compensation(nodes *val, n at, users []at) {
	id := n.get("id").str()
	n.get("name").kept("description")
	for _, user := range users {
		of := p.ids[user.get("id").str()]
		given := "{reason: \"compensation\", failedNode: " + str(user.get("id").str()) + ", error: nodes." + of + ".error, output: nodes." + of + ".output}"
		v := p.work(n, given)
		p.retry(v, n)
		nodes.put(p.undoID(id, user.get("id").str()), v)
	}
}
