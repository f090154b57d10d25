package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/model"
)

// input handles one thing that happened.
func (x *decider) input(i int, in *Input) {
	if in.Kind != InMail {
		x.flush()
	}
	if x.err != nil {
		return
	}
	switch in.Kind {
	case InResult:
		x.result(i, in)
		return
	case InLost, InReleased:
		x.lost(in)
		return
	case InTick, InContinue:
		return
	case InTrim:
		x.trim(in.Trim)
		return
	case InPark:
		x.parkNow(i, in)
		return
	}
	in.digest = digestOf(in)
	if x.repeated(i, in) {
		return
	}
	if in.Kind != InStart && (x.s.start.ID.IsZero() || x.s.status.Closed()) {
		x.out.Answers = append(x.out.Answers, Answer{Input: i, Status: x.s.status, Error: closedTo(in.Kind)})
		return
	}
	if x.d.entity != 0 && x.entityInput(i, in) {
		return
	}
	switch in.Kind {
	case InMail:
		x.mail(i, in)
	case InStart:
		x.startExecution(i, in)
	case InGather:
		x.gatherMore(i, in)
	case InSignal:
		x.signal(i, in)
	case InCancel:
		x.cancelExecution(i, in)
	case InTerminate:
		x.terminate(i, in)
	case InPause:
		x.pause(i, in)
	case InResume:
		x.resume(i, in)
	case InCallback:
		x.callback(i, in)
	case InDecide:
		x.decide(i, in)
	default:
		if in.Kind.Operator() {
			x.operate(i, in)
		}
	}
}

// repeated answers a command whose request id was seen before as it was answered then (K9), and refuses another one that
// has that id.
func (x *decider) repeated(i int, in *Input) bool {
	if in.Request == "" {
		return false
	}
	for _, r := range x.s.requests {
		if r.request == in.Request {
			a := Answer{Input: i, Status: x.s.status, Repeated: true}
			switch {
			case r.digest != "" && in.digest != "" && r.digest != in.digest:
				a.Repeated, a.Error = false, &model.Error{Code: CodeRequestConflict, Message: "the request id " + in.Request + " came before with another command"}
			case r.code != "":
				a.Error = &model.Error{Code: r.code, Message: "as answered before"}
			}
			x.out.Answers = append(x.out.Answers, a)
			return true
		}
	}
	return false
}

var inputNames = [...]string{
	InStart: "start", InSignal: "signal", InCancel: "cancel", InTerminate: "terminate", InPause: "pause", InResume: "resume",
	InPark: "park", InDecide: "decide", InRetry: "retry", InMove: "move", InSkip: "skip", InComplete: "complete", InFail: "fail",
	InRoute: "route", InVars: "vars", InCallback: "callback", InMigrate: "migrate",
}

// String is the word that journals have for the command; "" for what is none.
func (k InputKind) String() string {
	if int(k) >= len(inputNames) {
		return ""
	}
	return inputNames[k]
}

// ParseInputKind reads the word that [InputKind.String] gives.
func ParseInputKind(word string) (InputKind, bool) {
	i := slices.Index(inputNames[:], word)
	return InputKind(max(i, 0)), i >= 0 && word != ""
}

// accept journals the command and answers it.
func (x *decider) accept(i int, in *Input) { x.answer(i, in, nil) }

// refuse answers the command with an error; a refusal is remembered too where the command has a request id.
func (x *decider) refuse(i int, in *Input, err *model.Error) { x.answer(i, in, err) }

func (x *decider) answer(i int, in *Input, err *model.Error) {
	code := ""
	if err != nil {
		code = err.Code
	}
	started := !x.s.start.ID.IsZero()
	if in.Kind.Operator() && err != nil && in.Request == "" {
		started = false // it changed nothing, and the next may ask for the entry it saw
	}
	if started && (in.Request != "" || in.By != "" || in.Why != "" || in.Kind != InSignal && in.Kind != InStart && in.Kind != InCallback && err == nil) {
		o := Op{kind: opInput, word: inputNames[in.Kind], req: in.Request, by: in.By, why: in.Why, text: code, n: int64(x.remember(in)), digest: in.digest}
		if in.Kind.Operator() {
			o.name = in.Step
		}
		x.emit(o)
	}
	x.out.Answers = append(x.out.Answers, Answer{Input: i, Error: err, Status: x.s.status})
}

func (x *decider) remember(in *Input) int {
	if in.Request == "" {
		return 0
	}
	return x.bounds.Requests
}

// parkNow handles InPark: the caller found that the execution cannot go on.
func (x *decider) parkNow(i int, in *Input) {
	if x.s.status.Closed() || x.s.start.ID.IsZero() {
		return
	}
	x.answer(i, in, nil)
	x.park(in.Error, "")
}

// park stops the execution until an operator acts.
func (x *decider) park(err *model.Error, step string) {
	if x.s.status == model.Parked || x.s.status.Closed() {
		return
	}
	x.emit(Op{kind: opStatus, word: string(model.Parked), err: err, name: step})
}

func (x *decider) pause(i int, in *Input) {
	if x.s.status == model.Parked {
		x.refuse(i, in, &model.Error{Code: "parked", Message: "the execution is parked already"})
		return
	}
	x.accept(i, in)
	if x.s.status != model.Paused {
		x.emit(Op{kind: opStatus, word: string(model.Paused), text: in.Why, by: in.By})
	}
}

// closedTo refuses a command to an execution that has ended.
func closedTo(k InputKind) *model.Error {
	msg := "the execution has ended"
	if k.Operator() {
		msg += "; rerun or fork it"
	}
	return &model.Error{Code: CodeClosed, Message: msg}
}
