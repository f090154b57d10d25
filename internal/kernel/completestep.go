package kernel

import (
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/model"
)

// completeStep handles InComplete: the step ends as if its work had given Result, with an outcome that its node
// declares. What the node does with a result (output, set, log, tags) it does with this one.
func (x *decider) completeStep(in *Input) (func(), *model.Error) {
	st, err := x.unfinished(in.Step)
	if err != nil {
		return nil, err
	}
	in.Step = st.path // which it is stands in the journal
	n := x.def(st)
	outcome, output := model.Success, null.raw
	if in.Result != nil {
		output = orNull(in.Result.Output)
		if in.Result.Outcome != "" {
			outcome = in.Result.Outcome
		}
	}
	if err := n.mayEnd(st.path, outcome); err != nil {
		return nil, err
	}
	if len(output) > x.bounds.Payload {
		return nil, &model.Error{Code: CodePayload, Message: fmt.Sprintf("the output is %d bytes, more than %d", len(output), x.bounds.Payload)}
	}
	return func() { x.completeWith(x.renewed(st), n, outcome, output) }, nil
}

func (x *decider) completeWith(st *step, n *nodeDef, outcome string, output []byte) {
	if st.comp != nil && st.comp.verdict == "" {
		x.verdict(st, ending{outcome: outcome, output: output, has: true})
		return
	}
	o := Op{kind: opDone, path: st.path, name: string(model.StepCompleted), word: outcome, data: output, hasData: true}
	x.stopWork(st)
	x.finish(st, n, o, rawValue(output))
}

// mayEnd refuses outcomes with which the node cannot end.
func (n *nodeDef) mayEnd(step, outcome string) *model.Error {
	switch outcome {
	case model.OutcomeErr:
		return &model.Error{Code: CodeUndeclaredOutcome, Message: "a step does not complete with error; fail it instead"}
	case model.Withdrawn:
		return &model.Error{Code: CodeUndeclaredOutcome, Message: "a step does not complete with cancelled; cancel, skip or move it instead"}
	}
	words, any := n.outcomes()
	if any || slices.Contains(words, outcome) {
		return nil
	}
	return &model.Error{Code: CodeUndeclaredOutcome, Message: step + " does not declare the outcome " + outcome + "; " + listed("it may end with", words, "it may end with success")}
}

// outcomes are the words a node may end with beside error; any where it may be any word.
func (n *nodeDef) outcomes() (words []string, any bool) {
	switch n.kind {
	case kindSwitch:
		for _, k := range n.cases {
			words = append(words, k.outcome)
		}
		if n.otherwise != "" {
			words = append(words, n.otherwise)
		}
	case kindWait:
		for _, a := range n.arms {
			word := a.name
			if word == "" {
				word = model.Success
			}
			words = append(words, word)
		}
		words = append(words, model.TimedOut)
	case kindSet, kindEnd, kindCancel:
		words = []string{model.Success}
	default:
		if len(n.m.Outcomes) == 0 {
			return nil, true
		}
		words = append([]string{model.Success}, n.m.Outcomes...)
	}
	slices.Sort(words)
	return slices.Compact(words), false
}
