package kernel

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// StepView is one step for people.
type StepView struct {
	Path, Node, Type string
	Status           model.StepStatus
	Outcome          string
	Attempt          int
	Scheduled, Ended int64
	Output           []byte
	Error            *model.Error
	// Total, Good and Failed count the instances of a composite; Total is -1 where it is not known.
	Total, Good, Failed int
	// Undone: a compensation undid the step. Undoes is the path of the step that this one undoes.
	Undone bool
	Undoes string
	// Lost is the attempt that was lost or given back last; 0 = none.
	Lost int
}

// Steps yields the steps the state still holds, outer scopes first, in order of scheduling. Steps of ended inner
// scopes are in the journal only.
func Steps(s *State) iter.Seq[StepView] {
	return func(yield func(StepView) bool) {
		if s.root == nil {
			return
		}
		scopes := []*scope{s.root}
		for _, path := range s.scopePaths() {
			scopes = append(scopes, s.scopeAt(path))
		}
		for _, sc := range scopes {
			for i := range sc.nodes {
				if sc.nodes[i].idle {
					continue
				}
				if !yield(sc.nodes[i].step.view()) {
					return
				}
			}
		}
	}
}

func (st *step) view() StepView {
	v := StepView{Path: st.path, Node: st.node, Type: st.typ, Status: st.status, Outcome: st.outcome, Attempt: st.attempt, Scheduled: st.scheduled, Ended: st.ended, Error: st.err}
	if st.over() {
		v.Output = st.output.bytes()
	}
	v.Undone, v.Undoes, v.Lost = st.undone, st.target, st.lost
	if c := st.comp; c != nil {
		v.Total, v.Good, v.Failed = c.total, c.good, c.failed
	}
	return v
}

// Tasks are the outstanding attempts, in order of path.
func (s *State) Tasks() []TaskRef {
	var tasks []TaskRef
	if s.tasks == 0 {
		return nil
	}
	s.eachStep(func(st *step) {
		if st.out {
			tasks = append(tasks, TaskRef{st.path, st.attempt})
		}
	})
	slices.SortFunc(tasks, func(a, b TaskRef) int { return strings.Compare(a.Step, b.Step) })
	return tasks
}

func (s *State) eachStep(do func(*step)) {
	if s.root == nil {
		return
	}
	s.eachScope(func(sc *scope) {
		for i := range sc.nodes {
			do(sc.nodes[i].step)
		}
		for _, st := range sc.former {
			do(st)
		}
	})
}

// eachScope goes over the scopes that are open or kept, in no order.
func (s *State) eachScope(do func(*scope)) {
	if s.root == nil {
		return
	}
	do(s.root)
	for _, sc := range s.scopes { // sorted: callers sort
		do(sc)
	}
	for _, sc := range s.kept { // sorted: callers sort
		do(sc)
	}
}

// Head fills the searchable fields of h. Insert and NextAt are the caller's.
func (s *State) Head(h *record.Head) {
	h.Execution, h.Parent = s.start.ID, s.start.Parent
	h.Namespace, h.Workflow, h.Version, h.Key = s.start.Namespace, s.start.Workflow, s.start.Version, s.start.Key
	h.Status, h.Outcome = string(s.status), s.outcome
	h.Started, h.Ended = s.start.ID.Millis(), s.ended
	if s.begun > 0 {
		h.Started = s.begun
	}
	h.Error, h.Fingerprint = "", ""
	if e := cmp.Or(s.failure, s.parked); e != nil {
		h.Error, h.Fingerprint = clean(e.Code+": "+e.Message, 200), Fingerprint(e.Code, e.Message)
	}
	h.Waiting = WaitingOn(s)
	h.Tags = h.Tags[:0]
	if len(s.asks) > 0 {
		h.Tags = append(h.Tags, record.Tag{Name: TagApproval, Text: TagWaits})
	}
	for _, t := range s.tags {
		h.Tags = append(h.Tags, tagOf(t))
	}
}

func tagOf(t tagValue) record.Tag {
	tag := record.Tag{Name: t.name}
	d, err := expr.Decode(t.data)
	switch d := d.(type) {
	case int64:
		tag.Num, tag.IsNum = float64(d), true
	case float64:
		tag.Num, tag.IsNum = d, true
	case string:
		tag.Text = clean(d, 200)
	default:
		if err == nil {
			tag.Text = clean(string(t.data), 200)
		}
	}
	return tag
}

// clean makes text fit for a column: valid UTF-8 without NUL, at most n bytes.
func clean(s string, n int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "")
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// Vars are the variables that a scope sees, as JSON; path names the scope or a step in it, "" the root. ok is false
// where there is no such scope.
func Vars(s *State, path string) (vars map[string][]byte, ok bool) {
	if s.root == nil {
		return nil, false
	}
	sc := s.scopeAt(path)
	if sc == nil {
		st := s.stepAt(path)
		if st == nil {
			return nil, false
		}
		sc = st.sc
	}
	vars = map[string][]byte{}
	for ; sc != nil; sc = sc.parent {
		for _, v := range sc.vars {
			if _, inner := vars[v.name]; !inner {
				vars[v.name] = v.v.bytes()
			}
		}
	}
	return vars, true
}
