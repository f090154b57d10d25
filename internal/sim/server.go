package sim

import (
	"errors"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/internal/sim/modelstore"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// server is what the store is beside its rows: whether it is there, and what it works on.
type server struct {
	full     bool // it has no space
	readOnly bool // it takes no writes
	down     bool // nobody reaches it
	restarts int
	// flights are the commits on their way that have no outcome yet, in order of their sending.
	flights []*flight
	// writing: the one writer is at work; line are those who wait for it.
	writing bool
	line    []func()
	// claims counts, by shard, those that stand in line.
	claims map[record.Shard]int
	// incarnation counts how often another store took its place.
	incarnation int
}

// flight is one attempt to commit, from its sending until its sender hears of it.
type flight struct {
	m      *member
	life   int // of the member's process
	server int // of the server's, when it was sent
	tx     *modelstore.Tx
	sent   int64
	wait   wait
	locked bool
	over   bool // it has an outcome at the server
	// changed: it made its batch durable. refused: its sender heard that it did not.
	changed, refused bool
	then             func(store.Outcome)
}

// wait is one for locks.
type wait struct {
	begun bool
	since int64
}

// What the store answers when it does not work.
var (
	errBusy     = errors.New("sim: the store is busy")
	errGone     = errors.New("sim: the connection broke")
	errDown     = errors.New("sim: the store cannot be reached")
	errReadOnly = errors.New("sim: the store is read-only")
	errVictim   = errors.New("sim: a deadlock, and this transaction is its victim")
	errWaited   = errors.New("sim: a lock was waited for too long")
	errTooLong  = errors.New("sim: the transaction took too long, and the server ended it")
	errOther    = store.WentBack("another one is in its place")
)

// lostConnection is what a driver makes of a connection that broke behind the sending.
func lostConnection() store.Outcome {
	if bug.On(bug.LostIsRefused) {
		return store.Outcome{Result: store.NotCommitted, Cause: errGone}
	}
	return store.Outcome{Result: store.Unknown, Cause: errGone}
}

// noSpace is what a driver answers where the store is full.
func noSpace(b *store.Batch) store.Outcome {
	for i := range b.Parts {
		if bug.On(bug.FullIsRejected) && len(b.Parts[i].Entries) > 0 {
			bad := []store.Rejection{{Execution: b.Parts[i].Entries[0].Execution, Reason: store.ErrFull.Error()}}
			return store.Outcome{Result: store.NotCommitted, Rejected: bad}
		}
	}
	return store.Outcome{Result: store.NotCommitted, Cause: store.ErrFull}
}

// depart puts a flight on its way; then hears what the server decides.
func (w *world) depart(f *flight, then func(store.Outcome)) {
	f.then = then
	w.flights = append(w.flights, f)
}

// land ends a flight.
func (w *world) land(f *flight, out store.Outcome) {
	f.over = true
	w.flights = slices.DeleteFunc(w.flights, func(o *flight) bool { return o == f })
	f.then(out)
	if f.locked {
		w.turnOver()
	}
}

// open is how long a commit takes at the server.
func (w *world) open() time.Duration {
	if w.profile.tail > 0 && w.r.IntN(100) == 0 {
		return w.upTo(w.profile.tail)
	}
	return 20*time.Microsecond + w.upTo(w.profile.flush)
}

// turn runs do when no other write is under way, where the store has one writer.
func (w *world) turn(do func()) {
	if w.profile.oneWriter && w.writing {
		w.line = append(w.line, do)
		return
	}
	do()
}

// turnOver lets those go on who wait for the one writer.
func (w *world) turnOver() {
	w.writing = false
	for len(w.line) > 0 && !w.writing {
		do := w.line[0]
		w.line = w.line[1:]
		do()
	}
}

// impatient reports whether a wait has become too long for the store.
func (w *world) impatient(x *wait) bool {
	if !x.begun {
		x.begun, x.since = true, w.now
	}
	return w.profile.lockWait > 0 && w.now-x.since > int64(w.profile.lockWait)
}

// behind reports whether a claim stands in line before the commit.
func (w *world) behind(f *flight) bool {
	if !w.profile.inLine {
		return false
	}
	return slices.ContainsFunc(f.tx.Batch().Parts, func(p record.Part) bool { return w.claims[p.Fence.Shard] > 0 })
}

// interrupt ends all that the server works on. What had its locks may have become durable; nobody hears which.
func (w *world) interrupt() {
	flights := w.flights
	w.flights, w.line, w.writing = nil, nil, false
	clear(w.strays)
	for _, f := range flights {
		f.over = true
		ready := f.locked || w.profile.atomic && f.tx.Lock()
		if ready && w.r.IntN(2) == 0 && w.refuse(f.tx, f.sent) == nil {
			w.keep(f)
		} else {
			f.tx.Abort()
		}
		f.then(lostConnection())
	}
}

// restart takes the server away for some seconds. Where it fails over, who takes its place lacks nothing and takes no
// writes for a while.
func (w *world) restart(failsOver bool) {
	w.restarts++
	w.interrupt()
	n := w.restarts
	w.down, w.readOnly = true, true
	w.note("down", uint64(n), 0, "the store is gone")
	writes := func() {
		if w.restarts == n {
			w.readOnly = false
		}
	}
	w.after(w.upTo(10*time.Second), func() {
		if w.restarts != n {
			return
		}
		w.down = false
		w.note("up", uint64(n), 0, "the store is back")
		if failsOver {
			w.after(w.upTo(20*time.Second), writes)
			return
		}
		writes()
	})
}
