package draw

import (
	"encoding/json"

	"github.com/pawl-dev/pawl/model"
)

// The samples are small on purpose: each shows one thing that a picture must get right.
var samples = map[string]func() *model.Workflow{
	"chain": chain, "order": order, "loan": loan, "forkjoin": forkJoin, "nested": nested, "loops": loops, "wide": wide,
}

func nodeOf(id, typ, with string) model.Node {
	return model.Node{ID: id, Type: typ, With: json.RawMessage(with)}
}

func edge(from, on, to string) model.Edge { return model.Edge{From: from, On: on, To: to} }

func choice(from, on string, entry int, when, to string) model.Edge {
	return model.Edge{From: from, On: on, Entry: entry, When: when, To: to}
}

// list is a graph whose nodes follow each other.
func list(nodes ...model.Node) model.Graph {
	g := model.Graph{Start: []string{nodes[0].ID}, Nodes: nodes}
	for i := 1; i < len(nodes); i++ {
		g.Edges = append(g.Edges, edge(nodes[i-1].ID, "else", nodes[i].ID))
	}
	return g
}

func branch(name string, nodes ...model.Node) model.Branch {
	return model.Branch{Name: name, Scope: model.Scope{Graph: list(nodes...)}}
}

func chain() *model.Workflow {
	w := &model.Workflow{Name: "chain", Version: "0.1.0"}
	w.Root.Graph = list(nodeOf("fetch", "http", `{"url":"https://example.org/data"}`), nodeOf("wait", "wait", `{"for":"30s"}`),
		nodeOf("store", "function", `{"name":"store"}`), nodeOf("done", "end", `{"outcome":"stored"}`))
	return w
}

func order() *model.Workflow {
	w := &model.Workflow{Name: "order", Version: "1.2.0", Description: "Reserve, charge, ship"}
	reserve := nodeOf("reserve", "function", `{"name":"reserve_stock"}`)
	reserve.Retry = []model.Retry{{MaxAttempts: 5}}
	reserve.Compensate = "release"
	w.Root.Graph = model.Graph{
		Start: []string{"reserve"},
		Nodes: []model.Node{
			reserve,
			nodeOf("charge", "http", `{"method":"POST","url":"${ config.payments }/charges"}`),
			nodeOf("review", "approval", `{"title":"Risky order ${ input.id }"}`),
			nodeOf("ship", "service", `{}`),
			nodeOf("apologise", "notify", `{}`),
			nodeOf("release", "function", `{"name":"release_stock"}`),
		},
		Edges: []model.Edge{
			edge("reserve", "else", "charge"),
			edge("charge", "error", "apologise"),
			choice("charge", "success", 0, "output.body.risk > 0.8", "review"),
			choice("charge", "success", 1, "", "ship"),
			edge("review", "approved", "ship"),
			edge("review", "rejected", "apologise"),
			edge("review", "timeout", "apologise"),
			edge("apologise", "else", "fail"),
		},
	}
	f := list(nodeOf("tell", "notify", `{}`))
	w.Root.Finally = &f
	return w
}

func loan() *model.Workflow {
	w := &model.Workflow{Name: "loan"}
	checks := nodeOf("checks", "parallel", `{}`)
	checks.Composite = &model.Composite{Branches: []model.Branch{
		branch("credit", nodeOf("score", "http", `{"url":"${ config.credit }/${ input.applicant }"}`)),
		branch("fraud", nodeOf("look", "function", `{"name":"fraud_check"}`), nodeOf("note", "set", `{"seen":true,"by":"us"}`)),
		branch("income", nodeOf("verify", "workflow", `{}`)),
	}}
	papers := nodeOf("papers", "wait", `{"first":{"got":{"signal":"documents"},"late":{"for":"2d"}}}`)
	papers.MaxRuns = 4
	w.Root.Graph = model.Graph{Start: []string{"checks"}, Nodes: []model.Node{
		checks, papers, nodeOf("remind", "notify", `{}`), nodeOf("review", "approval", `{"title":"Loan of ${ input.amount }"}`),
		nodeOf("reserve", "function", `{"name":"reserve_funds"}`), nodeOf("done", "end", `{"outcome":"paid"}`),
		nodeOf("declined", "notify", `{}`), nodeOf("refused", "end", `{"outcome":"declined"}`),
	}, Edges: []model.Edge{
		edge("checks", "error", "declined"),
		choice("checks", "success", 0, "output.credit < 500", "declined"),
		choice("checks", "success", 1, "", "papers"),
		edge("papers", "got", "review"),
		edge("papers", "late", "remind"),
		edge("papers", "exhausted", "declined"),
		edge("remind", "else", "papers"),
		edge("review", "rejected", "declined"),
		edge("review", "timeout", "declined"),
		edge("review", "else", "reserve"),
		edge("reserve", "else", "done"),
		edge("declined", "else", "refused"),
	}}
	return w
}

