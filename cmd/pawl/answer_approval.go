package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
)

// verdict is an --answer for an approval: the outcome alone, or an object that also says whose decision it is and what
// was filled in.
type verdict struct {
	Decision string          `json:"decision"`
	By       string          `json:"by"`
	Groups   []string        `json:"groups"`
	Why      string          `json:"why"`
	Form     json.RawMessage `json:"form"`
}

func verdictOf(raw json.RawMessage) (v verdict, err error) {
	if err = json.Unmarshal(raw, &v.Decision); err == nil {
		return v, nil
	}
	if err = json.Unmarshal(raw, &v); err != nil || v.Decision == "" {
		return v, usage("--answer of an approval is an outcome, or {\"decision\": ..., \"by\": ..., \"form\": ...}, not %s", raw)
	}
	return v, nil
}

// lookApproval decides an approval that waits, by --answer or by asking on the terminal. It reports whether it did
// something that makes things move.
func (f *follower) lookApproval(ctx context.Context, w pawl.Waiting) (acted bool, err error) {
	mark := fmt.Sprintf("%s/%d", w.Step, len(w.Approval.Votes))
	if f.answers.asked[mark] {
		return false, nil
	}
	f.answers.asked[mark] = true
	for _, name := range []string{w.Node, w.Step} {
		list := f.answers.byNode[name]
		i := f.answers.used[name]
		if i >= len(list) && len(w.Approval.Votes) > 0 || len(list) == 0 {
			continue // who has decided once cannot do it again, so the last answer is not used again here
		}
		f.answers.used[name]++
		v, err := verdictOf(list[min(i, len(list)-1)])
		if err != nil {
			return false, err
		}
		return true, f.decide(ctx, w, v)
	}
	if f.deaf || f.detach {
		return false, nil
	}
	return f.askApproval(ctx, w)
}

// decide decides as the user, who as the one with the store belongs to every group that is asked unless the answer says
// otherwise. The request id makes a second try harmless.
func (f *follower) decide(ctx context.Context, w pawl.Waiting, v verdict) error {
	if v.By == "" {
		v.By = f.env.user
	}
	if v.By == "" {
		v.By = "command line"
	}
	if v.Groups == nil {
		v.Groups = w.Approval.Assignees
	}
	opts := []pawl.CommandOption{
		pawl.By(v.By), pawl.Groups(v.Groups...), pawl.Why(v.Why),
		pawl.RequestID(fmt.Sprintf("answer/%s/%d/%d/%s/%s", w.Step, w.Since.UnixMilli(), len(w.Approval.Votes), v.Decision, v.By)),
	}
	if v.Form != nil {
		opts = append(opts, pawl.Form(v.Form))
	}
	return f.run.Decide(ctx, w.Step, v.Decision, opts...)
}

// askApproval lets a person on the terminal decide. An empty line leaves it waiting.
func (f *follower) askApproval(ctx context.Context, w pawl.Waiting) (bool, error) {
	if f.screen != nil {
		f.paint()
		f.screen.Pause()
	}
	words := strings.Join(w.Approval.Outcomes, ", ")
	for {
		answer, err := f.line(ctx, fmt.Sprintf("%s asks: %s (%s; empty: later) ", w.Step, oneLine(w.Approval.Title), words))
		if err != nil || answer == "" {
			return false, err
		}
		if !slices.Contains(w.Approval.Outcomes, answer) {
			continue
		}
		v := verdict{Decision: answer}
		if w.Approval.Form != nil {
			form, err := f.line(ctx, "The form (JSON): ")
			if err != nil {
				return false, err
			}
			v.Form = looseJSON(form)
		}
		if err = f.decide(ctx, w, v); err == nil || ctx.Err() != nil {
			return true, err
		}
		f.say(oneLineError(err))
	}
}
