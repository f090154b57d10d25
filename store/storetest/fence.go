package storetest

import (
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var fenceTests = []test{
	{"F1_I3_DeposedOwnerWritesNothing", fenceDeposed},
	{"F1_I3_EpochAndOwnerAreBothCompared", fenceCompared},
	{"F3_EveryKindOfRowIsFenced", fenceEveryRow},
	{"AllDeposedShardsAreNamed", fenceAllNamed},
	{"ReleasedShardIsDeposed", fenceReleased},
	{"UnclaimedShardIsDeposed", fenceUnclaimed},
	{"FencesComeBeforeRows", fenceBeforeRows},
	{"F1_OnlyTheShardsOfTheFenceAreWritten", fenceForeignExecution},
}

// deposed sends b and wants exactly these shards named, and nothing else.
func (f *fixture) deposed(b *store.Batch, want ...record.Shard) {
	f.Helper()
	o := f.send(b)
	got := slices.Sorted(slices.Values(o.Deposed))
	if o.Result != store.NotCommitted || o.Cause != nil || len(o.Rejected) > 0 || !slices.Equal(got, want) {
		f.Fatalf("want shards %v deposed, got %s", want, describe(o))
	}
}

func fenceDeposed(f *fixture) {
	h := f.start(0, 1, nil)
	taken := f.depose(0)
	p := f.part(0)
	p.Entries = entries(h.Execution, 2, 2)
	f.deposed(f.batch(p), 0)
	f.length(h.Execution, 1)
	p.Fence = taken
	b := f.batch(p)
	b.Lane = store.Lane{Owner: taken.Owner}
	b.Number = 1
	if o := f.Commit(f.ctx, b); o.Result != store.Committed {
		f.Fatalf("the new owner: %s", describe(o))
	}
	f.length(h.Execution, 2)
}

func fenceCompared(f *fixture) {
	held := f.fence(0)
	for name, wrong := range map[string]record.Fence{
		"later epoch":   {Shard: 0, Epoch: held.Epoch + 1, Owner: held.Owner},
		"earlier epoch": {Shard: 0, Epoch: held.Epoch - 1, Owner: held.Owner},
		"other owner":   {Shard: 0, Epoch: held.Epoch, Owner: owner(7)},
		"no owner":      {Shard: 0, Epoch: held.Epoch},
		"no such shard": {Shard: 4000, Epoch: held.Epoch, Owner: held.Owner},
	} {
		b := f.newExecution(0)
		b.Parts[0].Fence = wrong
		o := f.send(b)
		if o.Result != store.NotCommitted || !slices.Equal(o.Deposed, []record.Shard{wrong.Shard}) {
			f.Errorf("%s: got %s", name, describe(o))
		}
	}
}

func fenceEveryRow(f *fixture) {
	h := f.start(0, 1, func(h *record.Head) { h.Key = "k" })
	key := record.KeyRow{Key: record.Key{Namespace: "default", Workflow: "order", Key: "k"}, Execution: h.Execution}
	end := f.part(0)
	end.Heads = []record.Head{closed(h)}
	end.Keys = []record.KeyChange{{KeyRow: key}}
	f.commit(end)
	waiting := message(f.id(0), 0, h.Execution, 0)
	f.must(f.Send(f.ctx, []record.Message{waiting}))
	f.depose(0)

	for _, change := range []func(p *record.Part){
		func(p *record.Part) {},
		func(p *record.Part) { p.Heads = []record.Head{closed(h)} },
		func(p *record.Part) { p.Snapshots = []record.Snapshot{snapshot(h.Execution, 1)} },
		func(p *record.Part) { p.Keys = []record.KeyChange{{KeyRow: key, Old: h.Execution, Delete: true}} },
		func(p *record.Part) { p.Sends = []record.Message{message(f.id(0), 0, h.Execution, 0)} },
		func(p *record.Part) { p.Takes = []record.MessageID{waiting.ID} },
		func(p *record.Part) { p.Trims = []record.Trim{{Execution: h.Execution, Before: 1}} },
		func(p *record.Part) { p.Forgets = []record.ID{h.Execution} },
	} {
		p := f.part(0)
		change(&p)
		f.deposed(f.batch(p), 0)
	}
	f.length(h.Execution, 1)
	got, err := f.Inbox(f.ctx, 0, 10)
	f.must(err)
	f.equal(got, []record.Message{waiting})
	rows, err := f.Keys(f.ctx, []record.Key{key.Key})
	f.must(err)
	f.equal(rows, []record.KeyRow{key})
}

func fenceAllNamed(f *fixture) {
	var parts []record.Part
	for s := range record.Shard(5) {
		parts = append(parts, f.newExecution(s).Parts[0])
	}
	f.depose(1)
	f.depose(3)
	f.deposed(f.batch(parts...), 1, 3)
	for _, p := range parts {
		f.absent(p.Heads[0].Execution)
	}
	f.commit(parts[0], parts[2], parts[4])
}

func fenceReleased(f *fixture) {
	b := f.newExecution(0)
	f.must(f.Release(f.ctx, []record.Fence{f.fence(0)}))
	f.deposed(b, 0)
}

func fenceUnclaimed(f *fixture) {
	b := f.newExecution(0)
	b.Parts[0].Fence = record.Fence{Shard: 0}
	f.deposed(b, 0)
	never := f.newExecution(0)
	never.Parts[0].Fence = record.Fence{Shard: 1}
	f.deposed(never, 1)
}

func fenceBeforeRows(f *fixture) {
	broken := f.part(0)
	broken.Entries = entries(f.id(0), 5, 5)
	moved := f.newExecution(1).Parts[0]
	f.depose(1)
	f.deposed(f.batch(broken, moved), 1)
}

func fenceForeignExecution(f *fixture) {
	other := f.start(1, 1, nil)
	f.depose(1)
	for _, change := range []func(p *record.Part){
		func(p *record.Part) { p.Entries = entries(other.Execution, 2, 2) },
		func(p *record.Part) { p.Heads = []record.Head{closed(other)} },
		func(p *record.Part) { p.Snapshots = []record.Snapshot{snapshot(other.Execution, 1)} },
		func(p *record.Part) { p.Trims = []record.Trim{{Execution: other.Execution, Before: 1}} },
		func(p *record.Part) { p.Forgets = []record.ID{other.Execution} },
	} {
		p := f.part(0)
		change(&p)
		f.rejected([]record.ID{other.Execution}, p)
	}
	f.length(other.Execution, 1)
}
