package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/model"
)

// ForeseeFork says what a fork would keep and run again.
func ForeseeFork(d *Definition, in Input, env Env) (p Preview, err error) {
	trial := New()
	dec, err := Decide(d, trial, []Input{in}, env, nil)
	if err != nil {
		return p, err
	}
	p.Status = trial.Status()
	if len(dec.Answers) > 0 && dec.Answers[0].Error != nil {
		p.Error = dec.Answers[0].Error
		return p, nil
	}
	begun := map[string]bool{}
	for i := range dec.Ops {
		if o := &dec.Ops[i]; o.kind == opStep {
			p.Begins = append(p.Begins, o.path)
			begun[o.path] = true
		}
	}
	f := in.Start.Fork
	was := New()
	if err := f.fold(was); err != nil {
		return p, err
	}
	was.eachStep(func(st *step) {
		if !st.current() {
			return
		}
		now := trial.findStep(st.path)
		gone := now == nil || !now.current()
		ended := st.over() || slices.Contains(f.Reopened, st.path) // in the original
		if ended && !st.over() && !gone {
			return // it goes on
		}
		switch {
		case ended && !gone:
			p.Kept = append(p.Kept, st.path)
		case ended:
			p.Again = append(p.Again, st.path)
		case gone || now.status == model.StepCancelled:
			p.Cancelled = append(p.Cancelled, st.path)
		default:
			p.Begins = append(p.Begins, st.path)
		}
		if d.touches(st) && (gone || !st.over()) {
			p.Repeats = append(p.Repeats, st.path)
		}
	})
	p.sort()
	return p, nil
}
