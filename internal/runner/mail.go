package runner

import (
	"fmt"

	"github.com/pawl-dev/pawl/model"
)

// maxMail bounds how many executions one result starts, and how many it signals.
const maxMail = 100

// fitMail says what is wrong with what res starts and sends, nil if nothing.
func fitMail(res *model.Result, payload int) *model.Error {
	if n := max(len(res.Start), len(res.Send)); n > maxMail {
		return fault(codeBadResult, fmt.Sprintf("the result starts or signals %d executions, more than the %d allowed", n, maxMail), permanent)
	}
	for i := range res.Start {
		q := &res.Start[i]
		if q.Workflow == "" {
			return fault(codeBadResult, "a start names no workflow", permanent)
		}
		if e := fitValue(payload, "the input of "+clip(q.Workflow, maxOutcome), q.Input); e != nil {
			return e
		}
	}
	for i := range res.Send {
		q := &res.Send[i]
		switch {
		case q.Signal == "":
			return fault(codeBadResult, "a send names no signal", permanent)
		case q.To == "" && (q.Workflow == "" || q.Key == ""):
			return fault(codeBadResult, "the signal "+clip(q.Signal, maxOutcome)+" is for nobody: a send needs to, or workflow and key", permanent)
		}
		if e := fitValue(payload, "the data of signal "+clip(q.Signal, maxOutcome), q.Data); e != nil {
			return e
		}
	}
	return nil
}

// fitValue says what is wrong with one value that leaves.
func fitValue(payload int, what string, raw []byte) *model.Error {
	if len(raw) > payload {
		return fault(codePayload, fmt.Sprintf("%s has %d bytes, more than the %d allowed", what, len(raw), payload), permanent)
	}
	if why := checkJSON(raw); len(raw) > 0 && why != "" {
		return fault(codeBadResult, what+" "+why, permanent)
	}
	return nil
}
