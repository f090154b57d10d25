// Package live shows an execution while it runs: a tree of its steps on a terminal, lines in a pipe.
//
// [Tree] folds events and knows no terminal; [Tree.Render] gives lines for a moment and a size; [Screen] paints them.
// The package must not know where events come from.
package live

import (
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
)

// fewInstances is how many ended instances of a composite are kept to be shown; of the others only a count stays.
const fewInstances = 6

// Tree is what is known of an execution. It forgets the inside of instances that have ended, so a foreach over a
// million items stays small. It is not safe for concurrent use.
type Tree struct {
	Title   string // workflow and version
	ID      string
	Started time.Time
	Ended   time.Time
	Status  string
	Outcome string
	Failure *pawl.Failure

	root  *scope
	steps map[string]*step
	// waiting is what is open, by step path; "" is the execution itself.
	waiting map[string]pawl.Waiting
}

// scope is one instance of a composite, or the root.
type scope struct {
	path  string
	name  string // of the instance: an index, a key, a branch; "" where there is only one
	steps []*step
	ended bool
	bad   bool
}

// step is one row.
type step struct {
	path, name string
	status     string
	outcome    string
	attempt    int
	began      time.Time
	ended      time.Time
	until      time.Time
	failure    *pawl.Failure

	scopes []*scope // kept instances, in order of opening
	total  int      // instances, 0 where not known
	opened int
	done   int
	failed int
}

// The states of a row.
const (
	scheduled = "scheduled"
	running   = "running"
	waiting   = "waiting"
	backoff   = "backoff"
	completed = "completed"
	failed    = "failed"
	skipped   = "skipped"
	cancelled = "cancelled"
)

func (s *step) over() bool { return !s.ended.IsZero() }

// New is the tree of an execution of which nothing is known yet.
func New(title, id string) *Tree {
	return &Tree{Title: title, ID: id, Status: "pending", root: &scope{}, steps: map[string]*step{}, waiting: map[string]pawl.Waiting{}}
}

// Explain replaces what the execution waits for.
func (t *Tree) Explain(list []pawl.Waiting) {
	clear(t.waiting)
	for _, w := range list {
		if s := t.steps[w.Step]; s != nil && w.Kind == "scope" {
			s.total = max(s.total, w.Total)
		}
		if _, ok := t.waiting[w.Step]; !ok && w.Kind != "timeout" && w.Kind != "scope" {
			t.waiting[w.Step] = w
		}
	}
}

// Closed reports whether the execution has ended.
func (t *Tree) Closed() bool { return !t.Ended.IsZero() }

// step returns the row of path, made if absent, with the scopes around it.
func (t *Tree) step(path string) *step {
	if s := t.steps[path]; s != nil {
		return s
	}
	in, name := split(path)
	sc := t.scope(in)
	s := &step{path: path, name: name, status: scheduled}
	t.steps[path] = s
	sc.steps = append(sc.steps, s)
	return s
}

func (t *Tree) scope(path string) *scope {
	if path == "" {
		return t.root
	}
	at, instance := owner(path)
	s := t.step(at)
	for _, sc := range slices.Backward(s.scopes) {
		if sc.path == path {
			return sc
		}
	}
	sc := &scope{path: path, name: instance}
	s.scopes = append(s.scopes, sc)
	s.opened++
	return sc
}

// closeScope counts an ended instance and drops what need not be shown: all but the first few, and the first few that
// ended badly.
func (t *Tree) closeScope(path string, bad bool) {
	if path == "" {
		return
	}
	at, _ := owner(path)
	s := t.steps[at]
	if s == nil {
		return
	}
	sc := t.scope(path)
	if sc.ended {
		return
	}
	sc.ended, sc.bad = true, bad
	s.done++
	if bad {
		s.failed++
	}
	if s.done > fewInstances && !(bad && s.failed <= fewInstances) {
		t.drop(s, sc)
	}
}

func (t *Tree) drop(s *step, sc *scope) {
	for _, inner := range sc.steps {
		for len(inner.scopes) > 0 {
			t.drop(inner, inner.scopes[0])
		}
		delete(t.steps, inner.path)
	}
	if i := slices.Index(s.scopes, sc); i >= 0 {
		s.scopes = slices.Delete(s.scopes, i, i+1)
	}
}
