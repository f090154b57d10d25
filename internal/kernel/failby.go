package kernel

import "github.com/pawl-dev/pawl/model"

// failBy handles InFail: a step, or the execution where Step is empty, ends in error. No policy tries it again.
func (x *decider) failBy(in *Input) (func(), *model.Error) {
	no := false
	failure := &model.Error{Code: "failed", Message: in.Why, Retryable: &no}
	if in.Error != nil {
		e := *in.Error
		failure = &e
		failure.Retryable = &no
		if failure.Code == "" {
			failure.Code = "failed"
		}
	}
	if failure.Message == "" {
		failure.Message = "an operator ended it"
	}
	if in.Step == "" {
		return x.failExecution(failure)
	}
	st, err := x.unfinished(in.Step)
	if err != nil {
		return nil, err
	}
	in.Step = st.path
	if st.over() && st.status == model.StepFailed {
		return nil, &model.Error{Code: CodeStepEnded, Message: st.path + " has failed already; retry, skip, complete or route it, or fail the execution"}
	}
	return func() {
		st := x.renewed(st)
		if st.comp != nil && st.comp.verdict == "" {
			x.verdict(st, ending{outcome: model.OutcomeErr, err: failure})
			return
		}
		unknown := x.stopWork(st)
		failure.Step = st.path
		x.end(Op{kind: opDone, path: st.path, name: string(model.StepFailed), word: model.OutcomeErr, err: failure, flag: unknown}, st)
	}, nil
}

func (x *decider) failExecution(failure *model.Error) (func(), *model.Error) {
	if x.s.root.closing {
		return nil, &model.Error{Code: CodeClosing, Message: "the execution is ending; terminate ends it at once"}
	}
	return func() {
		if !x.s.active() && x.s.status != model.Pending {
			x.emit(Op{kind: opStatus, word: string(x.s.goesOnAs())})
		}
		x.failScope(x.s.root, failure)
	}, nil
}
