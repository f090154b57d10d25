package sim

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/model"
)

// attempt is a task in the hands of an executor.
type attempt struct {
	m     *member
	lease runner.Lease
	over  bool
	// deaf: the executor ignores that it is asked to stop.
	deaf bool
}

// want asks for as many tasks as there are free executors.
func (m *member) want() {
	free := m.w.slots - len(m.running)
	if m.demanded || free <= 0 {
		return
	}
	m.demanded = true
	m.to(0, engine.Demanded{Ref: m.w.clients.ref(), Demand: runner.Demand{Max: 1 + m.w.r.IntN(free)}})
}

// offered starts what came.
func (m *member) offered(o engine.Offer) {
	m.demanded = false
	for _, l := range o.Leases {
		m.w.judge.dispatched(m, l)
		a := &attempt{m: m, lease: l, deaf: m.w.r.IntN(3) == 0}
		m.running[l.Token] = a
		a.run()
	}
	if len(o.Leases) > 0 {
		m.want()
		return
	}
	life := m.life
	m.w.after(20*time.Millisecond+m.w.upTo(time.Second), func() {
		if m.life == life {
			m.want()
		}
	})
}

// run decides how the attempt goes.
func (a *attempt) run() {
	w := a.m.w
	if a.lease.Task.Callback {
		w.clients.handOver(a.lease.Token)
	}
	switch {
	case w.goesWrong(taskHangs):
		a.after(20*time.Minute, a.fail)
	case w.goesWrong(taskLate):
		a.after(w.upTo(5*time.Minute), a.succeed)
	case w.goesWrong(taskFails) || !w.o.plain && w.r.IntN(12) == 0:
		a.after(w.upTo(time.Second), a.fail)
	default:
		a.after(w.upTo(200*time.Millisecond), a.succeed)
	}
}

// after runs do unless the process or the attempt is over by then.
func (a *attempt) after(d time.Duration, do func()) {
	life := a.m.life
	a.m.w.after(d, func() {
		if a.m.life == life && !a.over {
			do()
		}
	})
}

func (a *attempt) succeed() {
	if a.m.w.o.plain {
		a.end(a.plainResult(), false)
		return
	}
	r := model.Result{Output: mustJSON(map[string]any{"ok": a.m.w.r.IntN(1000)})}
	if a.m.w.r.IntN(20) == 0 {
		r.Set = []model.Assign{{Var: "v", Op: "add", Value: json.RawMessage("1")}}
	}
	a.end(r, false)
}

func (a *attempt) fail() {
	a.end(model.Result{Error: &model.Error{Code: "sim", Message: "the task failed"}}, false)
}

func (a *attempt) finishSoon() {
	if !a.over {
		a.after(a.m.w.upTo(time.Second), a.succeed)
	}
}

// end reports once; the executor is free again.
func (a *attempt) end(r model.Result, released bool) {
	a.over = true
	m := a.m
	delete(m.running, a.lease.Token)
	rep := runner.Report{Token: a.lease.Token, Result: r, Released: released}
	m.report([]runner.Report{rep})
	if m.w.goesWrong(reportTwice) {
		m.w.after(m.w.upTo(10*time.Second), func() { m.report([]runner.Report{rep}) })
	}
	m.want()
}

// report hands results to the engine and remembers what has not been answered.
func (m *member) report(list []runner.Report) {
	if !m.up {
		return
	}
	ref := m.w.clients.ref()
	m.reports[ref] = list
	m.to(0, engine.Reported{Ref: ref, List: list})
}

// judged reads the answers to a report or a beat.
func (m *member) judged(v engine.Verdicts) {
	if tokens, ok := m.held[v.Ref]; ok {
		delete(m.held, v.Ref)
		for i, verdict := range v.List {
			m.beaten(tokens[i], verdict)
		}
		return
	}
	list, ok := m.reports[v.Ref]
	if !ok || len(list) != len(v.List) {
		m.w.judge.fail("verdicts", "member %d: an answer to nothing, or of another length: ref %d", m.n, v.Ref)
		return
	}
	delete(m.reports, v.Ref)
	for i, verdict := range v.List {
		switch verdict {
		case runner.NotOwner, runner.Unavailable:
			rep, life := list[i], m.life
			m.w.after(50*time.Millisecond+m.w.upTo(2*time.Second), func() {
				if m.life == life {
					m.report([]runner.Report{rep})
				}
			})
		default:
			m.w.judge.reported(m, list[i], verdict)
		}
	}
}

func (m *member) beaten(t runner.Token, v runner.Verdict) {
	a := m.running[t]
	if a == nil {
		return
	}
	if v == runner.CancelAsked {
		a.stop()
	}
	if v == runner.Stale {
		a.over = true
		delete(m.running, t)
		m.want()
	}
}

// cancel asks executors to stop. Some do not listen.
func (m *member) cancel(c engine.CancelTasks) {
	for _, t := range c.Tokens {
		if a := m.running[t]; a != nil {
			a.stop()
		}
	}
}

func (a *attempt) stop() {
	if a.deaf && !a.m.w.healed {
		return
	}
	d := a.m.w.upTo(time.Second)
	if a.m.w.r.IntN(3) == 0 || a.m.w.o.plain {
		a.after(d, a.succeed) // it was through already
		return
	}
	a.after(d, func() {
		a.end(model.Result{Error: &model.Error{Code: "cancelled", Message: "the task was stopped"}}, false)
	})
}

func sortedTokens(running map[runner.Token]*attempt) []runner.Token {
	out := make([]runner.Token, 0, len(running))
	for t := range running {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b runner.Token) int {
		return cmp.Or(slices.Compare(a.Execution[:], b.Execution[:]), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Attempt, b.Attempt), cmp.Compare(a.Serial, b.Serial))
	})
	return out
}
