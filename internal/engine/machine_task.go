package engine

import (
	"slices"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
)

// demand is a Lease that waits.
type demand struct {
	ref   uint64
	types []string
	max   int
}

// demanded takes a Lease; offer answers it.
func (m *Machine) demanded(e Demanded) {
	if e.Demand.Max <= 0 || len(m.demands) >= m.cfg.Demands {
		m.request(Offer{Ref: e.Ref})
		return
	}
	m.demands = append(m.demands, demand{e.Ref, e.Demand.Types, e.Demand.Max})
}

func (m *Machine) demandGone(ref uint64) {
	i := slices.IndexFunc(m.demands, func(d demand) bool { return d.ref == ref })
	if i < 0 {
		return
	}
	m.demands = slices.Delete(m.demands, i, i+1)
	m.request(Offer{Ref: ref})
}

// endDemands answers every Lease that waits with nothing.
func (m *Machine) endDemands() {
	for _, d := range m.demands {
		m.request(Offer{Ref: d.ref})
	}
	m.demands = nil
}

// offer hands ready tasks to those who wait for some, oldest first.
func (m *Machine) offer() {
	if m.halted || m.stopping != nil || m.tasks.n == 0 || len(m.demands) == 0 {
		return
	}
	kept := m.demands[:0]
	for _, d := range m.demands {
		leases := m.lease(&d)
		if len(leases) == 0 {
			kept = append(kept, d)
			continue
		}
		m.request(Offer{d.ref, leases})
	}
	clear(m.demands[len(kept):])
	m.demands = kept
}

// lease takes up to d.max tasks of its types from the queue.
func (m *Machine) lease(d *demand) []runner.Lease {
	var leases []runner.Lease
	for len(leases) < d.max {
		t, ok := m.tasks.pop(d.types)
		if !ok {
			break
		}
		core := m.shards[t.Execution.Shard(m.cfg.Shards)].core
		if core == nil || !core.Lease(shard.Attempt{Execution: t.Execution, Step: t.Step, Attempt: t.Attempt, Serial: t.Serial}) {
			continue
		}
		if leases == nil {
			leases = make([]runner.Lease, 0, min(d.max, m.tasks.n+1))
		}
		leases = append(leases, runner.Lease{
			Token:     runner.Token{Execution: t.Execution, Step: t.Step, Attempt: t.Attempt, Serial: t.Serial},
			Namespace: t.Namespace, Workflow: t.Workflow, Version: t.Version, Task: t.Task,
		})
	}
	return leases
}

func tokensOf(list []shard.Attempt) []runner.Token {
	out := make([]runner.Token, len(list))
	for i, a := range list {
		out[i] = runner.Token(a)
	}
	return out
}

// reportSet are the reports of one call, answered together.
type reportSet struct {
	ref      uint64
	list     []runner.Report
	verdicts []runner.Verdict
	left     int
}

// unanswered marks a report of a set that has no verdict yet.
const unanswered = runner.Verdict(255)

// setShift: the low bits of a report's reference are its place in the set.
const setShift = 20

// reported gives results to the cores. The verdicts come back one by one and are answered together.
func (m *Machine) reported(e Reported) {
	if len(e.List) == 0 || len(e.List) >= 1<<setShift {
		m.request(Verdicts{e.Ref, refused(len(e.List))})
		return
	}
	m.sets++
	id := m.sets
	set := &reportSet{ref: e.Ref, list: e.List, verdicts: make([]runner.Verdict, len(e.List)), left: len(e.List)}
	m.reports[id] = set
	for i := range set.verdicts {
		set.verdicts[i] = unanswered
	}
	for i := range e.List {
		m.report(id, set, i)
	}
}

func refused(n int) []runner.Verdict {
	out := make([]runner.Verdict, n)
	for i := range out {
		out[i] = runner.Unavailable
	}
	return out
}

func (m *Machine) report(id uint64, set *reportSet, i int) {
	r := &set.list[i]
	s := &m.shards[r.Token.Execution.Shard(m.cfg.Shards)]
	switch {
	case s.core == nil:
		m.judge(id, set, i, m.strange(s))
		return
	case s.lane.sick:
		m.judge(id, set, i, runner.Unavailable)
		return
	}
	kind := kernel.InResult
	if r.Released {
		kind = kernel.InReleased
	}
	s.dirty = true
	s.core.Report(m.now.Wall, shard.Report{
		Ref: id<<setShift | uint64(i), Attempt: shard.Attempt(r.Token), Kind: kind, Result: &r.Result,
	})
}

// strange judges an attempt of a shard that is not owned: it ended with the claim under which it was handed out, if
// it is certain that this claim has ended.
func (m *Machine) strange(s *owned) runner.Verdict {
	if s.known && s.row.Epoch > s.epoch {
		return runner.Stale
	}
	return runner.NotOwner
}

