package importer

import "strings"

// crowd writes what parallel and foreach share: how many at once, and how many may fail.
func (p *pocket) crowd(conf *val, n at) {
	mode, most, strategy := n.get("parallel_mode"), n.get("max_parallel"), n.get("failure_strategy")
	switch {
	case mode.str() != "concurrent":
		mode.kept("concurrency")
		conf.put("concurrency", number("1"))
		most.out("one at a time")
	case most.count() > 0:
		mode.kept("concurrency")
		most.changed("concurrency", "so many at a time; PocketFlowGo waited for a whole batch")
		conf.put("concurrency", number(itoa(most.count())))
	default:
		mode.kept("concurrency")
		most.kept("")
	}
	switch strategy.str() {
	case "continue":
		strategy.kept("tolerate")
		conf.put("tolerate", "100%")
	case "fail_fast":
		strategy.changed("", "the first failure ends the node and the others are cancelled; PocketFlowGo then followed the edge as if all were well")
	default:
		strategy.changed("", "the first failure ends the node and cancels the others; PocketFlowGo tried them all, then failed the node and followed its edge")
	}
	for _, k := range []string{"max_retries", "wait_ms"} {
		n.get(k).out("PocketFlowGo used it for executors and subflows only")
	}
}

// parallel runs several services on one input; its output is the list of their results.
func (p *pocket) parallel(n at) *val {
	conf := object()
	p.crowd(conf, n)
	p.keep(n.get("prep"), "the argument")
	uses, over := p.parallelExecs(n)
	if len(uses) == 0 {
		return p.parallelByInput(n, conf)
	}
	branches := object()
	var results []string
	for i, u := range uses {
		name := word(u.service.str())
		for k := 2; branches.has(name); k++ {
			name = word(u.service.str()) + "_" + itoa(k)
		}
		body, _ := p.work(u, p.inputValue(n), p.paramsOf(n, over[i]))
		p.attempts(body, u, 1, 0)
		branches.put(name, list(object(p.names.id(n.key+"_"+name), body)))
		results = append(results, member("result", name))
	}
	out := object("parallel", conf, "branches", branches)
	out.put("output", code("["+strings.Join(results, ", ")+"]"))
	p.post(out, n, "["+strings.Join(results, ", ")+"]")
	p.next(out, n, "")
	return out
}

// parallelExecs are the branches with their overrides of params.
func (p *pocket) parallelExecs(n at) (uses []pocketExec, over []at) {
	services, execs := n.get("parallel_services"), n.get("parallel_execs")
	base := p.exec(n)
	for _, x := range execs.list() {
		uses, over = append(uses, base.over(x, true)), append(over, x.get("params"))
	}
	if len(uses) > 0 {
		for _, s := range services.list() {
			s.out("parallel_execs stands instead")
		}
		return uses, over
	}
	list := services.list()
	if len(list) == 0 {
		list = n.get("params").get("services").list()
	}
	seen := map[string]bool{}
	for _, s := range list {
		if seen[s.str()] {
			s.changed("branches", "a branch of its own; PocketFlowGo kept one result for both")
		} else {
			s.kept("branches")
		}
		seen[s.str()] = true
		u := base
		u.service = s
		uses, over = append(uses, u), append(over, at{})
	}
	return uses, over
}

// parallelByInput: the services come with the task.
func (p *pocket) parallelByInput(n at, conf *val) *val {
	n.look("foreach", "no services are named; they come with the input, and without them the flow turned in circles")
	p.param("services")
	conf.keys, conf.items = append([]string{"items", "as"}, conf.keys...), append([]*val{code("input.services ?? []"), text("service")}, conf.items...)
	body := object("service", object("name", code("service"), "input", object("input", p.inputValue(n), "params", code(p.paramsOf(n)))), "attempt_timeout", "10s")
	out := object("foreach", conf, "do", list(object(p.names.id(n.key+"_service"), body)))
	p.post(out, n, "result")
	p.next(out, n, "")
	return out
}

