package pawl

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/node"
)

// stand-ins for node types that other packages bring.
func effectType(name string) node.Type {
	return node.Type{Descriptor: node.Descriptor{Type: name}}
}

// TestBuilderAndFileAreEqual: what the builder writes and what a person writes in YAML have one hash.
func TestBuilderAndFileAreEqual(t *testing.T) {
	for _, c := range []struct {
		name  string
		built *Builder
		yaml  string
	}{
		{"calls", Graph("order", "1.2.0").
			Describe("Reserve, charge, ship").Owner("shop").Label("team", "payments").
			Input(map[string]any{"id": "string", "items": []string{"object"}, "note": "string?", "limit": "number = 100"}).
			Tag("customer", "${ input.id }").Var("attempts", 0).Timeout(7*24*time.Hour).Retention(30*24*time.Hour).
			Signal("payment", map[string]any{"type": "object"}, 7*24*time.Hour).
			Node("reserve", Call("reserve_stock", "${ input.items }"), Retry(5), Compensate("release")).
			Node("charge", HTTP("POST", "https://pay.example/charges"),
				JSON(map[string]any{"amount": "${ nodes.reserve.output.total }"}), Header("Idempotency-Key", "${ task.key }"), Timeout("10s")).
			Node("ship", Call("ship", nil), Priority(3), Callback()).
			Node("apologise", Call("apologise", nil)).
			Node("release", Call("release_stock", "${ nodes.reserve.output }")).
			Next("reserve", "charge").
			On("charge", "error", "apologise").
			Choose("charge", "success", When("output.body.risk > 0.8", "apologise"), Otherwise("ship")).
			Next("apologise", "fail").
			Output(map[string]any{"order": "${ input.id }"}),
			`
workflow: order
version: 1.2.0
description: another text does not count
labels: {team: payments}
owner: shop
input: {id: string, items: [object], note: "string?", limit: "number = 100"}
tags: {customer: "${ input.id }"}
vars: {attempts: 0}
timeout: 7d
retention: 30d
signals: {payment: {schema: {type: object}, ttl: 7d}}
nodes:
  reserve: {call: reserve_stock, args: "${ input.items }", retry: 5, compensate: release, next: charge}
  charge:
    http: {method: POST, url: "https://pay.example/charges", headers: {Idempotency-Key: "${ task.key }"}, json: {amount: "${ nodes.reserve.output.total }"}}
    timeout: 10s
    next: {error: apologise, success: [{when: output.body.risk > 0.8, to: apologise}, ship]}
  ship: {call: ship, priority: 3, callback: true}
  apologise: {call: apologise, next: fail}
  release: {call: release_stock, args: "${ nodes.reserve.output }"}
output: {order: "${ input.id }"}
`},
		{"approvals", Graph("approvals", "").
			Node("review", WaitApproval("Loan of ${ input.amount }"), Assignees("underwriters", "ann"), Exclude("${ execution.started_by }"),
				Quorum(2), Veto(2), ApprovalOutcomes("fine", "bad", "later"), Timeout("5d"),
				Escalate(24*time.Hour, nil, "managers"), Escalate("2d", map[string]any{"channel": "alarm"}),
				FormSchema(map[string]any{"type": "object"})).
			Next("review", "stop").On("review", "timeout", "fail"),
			`
workflow: approvals
nodes:
  review:
    approval:
      title: "Loan of ${ input.amount }"
      assignees: [underwriters, ann]
      exclude: ["${ execution.started_by }"]
      quorum: 2
      veto: 2
      outcomes: [fine, bad, later]
      timeout: 5d
      escalate: [{after: 1d, add: [managers]}, {after: 2d, notify: {channel: alarm}}]
      form: {schema: {type: object}}
    next: {else: stop, timeout: fail}
`},
		{"waits", Graph("waits", "").
			Node("pause", WaitFor(90*time.Second)).
			Node("paid", WaitSignal("payment"), Match("signal.data.ok"), Fresh(), Timeout(time.Hour)).
			Node("either", WaitFirst(Or("got", WaitSignal("documents")), Or("late", WaitFor("2d")), Or("ready", WaitWhen("vars.ready")))).
			Var("ready", false).
			Node("stop1", CancelNodes("pause")).
			Node("done", End("paid"), Output(map[string]any{"at": "${ now() }"})).
			Node("broken", End(""), WithError("late", "too late")).
			Next("pause", "paid").Next("paid", "either").On("paid", "timeout", "broken").
			On("either", "got", "done").On("either", "late", "broken").Next("either", "stop1"),
			`
workflow: waits
vars: {ready: false}
nodes:
  pause: {wait: {for: 1m30s}, next: paid}
  paid: {signal: {name: payment, match: signal.data.ok, fresh: true}, timeout: 1h, next: {else: either, timeout: broken}}
  either:
    wait: {first: {got: {signal: documents}, late: {for: 2d}, ready: {when: vars.ready}}}
    next: {got: done, late: broken, else: stop1}
  stop1: {cancel: [pause]}
  done: {end: {outcome: paid, output: {at: "${ now() }"}}}
  broken: {end: {error: {code: late, message: too late}}}
`},
		{"composites", Graph("composites", "").
			Node("each", Foreach("${ input.lines }", Body().
				Node("kind", Switch(Case("line.amount > 10", "large")), Default("small")).
				Node("book", Call("book", "${ line }")).
				Node("skip", Assign(map[string]any{})).
				On("kind", "large", "book").On("kind", "small", "skip")),
				As("line"), Concurrency(8), Tolerate("2%"), Collect("list"), Vars(map[string]any{"n": 0})).
			Node("both", Parallel(
				Branch("left", Body().Node("l", Call("l", nil))),
				Branch("right", Body().Node("r1", Call("r", nil)).Node("r2", Call("r", nil)).Next("r1", "r2"))), Tolerate(1), RestFinish()).
			Node("again", Loop(Body().Node("pass", Call("pass", nil), Set(map[string]any{"n": map[string]any{"add": 1}}))), Until("last.done"), Max(3)).
			Node("one", Scope(Body().Node("inner", Call("inner", nil))), NoRollback(), Finally(Body().Node("tidy", Call("tidy", nil))), OnFailure("finish")).
			Var("n", 0).
			Node("end", Call("end", nil), JoinAny(), If("vars.n > 0")).
			Next("each", "both", "again").Next("both", "one").Next("one", "end").Next("again", "end").
			OnFailure("park").Finally(Body().Node("bye", Call("bye", nil))),
			`
workflow: composites
vars: {n: 0}
on_failure: park
finally: {bye: {call: bye}}
nodes:
  each:
    foreach: {items: "${ input.lines }", as: line, concurrency: 8, tolerate: 2%, collect: list, vars: {n: 0}}
    do:
      kind: {switch: {cases: [{when: line.amount > 10, outcome: large}], default: small}, next: {large: book, small: skip}}
      book: {call: book, args: "${ line }"}
      skip: {set: {}}
    next: [both, again]
  both:
    parallel: {tolerate: 1, rest: finish}
    branches:
      left: {l: {call: l}}
      right: [{r1: {call: r}}, {r2: {call: r}}]
    next: one
  again:
    loop: {until: last.done, max: 3}
    do: [{pass: {call: pass, set: {n: {add: 1}}}}]
    next: end
  one:
    scope: {rollback: false, finally: {tidy: {call: tidy}}}
    on_failure: finish
    do: {inner: {call: inner}}
    next: end
  end: {call: end, join: any, if: vars.n > 0}
`},
		{"policies", Graph("policies", "").Start("a").
			Node("a", Call("a", nil), RetryWith(
				RetryPolicy{MaxAttempts: 5, InitialInterval: 10 * time.Second, MaxInterval: 5 * time.Minute, Backoff: 1.5, Match: []string{"http_503"}},
				RetryPolicy{MaxAttempts: 2, When: "error.details == null"}),
				AttemptTimeout(30*time.Second), Heartbeat("10s"), MaxRuns(4), SplitAll(), LogLine("a ran"), Tagged(map[string]any{"seen": true})).
			Node("b", Effect("mail", map[string]any{"to": "ada"})).
			Choose("a", "else", When("output == 1", "b"), When("output == 2", "b", "stop")),
			`
workflow: policies
start: a
nodes:
  a:
    call: a
    retry:
      - {max_attempts: 5, initial_interval: 10s, max_interval: 5m, backoff_coefficient: 1.5, match: http_503}
      - {max_attempts: 2, when: error.details == null}
    attempt_timeout: 30s
    heartbeat: 10s
    max_runs: 4
    split: all
    log: a ran
    tags: {seen: true}
    next: [{when: output == 1, to: b}, {when: output == 2, to: [b, stop]}]
  b: {type: mail, with: {to: ada}}
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := hashOf(t, c.built)
			b := hashOf(t, Text(c.name+".yaml", []byte(c.yaml)))
			if a != b {
				text, _ := c.built.Definition()
				t.Errorf("the builder gives %s, the file %s; the builder wrote\n%s", a, b, text)
			}
		})
	}
}

// hashOf reads without compiling: some of what a definition may say is not run by this version yet.
func hashOf(t *testing.T, src Source) string {
	t.Helper()
	name, text, err := src.read()
	if err != nil {
		t.Fatal(err)
	}
	docs, faults := spec.Parse(text, specOptions(name, []node.Type{effectType("http"), effectType("mail")}))
	for _, f := range faults {
		t.Log(f.Pretty(false))
	}
	if faults.Bad() {
		t.FailNow()
	}
	hash, err := docs[0].Workflow.Hash()
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestBuilderReportsMistakes(t *testing.T) {
	_, err := Graph("wrong", "1.0.0").
		Node("a", Call("a", nil)).
		Node("a", Call("b", nil)).
		Next("nowhere", "a").
		Node("each", Foreach("${ input }", nil)).
		Node("both", Scope(Graph("no body", ""))).
		Node("first", WaitFirst(Or("x", Call("x", nil)))).
		Finally(nil).
		Definition()
	if !errors.Is(err, ErrInvalid) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{`node "a" is there twice`, `an edge leaves "nowhere"`, `node "each": the body is nil`,
		"a body begins with pawl.Body", `"x" waits for nothing`, "a body is nil"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
	if _, err := Body().Owner("nobody").Definition(); !errors.Is(err, ErrInvalid) {
		t.Errorf("a body was taken for a workflow: %v", err)
	}
	if _, err := Graph("wrong", "").Node("a", Call("f", func() {})).Definition(); !errors.Is(err, ErrInvalid) {
		t.Errorf("a function was taken for a value: %v", err)
	}
}

// TestFaultsOfABuilderNameTheNode: what the builder cannot know the check finds.
func TestFaultsOfABuilderNameTheNode(t *testing.T) {
	_, faults, err := Check(Graph("wrong", "1.0.0").Node("a", Call("f", nil), If("1 +")).Next("a", "b"))
	if !errors.Is(err, ErrFaults) || len(faults) == 0 {
		t.Fatalf("got %v", err)
	}
	var all Faults
	if !errors.As(err, &all) || len(all) != len(faults) {
		t.Fatalf("the error does not carry the faults: %v", err)
	}
	if !strings.Contains(err.Error(), "wrong.json:") {
		t.Errorf("no place in %v", err)
	}
}
