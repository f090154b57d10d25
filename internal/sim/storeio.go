package sim

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/internal/sim/modelstore"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// hop is how long a message takes between a member and the store.
func (w *world) hop() time.Duration { return 20*time.Microsecond + w.upTo(w.profile.way) }

// commit sends a batch on its way. The seed decides what becomes of it.
func (w *world) commit(m *member, r engine.Commit) {
	tx := w.store.Arrive(r.Batch)
	b := tx.Batch()
	w.judge.sending(m, b)
	w.note("commit", b.Number, b.Digest, "member %d lane %d number %d digest %x entries %d", m.n, b.Lane.Number, b.Number, b.Digest, entriesOf(b))
	w.clients.rush(b)
	f := &flight{m: m, life: m.life, server: w.restarts, tx: tx, sent: w.now}
	answer := func(d time.Duration, out store.Outcome) { w.answer(f, d, out) }
	hear := func(out store.Outcome) { answer(w.hop(), out) }
	deaf := func(store.Outcome) {}
	switch {
	case m.incarnation != w.incarnation:
		hear(store.Outcome{Result: store.NotCommitted, Cause: errOther})
	case m.cut == cutToStore:
		answer(w.upTo(10*time.Second), lostConnection())
	case m.cut == cutFromStore:
		w.apply(f, w.hop(), deaf)
		answer(w.upTo(10*time.Second), lostConnection())
	case w.down:
		hear(store.Outcome{Result: store.NotCommitted, Cause: errDown})
	case w.readOnly:
		hear(store.Outcome{Result: store.NotCommitted, Cause: errReadOnly})
	case w.full:
		hear(noSpace(b))
	case w.goesWrong(commitFails):
		hear(store.Outcome{Result: store.NotCommitted, Cause: errBusy})
	case w.goesWrong(commitLost):
		answer(w.upTo(5*time.Second), lostConnection())
	case w.goesWrong(commitUnheard):
		w.apply(f, w.hop(), deaf)
		answer(w.upTo(5*time.Second), lostConnection())
		w.away(m)
	case w.goesWrong(commitLate):
		hear(lostConnection())
		w.stray(f)
	case w.goesWrong(commitSlow):
		w.apply(f, w.upTo(8*time.Second), hear)
	default:
		w.apply(f, w.hop(), hear)
	}
}

// answer hands the outcome of an attempt to its sender after d, unless the server ends before it has left.
func (w *world) answer(f *flight, d time.Duration, out store.Outcome) {
	b := f.tx.Batch()
	w.judge.answered(b, out)
	w.note("answer", b.Number, uint64(out.Result), "lane %d number %d %s deposed %v rejected %v cause %v, in %s", b.Lane.Number, b.Number, out.Result, out.Deposed, out.Rejected, out.Cause, d)
	w.after(d, func() {
		if f.server != w.restarts {
			out = lostConnection()
		}
		if out.Result == store.NotCommitted {
			f.refused = true
			w.judge.refused(f)
		}
		if f.m.life == f.life {
			f.m.hears(engine.CommitDone{Lane: b.Lane.Number, Number: b.Number, Digest: b.Digest, Outcome: out})
		}
	})
}

// away may let a member stand still while it does not know what became of its batch, so that others take its shards
// before it asks again.
func (w *world) away(m *member) {
	if w.enabled[suspend] && len(w.members) > 1 && w.r.IntN(4) == 0 {
		w.after(w.hop(), m.suspend)
	}
}

