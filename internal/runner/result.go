package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/model"
)

// Codes of the errors that the runner itself gives.
const (
	codeInternal    = "internal"
	codePanic       = "panic"
	codeTimeout     = "timeout"
	codeHeartbeat   = "heartbeat"
	codeCancelled   = "cancelled"
	codeUnknownType = "unknown_type"
	codeBadResult   = "bad_result"
	codePayload     = "payload_too_large"
	codeSecret      = "secret_unavailable"
	codeExpression  = "expression"
)

// Bounds of what goes into a journal beside the output.
const (
	maxMessage  = 4 << 10
	maxDetails  = 32 << 10
	maxCode     = 64
	maxOutcome  = 64
	maxExtras   = 64 << 10 // assignments and tags together
	maxLogLines = 200
	maxLogLine  = 4 << 10
	maxLogBytes = 64 << 10
)

// What the runner says about another attempt: it is useless, or policies decide.
const (
	permanent = true
	undecided = false
)

func fault(code, message string, final bool) *model.Error {
	e := &model.Error{Code: code, Message: message}
	if final {
		e.Retryable = new(bool)
	}
	return e
}

func failed(code, message string, final bool) model.Result {
	return model.Result{Error: fault(code, message, final)}
}

// ending is how an attempt came to its end.
type ending struct {
	res model.Result
	err error
	// hung: the executor did not return; unrun: it was not called.
	hung, unrun bool
}

// well reports whether the executor came back with a good result.
func (e *ending) well() bool { return !e.hung && !e.unrun && e.err == nil && e.res.Error == nil }

// report decides what is told about an attempt that has been settled, and tells it.
func (a *attempt) report(e ending) {
	cause := a.cause
	if cause == nil && a.life.past() {
		cause = ErrTimeout
	}
	a.life.end(nil)
	out := Report{Token: a.lease.Token}
	switch {
	case cause == ErrStale:
		return // nobody waits for it
	case cause == errDrained && !e.well(), cause == ErrCancelled && e.unrun:
		out.Released = true
	default:
		out.Result = a.conclude(&e, cause)
		if r := a.pool.run; r.Ahead != nil && len(out.Result.Output) > 0 {
			r.Ahead(r.out.ctx, a.lease.Namespace, a.lease.Token.Execution, out.Result.Output)
		}
	}
	a.pool.run.out.add(out)
}

// conclude turns what the executor returned into a result fit for the journal. A good result stands even if it came
// after the context had ended: the effect has happened.
func (a *attempt) conclude(e *ending, cause error) model.Result {
	res := e.res
	switch {
	case cause != nil && !e.well():
		res = a.stopped(e, cause)
	case e.err != nil:
		res = model.Result{Error: internal(e.err)}
	}
	res.Log = append(res.Log, a.log.lines...)
	a.pool.run.tidy(&res, a.hider())
	return res
}

// internal is the error of an executor that failed to do its own work. An executor may return a model.Error instead
// of putting it into the result.
func internal(err error) *model.Error {
	var coded *model.Error
	if errors.As(err, &coded) {
		c := *coded
		return &c
	}
	return fault(codeInternal, err.Error(), undecided)
}

// stopped is the result of an attempt whose context was ended.
func (a *attempt) stopped(e *ending, cause error) model.Result {
	var f *model.Error
	switch cause {
	case ErrSilent:
		f = fault(codeHeartbeat, fmt.Sprintf("the attempt gave no sign of life for %s", millis(a.lease.Task.Heartbeat)), undecided)
	case ErrCancelled:
		f = fault(codeCancelled, "the attempt was cancelled", permanent)
	default:
		a.pool.run.timedOut.Add(1)
		f = fault(codeTimeout, a.late(), undecided)
	}
	switch {
	case e.hung:
		f.Message += "; the executor did not stop"
	case e.res.Error != nil:
		f.Message += ": " + e.res.Error.Message
		f.Details = e.res.Error.Details
	case e.err != nil && !errors.Is(e.err, context.Canceled) && !errors.Is(e.err, context.DeadlineExceeded) && !errors.Is(e.err, cause):
		f.Message += ": " + e.err.Error()
	}
	return model.Result{Error: f, Log: e.res.Log}
}

// late says which bound an attempt ran into.
func (a *attempt) late() string {
	t := &a.lease.Task
	if t.Timeout > 0 && (t.Deadline == 0 || a.since.UnixMilli()+t.Timeout <= t.Deadline) {
		return fmt.Sprintf("the attempt took longer than %s", millis(t.Timeout))
	}
	return "the time of the step was up"
}

// tidy checks, bounds and masks res in place.
func (r *Runner) tidy(res *model.Result, hide *hider) {
	if e := fit(res, r.Payload); e != nil {
		*res = model.Result{Error: e, Log: res.Log}
	}
	hide.result(res)
	tidyLog(res)
	if res.Error != nil {
		tidyError(res.Error)
		res.Error.Step = ""
	}
	res.Delay = max(res.Delay, 0)
}

// fit says what is wrong with the values of res, nil if nothing.
func fit(res *model.Result, payload int) *model.Error {
	if len(res.Output) > payload {
		return fault(codePayload, fmt.Sprintf("the output has %d bytes, more than the %d allowed", len(res.Output), payload), permanent)
	}
	if len(res.Output) > 0 {
		if why := checkJSON(res.Output); why != "" {
			return fault(codeBadResult, "the output "+why, permanent)
		}
	}
	if !word(res.Outcome) {
		return fault(codeBadResult, fmt.Sprintf("the outcome %q is not a word of letters, digits, - and _", clip(res.Outcome, maxOutcome)), permanent)
	}
	size := 0
	for _, s := range res.Set {
		size += len(s.Var) + len(s.Value)
		if why := checkJSON(s.Value); len(s.Value) > 0 && why != "" {
			return fault(codeBadResult, "the value of variable "+clip(s.Var, maxOutcome)+" "+why, permanent)
		}
	}
	for _, name := range sortedTags(res.Tags) {
		size += len(name) + len(res.Tags[name])
		if why := checkJSON(res.Tags[name]); why != "" {
			return fault(codeBadResult, "the value of tag "+clip(name, maxOutcome)+" "+why, permanent)
		}
	}
	if e := fitMail(res, payload); e != nil {
		return e
	}
	if size > maxExtras {
		return fault(codePayload, fmt.Sprintf("variables and tags have %d bytes, more than the %d allowed", size, maxExtras), permanent)
	}
	return nil
}

// word reports whether s may be an outcome; empty is fine.
func word(s string) bool {
	if len(s) > maxOutcome {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

func tidyError(e *model.Error) {
	if e.Code == "" || !word(e.Code) || len(e.Code) > maxCode {
		e.Code = codeInternal
	}
	e.Message = text(e.Message, maxMessage)
	if e.Message == "" {
		e.Message = "no reason given"
	}
	if len(e.Details) > maxDetails || len(e.Details) > 0 && checkJSON(e.Details) != "" {
		e.Details = nil
	}
	e.RetryAfter = max(e.RetryAfter, 0)
}

// text makes s fit for a journal: valid UTF-8 without control characters but tab and newline, bounded.
func text(s string, limit int) string {
	s = clip(s, limit)
	clean := utf8.ValidString(s)
	for i := 0; clean && i < len(s); i++ {
		clean = s[i] >= ' ' && s[i] != 0x7f || s[i] == '\n' || s[i] == '\t'
	}
	if clean {
		return s
	}
	return strings.Map(func(c rune) rune {
		if c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
			return utf8.RuneError
		}
		return c
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

// clip cuts s to limit bytes at a rune's start and marks the cut.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	cut := limit - len("…")
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
