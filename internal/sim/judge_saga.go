package sim

import (
	"maps"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/record"
)

// saga is what the journal of one execution says of undoing.
type saga struct {
	// order is the number of each step that may have to be undone; pending those of them that still may.
	order   map[string]int64
	pending map[string]bool
	// cleanups are the paths of compensations and of steps under finally.
	cleanups []string
	// item: the execution runs an item of a foreach.
	item bool
}

func (s *saga) step(f *fact) {
	if f.Undoes != "" || f.Type == "finally" {
		s.cleanups = append(s.cleanups, f.Step)
	}
}

// note: a step that ends has something to undo. What is inside it has not any more, but for instances that run on and
// undo themselves.
func (s *saga) note(f *fact) {
	if s.order == nil {
		s.order, s.pending = map[string]int64{}, map[string]bool{}
	}
	s.order[f.Step], s.pending[f.Step] = f.N, true
}

// cleans reports whether a step belongs to a rollback or to what runs finally.
func (s *saga) cleans(step string) bool {
	return slices.ContainsFunc(s.cleanups, func(c string) bool { return step == c || inside(step, c) })
}

// inside reports whether a step is in an instance of the composite at path.
func inside(step, path string) bool {
	rest, ok := strings.CutPrefix(step, path)
	return ok && rest != "" && strings.IndexByte("/[@", rest[0]) >= 0
}

// undone checks I18: each step once, and what ended later in the same scope, or inside it, before.
func (j *judge) undone(x *witness, e *record.Entry, f *fact) {
	s := &x.saga
	if !s.pending[f.Of] {
		j.fail("I18", "%s: entry %d undoes %s, which is not to be undone", x.id, e.Seq, f.Of)
		return
	}
	delete(s.pending, f.Of)
	scope := ""
	if i := strings.LastIndexByte(f.Of, '/'); i >= 0 {
		scope = f.Of[:i+1]
	}
	for _, other := range slices.Sorted(maps.Keys(s.pending)) {
		if s.order[other] > s.order[f.Of] && strings.HasPrefix(other, scope) && !s.replaced(other) {
			j.fail("I18", "%s: entry %d undoes %s before %s, which ended later", x.id, e.Seq, f.Of, other)
			return
		}
	}
}

// replaced: the step is inside a composite that is undone as a whole.
func (s *saga) replaced(step string) bool {
	for of := range s.order {
		if inside(step, of) {
			return true
		}
	}
	return false
}

// keepsEffects: the workflow says rollback: false. The item of a foreach is governed by the body, which the judge does not
// look up.
func (j *judge) keepsEffects(x *witness) bool {
	if x.saga.item {
		return true
	}
	d := j.w.defs[x.definition()]
	return d == nil || d.Workflow().Root.Rollback != nil
}

// rolledBack checks I18 at the end: an execution that failed or was cancelled left nothing to undo.
func (j *judge) rolledBack(x *witness, e *record.Entry, f *fact) {
	if f.Status != "failed" && f.Status != "cancelled" || j.keepsEffects(x) {
		return
	}
	for _, step := range slices.Sorted(maps.Keys(x.saga.pending)) {
		if !x.saga.replaced(step) {
			j.fail("I18", "%s: entry %d ends it %s and %s is not undone", x.id, e.Seq, f.Status, step)
			return
		}
	}
}