// stray lets an attempt arrive long after its sender gave up on it.
func (w *world) stray(f *flight) {
	k := version{lane: f.tx.Batch().Lane, number: f.tx.Batch().Number}
	w.depart(f, func(store.Outcome) {})
	arrived := false
	arrive := func() {
		if !arrived {
			arrived = true
			w.strays[k] = nil
			w.turn(func() { w.lock(f) })
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

// apply lets the server work on a flight after d: lock, then apply, each in its own time.
func (w *world) apply(f *flight, d time.Duration, then func(store.Outcome)) {
	w.depart(f, then)
	if w.profile.atomic {
		d += w.open()
	}
	w.after(d, func() { w.turn(func() { w.lock(f) }) })
}

// lock waits for the lane, then leaves the transaction open for a while: a server may stall there.
func (w *world) lock(f *flight) {
	if f.over {
		return
	}
	if w.behind(f) || !f.tx.Lock() {
		if w.impatient(&f.wait) {
			w.land(f, store.Outcome{Result: store.NotCommitted, Cause: errWaited})
			return
		}
		w.after(50*time.Microsecond, func() { w.lock(f) })
		return
	}
	f.locked, w.writing = true, true
	if w.profile.atomic {
		w.decide(f, false, false)
		return
	}
	open := w.open()
	if w.goesWrong(commitStalls) {
		open = w.upTo(20 * time.Second)
	}
	ended := w.goesWrong(commitTimesOut)
	victim := w.goesWrong(commitConflicts)
	w.after(open, func() { w.decide(f, victim, ended) })
}

// decide ends a flight that has its locks.
func (w *world) decide(f *flight, victim, ended bool) {
	if f.over {
		return
	}
	if w.profile.single && f.m.life == f.life && f.m.still {
		w.after(time.Second, func() { w.decide(f, victim, ended) }) // it stands still with its process
		return
	}
	tx := f.tx
	switch {
	case ended && !tx.Decided():
		w.rollBack(f, pick(w.r, lostConnection(), store.Outcome{Result: store.NotCommitted, Cause: errTooLong}))
		return
	case victim && !tx.Decided() && bug.On(bug.RetriedPartly):
		tx.Tear()
	case victim && !tx.Decided():
		w.rollBack(f, store.Outcome{Result: store.NotCommitted, Cause: errVictim})
		return
	}
	if bad := w.refuse(tx, f.sent); bad != nil {
		tx.Abort()
		w.meet(tx.Batch())
		w.land(f, store.Outcome{Result: store.NotCommitted, Rejected: bad})
		return
	}
	w.land(f, w.keep(f))
}

// rollBack ends a flight of which nothing is kept.
func (w *world) rollBack(f *flight, out store.Outcome) {
	f.tx.Abort()
	w.land(f, out)
}

// keep makes the batch of a flight durable where lane, fences and rows allow it.
func (w *world) keep(f *flight) store.Outcome {
	tx := f.tx
	b := tx.Batch()
	out, changed := tx.Apply()
	if changed {
		f.changed = true
		w.count.commits++
		w.judge.committed(b)
		if f.refused {
			w.judge.fail("F26", "batch %d of lane %d becomes durable by an attempt that was called not committed", b.Number, b.Lane.Number)
		}
	}
	if out.Rejected != nil {
		for i := range b.Parts {
			w.note("keys", 0, 0, "%+v", b.Parts[i].Keys)
		}
		w.judge.fail("rows", "batch %d of lane %d cannot be kept: %v", b.Number, b.Lane.Number, out.Rejected)
	}
	w.note("applied", b.Number, uint64(out.Result), "lane %d number %d %s deposed %v rejected %v", b.Lane.Number, b.Number, out.Result, out.Deposed, out.Rejected)
	return out
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
	if m.incarnation != w.incarnation {
		m.must(w.hop(), w.look(r, errOther))
		return
	}
	failed := w.goesWrong(readFails)
	if _, ok := r.(engine.Beat); ok && w.goesWrong(beatFails) {
		failed = true
	}
	_, beats := r.(engine.Beat)
	_, sends := r.(engine.SendMail)
	writes := beats || sends
	arrives := m.cut != cutToStore && !(writes && w.readOnly)
	heard := arrives && m.cut != cutFromStore
	if w.goesWrong(readHangs) {
		w.hang(m, r)
		return
	}
	arrive := func() {
		if m.life != life {
			return
		}
		failed := failed || w.down
		if !heard {
			if arrives && !failed {
				w.look(r, nil) // it takes effect
			}
			m.to(w.upTo(5*time.Second), w.look(r, errGone))
			return
		}
		d := w.hop()
		_, claims := r.(engine.ReadClaims)
		if w.goesWrong(readStale) || claims && w.enabled[readStale] && !w.healed && w.r.IntN(4) == 0 {
			d = w.upTo(10 * time.Second)
		}
		if failed {
			if sends && !w.down && w.r.IntN(2) == 0 {
				w.look(r, nil) // it takes effect, and nobody hears of it
				d = w.upTo(5 * time.Second)
			}
			m.to(d, w.look(r, errGone))
			return
		}
		m.to(d, w.look(r, nil))
	}
	w.after(w.hop(), func() {
		if writes {
			w.turn(arrive)
			return
		}
		arrive()
	})
}

// hang lets a question go without an answer until its asker gives it up. Meanwhile the asker says now and then that there
// is none.
func (w *world) hang(m *member, r engine.Request) {
	d := w.upTo(30 * time.Second)
	patience := w.config.Patience
	if patience == 0 {
		patience = 5 * time.Second
	}
	switch r.(type) {
	case engine.Beat, engine.SendMail, engine.ReadAnswers, engine.FindMail:
	default:
		for at := patience; at < d; at += time.Second {
			m.to(at, engine.Slow{Question: r})
		}
	}
	m.to(d, w.look(r, errGone))
}

// look answers a question as the store is now, or with err.
func (w *world) look(r engine.Request, err error) engine.Event {
	failed := err != nil
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
