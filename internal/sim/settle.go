package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// patience is how long a healed world may take until the next execution ends, or all is at rest. Generated timers and
// retries end long before; but those that wait for one limit go on one after the other.
const patience = 6 * time.Hour

// settle lets the healed world run until nothing is left to do, and says so if that does not happen.
func (w *world) settle() {
	limit := w.rest()
	w.lookAround(limit)
	w.rest() // time has passed meanwhile
	w.judge.atRest()
	w.judge.freed()
	w.judge.accounted()
}

// rest lets the world run until nothing is left to do; limit is until when that must be so.
func (w *world) rest() (limit time.Duration) {
	limit, ended := time.Duration(w.now)+patience, 0
	for w.judge.clean() {
		if n := w.judge.ended(); n > ended {
			limit, ended = time.Duration(w.now)+patience, n
		}
		why := w.busy()
		if why == "" {
			break
		}
		if time.Duration(w.now) > limit {
			w.judge.fail("liveness", "all faults have healed, and nothing has ended for %s: %s", patience, why)
			return limit
		}
		w.runUntil(time.Duration(w.now) + 5*time.Second)
	}
	return limit
}

// ended counts the executions that have ended.
func (j *judge) ended() (n int) {
	for _, x := range j.execs { // sorted: a count has no order
		if x.state.Status().Closed() {
			n++
		}
	}
	return n
}

// lookAround compares every execution, as its owner has it, with its journal.
func (w *world) lookAround(limit time.Duration) {
	for _, x := range w.judge.all() {
		if !x.forgot {
			w.clients.look(x.id)
		}
	}
	for w.clients.waiting() != nil && w.judge.clean() {
		if time.Duration(w.now) > limit {
			w.judge.fail("liveness", "nobody answers a view")
			return
		}
		w.runUntil(time.Duration(w.now) + time.Second)
	}
}

// busy says what is still to be done; "" where everything has ended or waits for what is declared.
func (w *world) busy() string {
	if o := w.clients.waiting(); o != nil {
		return fmt.Sprintf("nobody answers %s %d of %s, asked for %d times", verbName(o.cmd.Verb), o.n, o.cmd.Execution, o.tries)
	}
	blocked := w.clients.blocks()
	for s := range w.shards {
		for _, m := range w.store.Inbox(record.Shard(s), 1<<20) {
			if !blocked || !w.waitsInLine(&m) {
				return "a message waits in the inbox"
			}
		}
	}
	for _, x := range w.judge.all() {
		if why := x.busy(w.judge); why != "" {
			return x.id.String() + ": " + why
		}
	}
	return ""
}

// waitsInLine reports whether a message waits behind a start that waits for an operator: it is for an execution that is
// still to be made, or names the key. What is for any other execution is on its way.
func (w *world) waitsInLine(m *record.Message) bool {
	if w.judge.execs[m.To] == nil {
		return true
	}
	var body shard.Mail
	if kernel.IsMail(m.Body) {
		mail, err := kernel.DecodeMail(m.Body)
		return err == nil && mail.Start != nil && w.clients.blocksKey(keyOf(mail.Start))
	}
	return json.Unmarshal(m.Body, &body) == nil && body.Start != nil && w.clients.blocksKey(keyOf(body.Start))
}

func keyOf(s *kernel.Start) record.Key {
	return record.Key{Namespace: s.Namespace, Workflow: s.Workflow, Key: s.Key}
}

// busy says what an execution does, or why it can never end; "" where it is closed, parked, paused or waits for a
// signal or for people.
func (x *witness) busy(j *judge) string {
	s := x.state
	if x.forgot || s.Status().Closed() || s.Status() == model.Parked || s.Status() == model.Paused {
		return ""
	}
	if v, ok := kernel.ViewSchedule(s); ok && !v.Retired {
		return "the schedule " + v.Name + " is not retired"
	}
	if kernel.IsEntity(x.workflow()) {
		return ""
	}
	outside, lent := false, s.Lent()
	for o := range kernel.Open(s) {
		if o.Kind == kernel.OpenScope || o.Kind != kernel.OpenLimit && j.withoutLimit(x, o.Step, lent) {
			continue
		}
		if o.Kind == kernel.OpenLimit {
			if why := j.stuckAt(o.Execution); why != "" || o.Step == "" {
				return why // nothing inside goes on before
			}
			outside = true
			continue
		}
		if o.Kind == kernel.OpenAnswer && o.Key != "" && x.behind(j, record.Key{Namespace: x.namespace(), Workflow: o.Workflow, Key: o.Key}) {
			outside = true
			continue
		}
		if o.Kind == kernel.OpenChild && j.waitsForChild(o.Execution) || o.Kind == kernel.OpenApproval && o.Until == 0 && o.Ask.Escalates == 0 {
			outside = true
			continue
		}
		if o.Kind != kernel.OpenWait || o.Until != 0 || len(o.Names) == 0 {
			return kernel.Explain(o, s.At())
		}
		outside = true
	}
	if !outside && !j.hasOpenKids(x.id) {
		return "it is open and waits for nothing"
	}
	return ""
}

// behind reports whether what x sends to a key waits there for an operator; x may be the holder of the key itself.
func (x *witness) behind(j *judge, k record.Key) bool {
	if x.inLine {
		return true
	}
	x.inLine = true
	defer func() { x.inLine = false }()
	return j.w.clients.blocksKey(k)
}

func (x *witness) namespace() string {
	ns, _, _ := x.state.Workflow()
	return ns
}

func (x *witness) workflow() string {
	_, name, _ := x.state.Workflow()
	return name
}

// all lists every execution that has become durable, in order of id.
func (j *judge) all() []*witness {
	out := slices.Collect(maps.Values(j.execs))
	slices.SortFunc(out, func(a, b *witness) int { return compareIDs(a.id, b.id) })
	return out
}

// keptUntil is when an execution that ended at that time may be forgotten.
func (w *world) keptUntil(ended int64) int64 {
	switch keep := w.config.Core.Retention; {
	case keep < 0:
		return record.Never
	case keep == 0:
		return ended + int64(30*24*time.Hour/time.Millisecond)
	default:
		return ended + keep
	}
}
