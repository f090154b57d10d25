package kernel

import "github.com/pawl-dev/pawl/model"

// skip handles InSkip: the step ends skipped, with outcome success and no output, and the flow goes on.
func (x *decider) skip(in *Input) (func(), *model.Error) {
	st, err := x.unfinished(in.Step)
	if err != nil {
		return nil, err
	}
	in.Step = st.path // which it is stands in the journal
	return func() {
		st := x.renewed(st)
		unknown := x.stopWork(st)
		x.end(Op{kind: opDone, path: st.path, name: string(model.StepSkipped), word: model.Success, flag: unknown}, st)
		x.closeDropped([]*step{st})
	}, nil
}
