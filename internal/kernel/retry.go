package kernel

import "github.com/pawl-dev/pawl/model"

// retryStep handles InRetry: the node of a failed step runs again, and what came after it is taken back. Without a step
// it is the one at which the execution is parked.
func (x *decider) retryStep(in *Input) (func(), *model.Error) {
	if in.Step == "" && x.s.status == model.Parked {
		in.Step = x.s.parkedAt
	}
	st, err := x.target(in.Step)
	if err != nil {
		return nil, err
	}
	in.Step = st.path
	if err := st.inEnding(); err != nil {
		return nil, err
	}
	if st.status != model.StepFailed {
		return nil, &model.Error{Code: CodeNotFailed, Message: st.path + " has not failed, it is " + string(st.status) + "; move to it runs it again all the same"}
	}
	if st.cleanup() {
		if st.followed {
			return nil, &model.Error{Code: CodeStepEnded, Message: st.path + " has been dealt with"}
		}
		return func() { x.again(st) }, nil
	}
	return func() { x.resetNode(st.sc, x.def(st)) }, nil
}
