package kernel

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
)

func errNoComposite(st *step) error { return fmt.Errorf("step %q is no composite", st.path) }

func errNoSignal(n int64) error { return fmt.Errorf("no signal %d is kept", n) }

// applyEnter begins a composite: n is the number of instances (-1 for a loop), until their concurrency, the items or
// branch names come as data or as a reference.
func (s *State) applyEnter(st *step, o *Op) error {
	c := &comp{total: int(o.n), limit: int(o.until), batch: o.size, open: o.flag, skips: o.word != ""}
	c.undo.st = st
	if was := st.comp; o.name == again && was != nil {
		c.items, c.list, c.keys, c.added = was.items, was.list, was.keys, was.added
		c.branches = was.branches
		c.batch, c.open, c.skips = was.batch, was.open, was.skips
		was.undo.handOver(&c.undo)
	}
	if o.hasData || o.text != "" {
		c.items = rawValue(o.data)
		switch {
		case o.name == rangeOfItems:
			if c.items = c.items.span(); c.items == nil {
				return errEntry
			}
		case !o.hasData:
			v, err := s.resolve(o.text)
			if err != nil {
				return err
			}
			c.items = v
		}
		c.branches = o.name == branches
		if err := c.split(); err != nil {
			return err
		}
	}
	if c.total > 0 && !c.skips {
		c.results = make([]*value, c.total)
	}
	st.comp = c
	if len(o.arms) > 0 {
		st.arms = make([]arm, len(o.arms))
		for i := range o.arms {
			st.arms[i].armSpec = o.arms[i]
		}
		s.waiters = append(s.waiters, st)
	}
	st.began = true
	st.status, st.attempt, st.since, st.due = model.StepRunning, o.attempt, s.at, 0
	s.setStepDeadline(st, o.due)
	if st.unarmed && !bug.On(bug.TimeoutDropped) {
		st.unarmed = false
		s.addTimer(timer{due: st.deadline, kind: timerDeadline, st: st})
	}
	st.answered()
	s.refill(st)
	return nil
}

// branches marks a list of branch names, which are the keys of the result.
const branches = "branches"

// rangeOfItems marks items that are the first and the last of a range.
const rangeOfItems = "range"

func (c *comp) split() error {
	if c.items.isSpan() {
		return nil
	}
	d, err := c.items.decode()
	if err != nil {
		return err
	}
	switch d := d.(type) {
	case []any:
		if c.branches {
			for _, n := range d {
				name, _ := n.(string)
				c.keys = append(c.keys, name)
			}
			return nil
		}
		c.list = make([]*value, len(d), max(len(d), 1)) // an empty list is not nil: items may be added
		for i, item := range d {
			c.list[i] = &value{dec: item, done: true, n: 16}
		}
	case map[string]any:
		c.keys = slices.Sorted(maps.Keys(d))
		c.list = make([]*value, 0, max(len(d), 1))
		for _, k := range c.keys {
			c.list = append(c.list, &value{dec: d[k], done: true, n: 16})
		}
		if c.keys == nil {
			c.keys = []string{}
		}
	default:
		return fmt.Errorf("items are %s, not a list or map", expr.TypeName(d))
	}
	return nil
}

func (s *State) applyHold(sc *scope, o *Op) error {
	if sc.held == nil {
		sc.held, sc.heldAt = o.err, o.text
	}
	st := s.stepAt(o.text)
	if st == nil {
		return fmt.Errorf("no step %q", o.text)
	}
	st.follow()
	return nil
}

func (s *State) applyClose(sc *scope, o *Op) {
	sc.closing, sc.handsUp = true, o.flag
	s.ending(sc, o)
	if o.until > 0 {
		sc.grace = o.until
		s.addTimer(timer{due: o.until, kind: timerGrace, sc: sc})
	}
}

// ending notes how a scope ends.
func (s *State) ending(sc *scope, o *Op) {
	sc.outcome, sc.err = o.word, o.err
	sc.output = s.outputOf(o, sc.owner)
}

func (s *State) applyClosed(sc *scope, o *Op) {
	if !sc.closing {
		s.ending(sc, o)
	}
	sc.closed = true
	if sc.owner == nil {
		return
	}
	delete(s.scopes, sc.path)
	s.leave(sc)
	owner := sc.owner
	c := owner.comp
	c.live--
	c.scopes = slices.DeleteFunc(c.scopes, func(o *scope) bool { return o == sc })
	if owner.over() {
		owner.sc.leftovers--
		owner.release()
		return
	}
	if c.verdict != "" {
		return
	}
	c.last, c.word = sc.output, sc.outcome
	n := sc.output.size()
	owner.sc.bytes += n
	s.bytes += n
	switch {
	case sc.outcome == model.Withdrawn:
	case model.Bad(sc.outcome):
		c.failed++
		c.errors = append(c.errors, instanceError{sc.index, sc.err})
	default:
		c.good++
		if sc.index < len(c.results) {
			c.results[sc.index] = sc.output
		}
	}
	if c.room() {
		s.push(workFill, owner)
	}
}

// size estimates what the instances gave so far.
func (c *comp) size() (n int) {
	if c == nil {
		return 0
	}
	for _, r := range c.results {
		n += r.size()
	}
	return n
}

// collected is the list (or map) of what the instances gave, null where one failed.
func (c *comp) collected() *value {
	if c.named() {
		keys, parts := inKeyOrder(c.keys, c.results)
		return listValue(parts, keys)
	}
	return listValue(c.results, nil)
}

// inKeyOrder sorts the parts of a map; branches are kept in written order until here.
func inKeyOrder(keys []string, parts []*value) ([]string, []*value) {
	if slices.IsSorted(keys) {
		return keys, parts
	}
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(keys[a], keys[b]) })
	sorted, moved := make([]string, len(keys)), make([]*value, len(keys))
	for to, from := range order {
		sorted[to], moved[to] = keys[from], parts[from]
	}
	return sorted, moved
}