func forkJoin() *model.Workflow {
	w := &model.Workflow{Name: "nightly-sales"}
	load := nodeOf("load", "function", `{"name":"load"}`)
	early := nodeOf("early", "set", `{"warm":true}`)
	early.Join.N = 1
	w.Root.Graph = model.Graph{
		Start: []string{"orders", "refunds", "rates"},
		Nodes: []model.Node{nodeOf("orders", "http", `{"url":"/orders"}`), nodeOf("refunds", "http", `{"url":"/refunds"}`),
			nodeOf("rates", "http", `{"url":"/rates"}`), early, load},
		Edges: []model.Edge{
			edge("orders", "else", "load"), edge("refunds", "else", "load"), edge("rates", "else", "load"),
			edge("orders", "else", "early"), edge("rates", "else", "early"), edge("load", "error", "stop"),
		},
	}
	return w
}

func nested() *model.Workflow {
	w := &model.Workflow{Name: "batches"}
	inner := nodeOf("lines", "foreach", `{}`)
	inner.Composite = &model.Composite{Items: json.RawMessage(`"${ claim.lines }"`), As: "line",
		Scope: &model.Scope{Graph: list(nodeOf("check", "switch", `{}`), nodeOf("book", "function", `{"name":"book"}`))}}
	outer := nodeOf("claims", "foreach", `{}`)
	outer.Composite = &model.Composite{Items: json.RawMessage(`"${ input.claims }"`), As: "claim", Scope: &model.Scope{Graph: list(inner, nodeOf("sum", "set", `{"total":1}`))}}
	w.Root.Graph = list(outer, nodeOf("summary", "end", `{}`))
	return w
}

func loops() *model.Workflow {
	w := &model.Workflow{Name: "support"}
	poll := nodeOf("poll", "loop", `{}`)
	poll.Composite = &model.Composite{Until: "output.ready", Max: "10", Scope: &model.Scope{Graph: list(nodeOf("pause", "wait", `{"for":"1m"}`), nodeOf("look", "http", `{"url":"/state"}`))}}
	w.Root.Graph = model.Graph{Start: []string{"ask"},
		Nodes: []model.Node{nodeOf("ask", "set", `{"messages":[]}`), nodeOf("think", "function", `{"name":"think"}`), nodeOf("act", "function", `{"name":"act"}`),
			nodeOf("retry", "wait", `{"for":"5s"}`), poll, nodeOf("answer", "end", `{}`)},
		Edges: []model.Edge{edge("ask", "else", "think"), edge("think", "tools", "act"), edge("think", "success", "poll"), edge("poll", "else", "answer"),
			edge("think", "error", "retry"), edge("retry", "else", "retry"), edge("retry", "timeout", "think"), edge("act", "any", "think")},
	}
	return w
}

func wide() *model.Workflow {
	w := &model.Workflow{Name: "wide"}
	pay := nodeOf("支払い", "function", `{"name":"支払いを行う"}`)
	w.Root.Graph = list(pay, nodeOf("über", "function", `{"name":"a very long function name that nobody would ever type by hand"}`))
	return w
}
