package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
)

// plan is what an operator saw before asking an execution to go on with another version.
type plan struct {
	in        kernel.Input
	seq       uint64 // of the entry it was made at
	at        int64
	obstacles []string
	foreseen  kernel.Preview
}

// migration is how an execution of the version from could go on with the other one.
func (w *world) migration(from engine.DefinitionRef) *kernel.Migration {
	first := from
	first.Version = firstVersion
	m := &kernel.Migration{Version: secondVersion, Map: map[string]string{}}
	if from.Version == secondVersion {
		m.Version = firstVersion
	}
	for old, now := range w.renames[first] { // sorted: into a map
		if m.Version == firstVersion {
			old, now = now, old
		}
		m.Map[old] = now
	}
	to := from
	to.Version = m.Version
	m.Definition = w.defs[to]
	return m
}

// migrate lets an operator look what a migration would do, and then ask for it, whatever it said.
func (c *clients) migrate(id record.ID) {
	w, x := c.w, c.w.judge.execs[id]
	if x == nil || x.forgot || x.state.Status().Closed() || kernel.IsEntity(x.workflow()) || x.state.Seq() == 0 {
		return
	}
	m := w.migration(x.definition())
	if w.r.IntN(10) == 0 {
		m.Map = map[string]string{} // what was renamed is missing then
	}
	n := len(c.ops)
	o := &op{n: n, safe: true, cmd: engine.Command{Verb: shard.Operate, Execution: id, By: "sim", Request: fmt.Sprintf("r%d", n)}}
	o.cmd.Operator = &kernel.Input{Kind: kernel.InMigrate, Migration: m, Request: o.cmd.Request, By: o.cmd.By}
	p := &plan{in: *o.cmd.Operator, seq: x.state.Seq(), at: epoch + w.now/1e6}
	p.obstacles = codesOf(kernel.PlanMigration(w.defs[x.definition()], x.state, m))
	p.foreseen = w.judge.foresee(x, w.defs[x.definition()], x.state, p.in, p.at)
	w.judge.plans[o.cmd.Request] = p
	c.ask(o)
}

func codesOf(list []kernel.Obstacle) (codes []string) {
	for _, o := range list {
		codes = append(codes, o.Code+" "+o.Step)
	}
	return codes
}

// definition names what the execution runs.
func (x *witness) definition() engine.DefinitionRef {
	ns, name, version := x.state.Workflow()
	return engine.DefinitionRef{Namespace: ns, Workflow: name, Version: version}
}

// foresee plans, and sees that planning changes nothing.
func (j *judge) foresee(x *witness, d *kernel.Definition, s *kernel.State, in kernel.Input, now int64) kernel.Preview {
	before := kernel.Save(nil, s)
	p, err := kernel.Foresee(d, s, in, kernel.Env{Now: now})
	if err != nil {
		j.fail("plan", "%s: a plan of a migration fails: %v", x.id, err)
	}
	if !bytes.Equal(before, kernel.Save(nil, s)) {
		j.fail("plan", "%s: a plan changes the execution", x.id)
	}
	return p
}

// migrating is the state before an entry that has to do with another version; nil for all other entries.
func (j *judge) migrating(x *witness, e *record.Entry) []byte {
	if !bytes.Contains(e.Body, []byte(`"kind":"migrate"`)) {
		return nil
	}
	return kernel.Save(nil, x.state)
}

// migrated holds the entry against the plan: what a plan says is what happens, a refusal changes nothing, and steps that
// live go on.
func (j *judge) migrated(x *witness, e *record.Entry, before []byte) {
	if before == nil || !j.clean() {
		return
	}
	was, err := kernel.Restore(before)
	if err != nil {
		j.fail("I22", "%s: the state before entry %d is not restored: %v", x.id, e.Seq, err)
		return
	}
	var entry struct {
		Ops []fact `json:"ops"`
	}
	if json.Unmarshal(e.Body[1:], &entry) != nil {
		return // events tells
	}
	m := readMigration(was, entry.Ops)
	from := x.definition()
	from.Version = versionOf(was)
	asked, p := m.asked, j.plans[m.asked.Request]
	if p == nil {
		j.fail("plan", "%s: entry %d has a migration that nobody asked for", x.id, e.Seq)
		return
	}
	j.goesOn(x, e, was, p, &m)
	d := j.w.defs[from]
	if m.shared || was.More() || d == nil {
		return // the plan knows nothing of what came with it
	}
	codes := codesOf(kernel.PlanMigration(d, was, p.in.Migration))
	if p.seq == e.Seq-1 && !slices.Equal(codes, p.obstacles) {
		j.fail("plan", "%s: entry %d: the plan of a migration had %q in its way, a second look has %q", x.id, e.Seq, p.obstacles, codes)
	}
	if was.NextTimer() > e.At && (asked.Answer == "") != (len(codes) == 0) {
		j.fail("plan", "%s: entry %d answers a migration %q; in its way are %q", x.id, e.Seq, asked.Answer, codes)
	}
	now := j.foresee(x, d, was, p.in, e.At)
	j.foreseen(x, e, &now, &m)
	// The clock of a member may lie behind that of whoever planned, for whom a timer was due already.
	if p.seq == e.Seq-1 && was.NextTimer() > max(e.At, p.at) {
		j.foreseen(x, e, &p.foreseen, &m)
	}
}

