package sim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// ofLimit reports whether a message is one between a limit and who holds or wants it, or makes room for a schedule. No operation of its own stands
// for it: it follows from what the entry did.
func ofLimit(k kernel.MailKind) bool {
	switch k {
	case kernel.MailAcquire, kernel.MailRelease, kernel.MailGrant, kernel.MailTurned, kernel.MailYield, kernel.MailOust, kernel.MailCheck, kernel.MailLost:
		return true
	}
	return false
}

// place names who holds or wants a limit.
type place struct {
	limit, execution record.ID
	step             string
	attempt          int
}

// limitMail keeps the books of what is asked of limits and given back (F47).
func (j *judge) limitMail(m *kernel.Mail) {
	asked := place{m.To, m.From, m.Step, m.Attempt}
	switch m.Kind {
	case kernel.MailAcquire:
		j.wanted[asked]++
	case kernel.MailRelease:
		if m.Outcome != "" {
			return // of an audit; it counts for nothing where the step's own is on its way
		}
		if j.wanted[asked]--; j.wanted[asked] < 0 {
			j.fail("F47", "%s gives back what it never asked for: %s/%d", m.From, m.Step, m.Attempt)
		}
	}
}

// leaked: limits and those who hold them agree, so that an audit has nothing to mend (I19, I20). Where the store refused
// an entry, what an audit hears may overtake the messages of that entry, which are read once more.
func (j *judge) leaked(x *witness, e *record.Entry, f *fact) {
	if x.refused {
		return
	}
	if string(f.How) == `"audit"` || f.Error != nil && f.Error.Code == kernel.CodeLimitLost {
		j.fail("I20", "%s: entry %d mends what an audit has found: %s %s", x.id, e.Seq, f.Op, f.Step)
	}
}

// limit checks what a limit allows, after each of its entries (I19). Who holds it when it is lowered keeps it; nobody gets
// it then.
func (j *judge) limit(x *witness) {
	v, ok := kernel.ViewLimit(x.state)
	if !ok {
		return
	}
	used := 0
	for _, h := range v.Holders {
		used += h.Weight
	}
	before := x.used
	x.used = used
	if used != v.Used || v.Concurrency > 0 && used > v.Concurrency && used > before {
		j.fail("I19", "the limit %s/%s allows %d; %d are held, %d noted", v.Name, v.Key, v.Concurrency, used, v.Used)
	}
}

// admitted checks that a step which is handed out holds its limits, as the limits have it (I19).
func (j *judge) admitted(x *witness, step string) {
	for _, path := range x.state.Lent() {
		if insideOf(step, path) {
			j.fail("I19", "%s: %s is handed out while %s, around it, does not hold its limits", x.id, step, path)
		}
	}
	for _, c := range x.state.Claims() {
		if c.Step != step && c.Step != "" && !insideOf(step, c.Step) {
			continue
		}
		l := j.execs[c.Limit]
		if l == nil {
			j.fail("I19", "%s: %s is handed out under a limit that is not there", x.id, step)
			continue
		}
		v, _ := kernel.ViewLimit(l.state)
		if c.Held && !holds(v.Holders, x.id, c.Step) {
			j.fail("I19", "%s: %s is handed out; %s/%s does not have it among its holders", x.id, step, v.Name, v.Key)
		}
	}
}

func holds(list []kernel.LimitPlace, id record.ID, step string) bool {
	for _, h := range list {
		if h.Execution == id && h.Step == step {
			return true
		}
	}
	return false
}

// freed holds when the world is at rest: every place of a limit belongs to an open execution that says so itself, and
// what can be had is had (I20).
func (j *judge) freed() {
	for _, x := range j.all() {
		v, ok := kernel.ViewLimit(x.state)
		if !ok {
			continue
		}
		for _, h := range append(v.Holders, v.Line...) {
			if !j.claims(h.Execution, x.id, h.Step) {
				j.fail("I20", "%s/%s is held or wanted by %s %s, which does not claim it", v.Name, v.Key, h.Execution, h.Step)
			}
		}
	}
}

func (j *judge) claims(execution, limit record.ID, step string) bool {
	x := j.execs[execution]
	if x == nil || x.forgot {
		return false
	}
	for _, c := range x.state.Claims() {
		if c.Limit == limit && c.Step == step {
			return true
		}
	}
	return false
}

// stuckAt says why an execution that waits for a limit never gets it; "" where that is as declared: all who hold it are
// parked or paused, or wait for a signal.
func (j *judge) stuckAt(limit record.ID) string {
	l := j.execs[limit]
	if l == nil {
		return "the limit was never made"
	}
	if l.looking {
		return "" // its holder waits for it in turn
	}
	l.looking = true
	defer func() { l.looking = false }()
	v, _ := kernel.ViewLimit(l.state)
	if s := l.state.Status(); s == model.Parked || s == model.Paused {
		return ""
	}
	if len(v.Holders) == 0 {
		return fmt.Sprintf("nobody holds %s/%s and %d wait", v.Name, v.Key, v.Waiting)
	}
	for _, h := range v.Holders {
		if x := j.execs[h.Execution]; x != nil && (x.state.Status() == model.Parked || x.busy(j) == "") {
			return ""
		}
	}
	return fmt.Sprintf("%s/%s is held by %d that go on", v.Name, v.Key, len(v.Holders))
}

// insideOf reports whether a step is inside an instance of a composite.
func insideOf(step, composite string) bool {
	rest, ok := strings.CutPrefix(step, composite)
	return ok && rest != "" && strings.IndexByte("/[@", rest[0]) >= 0
}

// withoutLimit reports whether a composite around the step waits for a limit, so that the step does not go on by itself.
func (j *judge) withoutLimit(x *witness, step string, lent []string) bool {
	for _, c := range x.state.Claims() {
		if !c.Held && slices.Contains(lent, c.Step) && insideOf(step, c.Step) {
			return true
		}
	}
	return false
}
