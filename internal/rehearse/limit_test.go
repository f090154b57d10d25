package rehearse_test

import (
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/rehearse"
)

// narrowDoor lets two through at once, of whom some fail, hang, are lost, or are cancelled while they wait.
const narrowDoor = `
workflow: w
limits: [{name: house, concurrency: 1}]
nodes:
  - all:
      foreach: {items: [good, retried, hangs, lost, good, good], as: how, tolerate: 1}
      do:
        - pass: {call: pass, args: "${ how }", limits: [{name: door, concurrency: 2}], timeout: 10s, retry: {max_attempts: 2, initial_interval: 1s, jitter: 0}}
  - race:
      parallel: {join: any}
      branches:
        a: [{first: {call: first, limits: [{name: door, concurrency: 2}]}}]
        b: [{slow: {call: slow, limits: [{name: door, concurrency: 2}]}}]
        c: [{waits: {call: waits, limits: [{name: door, concurrency: 2}]}}]
`

// TestF47_I19_I20_SlotsAreGivenBackWhereverItCrashes plays it with a crash at every commit: never more than two are
// through the door, and at the end nobody holds it. The latter is checked in every case that is played.
func TestF47_I19_I20_SlotsAreGivenBackWhereverItCrashes(t *testing.T) {
	s := load(t, narrowDoor, `
cases:
  - case: it
    mocks:
      pass:
        - {when: "args == 'retried' and attempt == 1", delay: 500ms, error: busy}
        - {when: "args == 'hangs'", never: true}
        - {when: "args == 'lost' and attempt == 1", delay: 700ms, lost: true}
        - {delay: 1s}
      first: {delay: 1s}
      slow: {delay: 1m}
      waits: {delay: 1s}
    expect: {outcome: success}
`)
	c := &s.Spec.Cases[0]
	r := s.Run(c, rehearse.Crash{})
	check := func(at rehearse.Crash, r *rehearse.Result) {
		for _, p := range r.Problems {
			t.Errorf("%+v: %d: %s", at, p.Line, p.Text)
		}
		if most := mostThroughTheDoor(r); most != 2 {
			t.Errorf("%+v: %d were through the door at once", at, most)
		}
	}
	check(rehearse.Crash{}, r)
	for n := 1; n <= r.Commits && !t.Failed(); n++ {
		for _, durable := range []bool{false, true} {
			at := rehearse.Crash{Commit: n, Durable: durable}
			check(at, s.Run(c, at))
		}
	}
	if r.Commits < 30 {
		t.Errorf("only %d commits", r.Commits)
	}
}

// mostThroughTheDoor counts the attempts that the journal says ran at once.
func mostThroughTheDoor(r *rehearse.Result) (most int) {
	for _, x := range r.Executions {
		through := map[string]bool{}
		for i := range x.Events {
			e := &x.Events[i]
			if e.Node == "all" || e.Node == "race" {
				continue
			}
			switch {
			case e.Type == "attempt_started":
				through[e.Step] = true
			case e.Type == "retry_scheduled", e.Type == "attempt_lost", strings.HasPrefix(e.Type, "step_") && e.Type != "step_scheduled":
				delete(through, e.Step)
			}
			most = max(most, len(through))
		}
	}
	return most
}