// foreach runs an executor on every element of a list.
func (p *pocket) foreach(n at) *val {
	p.keep(n.get("prep"), "foreach.items")
	items := p.input(n)
	if items != "null" {
		items = fits(n, "foreach.items", items+" ?? []")
	} else {
		items = "[]"
	}
	conf := object("items", code(items))
	p.crowd(conf, n)
	base := p.exec(n)
	work := func(u pocketExec, over at) *val {
		body, _ := p.work(u, code("item"), p.paramsOf(n, over))
		p.attempts(body, u, 1, 0)
		return body
	}
	every := p.names.id(n.key + "_item")
	do := list(object(every, work(base, at{})))
	if execs := n.get("foreach_execs").list(); len(execs) > 0 {
		do = p.byIndex(n, every, do.items[0].items[0], execs, work)
	}
	out := object("foreach", conf, "do", do)
	p.post(out, n, "result")
	p.next(out, n, "")
	return out
}

// byIndex chooses the overrides of single items.
func (p *pocket) byIndex(n at, every string, body *val, execs []at, work func(pocketExec, at) *val) *val {
	cases, next, nodes := list(), object(), object()
	pick := p.names.id(n.key + "_pick")
	seen := map[int]bool{}
	for _, x := range execs {
		i := x.get("index").count()
		if seen[i] {
			x.out("there is one for this index already")
			continue
		}
		seen[i] = true
		x.get("index").kept("switch.cases")
		x.get("service").out("PocketFlowGo does not override the service of an item")
		w := "item_" + itoa(i)
		id := p.names.id(n.key + "_" + w)
		cases.items = append(cases.items, object("when", "index == "+itoa(i), "outcome", w))
		next.put(w, id)
		nodes.put(id, work(p.exec(n).over(x, false), x.get("params")))
	}
	next.put("other", every)
	all := object(pick, object("switch", object("cases", cases, "default", "other"), "next", next))
	all.keys, all.items = append(all.keys, nodes.keys...), append(all.items, nodes.items...)
	return all.put(every, body)
}

// subflow is a scope with variables of its own. Its nodes are executors.
func (p *pocket) subflow(n at) *val {
	if n.get("subflow").get("nodes").t.Len() == 0 {
		n.get("subflow").look("", "the subflow has no nodes")
		out := object("set", object())
		p.next(out, n, "")
		return out
	}
	sub := newPocket(p.job, p)
	flow := n.get("subflow")
	sub.host = n
	sub.graph(flow)
	post := n.get("post")
	returns := post.get("output_key").str() != "" || post.get("action_key").str() != ""
	end := p.names.unique(identifier(n.key + "_out"))
	if returns {
		sub.ids[""] = end
	}
	nodes := sub.build(flow.get("start"))
	do := sub.finish(object(), flow.get("start"), nodes)
	if returns {
		result := object()
		for _, key := range sub.varOrder {
			result.put(key, code("vars."+sub.vars[key]))
		}
		nodes.put(end, object("end", object("output", result)))
	}
	conf := object()
	if len(sub.varOrder) > 0 {
		conf.put("vars", sub.declare())
	}
	conf.put("do", do)
	out := object("scope", conf)
	strategy := n.get("failure_strategy")
	switch strategy.str() {
	case "retry":
		strategy.changed("retry of its nodes", "each node has its own count; PocketFlowGo counted failures of the whole subflow")
	case "continue":
		strategy.changed("next.error", "after a failure the output is null; PocketFlowGo kept what was there")
	case "":
	default:
		strategy.kept("")
	}
	p.post(out, n, "result")
	p.next(out, n, "output")
	if strategy.str() == "continue" {
		to, _ := p.target(n, post.get("action_static").str())
		next := object("error", to)
		if out.has("next") {
			next.put("else", out.get("next"))
			out.drop("next")
		}
		out.put("next", next)
	}
	return out
}

func (v *val) drop(key string) {
	for i, k := range v.keys {
		if k == key {
			v.keys, v.items = append(v.keys[:i:i], v.keys[i+1:]...), append(v.items[:i:i], v.items[i+1:]...)
			return
		}
	}
}
