package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"hash/fnv"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/sim/modelstore"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// What the store answers when it does not work.
var (
	errBusy     = errors.New("sim: the store is busy")
	errGone     = errors.New("sim: the connection broke")
	errReadOnly = errors.New("sim: the store is read-only")
	errVictim   = errors.New("sim: a deadlock, and this transaction is its victim")
)

// hop is how long a message takes between a member and the store.
func (w *world) hop() time.Duration { return 20*time.Microsecond + w.upTo(2*time.Millisecond) }

// commit sends a batch on its way. The seed decides what becomes of it.
func (w *world) commit(m *member, r engine.Commit) {
	tx := w.store.Arrive(r.Batch)
	b := tx.Batch()
	w.judge.sending(m, b)
	w.note("commit", b.Number, b.Digest, "member %d lane %d number %d digest %x entries %d", m.n, b.Lane.Number, b.Number, b.Digest, entriesOf(b))
	w.clients.rush(b)
	answer := func(d time.Duration, out store.Outcome) {
		w.judge.answered(b, out)
		w.note("answer", b.Number, uint64(out.Result), "lane %d number %d %s deposed %v rejected %v cause %v, in %s", b.Lane.Number, b.Number, out.Result, out.Deposed, out.Rejected, out.Cause, d)
		m.to(d, engine.CommitDone{Lane: b.Lane.Number, Number: b.Number, Digest: b.Digest, Outcome: out})
	}
	unknown := store.Outcome{Result: store.Unknown, Cause: errGone}
	switch {
	case m.cut == cutToStore:
		answer(w.upTo(10*time.Second), unknown)
	case m.cut == cutFromStore:
		w.apply(tx, w.hop(), func(store.Outcome) {})
		answer(w.upTo(10*time.Second), unknown)
	case w.readOnly:
		answer(w.hop(), store.Outcome{Result: store.NotCommitted, Cause: errReadOnly})
	case w.full:
		answer(w.hop(), store.Outcome{Result: store.NotCommitted, Cause: store.ErrFull})
	case w.goesWrong(commitFails):
		answer(w.hop(), store.Outcome{Result: store.NotCommitted, Cause: errBusy})
	case w.goesWrong(commitLost):
		answer(w.upTo(5*time.Second), unknown)
	case w.goesWrong(commitUnheard):
		w.apply(tx, w.hop(), func(store.Outcome) {})
		answer(w.upTo(5*time.Second), unknown)
		w.away(m)
	case w.goesWrong(commitLate):
		answer(w.hop(), unknown)
		w.stray(tx)
	case w.goesWrong(commitSlow):
		w.apply(tx, w.upTo(8*time.Second), func(out store.Outcome) { answer(w.hop(), out) })
	default:
		w.apply(tx, w.hop(), func(out store.Outcome) { answer(w.hop(), out) })
	}
}

// away may let a member stand still while it does not know what became of its batch, so that others take its shards
// before it asks again.
func (w *world) away(m *member) {
	if w.enabled[suspend] && len(w.members) > 1 && w.r.IntN(4) == 0 {
		w.after(w.hop(), m.suspend)
	}
}

// stray lets an attempt arrive long after its sender gave up on it.
func (w *world) stray(tx *modelstore.Tx) {
	sent := w.now
	k := version{lane: tx.Batch().Lane, number: tx.Batch().Number}
	arrived := false
	arrive := func() {
		if !arrived {
			arrived = true
			w.strays[k] = nil
			w.lock(tx, sent, func(store.Outcome) {})
		}
	}
	w.strays[k] = arrive
	w.after(w.upTo(time.Minute), arrive)
}

// meet may let an attempt that was given up arrive just after another version of its batch was refused.
func (w *world) meet(b *store.Batch) {
	k := version{lane: b.Lane, number: b.Number}
	if arrive := w.strays[k]; arrive != nil && w.r.IntN(2) == 0 {
		w.after(0, arrive)
	}
}

// apply lets the server work on tx after d: lock, then apply, each in its own time.
func (w *world) apply(tx *modelstore.Tx, d time.Duration, then func(store.Outcome)) {
	sent := w.now
	w.after(d, func() { w.lock(tx, sent, then) })
}

