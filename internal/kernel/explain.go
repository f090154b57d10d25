package kernel

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
)

// Explain says in one sentence what o waits for, since when, until when and what would unblock it.
func Explain(o Outstanding, now int64) string {
	var b strings.Builder
	b.WriteString(o.subject())
	if o.Since > 0 {
		b.WriteString(", since " + ago(o.Since, now))
	}
	if o.Until > 0 {
		b.WriteString(", until " + ahead(o.Until, now))
	}
	if o.Error != nil && o.Kind != OpenParked {
		fmt.Fprintf(&b, " (the last attempt failed with %s: %s)", o.Error.Code, o.Error.Message)
	}
	if o.Ask != nil {
		b.WriteString("; " + o.Ask.explain(now))
	}
	if way := o.wayOut(); way != "" {
		b.WriteString("; " + way)
	}
	return b.String() + "."
}

func (o *Outstanding) subject() string {
	switch o.Kind {
	case OpenTask:
		return fmt.Sprintf("%s is running attempt %d of %s", o.Step, o.Attempt, o.Type)
	case OpenBackoff:
		return fmt.Sprintf("%s waits before attempt %d", o.Step, o.Attempt+1)
	case OpenWait:
		return o.Step + " waits for " + o.waited()
	case OpenScope:
		if o.Growing {
			return o.growing()
		}
		if o.Total > 1 {
			return fmt.Sprintf("%s has finished %d of %d, %d running", o.Step, o.Done, o.Total, o.Running)
		}
		return o.Step + " waits for the steps inside it"
	case OpenQueued:
		return o.Step + " waits for its turn: its scope runs as many steps as it may"
	case OpenCancel:
		return fmt.Sprintf("%s was asked to stop and attempt %d has not answered", o.Step, o.Attempt)
	case OpenMore:
		return "The execution has more to do and goes on at once"
	case OpenPending:
		return "The execution has not begun: its start is delayed"
	case OpenGather:
		return o.gathers()
	case OpenPaused:
		text := "The execution is paused"
		if o.By != "" {
			text += " by " + o.By
		}
		if o.Reason != "" {
			text += " (" + o.Reason + ")"
		}
		return text
	case OpenParked:
		text := "The execution is parked and needs an operator"
		if o.Step != "" {
			text += " at " + o.Step
		}
		if o.Error != nil {
			text += ": " + o.Error.Code + ": " + strings.TrimSuffix(o.Error.Message, ".")
		}
		return text
	case OpenCallback:
		text := fmt.Sprintf("%s waits for the answer to its token: attempt %d of %s went well", o.Step, o.Attempt, o.Type)
		if len(o.Progress) > 0 {
			text += ", its holder said " + clean(string(o.Progress), 200)
		}
		return text
	case OpenApproval:
		return o.Step + " waits for a decision about " + strconv.Quote(o.Ask.Title)
	case OpenTimeout:
		return "The execution has a time limit"
	case OpenChild:
		return o.Step + " waits for the child " + o.other()
	case OpenLimit:
		who := o.Step
		if who == "" {
			who = "The execution"
		}
		return who + " waits for the limit " + o.LimitTitle()
	case OpenAnswer:
		return o.Step + " has sent a signal to " + o.other() + " and waits for the answer"
	}
	return "unknown"
}

// growing tells of a composite that signals feed, or that stands behind join: each.
func (o *Outstanding) growing() string {
	if len(o.Names) == 0 {
		return fmt.Sprintf("%s has finished %d of the %d tokens that came, %d running, and more may come", o.Step, o.Done, o.Total, o.Running)
	}
	text := fmt.Sprintf("%s has finished %d of the %d it has so far, %d running, and waits for the signal %s", o.Step, o.Done, o.Total, o.Running, o.Names[0])
	if len(o.Names) > 1 {
		text += " (more items) or " + o.Names[1] + " (no more)"
	}
	return text
}

// LimitTitle is the name of the limit that is waited for, with its key.
func (o *Outstanding) LimitTitle() string {
	if o.LimitKey == "" {
		return o.Limit
	}
	return o.Limit + "/" + o.LimitKey
}

func (o *Outstanding) waited() string {
	var parts []string
	for _, n := range o.Names {
		parts = append(parts, "the signal "+n)
	}
	if o.Condition {
		parts = append(parts, "its condition to hold")
	}
	if len(parts) == 0 {
		return "its time"
	}
	return strings.Join(parts, " or ")
}

func (o *Outstanding) wayOut() string {
	switch o.Kind {
	case OpenWait:
		if len(o.Names) > 0 {
			return "a signal " + o.Names[0] + " would let it go on"
		}
		if o.Condition {
			return "a change of what the condition reads would let it go on"
		}
		return "nothing is needed, the timer fires by itself"
	case OpenScope:
		if o.Growing && len(o.Names) > 1 {
			return "after a signal " + o.Names[1] + " it ends when its items have"
		}
	case OpenGather:
		return "nothing is needed, it begins by itself"
	case OpenBackoff:
		return "nothing is needed, it tries again by itself"
	case OpenTask:
		return "the result of the attempt lets it go on"
	case OpenCallback:
		return "completing or failing the token lets it go on"
	case OpenPaused, OpenParked:
		return "resume lets it go on"
	case OpenChild:
		return "its end lets it go on"
	case OpenAnswer:
		return "nothing is needed, it is answered when the message has been taken"
	case OpenCancel:
		return "its answer or the end of the grace lets it go on"
	}
	return ""
}

func ago(t, now int64) string {
	return stamp(t) + " (" + expr.FormatDuration(round(max(now-t, 0))) + " ago)"
}

func ahead(t, now int64) string {
	if t <= now {
		return stamp(t) + " (due)"
	}
	return stamp(t) + " (in " + expr.FormatDuration(round(t-now)) + ")"
}

// round keeps durations short: whole seconds from ten seconds on.
func round(ms int64) int64 {
	if ms >= 10_000 {
		return ms / 1000 * 1000
	}
	return ms
}

// stamp writes a moment to the second, in UTC.
func stamp(ms int64) string {
	const seconds = len("2006-01-02T15:04:05")
	t := expr.FormatTime(ms)
	if len(t) < seconds {
		return t
	}
	return strings.Replace(t[:seconds], "T", " ", 1) + "Z"
}
