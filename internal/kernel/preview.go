package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/model"
)

// Preview is what an input would do, found out by doing it to a copy of the state. Steps are named by path.
type Preview struct {
	// Error is why it would be refused; nothing else is set then.
	Error *model.Error
	// Kept have ended and stay as they are. Steps of scopes that have ended are kept, too, and not listed.
	Kept []string
	// Again have ended and are taken back: their nodes run again if the flow leads there.
	Again []string
	// Cancelled are live and end.
	Cancelled []string
	// Ends are live and end in another way.
	Ends []string
	// Repeats touched the world, or are composites with such steps inside, and are taken back: what they did may happen
	// twice.
	Repeats []string
	// Begins are the new steps that are scheduled at once.
	Begins []string
	// Status is that of the execution afterwards.
	Status model.Status
}

// Foresee says what an input would do to the execution now. The state is not changed.
func Foresee(d *Definition, s *State, in Input, env Env) (Preview, error) {
	trial, err := Restore(Save(nil, s))
	if err != nil {
		return Preview{}, err
	}
	return foresee(d, trial, in, env)
}

// foresee gives the input to trial, whose steps it notes before.
func foresee(d *Definition, trial *State, in Input, env Env) (p Preview, err error) {
	var ended, live []*step
	trial.eachStep(func(st *step) {
		switch {
		case !st.over():
			live = append(live, st)
		case st.current():
			ended = append(ended, st)
		}
	})
	touched := map[*step]bool{}
	for _, st := range slices.Concat(ended, live) {
		touched[st] = d.touches(st)
	}
	dec, err := Decide(d, trial, []Input{in}, env, nil)
	if err != nil {
		return p, err
	}
	p.Status = trial.Status()
	if len(dec.Answers) > 0 && dec.Answers[0].Error != nil {
		return Preview{Error: dec.Answers[0].Error, Status: p.Status}, nil
	}
	for _, st := range ended {
		if rec := st.sc.rec(st.node); !rec.idle && rec.step == st {
			p.Kept = append(p.Kept, st.path)
			continue
		}
		p.Again = append(p.Again, st.path)
		if touched[st] {
			p.Repeats = append(p.Repeats, st.path)
		}
	}
	for _, st := range live {
		switch {
		case cancelledBy(st) || p.Status == model.Terminated && !st.over():
			p.Cancelled = append(p.Cancelled, st.path)
		case st.over():
			p.Ends = append(p.Ends, st.path)
		}
		if rec := st.sc.rec(st.node); touched[st] && (rec.idle || rec.step != st) {
			p.Repeats = append(p.Repeats, st.path)
		}
	}
	for i := range dec.Ops {
		if o := &dec.Ops[i]; o.kind == opStep {
			p.Begins = append(p.Begins, o.path)
		}
	}
	p.sort()
	return p, nil
}

func (p *Preview) sort() {
	for _, list := range [][]string{p.Kept, p.Again, p.Cancelled, p.Ends, p.Repeats} {
		slices.Sort(list)
	}
}

// cancelledBy reports whether a step that was live has been cancelled, or is being so.
func cancelledBy(st *step) bool {
	if st.over() {
		return st.status == model.StepCancelled
	}
	return st.asked != 0 || st.sc.closing || st.comp != nil && st.comp.verdict == model.Withdrawn
}

// touches reports whether the step, or one inside it, may have touched the world.
func (d *Definition) touches(st *step) bool {
	n := d.nodes[st.node]
	switch {
	case n == nil:
		return false
	case n.kind.touching():
		return st.attempt > 0 || st.began
	case st.comp == nil:
		return false
	}
	return st.comp.next > 0 && n.comp.hasEffect()
}

// touching reports whether steps of the kind touch the world.
func (k nodeKind) touching() bool { return k == kindEffect || k == kindSend || k == kindChild }

func (c *compDef) hasEffect() bool {
	for _, sd := range append(slices.Clone(c.branches), c.body) {
		if sd == nil {
			continue
		}
		for _, n := range sd.nodes {
			if n.kind.touching() || n.comp != nil && n.comp.hasEffect() {
				return true
			}
		}
	}
	return false
}

// NodeAt is the node of the step that path names, as an operator types it; nil where there is none.
func NodeAt(d *Definition, s *State, path string) *model.Node {
	if d == nil || s.root == nil {
		return nil
	}
	x := decider{d: d, s: s}
	st, err := x.target(path)
	if err != nil {
		return nil
	}
	return x.def(st).m
}