// verdict takes the answer of a core to one report.
func (m *Machine) verdict(v shard.Verdict) {
	id := v.Ref >> setShift
	set := m.reports[id]
	if set == nil {
		return
	}
	m.judge(id, set, int(v.Ref&(1<<setShift-1)), verdicts[v.Answer])
}

var verdicts = [...]runner.Verdict{shard.Recorded: runner.Accepted, shard.Stale: runner.Stale, shard.Again: runner.Unavailable}

func (m *Machine) judge(id uint64, set *reportSet, i int, v runner.Verdict) {
	if set.verdicts[i] != unanswered {
		return
	}
	set.verdicts[i] = v
	set.left--
	if set.left == 0 {
		delete(m.reports, id)
		m.request(Verdicts{set.ref, set.verdicts})
	}
}

// tokensHeld tells an executor which of its attempts are still wanted.
func (m *Machine) tokensHeld(e TokensHeld) {
	out := make([]runner.Verdict, len(e.List))
	for i, t := range e.List {
		s := &m.shards[t.Execution.Shard(m.cfg.Shards)]
		if s.core == nil {
			out[i] = m.strange(s)
			continue
		}
		waits, cancelled := s.core.Outstanding(shard.Attempt(t))
		switch {
		case cancelled:
			out[i] = runner.CancelAsked
		case !waits:
			out[i] = runner.Stale
		}
	}
	m.request(Verdicts{e.Ref, out})
}

// taskQueue holds tasks that wait for an executor, by type. Within a type: higher priority first, then in turn over
// namespaces, then in order of arrival.
type taskQueue struct {
	types []*typeQueue
	turn  int
	n     int
}

type typeQueue struct {
	name  string
	lines []*line
	turn  int
	n     int
}

// line is the queue of one type, priority and namespace.
type line struct {
	priority  int
	namespace string
	list      []shard.Task
	head      int
}

func (q *taskQueue) push(t *shard.Task) {
	q.n++
	for _, tq := range q.types {
		if tq.name == t.Type {
			tq.push(t)
			return
		}
	}
	tq := &typeQueue{name: t.Type}
	q.types = append(q.types, tq)
	tq.push(t)
}

func (q *typeQueue) push(t *shard.Task) {
	q.n++
	for _, l := range q.lines {
		if l.priority == t.Priority && l.namespace == t.Namespace {
			l.push(t)
			return
		}
	}
	l := &line{priority: t.Priority, namespace: t.Namespace}
	at := slices.IndexFunc(q.lines, func(o *line) bool { return o.priority < t.Priority })
	if at < 0 {
		at = len(q.lines)
	}
	q.lines = slices.Insert(q.lines, at, l)
	l.push(t)
}

func (l *line) push(t *shard.Task) {
	if l.head > 64 && l.head*2 > len(l.list) {
		n := copy(l.list, l.list[l.head:])
		clear(l.list[n:])
		l.list, l.head = l.list[:n], 0
	}
	l.list = append(l.list, *t)
}

// pop takes the next task of one of the types; none means all.
func (q *taskQueue) pop(types []string) (shard.Task, bool) {
	for i := range q.types {
		tq := q.types[(q.turn+i)%len(q.types)]
		if tq.n == 0 || len(types) > 0 && !slices.Contains(types, tq.name) {
			continue
		}
		q.turn = (q.turn + i + 1) % len(q.types)
		q.n--
		return tq.pop(), true
	}
	return shard.Task{}, false
}

func (q *typeQueue) pop() shard.Task {
	q.n--
	first := slices.IndexFunc(q.lines, func(l *line) bool { return l.head < len(l.list) })
	equals := 0
	for _, l := range q.lines[first:] {
		if l.priority != q.lines[first].priority {
			break
		}
		equals++
	}
	// In turn from behind the line that was served last, so that lines without tasks give nobody a second turn.
	for i := range equals {
		at := (q.turn + i) % equals
		if l := q.lines[first+at]; l.head < len(l.list) {
			q.turn = at + 1
			t := l.list[l.head]
			l.list[l.head] = shard.Task{}
			l.head++
			return t
		}
	}
	return shard.Task{} // not reached: the first line has one
}

// drop removes the tasks of a shard that is not owned any more.
func (q *taskQueue) drop(gone func(record.ID) bool) {
	for _, tq := range q.types {
		for _, l := range tq.lines {
			kept := slices.DeleteFunc(l.list[l.head:], func(t shard.Task) bool { return gone(t.Execution) })
			out := len(l.list) - l.head - len(kept)
			l.list = l.list[:l.head+len(kept)]
			tq.n -= out
			q.n -= out
		}
	}
}
