package storetest

import (
	"errors"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var laneTests = []test{
	{"F26_I7_RepeatIsCommittedOnce", laneRepeat},
	{"F26_I7_RepeatAfterRestart", laneRepeatAfterRestart},
	{"F26_I7_RepeatIsCommittedAlthoughTheFenceMoved", laneRepeatAfterTakeover},
	{"F26_I7_OtherDigestIsSuperseded", laneSuperseded},
	{"F33_GapIsAStoreThatWentBack", laneGap},
	{"NumbersThatArePastChangeNothing", lanePast},
	{"I2_FailedBatchLeavesTheLane", laneAfterFailure},
	{"LanesAreApart", lanesApart},
	{"EmptyBatchAdvances", laneEmpty},
}

func laneRepeat(f *fixture) {
	b := f.newExecution(0)
	for range 3 {
		if o := f.send(b); o.Result != store.Committed {
			f.Fatalf("got %s", describe(o))
		}
	}
	f.length(b.Parts[0].Heads[0].Execution, 1)
	f.commit() // the next number still follows
}

// newExecution is a batch that starts one execution in shard s.
func (f *fixture) newExecution(s record.Shard) *store.Batch {
	f.Helper()
	id := f.id(s)
	p := f.part(s)
	p.Heads = []record.Head{head(id)}
	p.Entries = entries(id, 1, 1)
	return f.batch(p)
}

func laneRepeatAfterRestart(f *fixture) {
	b := f.newExecution(0)
	f.send(b)
	f.restart()
	if o := f.Commit(f.ctx, b); o.Result != store.Committed {
		f.Fatalf("got %s", describe(o))
	}
	f.length(b.Parts[0].Heads[0].Execution, 1)
}

func laneRepeatAfterTakeover(f *fixture) {
	b := f.newExecution(0)
	f.send(b)
	f.depose(0)
	if o := f.Commit(f.ctx, b); o.Result != store.Committed {
		f.Fatalf("the batch is durable, but its repeat got %s", describe(o))
	}
	if o := f.Commit(f.ctx, f.newExecution(0)); o.Result != store.NotCommitted || len(o.Deposed) != 1 {
		f.Fatalf("the next batch has no fence, but got %s", describe(o))
	}
}

func laneSuperseded(f *fixture) {
	first, second := f.newExecution(0), f.newExecution(0)
	f.send(first)
	if o := f.send(second); o.Result != store.Superseded || o.Winner != first.Digest {
		f.Fatalf("want superseded by %d, got %s", first.Digest, describe(o))
	}
	f.absent(second.Parts[0].Heads[0].Execution)
	f.depose(0)
	if o := f.Commit(f.ctx, second); o.Result != store.Superseded || o.Winner != first.Digest {
		f.Fatalf("the lane comes before the fence, but got %s", describe(o))
	}
}

func laneGap(f *fixture) {
	unseen := f.newExecution(0)
	unseen.Number = 2
	f.wentBack(unseen)
	f.commit()
	gap := f.newExecution(0)
	gap.Number = 3
	f.wentBack(gap)
	f.depose(0)
	f.wentBack(gap) // also where the fence has moved: the lane comes first
}

func (f *fixture) wentBack(b *store.Batch) {
	f.Helper()
	o := f.Commit(f.ctx, b)
	if o.Result != store.NotCommitted || !errors.Is(o.Cause, store.ErrStoreWentBack) {
		f.Fatalf("want ErrStoreWentBack, got %s", describe(o))
	}
	f.absent(b.Parts[0].Heads[0].Execution)
}

func lanePast(f *fixture) {
	f.commit()
	f.commit()
	for _, number := range []uint64{0, 1} {
		b := f.newExecution(0)
		b.Number = number
		if number == 0 {
			b.Digest = 0
		}
		o := f.Commit(f.ctx, b)
		if o.Result != store.NotCommitted || o.Cause == nil || errors.Is(o.Cause, store.ErrStoreWentBack) {
			f.Fatalf("number %d of a lane at 2: got %s", number, describe(o))
		}
		f.absent(b.Parts[0].Heads[0].Execution)
	}
	zero := f.newExecution(0)
	zero.Lane.Number, zero.Number, zero.Digest = 5, 0, 0
	if o := f.Commit(f.ctx, zero); o.Result != store.NotCommitted {
		f.Fatalf("number 0 of a lane not seen before: got %s", describe(o))
	}
}

func laneAfterFailure(f *fixture) {
	f.fence(0)
	f.depose(0)
	o := f.send(f.newExecution(0))
	if o.Result != store.NotCommitted || len(o.Deposed) != 1 {
		f.Fatalf("want deposed, got %s", describe(o))
	}
	broken := f.part(1)
	broken.Entries = entries(f.id(1), 7, 7)
	f.rejected([]record.ID{broken.Entries[0].Execution}, broken)
	// Both rolled back with everything, so number 1 is still the next, with whatever digest.
	b := f.newExecution(1)
	if b.Number != 1 {
		f.Fatalf("number %d", b.Number)
	}
	if o := f.send(b); o.Result != store.Committed {
		f.Fatalf("got %s", describe(o))
	}
}

func lanesApart(f *fixture) {
	f.commit()
	f.commit()
	for _, l := range []store.Lane{{Owner: f.owner, Number: 1}, {Owner: owner(9), Number: 0}} {
		b := f.newExecution(0)
		b.Lane, b.Number = l, 1
		if o := f.Commit(f.ctx, b); o.Result != store.Committed {
			f.Fatalf("first batch of %v: %s", l, describe(o))
		}
	}
}

func laneEmpty(f *fixture) {
	b := f.batch()
	if o := f.send(b); o.Result != store.Committed {
		f.Fatalf("got %s", describe(o))
	}
	other := *b
	other.Digest++
	if o := f.send(&other); o.Result != store.Superseded || o.Winner != b.Digest {
		f.Fatalf("got %s", describe(o))
	}
}
