package function

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/model"

	"github.com/pawl-dev/pawl/internal/nearest"
)

// advice is an error with what its author knows about another attempt.
type advice struct {
	err   error
	again bool
	after time.Duration
}

func (a *advice) Error() string { return a.err.Error() }
func (a *advice) Unwrap() error { return a.err }

// Permanent marks err as one that another attempt cannot change: policies do not retry it. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &advice{err: err}
}

// RetryAfter marks err as one that may be gone after d: the next attempt waits at least that long.
// RetryAfter(nil, d) is nil.
func RetryAfter(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &advice{err: err, again: true, after: d}
}

// outcome is how a function ends with another word than success or error.
type outcome struct {
	word string
	out  any
}

func (o *outcome) Error() string { return "outcome " + o.word }

// Outcome ends the step with word instead of success, and with out as its output:
//
//	return Receipt{}, function.Outcome("declined", reason)
//
// A function that declared its [Outcomes] may use only those.
func Outcome(word string, out any) error { return &outcome{word: word, out: out} }

func (o *outcome) result(s Signature) model.Result {
	if len(s.Outcomes) > 0 && !slices.Contains(s.Outcomes, o.word) {
		return failed("bad_result", fmt.Sprintf("%s ended with the outcome %q; it declares %s", s.Name, o.word, strings.Join(s.Outcomes, ", ")))
	}
	out, err := encode(o.out)
	if err != nil {
		return model.Result{Error: fault(err)}
	}
	return model.Result{Outcome: o.word, Output: out}
}

// fault turns the error of a function into a value of the journal. A model.Error in the chain keeps its code.
func fault(err error) *model.Error {
	e := &model.Error{Code: "error", Message: err.Error()}
	var coded *model.Error
	if errors.As(err, &coded) {
		*e = *coded
	}
	var a *advice
	if errors.As(err, &a) {
		e.Retryable = &a.again
		e.RetryAfter = model.Millis(a.after.Milliseconds())
	}
	return e
}

// unknown explains that there is no function name, and suggests the one that was probably meant.
func (s *Set) unknown(name string) string {
	names := s.Names()
	if len(names) == 0 {
		return fmt.Sprintf("there is no function %q: none is registered", name)
	}
	if best := nearest.Word(name, names); best != "" {
		return fmt.Sprintf("there is no function %q; did you mean %q?", name, best)
	}
	return fmt.Sprintf("there is no function %q; registered are %s", name, listed(names))
}

// listed joins names, at most ten of them.
func listed(names []string) string {
	if len(names) <= 10 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:10], ", "), len(names)-10)
}

// badResult is the error of an output that is no JSON.
func badResult(format string, args ...any) *model.Error {
	no := false
	return &model.Error{Code: "bad_result", Message: fmt.Sprintf(format, args...), Retryable: &no}
}

// badArgs is the error of an argument that does not fit the function.
func badArgs(err error) *model.Error {
	no := false
	e := &model.Error{Code: "bad_args", Message: err.Error(), Retryable: &no}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		where := "args"
		if wrong.Field != "" {
			where += "." + wrong.Field
		}
		e.Message = fmt.Sprintf("%s: got %s, want %s", where, wrong.Value, wanted(wrong.Type))
	}
	return e
}
