package pawl

import (
	"context"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
)

// Fail ends a step in error with a message, or the execution where step is empty. No policy tries it again; handlers of
// the definition do what they do.
func (e *Engine) Fail(ctx context.Context, id, step, message string, opts ...CommandOption) error {
	if err := checkText("the message", message, maxReason); err != nil {
		return err
	}
	in := kernel.Input{Kind: kernel.InFail, Step: step}
	if message != "" {
		in.Error = &model.Error{Code: "failed", Message: message}
	}
	return e.operate(ctx, id, in, opts)
}
