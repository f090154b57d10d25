package pawl

import (
	"context"
	"time"

	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/node/function"
)

// FunctionOption changes how a function is registered: [Pure], [CallTimeout], [Outcomes].
type FunctionOption = function.Option

// Register lets definitions call fn by name. In and Out are anything that encoding/json takes; a struct{} is none. fn
// must return when its context ends. Register right after [Open]: in the first ten seconds of an engine a step that
// calls a name which is not registered waits for it; later it ends in error with code unknown_function.
//
// An error of fn ends the attempt in error; see [Permanent], [RetryAfter] and [EndWith] for saying more.
func Register[In, Out any](e *Engine, name string, fn func(context.Context, In) (Out, error), opts ...FunctionOption) error {
	if err := function.Register(&e.functions, name, fn, opts...); err != nil {
		return &Error{Code: CodeInvalid, Message: "registering a function", Cause: err}
	}
	e.calls.registered()
	return nil
}

// Pure declares that a function has no effect: calling it twice, or for nothing, changes nothing but time. Its calls do
// not wait until it is durable that they are to be made, so a chain of such steps takes half the commits; their results
// are durable like any other before anybody hears of them. A crash may forget that a call was made.
func Pure() FunctionOption { return function.Pure() }

// CallTimeout bounds each call of a function; the node's own timeouts count too.
func CallTimeout(d time.Duration) FunctionOption { return function.Timeout(d) }

// Outcomes declares the words that a function may end with beside success and error.
func Outcomes(words ...string) FunctionOption { return function.Outcomes(words...) }

// Permanent marks err as one that another attempt cannot change, so it is not retried.
func Permanent(err error) error { return function.Permanent(err) }

// RetryAfter marks err as one that may be gone after d: the next attempt waits at least that long.
func RetryAfter(err error, d time.Duration) error { return function.RetryAfter(err, d) }

// EndWith, returned by a function as its error, ends the step with the outcome word instead of success, and with out
// as its output.
func EndWith(word string, out any) error { return function.Outcome(word, out) }

// Task is what a function may know of the attempt it runs for: its number, the idempotency key that is equal over all
// attempts of the step, its heartbeat and its log; and the token with which others answer it, where its node
// says callback.
type Task = node.Task

// TaskFrom returns the task in the context of a registered function, nil in any other context.
func TaskFrom(ctx context.Context) *Task { return function.TaskFrom(ctx) }