// lock waits for the lane, then leaves the transaction open for a while: a server may stall there.
func (w *world) lock(tx *modelstore.Tx, sent int64, then func(store.Outcome)) {
	if !tx.Lock() {
		w.after(50*time.Microsecond, func() { w.lock(tx, sent, then) })
		return
	}
	open := w.hop()
	if w.goesWrong(commitStalls) {
		open = w.upTo(20 * time.Second)
	}
	victim := w.goesWrong(commitConflicts)
	w.after(open, func() {
		if victim && !tx.Decided() {
			tx.Abort()
			then(store.Outcome{Result: store.NotCommitted, Cause: errVictim})
			return
		}
		if bad := w.refuse(tx, sent); bad != nil {
			tx.Abort()
			w.meet(tx.Batch())
			then(store.Outcome{Result: store.NotCommitted, Rejected: bad})
			return
		}
		out, changed := tx.Apply()
		if changed {
			w.count.commits++
			w.judge.committed(tx.Batch())
		}
		if out.Rejected != nil {
			for i := range tx.Batch().Parts {
				w.note("keys", 0, 0, "%+v", tx.Batch().Parts[i].Keys)
			}
			w.judge.fail("rows", "batch %d of lane %d cannot be kept: %v", tx.Batch().Number, tx.Batch().Lane.Number, out.Rejected)
		}
		w.note("applied", tx.Batch().Number, uint64(out.Result), "lane %d number %d %s deposed %v rejected %v", tx.Batch().Lane.Number, tx.Batch().Number, out.Result, out.Deposed, out.Rejected)
		then(out)
	})
}

// rejectParked lets the store refuse even the entry that parks an execution.
const rejectParked = false

// refuse finds rows that the store cannot keep. Such a row is refused every time it comes, but for attempts that were
// on their way before (the limit was lowered meanwhile); what replaces it is fine.
func (w *world) refuse(tx *modelstore.Tx, sent int64) []store.Rejection {
	if tx.Decided() {
		return nil
	}
	b := tx.Batch()
	var out []store.Rejection
	for i := range b.Parts {
		for _, e := range b.Parts[i].Entries {
			p := poisoned{e.Execution, e.Seq, record.Checksum(e.Body)}
			parks := !rejectParked && bytes.Contains(e.Body, []byte(`"kind":"park"`))
			since, known := w.poison[p]
			strays := w.enabled[rowRejected] && !w.healed && w.strays[version{lane: b.Lane, number: b.Number}] != nil && w.r.IntN(4) == 0
			rushed := w.enabled[rowRejected] && !w.healed && w.rushed[e.Execution] && w.r.IntN(4) == 0
			if !known && !parks && (strays || rushed || w.goesWrong(rowRejected)) {
				since, known = sent, true
				w.poison[p] = since
				w.note("poison", e.Seq, uint64(e.Sum), "%s %d %s", e.Execution, e.Seq, e.Body[1:])
			}
			listed := slices.ContainsFunc(out, func(r store.Rejection) bool { return r.Execution == e.Execution })
			if known && sent >= since && !listed {
				out = append(out, store.Rejection{Execution: e.Execution, Reason: "sim: the row is too large"})
			}
		}
	}
	return out
}

// read answers a question. The answer describes the instant at which the question arrives, whenever it comes.
func (w *world) read(m *member, r engine.Request) {
	life := m.life
	failed := w.goesWrong(readFails)
	if _, ok := r.(engine.Beat); ok && w.goesWrong(beatFails) {
		failed = true
	}
	_, beats := r.(engine.Beat)
	_, sends := r.(engine.SendMail)
	writes := beats || sends
	arrives := m.cut != cutToStore && !(writes && w.readOnly)
	heard := arrives && m.cut != cutFromStore
	w.after(w.hop(), func() {
		if m.life != life {
			return
		}
		if !heard {
			if arrives && !failed {
				w.look(r, false) // it takes effect
			}
			m.to(w.upTo(5*time.Second), w.look(r, true))
			return
		}
		d := w.hop()
		_, claims := r.(engine.ReadClaims)
		if w.goesWrong(readStale) || claims && w.enabled[readStale] && !w.healed && w.r.IntN(4) == 0 {
			d = w.upTo(10 * time.Second)
		}
		m.to(d, w.look(r, failed))
	})
}

func (w *world) look(r engine.Request, failed bool) engine.Event {
	var err error
	if failed {
		err = errGone
	}
	switch r := r.(type) {
	case engine.ReadClaims:
		return engine.ClaimsRead{Claims: unless(failed, w.store.Claims), Err: err}
	case engine.FindMail:
		return engine.MailWaits{Shards: unless(failed, w.store.Waiting), Err: err}
	case engine.SendMail:
		if !failed {
			err = w.clients.forwarded(r.Messages)
		}
		return engine.MailSent{Messages: r.Messages, Err: err}
	case engine.ReadAnswers:
		return engine.AnswersRead{List: unless(failed, func() []record.Answer { return w.store.Answers(r.To) }), Err: err}
	case engine.Beat:
		if failed {
			return engine.Beaten{Err: err}
		}
		beats, now := w.store.Beat(r.Beat)
		return engine.Beaten{Beats: beats, Now: now}
	case engine.Load:
		return engine.Loaded{Shard: r.Shard, Epoch: r.Epoch, IDs: r.IDs, Err: err,
			List: unless(failed, func() []store.Loaded { return w.store.Load(r.Shard, r.IDs) })}
	case engine.Due:
		return engine.DueFound{Shard: r.Shard, Epoch: r.Epoch, Scan: r.Scan, Err: err,
			List: unless(failed, func() []record.Due { return w.store.Due(r.Shard, r.Scan.After, r.Scan.Before, r.Scan.Limit) })}
	case engine.Inbox:
		return engine.MailFound{Shard: r.Shard, Epoch: r.Epoch, Limit: r.Limit, Err: err,
			List: unless(failed, func() []record.Message { return w.store.Inbox(r.Shard, r.Limit) })}
	case engine.Keys:
		return engine.KeysFound{Shard: r.Shard, Epoch: r.Epoch, Asked: r.Asked, Err: err,
			Rows: unless(failed, func() []record.KeyRow { return w.store.Keys(r.Asked) })}
	case engine.Journal:
		return engine.JournalFound{Shard: r.Shard, Epoch: r.Epoch, Read: r.Read, Err: err,
			Entries: unless(failed, func() []record.Entry { return w.store.Journal(r.Read.Execution, r.Read.From, r.Read.Limit) })}
	case engine.Define:
		if failed {
			return engine.Defined{Ref: r.Ref, Err: err}
		}
		return engine.Defined{Ref: r.Ref, Definition: w.defs[r.Ref]}
	case engine.Resolve:
		if failed {
			return engine.Resolved{Ref: r.Ref, Err: err}
		}
		return w.resolve(r)
	}
	return nil
}

