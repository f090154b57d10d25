package spec

import (
	"os"
	"strings"
	"testing"
)

// TestSuiteFaults reads suites with one mistake each: every refusal has its code, its place and a hint.
func TestSuiteFaults(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "1:1: empty: there is no case in the file"},
		{"no map", "- a", "1:1: wrong_type: a file of cases is a map, not a list"},
		{"no cases", "test: order.yaml", "1:1: missing: a file of cases needs cases"},
		{"unknown key", "cases: []\nmock: {}", `2:1: unknown_key: a file of cases has no key "mock"`},
		{"unknown key of a case", "cases: [{case: a, inputs: 1}]", `1:19: unknown_key: a case has no key "inputs"`},
		{"unknown key of an answer", "cases: [{case: a, mocks: {b: {outputs: 1}}}]", `1:31: unknown_key: an answer has no key "outputs"`},
		{"unknown key of an act", "cases: [{case: a, then: [{signl: b}]}]", `1:27: unknown_key: an act has no key "signl"`},
		{"unknown key of an expectation", "cases: [{case: a, expect: {out: b}}]", `1:28: unknown_key: expect has no key "out"`},
		{"no name", "cases: [{input: 1}]", "1:9: missing: a case needs case"},
		{"twice", "cases:\n- {case: a}\n- {case: a}", `3:10: duplicate_id: the case "a" stands in the file twice`},
		{"two verbs", "cases: [{case: a, then: [{signal: b, cancel: true}]}]", "1:38: twice: an act does one thing, this one does signal and cancel"},
		{"no verb", "cases: [{case: a, then: [{by: ann}]}]", "1:26: missing: the act does nothing"},
		{"no variables", "cases: [{case: a, then: [{vars: true}]}]", "1:27: missing: vars needs data"},
		{"an input of schedules", "cases: [{case: a, schedules: true, input: 1}]", "1:36: not_here: input is for a start by hand"},
		{"refused nothing", "cases: [{case: a, then: [{after: 1s, refused: closed}]}]", "1:47: not_here: only what is done can be refused"},
		{"no duration", "cases: [{case: a, then: [{after: 3}]}]", "1:34: bad_duration: after has no unit"},
		{"no status", "cases: [{case: a, expect: {status: complete}}]", `1:36: bad_value: status cannot be "complete"`},
		{"no time", `cases: [{case: a, at: "tomorrow"}]`, `1:23: bad_value: at cannot be "tomorrow"`},
		{"bad expression", "cases: [{case: a, mocks: {b: {when: 1 +}}}]", "1:37: bad_expression: when: "},
		{"bad template", `cases: [{case: a, mocks: {b: {output: "${ 1 + }"}}}]`, "1:39: bad_expression: output: "},
		{"dead answer", "cases: [{case: a, mocks: {b: [{output: 1}, {when: true}]}}]", "1:44: unused: this answer is never given"},
		{"no answer", "cases: [{case: a, mocks: {b: []}}]", `1:30: missing: the mock "b" has no answer`},
		{"never with an output", "cases: [{case: a, mocks: {b: {never: true, output: 1}}}]", "1:30: twice: an answer that never comes"},
		{"else as an outcome", "cases: [{case: a, mocks: {b: {outcome: else}}}]", "1:40: reserved: else stands for several outcomes"},
		{"another execution without a name", "cases: [{case: a, expect: {others: [{status: failed}]}}]", "1:37: missing: another execution needs workflow"},
		{"two documents", "cases: []\n---\ncases: []", "3:1: too_many: a file of cases is one document"},
		{"a step of a path", "cases: [{case: a, expect: {path: [{b: c, d: e}]}}]", "1:35: wrong_type: a step of path is text, not a map"},
		{"a count", "cases: [{case: a, expect: {calls: {b: many}}}]", `1:39: wrong_type: calls.b is a number, not "many"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, faults := ParseSuite([]byte(c.text), "")
			if len(faults) == 0 {
				t.Fatal("no fault")
			}
			if got := faults[0].String(); !strings.HasPrefix(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if faults[0].Hint == "" {
				t.Error("the fault has no hint")
			}
		})
	}
}

// TestSuite reads one that uses every key without a fault.
func TestSuite(t *testing.T) {
	s, faults := ParseSuite([]byte(everyKey), "every.test.yaml")
	if len(faults) > 0 {
		t.Fatalf("%v", faults)
	}
	c := s.Cases[0]
	if len(s.Cases) != 1 || len(c.Then) != 20 || len(c.Mocks[0].Answers) != 2 || c.Expect.Took != 1000 || c.Expect.Path[1] != "charge: declined" {
		t.Errorf("read %+v", c)
	}
	for _, sec := range CaseSections() {
		for _, k := range sec.keys {
			if k.doc == "" || k.example == "" || k.takes == "" {
				t.Errorf("%s.%s lacks its documentation", sec.name, k.name)
			}
			if !strings.Contains(everyKey, k.name+":") {
				t.Errorf("the test does not use %s of %s", k.name, sec.name)
			}
		}
	}
}

const everyKey = `
test: [order.yaml]
types: {ai: {outcomes: [tools], bad: [refused]}, sql: {}}
mocks: {reserve_stock: {output: {cents: 500}, delay: 1s, late: true}}
cases:
  - case: everything
    workflow: order
    at: "2026-03-29T01:30:00Z"
    schedules: false
    input: {id: 1}
    trigger: {time: now}
    config: {url: x}
    secrets: {slack: x}
    key: k
    by: ann
    mocks:
      charge: [{when: args.amount > 1, error: {code: c, message: m, details: 1, retryable: true, retry_after: 1s, step: s}}, {outcome: declined, set: {n: {add: 1}}, log: [a], tags: {a: 1}}]
      wait: {never: true}
      gone: {lost: true}
    then:
      - {after: 1s, until: review, expect: {open: [review]}}
      - {signal: paid, data: 1, id: s-1, to: order}
      - {decide: review, by: ann, groups: [g], outcome: approved}
      - {callback: account, output: 1, error: c}
      - {start: order, key: k, data: {}}
      - {cancel: true, refused: closed}
      - {terminate: because}
      - {pause: true, why: w}
      - {resume: true, shift: true}
      - {retry: a}
      - {skip: a}
      - {complete: a}
      - {fail: a}
      - {crash: true}
      - {route: a}
      - {move: a, from: b}
      - {vars: true, data: {n: 1}}
      - {migrate: 2.0.0, map: {a: b}}
      - {rerun: true}
      - {fork: a, version: 2.0.0}
    crash: false
    expect:
      status: completed
      outcome: shipped
      output: 1
      error: "c: m"
      path: [reserve, {charge: declined}]
      passes: [reserve]
      open: []
      undelivered: []
      calls: {charge: 2}
      took: 1s
      others: [{workflow: other}]
`

// TestSuiteFiles reads the suites of the examples.
func TestSuiteFiles(t *testing.T) {
	for _, name := range []string{"../../examples/order/order.test.yaml", "../../examples/expenses/expenses.test.yaml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, faults := ParseSuite(text, name); len(faults) > 0 {
			t.Errorf("%v", faults)
		}
	}
}

func FuzzParseSuite(f *testing.F) {
	f.Add([]byte(everyKey))
	f.Add([]byte("cases: [{case: a}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, _ := ParseSuite(text, "f.test.yaml"); s == nil {
			t.Error("no suite")
		}
	})
}
