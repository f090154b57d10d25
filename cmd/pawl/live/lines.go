package live

import (
	"fmt"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
)

// Lines tells an execution as lines, for a pipe. Items and passes are counted at the end of their composite; of
// theirs only failures, retries and waits get a line of their own.
type Lines struct {
	tree *Tree
}

// NewLines tells what tree is fed with; call it before the tree folds the event.
func NewLines(t *Tree) *Lines { return &Lines{t} }

// Line is what ev says, "" for nothing. The tree must have folded ev already.
func (p *Lines) Line(ev pawl.Event) string {
	at := ev.At.Format("15:04:05")
	say := func(format string, args ...any) string {
		return at + "  " + clip(strings.TrimRight(fmt.Sprintf(format, args...), " "), 400)
	}
	switch ev.Type {
	case "started":
		return say("%-24s  started %s", p.tree.Title, p.tree.ID)
	case "step_completed", "step_skipped", "step_cancelled", "step_failed":
		return p.ended(ev, say)
	case "wait_started":
		return say("%-24s  waiting%s%s", ev.Step, signals(ev.Signals), until(ev.Until))
	case "approval_requested":
		return say("%-24s  asks %s: %s%s", ev.Step, asked(ev.Name), ev.Text, until(ev.Until))
	case "callback_awaited":
		return say("%-24s  waiting for the answer to its token%s", ev.Step, until(ev.Until))
	case "vote":
		return say("%-24s  %s: %s%s", ev.Step, ev.By, ev.Outcome, comment(ev.Why))
	case "escalated":
		return say("%-24s  asks more people", ev.Step)
	case "retry_scheduled":
		return say("%-24s  attempt %d failed, next%s%s", ev.Step, ev.Attempt, until(ev.Until), why(ev.Error))
	case "attempt_lost":
		return say("%-24s  attempt %d was interrupted and is tried again", ev.Step, ev.Attempt)
	case "log":
		return say("%-24s  %s", ev.Step, ev.Text)
	case "command":
		return p.operated(ev, say)
	case "migrated":
		return say("%-24s  goes on with version %s", p.tree.Title, ev.Name)
	case "paused", "parked", "resumed", "compensating":
		return say("%-24s  %s%s", p.tree.Title, ev.Type, why(ev.Error))
	case "completed", "failed", "cancelled", "terminated":
		return say("%-24s  %s%s%s%s", p.tree.Title, ev.Type, outcome(ev), why(ev.Error), took(p.tree.Started, ev.At))
	}
	return ""
}

// operated says who acted on the execution by hand.
func (p *Lines) operated(ev pawl.Event, say func(string, ...any) string) string {
	switch ev.Name {
	case "retry", "move", "skip", "complete", "fail", "route", "vars":
	default:
		return "" // what it leads to is told by itself
	}
	if ev.Text != "" {
		return "" // refused
	}
	on, by := ev.Step, ev.By
	if on == "" {
		on = p.tree.Title
	}
	if by == "" {
		by = "an operator"
	}
	return say("%-24s  %s by %s%s", on, ev.Name, by, comment(ev.Why))
}

func (p *Lines) ended(ev pawl.Event, say func(string, ...any) string) string {
	s := p.tree.steps[ev.Step]
	inner, _ := split(ev.Step)
	if s == nil || inner != "" && ev.Type != "step_failed" && p.many(inner) {
		return ""
	}
	count := ""
	if s.done > 0 && (s.total > 1 || s.opened > 1) {
		count = fmt.Sprintf("  %d done", s.done)
		if s.failed > 0 {
			count += fmt.Sprintf(", %d failed", s.failed)
		}
	}
	word := strings.TrimPrefix(ev.Type, "step_")
	return say("%-24s  %s%s%s%s%s", ev.Step, word, outcome(ev), count, why(ev.Error), took(s.began, ev.At))
}

// many reports whether scope is one of the instances of a foreach or loop, or lies in one.
func (p *Lines) many(scope string) bool {
	for scope != "" {
		at, instance := owner(scope)
		if s := p.tree.steps[at]; s == nil || instance != "" && s.opened > fewInstances {
			return true
		}
		scope, _ = split(at)
	}
	return false
}

func outcome(ev pawl.Event) string {
	if ev.Outcome == "" || ev.Outcome == "success" || ev.Outcome == "error" || ev.Type == "step_skipped" {
		return ""
	}
	return " → " + ev.Outcome
}

func why(f *pawl.Failure) string {
	if f == nil {
		return ""
	}
	return ": " + f.Error()
}

func signals(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " for signal " + strings.Join(names, " or ")
}

func asked(names string) string {
	if names == "" {
		return "everybody"
	}
	return names
}

func comment(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

func until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " until " + t.Format("2006-01-02 15:04:05")
}

func took(from, to time.Time) string {
	if from.IsZero() || to.Sub(from) < time.Millisecond {
		return ""
	}
	return "  " + Took(to.Sub(from))
}
