package shard

import (
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// phase says how much of an execution is in memory.
type phase uint8

const (
	// loading: wanted from the store.
	loading phase = iota
	// live: state is here.
	live
	// broken: the state was thrown away; loaded again once its parts have an outcome.
	broken
	// held: it can't even be loaded. Inputs are refused; the head says parked.
	held
	// gone: not in memory any more; only queues still know it.
	gone
)

// execution is one execution in memory.
type execution struct {
	id    record.ID
	phase phase
	here  bool // loading: its journal has come, only its key is missing
	// forgotten: loading, and removed from the store meanwhile; a read that began before may still show it.
	forgotten bool
	// fresh: not yet loaded under this claim since it is in memory, so its outstanding tasks were never handed out by
	// this owner.
	fresh bool

	state *kernel.State
	def   *definition
	name  DefinitionRef

	inbox  []input // what waits for the next transition, in order of arrival
	queued bool    // in Core.queue
	turned bool    // in Core.turned: it waits for the next part
	// hasEntry: an entry of it is in the part under construction. A part holds one of each execution, and more only
	// where joins says that the result of a pure task came whose intent is in the same part.
	hasEntry, joins bool

	// newest is the newest part that holds something of it; nil once that is durable.
	newest *part

	// The head as it was last put into a part or loaded.
	headNextAt  int64
	headStatus  model.Status
	headAsks    bool // whether it says that an approval waits
	headSeq     uint64
	headVersion string
	headWaiting string

	snapSeq   uint64 // entry of the last snapshot
	snapBytes int
	grown     int // bytes of entries since then

	key *keyRow // nil without a key
	// before is the key row that the birth of this execution replaces; zero execution: none.
	before record.KeyRow
	// birth is the start that made it wanted from the store, to see whether it exists.
	birth    *start
	birthKey *keyRow

	tasks   attempts
	waiters []waiter
	watched bool

	timer timerRef // place in Core.timers
	due   bool     // its timer has come and waits for a transition
	size  int      // of the state, counted in Core.bytes

	// at rest: a place in the list of evictable executions.
	prev, next *execution
	resting    bool
	since      int64
	// evicting: it goes once newest is durable, unless an input comes meanwhile.
	evicting bool

	audited uint64 // entry of the last audit
	// compared is the entry of the last audit of limits, and comparedTo the place in a limit from which that goes on.
	compared   uint64
	comparedTo int64

	// why its state was thrown away or cannot be loaded. With repair, memory was wrong and not a transition, so it
	// is loaded again but not parked.
	why    *model.Error
	repair bool
	// rejected counts the parts it was taken out of since one of its own became durable, or it was held.
	rejected int
	// putOff: it has outlived its retention and stays because its parent does.
	putOff bool
	// keptUntil is what the head says where that is later than its own retention.
	keptUntil int64
	// lockedFor is how long the last wait for its key was, milliseconds; 0 where it is not locked.
	lockedFor int64
	// parking: the next transition is InPark and nothing else.
	parking bool
	shell   *record.Head // as loaded, while why is set
}

// waiter is a command that waits for the execution to become what look wants.
type waiter struct {
	ref  uint64
	look func(*kernel.State, *kernel.Definition) bool
}

// origin says who is answered when an input has been used.
type origin uint8

const (
	byCore origin = iota
	byCommand
	byReport
	byMail
)

// input is one thing that waits for the next transition of an execution.
type input struct {
	kernel.Input
	origin origin
	ref    uint64
	// verb is set for commands; View, Wait, Watch and Unwatch are no input of the kernel.
	verb Verb
	look func(*kernel.State, *kernel.Definition) bool
	mail record.MessageID
	// letter is the message, where it is one of another execution.
	letter *letter
	// For the verb again: the start that found its key or id taken, and how it is answered once that is durable.
	start  *start
	answer *model.Error
}

// reads reports whether in only looks and changes nothing.
func (in *input) reads() bool { return in.verb >= View }

// payload is what in costs while it waits.
func (in *input) payload() int {
	n := 64
	switch {
	case in.Start != nil:
		n += len(in.Start.Input) + len(in.Start.Trigger)
	case in.Signal != nil:
		n += len(in.Signal.Data)
	case in.Decision != nil:
		n += len(in.Decision.Form)
	case in.Callback != nil:
		n += in.Callback.Size()
	case in.Result != nil:
		n += len(in.Result.Output)
	case in.Mail != nil:
		n += len(in.Mail.Output) + len(in.Mail.Data)
	case in.Vars != nil:
		for i := range in.Vars {
			n += len(in.Vars[i].Value)
		}
	}
	return n
}

// goesOn reports whether the last transition stopped at a bound and is to be continued.
func (e *execution) goesOn() bool {
	if !e.state.More() {
		return false
	}
	s := e.state.Status()
	return s == model.Running || s == model.Compensating
}

// leavesKey reports whether the key of the execution is free, once that is durable: it has ended, or gathered what it is
// to gather.
func (e *execution) leavesKey() bool { return e.closed() || e.state != nil && e.state.GatherOver() }

// closed reports whether the execution has ended, durably or not.
func (e *execution) closed() bool { return e.state != nil && e.state.Status().Closed() }
