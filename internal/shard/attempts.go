package shard

import "github.com/pawl-dev/pawl/internal/kernel"

// attempt is an outstanding task that this owner has handed out or will.
type attempt struct {
	kernel.TaskRef
	// part holds the intent until that is durable; the task leaves then. nil: it is.
	part *part
	// serial is not 0 where the task left at once, see [Attempt].
	serial uint64
	// leased: an executor has it. reported: its result waits for a transition. cancelled: it was asked to stop.
	leased, reported, cancelled bool
}

// attempts are the outstanding tasks of one execution, in no order that matters. Few are searched one by one; many
// get an index, so that wide fan-outs stay linear.
type attempts struct {
	list  []attempt
	index map[kernel.TaskRef]int32
}

// fewAttempts are searched without an index.
const fewAttempts = 16

func (a *attempts) find(ref kernel.TaskRef) *attempt {
	i := a.at(ref)
	if i < 0 {
		return nil
	}
	return &a.list[i]
}

// serial is that of the attempt; 0 where it is not outstanding.
func (a *attempts) serial(ref kernel.TaskRef) uint64 {
	if t := a.find(ref); t != nil {
		return t.serial
	}
	return 0
}

func (a *attempts) at(ref kernel.TaskRef) int {
	if a.index != nil {
		i, ok := a.index[ref]
		if !ok {
			return -1
		}
		return int(i)
	}
	for i := range a.list {
		if a.list[i].Attempt == ref.Attempt && a.list[i].Step == ref.Step {
			return i
		}
	}
	return -1
}

func (a *attempts) add(t attempt) {
	a.list = append(a.list, t)
	if a.index != nil {
		a.index[t.TaskRef] = int32(len(a.list) - 1)
		return
	}
	a.reindex()
}

func (a *attempts) reindex() {
	a.index = nil
	if len(a.list) <= fewAttempts {
		return
	}
	a.index = make(map[kernel.TaskRef]int32, 2*len(a.list))
	for i := range a.list {
		a.index[a.list[i].TaskRef] = int32(i)
	}
}

func (a *attempts) drop(ref kernel.TaskRef) {
	i := a.at(ref)
	if i < 0 {
		return
	}
	last := len(a.list) - 1
	moved := a.list[last]
	a.list[i], a.list[last] = moved, attempt{}
	a.list = a.list[:last]
	if a.index == nil {
		return
	}
	delete(a.index, ref)
	if i != last {
		a.index[moved.TaskRef] = int32(i)
	}
	if last == 0 {
		a.index = nil
	}
}

// keep drops all that f refuses.
func (a *attempts) keep(f func(*attempt) bool) {
	kept := a.list[:0]
	for i := range a.list {
		if f(&a.list[i]) {
			kept = append(kept, a.list[i])
		}
	}
	clear(a.list[len(kept):])
	a.list = kept
	a.reindex()
}
