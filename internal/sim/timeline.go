package sim

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
)

// tell writes a sentence into the timeline.
func (w *world) tell(format string, args ...any) {
	if w.o.Timeline != nil {
		fmt.Fprintf(w.o.Timeline, "%10.3fs  %s\n", float64(w.now)/1e9, fmt.Sprintf(format, args...))
	}
}

// called is the short name of an execution in the timeline: executions are numbered as they turn up.
func (w *world) called(id record.ID) string {
	n, ok := w.numbers[id]
	if !ok {
		n = len(w.numbers) + 1
		w.numbers[id] = n
	}
	if x := w.judge.execs[id]; x != nil && x.workflow() != "" {
		return fmt.Sprintf("#%d (%s)", n, x.workflow())
	}
	return fmt.Sprintf("#%d", n)
}

// tellEntry says what an entry did, a sentence for each thing that somebody would notice.
func (w *world) tellEntry(x *witness, e *record.Entry) {
	if w.o.Timeline == nil {
		return
	}
	var entry struct {
		Ops []fact `json:"ops"`
	}
	if json.Unmarshal(e.Body[1:], &entry) != nil {
		return
	}
	var said []string
	for i := range entry.Ops {
		if s := sentence(&entry.Ops[i]); s != "" {
			said = append(said, s)
		}
	}
	if len(said) == 0 {
		said = []string{"notes something"}
	}
	w.tell("execution %s, entry %d: %s", w.called(x.id), e.Seq, strings.Join(said, "; "))
}

func sentence(f *fact) string {
	switch f.Op {
	case "start":
		return "it is born as " + f.ID
	case "input":
		if f.Answer != "" {
			return fmt.Sprintf("%s is refused: %s", f.Kind, f.Answer)
		}
		return f.Kind + " is accepted"
	case "task":
		return fmt.Sprintf("%s begins attempt %d", f.Step, f.Attempt)
	case "wait":
		return f.Step + " waits"
	case "done":
		return fmt.Sprintf("%s ends %s", f.Step, f.Outcome)
	case "lost":
		return fmt.Sprintf("attempt %d of %s is lost or given back", f.Attempt, f.Step)
	case "backoff":
		return f.Step + " will be tried again"
	case "signal":
		return "signal " + f.Name + " arrives"
	case "claim":
		return "it asks for the limits of " + whose(f.Step)
	case "granted":
		return "it gets a limit for " + whose(f.Step)
	case "lend":
		return whose(f.Step) + " gives its limits back for a while"
	case "send":
		if f.Mail != nil {
			return fmt.Sprintf("%s sends %s", whose(f.Step), f.Mail.Mail)
		}
	case "undone":
		return f.Of + " is undone"
	case "status":
		return "it is " + f.To + " now"
	case "migrate":
		return "it goes on with another version"
	case "end":
		return "it ends " + f.Status + " " + f.Outcome
	}
	return ""
}

func whose(step string) string {
	if step == "" {
		return "the execution"
	}
	return step
}

// tellCommand says what a client asks for.
func (c *clients) tellCommand(o *op, m *member) {
	switch o.cmd.Verb {
	case shard.View, shard.Wait, shard.Watch:
		return
	}
	c.w.tell("a client asks member %d: %s %s (command %d, try %d)", m.n, verbName(o.cmd.Verb), c.w.called(o.cmd.Execution), o.n, o.tries)
}
