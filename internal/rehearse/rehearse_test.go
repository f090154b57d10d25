package rehearse_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/rehearse"
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/node/function"
)

var types = []node.Descriptor{function.Descriptor()}

// load makes a suite of a definition and of cases.
func load(t *testing.T, definition, cases string) *rehearse.Suite {
	t.Helper()
	s, err := rehearse.Load("w.test.yaml", types, func(path string) ([]byte, error) {
		switch path {
		case "w.yaml":
			return []byte(definition), nil
		case "w.test.yaml":
			return []byte(cases), nil
		}
		return nil, os.ErrNotExist
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// problems plays every case and gives what was not as expected.
func problems(s *rehearse.Suite) string {
	var out []string
	for i := range s.Spec.Cases {
		for _, p := range s.Run(&s.Spec.Cases[i], rehearse.Crash{}).Problems {
			out = append(out, fmt.Sprintf("%d: %s", p.Line, p.Text))
		}
	}
	return strings.Join(out, "\n")
}

const months = `
workflow: w
signals: {go: {}}
nodes:
  - long: {wait: {for: 30d}}
  - again: {wait: {for: 335d}}
  - last: {wait: {signal: go}, timeout: 10d}
`

// TestLongWaitsTakeMilliseconds lets a year pass.
func TestLongWaitsTakeMilliseconds(t *testing.T) {
	s := load(t, months, `
cases:
  - case: a year
    then: [{after: 365d}, {after: 1d, signal: go}]
    expect: {took: 366d, path: [long, again, last]}
`)
	began := time.Now()
	if p := problems(s); p != "" {
		t.Error(p)
	}
	if d := time.Since(began); d > 30*time.Second {
		t.Errorf("a year took %s", d)
	}
}

// TestEveryExpectationCanFail breaks each expectation once and reads what is said.
func TestEveryExpectationCanFail(t *testing.T) {
	const definition = `
workflow: w
signals: {go: {}, left: {}}
nodes:
  - a: {call: a, next: {success: b, error: fail}}
  - b: {wait: {signal: go}, timeout: 1d}
  - c: {end: {outcome: done, output: {n: 1}}}
`
	const good = "mocks: {a: {}}, then: [{signal: go}]"
	for _, c := range []struct{ name, body, want string }{
		{"nothing", good, ""},
		{"all", good + ", expect: {status: completed, outcome: done, output: {n: 1}, path: [a, b, c], passes: [a, c], calls: {a: 1}, took: 0s}", ""},
		{"status", good + ", expect: {status: failed}", "status: want failed, got completed"},
		{"outcome", good + ", expect: {outcome: other}", "outcome: want other, got done"},
		{"output", good + ", expect: {output: {n: 2}}", "  -   \"n\": 2\n  +   \"n\": 1"},
		{"error", good + ", expect: {error: bad, status: completed}", "error: want bad, got none"},
		{"path", good + ", expect: {path: [a, c]}", "path:\n    a\n  + b\n    c"},
		{"passes", good + ", expect: {passes: [c, a]}", "passes: a did not end there"},
		{"calls", good + ", expect: {calls: {a: 2}}", "calls of a: want 2, got 1"},
		{"took", good + ", expect: {took: 1s}", "took: want 1s, got 0s"},
		{"open", good + ", expect: {open: [b], status: completed}", "outstanding: want b, got nothing"},
		{"others", good + ", expect: {others: [{workflow: x}]}", "no execution of x was started"},
		{"a signal behind the end", "mocks: {a: {}}, then: [{signal: go}, {signal: left, refused: closed}]", ""},
		{"left over", "mocks: {a: {}}, then: [{signal: left}, {signal: go}]", "undelivered signals: want nothing, got left"},
		{"left over as expected", "mocks: {a: {}}, then: [{signal: left}, {signal: go}], expect: {undelivered: [left]}", ""},
		{"no mock", "then: [{until: b}]", "there is no mock for the node a (function a)"},
		{"until never", "mocks: {a: {error: x}}, then: [{until: b}], expect: {error: x}", "no step of b begins"},
		{"refused", good[:len(good)-1] + ", {signal: go}]", "signal go was refused: closed"},
		{"not refused", "mocks: {a: {}}, then: [{signal: go, refused: closed}]", "signal go: want it refused with closed, but it was accepted"},
		{"refused otherwise", "mocks: {a: {}}, then: [{signal: other, refused: closed}, {signal: go}]", "want it refused with closed, got unknown_signal"},
		{"now", "mocks: {a: {}}, then: [{expect: {open: [c]}}, {signal: go}]", "outstanding: want c, got b"},
		{"no workflow", "workflow: x", "the workflow x: "},
		{"no answer holds", "mocks: {a: {when: args == 1}}, expect: {error: no_mock}", "none of its answers holds"},
		{"unhandled", "mocks: {a: {error: 'boom: no'}}", "status: want completed, got failed: boom: no"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := problems(load(t, definition, "cases: [{case: it, "+c.body+"}]"))
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
}

// TestStaysOutstanding: what waits for ever is told, with what would help.
func TestStaysOutstanding(t *testing.T) {
	s := load(t, "workflow: w\nnodes: {a: {wait: {signal: go}}}", "cases: [{case: it}]")
	if got := problems(s); !strings.Contains(got, "status: want completed, got running: a waits for the signal go") {
		t.Error(got)
	}
	s = load(t, "workflow: w\nnodes: {a: {wait: {signal: go}}}", "cases: [{case: it, expect: {open: [a]}}]")
	if got := problems(s); got != "" {
		t.Error(got)
	}
}

const retried = `
workflow: w
nodes:
  - a: {call: a, retry: {max_attempts: 3, initial_interval: 1s, backoff_coefficient: 2, max_interval: 1m, jitter: 0}, timeout: 1h, attempt_timeout: 10s}
  - both:
      parallel: {}
      branches:
        one: [{x: {call: x}}, {y: {wait: {for: 1h}}}]
        two: [{z: {call: z, compensate: u}}]
  - race:
      parallel: {join: any}
      branches:
        slow: [{s: {call: s}}]
        fast: [{f: {call: f}}]
`

// TestCrashEverywhere: a crash at every commit ends the same, with attempts that were lost, timed out and raced.
func TestCrashEverywhere(t *testing.T) {
	s := load(t, strings.ReplaceAll(retried, ", compensate: u", ""), `
cases:
  - case: it
    mocks:
      a: [{error: busy}, {never: true}, {output: 7}]
      x: {delay: 3s, output: "${ call }"}
      z: [{lost: true, delay: 1s}, {delay: 1s, output: "${ call }"}]
      s: {delay: 2s, late: true}
      f: {delay: 1s}
    expect:
      calls: {a: 3, x: 1}
      passes: [a, "both[two]/z", "both[one]/x", "both[one]/y", both, "race[fast]/f", race]
`)
	r, tried := s.Everywhere(&s.Spec.Cases[0])
	for _, p := range r.Problems {
		t.Errorf("%d: %s", p.Line, p.Text)
	}
	if tried < 20 {
		t.Errorf("%d crashes tried in %d commits", tried, r.Commits)
	}
}

// TestEverywhereFindsADifference: a mock that answers by the number of the attempt does not end the same.
func TestEverywhereFindsADifference(t *testing.T) {
	s := load(t, "workflow: w\nnodes:\n  - a: {call: a}\n  - b: {wait: {for: 1s}, set: {n: 1}}\nvars: {n: 0}\n", `
cases: [{case: it, mocks: {a: {output: 1}}, then: [{after: 1ms}, {crash: true}]}]
`)
	c := &s.Spec.Cases[0]
	r, _ := s.Everywhere(c)
	if len(r.Problems) > 0 {
		t.Fatalf("%v", r.Problems)
	}
	c.Then = append(c.Then, spec.Act{Line: 9, Verb: "signal", Of: "late", After: 1000})
	r, _ = s.Everywhere(c)
	if len(r.Problems) == 0 {
		t.Error("a refused signal is no problem")
	}
}

// TestSend: executions reach each other by key, to their parent and with a start, also through crashes.
func TestSend(t *testing.T) {
	s := load(t, `
workflow: asks
nodes:
  - ask: {send: {to: {workflow: answers, key: one}, signal: question, data: 6, start: true, input: {factor: 7}}}
  - listen: {wait: {signal: answer}}
  - out: {end: {output: "${ nodes.listen.output }"}}
---
workflow: answers
input: {factor: integer}
nodes:
  - listen: {wait: {signal: question}}
  - count: {call: count, args: "${ nodes.listen.output * input.factor }"}
  - tell: {send: {to: {workflow: asks, key: asker}, signal: answer, data: "${ nodes.count.output }"}}
`, `
workflow: asks
mocks: {count: {output: "${ args }", delay: 1h}}
cases:
  - case: it
    key: asker
    expect: {output: 42, path: [ask, listen, out], took: 1h, others: [{workflow: answers, path: [listen, count, tell]}]}
`)
	r, tried := s.Everywhere(&s.Spec.Cases[0])
	for _, p := range r.Problems {
		t.Errorf("%d: %s", p.Line, p.Text)
	}
	t.Logf("%d crashes", tried)
}

// TestOperators: what an operator does to a parked execution.
func TestOperators(t *testing.T) {
	s := load(t, `
workflow: w
on_failure: park
nodes:
  - a: {call: a}
  - b: {call: b, next: [{when: output.n > 1, to: c}, {when: output.n < 1, to: d}]}
  - c: {call: c, next: stop}
  - d: {call: d}
`, `
mocks: {any: {output: {n: 2}}}
cases:
  - case: retry
    mocks: {a: [{error: x}, {}]}
    then: [{expect: {status: parked, error: x}}, {retry: a, by: ann, why: it is back}]
    expect: {path: [{a: error}, "a#2", b, c]}
  - case: skip
    mocks: {a: {error: x}}
    then: [{skip: a, by: ann}]
    expect: {path: [{a: error}, {"a#2": skipped}, b, c]}
  - case: complete
    mocks: {b: {error: x}}
    then: [{complete: b, by: ann, output: {n: 0}}]
    expect: {passes: [{b: error}, "b#2", d]}
  - case: fail
    mocks: {a: {never: true}}
    then: [{fail: a, by: ann, error: "hopeless: no"}]
    expect: {status: parked, error: hopeless, open: [a]}
  - case: route
    mocks: {b: {output: {n: 1}}}
    then: [{route: b, outcome: d, by: ann}]
    expect: {path: [a, b, d]}
  - case: refused
    then: [{retry: a, refused: closed}]
`)
	for i := range s.Spec.Cases {
		c := &s.Spec.Cases[i]
		t.Run(c.Name, func(t *testing.T) {
			r, _ := s.Everywhere(c)
			for _, p := range r.Problems {
				t.Errorf("%d: %s", p.Line, p.Text)
			}
		})
	}
}

// TestWhatACaseGives: config, secrets, trigger, the clock, who starts it and the key.
func TestWhatACaseGives(t *testing.T) {
	s := load(t, `
workflow: w
input: {day: "string = ${ trigger.day }"}
nodes:
  - a: {call: a, args: {url: "${ config.url }/${ input.day }", secret: "${ secrets.slack }", other: "${ secrets.mail }"}}
  - b: {end: {output: {a: "${ nodes.a.output }", by: "${ execution.started_by }", key: "${ execution.key }", at: "${ execution.started_at }", note: "${ now() }"}}}
`, `
cases:
  - case: it
    at: "2026-03-29T01:30:00Z"
    trigger: {day: monday}
    config: {url: https://x.test}
    secrets: {slack: hush}
    by: ann
    key: k-1
    mocks: {a: {output: "${ [args.url, args.secret, args.other] }", delay: 1s}}
    expect:
      output: {a: [https://x.test/monday, hush, mail], by: ann, key: k-1, at: 1774747800000, note: 1774747801000}
`)
	if got := problems(s); got != "" {
		t.Error(got)
	}
}

// TestCoverage names what no case went through.
func TestCoverage(t *testing.T) {
	s := load(t, `
workflow: w
input: {n: integer}
nodes:
  a: {switch: {cases: [{when: input.n > 0, outcome: pos}], default: neg}, next: {pos: b, neg: [{when: input.n < -5, to: c}, d]}}
  b: {set: {}}
  c: {set: {}}
  d: {foreach: {items: [1, 2]}, do: [{e: {set: {}}}, {f: {set: {}}}]}
`, "cases: [{case: one, input: {n: 1}}, {case: two, input: {n: -1}}]")
	if p := problems(s); p != "" {
		t.Fatal(p)
	}
	nodes, edges := s.Coverage.Workflows[0].Missing()
	if got := fmt.Sprint(nodes, edges); got != "[c] [a -neg-> c when input.n < -5]" {
		t.Error(got)
	}
}

// TestLoadRefuses names the file at fault.
func TestLoadRefuses(t *testing.T) {
	read := func(files map[string]string) func(string) ([]byte, error) {
		return func(path string) ([]byte, error) {
			if text, ok := files[path]; ok {
				return []byte(text), nil
			}
			return nil, os.ErrNotExist
		}
	}
	for _, c := range []struct {
		file  string
		files map[string]string
		want  string
	}{
		{"d/w.test.yaml", nil, "file does not exist"},
		{"d/w.test.yaml", map[string]string{"d/w.test.yaml": "cases: []"}, "d/w.test.yaml is about w.yaml: file does not exist"},
		{"d/cases.yaml", map[string]string{"d/cases.yaml": "cases: []"}, "name the definition file with test: FILE"},
		{"d/w.test.yaml", map[string]string{"d/w.test.yaml": "case: []"}, "d/w.test.yaml:1:1: missing"},
		{"d/w.test.yaml", map[string]string{"d/w.test.yaml": "cases: []", "d/w.yaml": "workflow: w\nnodes: {a: {sql: {}}}"}, "d/w.yaml:2:"},
		{"d/w.test.yaml", map[string]string{"d/w.test.yaml": "types: {sql: {}}\ncases: []", "d/w.yaml": "workflow: w\nnodes: {a: {sql: {}}}"}, ""},
	} {
		_, err := rehearse.Load(c.file, types, read(c.files))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %s", c.file, err, c.want)
		}
	}
}
