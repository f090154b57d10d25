package pawl

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
)

type groupsOption []string

func (o groupsOption) command(c *commandOptions) { c.groups = append(c.groups, o...) }

// Groups says to which groups the one who decides belongs. The engine believes it, as it believes [By]: whoever calls
// it has asked who that is.
func Groups(names ...string) CommandOption { return groupsOption(names) }

type formOption struct{ data any }

func (o formOption) command(c *commandOptions) { c.form = o.data }

// Form is what was filled in with a decision: anything that marshals to JSON. It must fit the approval's schema.
func Form(data any) CommandOption { return formOption{data} }

// Decide tells the approval at step what the person of [By] decided. Step is its path, or its node where one step of
// that waits; "" is the only approval that waits. Each person decides once. [Groups] says to which groups they belong,
// [Form] what they filled in, [Why] their comment. The first decision in the journal counts; one that comes after the
// end is already_decided, and says by whom.
func (e *Engine) Decide(ctx context.Context, id, step, outcome string, opts ...CommandOption) error {
	if err := checkText("the step", step, maxReason); err != nil {
		return err
	}
	if err := checkText("the outcome", outcome, maxName); err != nil {
		return err
	}
	o := commandOptions{by: e.opts.By}
	for _, opt := range opts {
		opt.command(&o)
	}
	form, err := e.checkForm(ctx, id, step, outcome, &o)
	if err == nil {
		err = e.command(ctx, id, shard.Decide, opts, func(c *engine.Command, o *commandOptions) {
			c.Decision = &kernel.Decision{Step: step, Outcome: outcome, Groups: o.groups, Form: form}
		})
	}
	if code := Code(err); code == CodeClosed || code == CodeNotWaiting {
		return e.decidedBefore(ctx, id, step, err)
	}
	return err
}

// Approve decides approved: see [Engine.Decide].
func (e *Engine) Approve(ctx context.Context, id, step string, opts ...CommandOption) error {
	return e.Decide(ctx, id, step, "approved", opts...)
}

// Reject decides rejected: see [Engine.Decide].
func (e *Engine) Reject(ctx context.Context, id, step string, opts ...CommandOption) error {
	return e.Decide(ctx, id, step, model.Rejected, opts...)
}

// checkForm refuses what breaks the schema of the approval's form. Where none waits, or the decision is refused for
// another reason, it is the engine's to say so.
func (e *Engine) checkForm(ctx context.Context, id, step, outcome string, o *commandOptions) ([]byte, error) {
	x, err := e.parseID(id)
	if err != nil {
		return nil, err
	}
	var raw []byte
	if o.form != nil {
		if raw, err = encode("the form", o.form); err != nil {
			return nil, err
		}
		if err := checkJSON("the form", raw); err != nil {
			return nil, err
		}
	}
	var ask *kernel.Ask
	_, err = e.do(ctx, engine.Command{Verb: shard.View, Execution: x, Look: func(s *kernel.State, _ *kernel.Definition) bool {
		ask = s.Ask(step)
		return true
	}})
	switch {
	case err != nil:
		return nil, err
	case ask == nil || ask.May(o.by, o.groups) != nil || !slices.Contains(ask.Outcomes, outcome):
		return raw, nil
	case ask.Form == nil && raw != nil:
		return nil, invalid("%s has no form to fill in", strings.TrimSpace("the approval "+step))
	case ask.Form == nil:
		return nil, nil
	}
	schema, err := spec.CompileInput(ask.Form)
	if err != nil {
		return nil, &Error{Code: CodeStore, Message: "the schema of the form", Cause: err}
	}
	if bad := schema.Validate(raw); bad != nil {
		return nil, &Error{Code: CodeInvalid, Message: "the form", Cause: bad}
	}
	return raw, nil
}

// decidedBefore looks into the journal for how an approval ended that the state has forgotten, because its scope or
// the execution has ended; why is what the engine said.
func (e *Engine) decidedBefore(ctx context.Context, id, step string, why error) error {
	var found, by string
	var at time.Time
	voters, asked := map[string]string{}, map[string]bool{}
	for ev, err := range e.History(ctx, id, 0) {
		if err != nil {
			return why
		}
		switch ev.Type {
		case "approval_requested":
			asked[ev.Step] = true
		case "vote":
			voters[ev.Step+" "+ev.Outcome] = ev.By
		case "step_completed", "step_failed", "step_cancelled":
			if asked[ev.Step] && (step == "" || step == ev.Step || step == ev.Node) {
				found, by, at = ev.Step, voters[ev.Step+" "+ev.Outcome], ev.At
			}
		}
	}
	var refused *Error
	if found == "" || !errors.As(why, &refused) {
		return why
	}
	if by == "" {
		return &Error{Code: CodeAlreadyDecided, Message: found + " has ended at " + stamp(at) + " and nobody decided it", Cause: refused}
	}
	return &Error{Code: CodeAlreadyDecided, Message: found + " was decided by " + by + " at " + stamp(at), Cause: refused}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// Vote is one person's decision on an approval.
type Vote struct {
	By      string          `json:"by"`
	Outcome string          `json:"outcome"`
	Why     string          `json:"why,omitempty"`
	At      time.Time       `json:"at"`
	Form    json.RawMessage `json:"form,omitempty"`
}
