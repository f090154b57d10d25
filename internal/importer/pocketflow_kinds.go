package importer

import (
	"strconv"
)

func itoa(n int) string { return strconv.Itoa(n) }

// choice is a switch whose outcomes are the actions.
func (p *pocket) choice(n at) *val {
	input := p.input(n)
	p.keep(n.get("prep"), "switch")
	cases, next := list(), object()
	words := map[string]string{}
	outcome := func(action string) string {
		if action == "" {
			action = "default"
		}
		if w, ok := words[action]; ok {
			return w
		}
		w := word(action)
		for i := 2; next.has(w); i++ {
			w = word(action) + "_" + itoa(i)
		}
		words[action] = w
		to, _ := p.target(n, action)
		next.put(w, to)
		return w
	}
	for _, c := range n.get("choice_cases").list() {
		when := fits(c, "switch", p.condition(n, c.get("expr"), input, 0))
		cases.items = append(cases.items, object("when", when, "outcome", outcome(c.get("action").str())))
		c.kept("switch.cases")
	}
	post := n.get("post")
	static, dynamic, fallback := post.get("action_static"), post.get("action_key"), n.get("default_action")
	last := ""
	switch {
	case static.str() != "":
		last = static.str()
		static.kept("switch.default")
		fallback.out("action_static stands instead")
		dynamic.out("action_static stands instead")
	case dynamic.str() != "":
		p.dynamicCases(n, dynamic, input, cases, outcome)
		last = fallback.str()
		fallback.kept("switch.default")
	default:
		last = fallback.str()
		fallback.kept("switch.default")
	}
	n.get("choice_key").out("PocketFlowGo reads it nowhere")
	if cases.empty() {
		out := object("set", object())
		if post.get("output_key").str() != "" {
			out = object()
		}
		p.post(out, n, input)
		to, _ := p.target(n, last)
		p.lead(out, to)
		return out
	}
	out := object("switch", object("cases", cases, "default", outcome(last)))
	p.post(out, n, input)
	return out.put("next", next)
}

// dynamicCases: the action is the value of a key of the shared map, or of the input under the name v.
func (p *pocket) dynamicCases(n, key at, input string, cases *val, outcome func(string) string) {
	subject := p.shared(key.str())
	if key.str() == "v" {
		subject = input
	}
	key.changed("switch.cases", "one case for each edge, by "+clip(subject))
	for _, e := range p.edges[n.key] {
		if e.action != "default" {
			cases.items = append(cases.items, object("when", subject+" == "+str(e.action), "outcome", outcome(e.action)))
		}
	}
}

func (v *val) has(key string) bool {
	for _, k := range v.keys {
		if k == key {
			return true
		}
	}
	return false
}

// timer is a wait.
func (p *pocket) timer(n at) *val {
	out := object()
	delay := n.get("params").get("delay_ms")
	switch {
	case !delay.there():
		p.param("delay_ms")
		out.put("wait", object("for", "${ input.delay_ms ?? 0 }ms"))
	case delay.count() == 0:
		delay.kept("set")
		if n.get("post").get("output_key").str() == "" {
			out.put("set", object())
		}
	default:
		delay.changed("wait.for", "a parameter of the task of the same name is not looked at")
		out.put("wait", ms(delay.count()))
	}
	n.get("prep").get("input_key").kept("set")
	p.post(out, n, p.input(n))
	p.next(out, n, "")
	return out
}

// waitEvent is a wait for a signal.
func (p *pocket) waitEvent(n at) *val {
	out := object()
	params := n.get("params")
	key := params.get("signal_key")
	name := p.awaited(out, n, key, "signal")
	var set []string
	if name == "" { // a text that is no reference was there already
		p.post(out, n, str(key.str()))
		p.next(out, n, "")
		return out
	}
	if s := key.str(); len(s) > 8 && s[:8] == "$shared." {
		set = append(set, s[8:])
	}
	p.timeout(out, n, params.get("timeout_ms"))
	p.remember(out, n, set, "result")
	p.waitNext(out, n)
	return out
}

// awaited writes the signal that a reference waits for and gives its name.
func (p *pocket) awaited(out *val, n, key at, as string) string {
	s := key.str()
	name := identifier(n.key)
	switch {
	case len(s) > 8 && s[:8] == "$shared.":
		name = head(s[8:])
		key.changed("signal "+word(name), "send the signal "+quote(word(name))+" instead of setting the key; an empty or false value ends the wait, too")
		if p.written[name] {
			out.put("if", "vars."+p.variable(name)+" == null")
		}
	case len(s) > 8 && s[:8] == "$params.":
		name = head(s[8:])
		p.param(name)
		key.changed("signal "+word(name), "skipped where the input has a value; there it could not change while it waited")
		out.put("if", member("input", name)+" == null")
	case s == "":
		n.look("signal", "there is no signal_key: it waited for ever; here it waits for the signal "+quote(word(name)))
		out.note("There was no signal_key, and it waited for ever.")
	default:
		key.changed("set", "a text that is no reference did not wait")
		if n.get("post").get("output_key").str() == "" {
			out.put("set", object())
		}
		return ""
	}
	w := word(name)
	for _, have := range p.signals {
		if have == w {
			out.put(as, w)
			return w
		}
	}
	root := p
	for root.outer != nil {
		root = root.outer
	}
	root.signals = append(root.signals, w)
	out.put(as, w)
	return w
}

