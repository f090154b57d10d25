package pawl

import (
	"context"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
)

// Answer is how a task ends: an outcome with an output, or an error, and what goes with them.
type Answer = model.Result

// CompleteTask answers the token of a task with success. A step with callback: true waits for it after its attempt has
// gone well; the token is task.token in its configuration and Task.Token in a function. An answer that comes before the
// attempt has ended counts when it has. The output of the step is output, or that of the attempt where output is nil.
//
// A token that this store has not made is bad_token. One whose step is over, or has been answered otherwise, also with
// another output, is stale; the same answer again is harmless while the execution has the step, and with a [RequestID] also
// later.
func (e *Engine) CompleteTask(ctx context.Context, token string, output any, opts ...CommandOption) error {
	raw, err := encode("the output", output)
	if err != nil {
		return err
	}
	return e.AnswerTask(ctx, token, Answer{Output: raw}, opts...)
}

// FailTask answers the token of a task with a failure, which the step's retry policies see: another attempt may follow.
func (e *Engine) FailTask(ctx context.Context, token string, f Failure, opts ...CommandOption) error {
	return e.AnswerTask(ctx, token, Answer{Error: &f}, opts...)
}

// AnswerTask answers the token of a task with everything that the end of a task can say: see [Engine.CompleteTask].
func (e *Engine) AnswerTask(ctx context.Context, token string, a Answer, opts ...CommandOption) error {
	if bad := runner.Tidy(&a); bad != nil {
		if bad.Code == CodePayload {
			return &Error{Code: CodePayload, Message: bad.Message}
		}
		return invalid("the answer: %s", bad.Message)
	}
	return e.callback(ctx, token, &kernel.Callback{Result: &a}, opts)
}

// HeartbeatTask says by the token of a task that it is being worked on, which its node's heartbeat wants to hear; and
// how far it is, unless progress is nil.
func (e *Engine) HeartbeatTask(ctx context.Context, token string, progress any, opts ...CommandOption) error {
	raw, err := encode("the progress", progress)
	if err != nil {
		return err
	}
	if raw != nil {
		if err := checkJSON("the progress", raw); err != nil {
			return err
		}
	}
	return e.callback(ctx, token, &kernel.Callback{Progress: raw}, opts)
}

func (e *Engine) callback(ctx context.Context, token string, c *kernel.Callback, opts []CommandOption) error {
	t, err := e.signer.Open(token)
	if err != nil {
		return &Error{Code: CodeBadToken, Message: err.Error()}
	}
	err = e.command(ctx, t.Execution.String(), shard.Callback, opts, func(cmd *engine.Command, _ *commandOptions) {
		cmd.Callback, cmd.Task = c, kernel.TaskRef{Step: t.Step, Attempt: t.Attempt}
	})
	if code := Code(err); code == CodeClosed || code == CodeNotFound {
		return &Error{Code: CodeStale, Message: "the execution of the token has ended", Cause: err}
	}
	return err
}