// migrationEntry is what an entry says of a migration in it.
type migrationEntry struct {
	asked  *fact
	moved  bool
	twice  bool // there and back
	begun  []string
	done   map[string]bool
	shared bool // something else came in the same transition
}

// comes are the operations that only something from outside causes.
var comes = []string{"signal", "vote", "answered", "await", "beat", "lost", "child", "returned", "granted", "turned", "backoff", "left"}

func readMigration(was *kernel.State, ops []fact) migrationEntry {
	m := migrationEntry{done: map[string]bool{}}
	live := map[string]bool{}
	for st := range kernel.Steps(was) {
		live[st.Path] = st.Ended == 0
	}
	for i := range ops {
		f := &ops[i]
		switch f.Op {
		case "input":
			m.shared = m.shared || m.asked != nil || i > 0
			if f.Kind == "migrate" && (m.asked == nil || f.Answer == "") {
				m.asked = f // of several in one transition the one that was done
			}
		case "migrate":
			m.twice = m.twice || m.moved
			m.moved = true
		case "step":
			m.begun = append(m.begun, f.Step)
		case "done":
			m.done[f.Step] = true
			m.shared = m.shared || live[f.Step]
		}
		m.shared = m.shared || slices.Contains(comes, f.Op)
	}
	return m
}

func versionOf(s *kernel.State) string {
	_, _, version := s.Workflow()
	return version
}

// foreseen: the entry is what the plan said.
func (j *judge) foreseen(x *witness, e *record.Entry, p *kernel.Preview, m *migrationEntry) {
	asked, begun, code := m.asked, m.begun, ""
	if p.Error != nil {
		code = p.Error.Code
	}
	switch {
	case code != asked.Answer:
		j.fail("plan", "%s: entry %d answers a migration %q; the plan said %q", x.id, e.Seq, asked.Answer, code)
	case code == "" && !slices.Equal(begun, p.Begins):
		j.fail("plan", "%s: entry %d begins %q; the plan of the migration said %q", x.id, e.Seq, begun, p.Begins)
	case code == "" && p.Status != x.state.Status():
		j.fail("plan", "%s is %s after entry %d; the plan of the migration said %s", x.id, x.state.Status(), e.Seq, p.Status)
	}
}

// goesOn: a refused migration leaves the version, an accepted one is at the new one, and no step is lost or changes by
// it. Steps keep their paths, and take the new names of their nodes.
func (j *judge) goesOn(x *witness, e *record.Entry, was *kernel.State, p *plan, m *migrationEntry) {
	if m.twice {
		return
	}
	want := versionOf(was)
	if m.moved {
		want = p.in.Migration.Version
	}
	if now := versionOf(x.state); now != want {
		j.fail("plan", "%s runs version %s after entry %d, not %s", x.id, now, e.Seq, want)
	}
	if x.state.Status().Closed() {
		return
	}
	after := map[string]kernel.StepView{}
	for st := range kernel.Steps(x.state) {
		after[st.Path] = st
	}
	for st := range kernel.Steps(was) {
		now, ok := after[st.Path]
		node := st.Node
		if to := p.in.Migration.Map[node]; m.moved && to != "" {
			node = to
		}
		switch {
		case !ok && st.Ended == 0 && !m.done[st.Path]:
			j.fail("plan", "%s: entry %d loses the live step %s", x.id, e.Seq, st.Path)
		case ok && now.Node != node:
			j.fail("plan", "%s: entry %d makes %s a step of %s, not of %s", x.id, e.Seq, st.Path, now.Node, node)
		case ok && st.Ended != 0 && (now.Ended != st.Ended || now.Outcome != st.Outcome || !bytes.Equal(now.Output, st.Output)):
			j.fail("plan", "%s: entry %d changes %s, which had ended", x.id, e.Seq, st.Path)
		}
	}
}