// resolve finds the version of a workflow that is active.
func (w *world) resolve(r engine.Resolve) engine.Event {
	for _, n := range w.names {
		if n.Namespace == r.Ref.Namespace && n.Workflow == r.Ref.Workflow {
			return engine.Resolved{Ref: r.Ref, Version: w.active[n]}
		}
	}
	return engine.Resolved{Ref: r.Ref, Fault: &model.Error{Code: "unknown_workflow", Message: "there is no workflow " + r.Ref.Workflow}}
}

func unless[T any](failed bool, read func() T) (zero T) {
	if failed {
		return zero
	}
	return read()
}

// claim runs at the server once no commit holds the fence.
func (w *world) claim(m *member, r engine.Claim) {
	self := m.owner
	life := m.life
	lost := w.goesWrong(claimFails)
	var run func()
	run = func() {
		if !w.store.CanClaim(r.Shard) {
			w.after(50*time.Microsecond, run)
			return
		}
		if lost && w.r.IntN(2) == 0 || m.cut == cutToStore || w.readOnly {
			m.answer(life, w.upTo(time.Second), engine.Claimed{Shard: r.Shard, Err: errGone})
			return
		}
		f, err := w.store.Claim(r.Shard, r.Seen, self)
		w.judge.claimed(f, err)
		w.note("claim", uint64(r.Shard), f.Epoch, "member %d shard %d epoch %d: %v", m.n, r.Shard, f.Epoch, err)
		if err == nil {
			w.tell("member %d owns shard %d in epoch %d", m.n, r.Shard, f.Epoch)
		}
		if lost || m.cut == cutFromStore {
			f, err = record.Fence{}, errGone
		}
		m.answer(life, w.hop(), engine.Claimed{Shard: r.Shard, Fence: f, Err: err})
	}
	w.after(w.hop(), run)
}

func (m *member) answer(life int, d time.Duration, e engine.Event) {
	if m.life == life {
		m.to(d, e)
	}
}

func (w *world) release(m *member, r engine.Release) {
	fences := slices.Clone(r.Fences)
	for _, f := range fences {
		if f.Owner != m.owner {
			w.judge.fail("R1", "member %d releases shard %d of another owner", m.n, f.Shard)
		}
	}
	life := m.life
	failed := w.goesWrong(readFails) || m.cut == cutToStore || w.readOnly
	w.after(w.hop(), func() {
		if failed {
			m.answer(life, w.hop(), engine.Released{Fences: fences, Err: errGone})
			return
		}
		w.store.Release(fences)
		w.note("release", uint64(m.n), uint64(len(fences)), "member %d %v", m.n, fences)
		if m.cut == cutFromStore {
			m.answer(life, w.upTo(5*time.Second), engine.Released{Fences: fences, Err: errGone})
			return
		}
		m.answer(life, w.hop(), engine.Released{Fences: fences})
	})
}

// poke tells every member; those that do not own the shards ignore it.
func (w *world) poke(r engine.Poke) {
	shards := slices.Clone(r.Shards)
	for _, m := range w.members {
		m.to(w.hop(), engine.Poked{Shards: shards})
	}
}

func entriesOf(b *store.Batch) int {
	n := 0
	for i := range b.Parts {
		n += len(b.Parts[i].Entries)
	}
	return n
}

// contentOf identifies everything that a batch would write: it is plain data without maps, so its JSON is the same
// whenever its content is.
func contentOf(b *store.Batch) uint64 {
	h := fnv.New64a()
	if err := json.NewEncoder(h).Encode(b.Parts); err != nil {
		return 0
	}
	return h.Sum64()
}