// head is the first name of a path.
func head(path string) string {
	for i := range len(path) {
		if path[i] == '.' || path[i] == '[' {
			if i == 0 {
				continue
			}
			return path[:i]
		}
	}
	return path
}

// remember writes what came into the shared map under its key and under output_key.
func (p *pocket) remember(out *val, n at, paths []string, subject string) {
	set := object()
	for _, path := range paths {
		p.written[head(path)] = true
		set.put(p.variable(head(path)), code(subject))
	}
	if k := n.get("post").get("output_key"); k.str() != "" {
		if v := p.variable(k.str()); !set.has(v) {
			set.put(v, code(subject))
		}
		k.kept("set." + p.variable(k.str()))
	}
	if !set.empty() {
		out.put("set", set)
	}
}

// timeout bounds a wait, by what the failure strategy says.
func (p *pocket) timeout(out *val, n, t at) {
	strategy := n.get("failure_strategy")
	if !t.there() || t.count() == 0 {
		t.kept("")
		strategy.out("there is no timeout")
		return
	}
	if strategy.str() == "retry" {
		t.changed("", "with failure_strategy retry the time began anew, so it waits without a timeout")
		strategy.changed("", "waits without a timeout")
		return
	}
	t.kept("timeout")
	strategy.kept("next.timeout")
	out.put("timeout", ms(t.count()))
}

// waitNext writes the edges of a wait; after a timeout that may go on they are the same.
func (p *pocket) waitNext(out *val, n at) {
	edges := object()
	post := n.get("post")
	if post.get("action_key").str() == "signal" && post.get("action_static").str() == "" {
		p.choose(edges, n, "output")
		post.get("action_key").changed("next", "a choice between edges, by the signal's data")
	} else {
		p.next(edges, n, "")
	}
	going := n.get("failure_strategy").str() == "continue" && out.has("timeout")
	switch {
	case !going && edges.empty():
	case !going:
		out.put("next", edges.get("next"))
	case edges.empty():
		out.put("next", object("timeout", "stop"))
	default:
		static, _ := p.target(n, n.get("post").get("action_static").str())
		out.put("next", object("timeout", static, "else", edges.get("next")))
	}
}

// approval is a decision of people.
func (p *pocket) approval(n at) *val {
	key := n.get("params").get("approval_key")
	words, next := []string{}, object()
	for _, e := range p.edges[n.key] {
		if e.action == "default" {
			continue
		}
		to, _ := p.target(n, e.action)
		w := word(e.action)
		switch w {
		case "error", "timeout", "cancelled", "exhausted", "unreachable", "skipped", "success":
			w += "_" // how the engine ends steps; nobody can choose it
		}
		if next.has(w) {
			continue
		}
		if w == "approved" { // the first word is the one that is voted for
			words = append([]string{w}, words...)
		} else {
			words = append(words, w)
		}
		next.put(w, to)
	}
	conf := object("title", lit(n.key))
	switch {
	case len(words) == 0:
		to, _ := p.target(n, "")
		next.put("approved", to).put("rejected", to)
	case len(words) == 1 && words[0] == "approved":
		next.put("rejected", p.end())
	case len(words) == 1 && words[0] == "rejected":
		next.put("approved", p.end())
	case len(words) == 1:
		words = append(words, "rejected")
		next.put("rejected", p.end())
		conf.put("outcomes", texts(words...))
	case !(len(words) == 2 && next.has("approved") && next.has("rejected")):
		conf.put("outcomes", texts(words...))
	}
	out := object("approval", conf)
	switch s := key.str(); {
	case len(s) > 8 && s[:8] == "$params.":
		key.look("approval", "the decision came with the parameters of the task; here people make it. A switch on "+member("input", head(s[8:]))+" keeps the former")
		out.note("The decision was a parameter of the task: " + head(s[8:]) + ".")
		p.param(head(s[8:]))
	default:
		key.changed("approval", "decide with pawl approve and pawl reject instead of setting a key")
	}
	n.get("post").get("action_static").out("the decision stands instead")
	n.get("post").get("action_key").kept("next")
	var set []string
	if s := key.str(); len(s) > 8 && s[:8] == "$shared." {
		set = append(set, s[8:])
	}
	p.remember(out, n, set, "result.decision")
	return out.put("next", next)
}
