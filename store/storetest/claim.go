package storetest

import (
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var claimTests = []test{
	{"I3_EveryShardHasARow", claimRows},
	{"F1_I3_ClaimIsCompareAndSet", claimCompare},
	{"ClaimIsIdempotent", claimAgain},
	{"F8_I3_EpochsNeverFall", claimEpochs},
	{"ReleaseKeepsTheEpoch", claimRelease},
	{"F7_ReleaseOfALostShardIsSkipped", claimReleaseLost},
	{"NoSuchShardOrOwner", claimNonsense},
	{"Beat", beat},
	{"InfoMakesSense", info},
}

func claimRows(f *fixture) {
	claims, err := f.Claims(f.ctx)
	f.must(err)
	if len(claims) != f.Info().Shards {
		f.Fatalf("%d rows for %d shards", len(claims), f.Info().Shards)
	}
	for i, c := range claims {
		f.equal(c, record.Fence{Shard: record.Shard(i)})
	}
}

func claimCompare(f *fixture) {
	mine, err := f.Claim(f.ctx, 3, record.Fence{Shard: 3}, owner(1))
	f.must(err)
	f.equal(mine, record.Fence{Shard: 3, Epoch: 1, Owner: owner(1)})
	for _, seen := range []record.Fence{
		{Shard: 3},
		{Shard: 3, Epoch: 1},
		{Shard: 3, Epoch: 1, Owner: owner(3)},
		{Shard: 3, Epoch: 2, Owner: owner(1)},
		{Shard: 3, Epoch: 0, Owner: owner(1)},
	} {
		_, err = f.Claim(f.ctx, 3, seen, owner(2))
		f.is(err, store.ErrClaimed)
	}
	f.equal(f.row(3), mine)
	taken, err := f.Claim(f.ctx, 3, mine, owner(2))
	f.must(err)
	f.equal(taken, record.Fence{Shard: 3, Epoch: 2, Owner: owner(2)})
	f.restart()
	f.equal(f.row(3), taken)
	f.equal(f.row(2), record.Fence{Shard: 2})
}

func claimAgain(f *fixture) {
	mine := f.fence(0)
	for _, seen := range []record.Fence{{}, mine, {Epoch: 9, Owner: owner(9)}} {
		again, err := f.Claim(f.ctx, 0, seen, f.owner)
		f.must(err)
		f.equal(again, mine)
	}
}

func claimEpochs(f *fixture) {
	var last record.Fence
	for i := range 10 {
		got, err := f.Claim(f.ctx, 5, last, owner(byte(1+i%2)))
		f.must(err)
		if got.Epoch != last.Epoch+1 {
			f.Fatalf("epoch %d follows %d", got.Epoch, last.Epoch)
		}
		last = got
		if i%3 == 0 {
			f.must(f.Release(f.ctx, []record.Fence{got}))
			last.Owner = record.Owner{}
			f.restart()
		}
	}
}

func claimRelease(f *fixture) {
	mine := f.fence(0)
	f.must(f.Release(f.ctx, []record.Fence{mine, f.fence(1)}))
	want := record.Fence{Shard: 0, Epoch: mine.Epoch}
	f.equal(f.row(0), want)
	_, err := f.Claim(f.ctx, 0, record.Fence{}, owner(2))
	f.is(err, store.ErrClaimed)
	next, err := f.Claim(f.ctx, 0, want, owner(2))
	f.must(err)
	f.equal(next, record.Fence{Shard: 0, Epoch: mine.Epoch + 1, Owner: owner(2)})
}

func claimReleaseLost(f *fixture) {
	lost, kept := f.fence(0), f.fence(1)
	taken := f.depose(0)
	stale := lost
	stale.Epoch = 0
	f.must(f.Release(f.ctx, []record.Fence{lost, stale, {Shard: 4000}, kept}))
	f.equal(f.row(0), taken)
	f.equal(f.row(1), record.Fence{Shard: 1, Epoch: kept.Epoch})
	f.must(f.Release(f.ctx, []record.Fence{kept})) // twice is fine
	f.must(f.Release(f.ctx, nil))
}

func claimNonsense(f *fixture) {
	none := record.Shard(f.Info().Shards)
	_, err := f.Claim(f.ctx, none, record.Fence{Shard: none}, owner(1))
	f.is(err, store.ErrNotFound)
	if got, err := f.Claim(f.ctx, 0, record.Fence{}, record.Owner{}); err == nil {
		f.Fatalf("nobody claimed %+v", got)
	}
	f.equal(f.row(0), record.Fence{Shard: 0})
}

func beat(f *fixture) {
	a := store.Beat{Owner: owner(1), Count: 1, Addr: "10.0.0.1:7070"}
	b := store.Beat{Owner: owner(2), Count: 1 << 63, Addr: ""}
	all := func(me store.Beat) ([]store.Beat, int64) {
		f.Helper()
		beats, now, err := f.Beat(f.ctx, me)
		f.must(err)
		slices.SortFunc(beats, func(x, y store.Beat) int { return slices.Compare(x.Owner[:], y.Owner[:]) })
		return beats, now
	}
	got, first := all(a)
	f.equal(got, []store.Beat{a})
	got, _ = all(b)
	f.equal(got, []store.Beat{a, b})
	a.Count, a.Addr = 2, "10.0.0.9:7070"
	got, last := all(a)
	f.equal(got, []store.Beat{a, b})
	if first <= 0 || last < first {
		f.Fatalf("the store's time went from %d to %d", first, last)
	}
}

func info(f *fixture) {
	i := f.Info()
	if i.Driver == "" || i.Version == "" || i.Shards < 1 || i.Lanes < 1 || i.Incarnation == [16]byte{} {
		f.Fatalf("%+v", i)
	}
	if !i.Durable && len(i.Warnings) == 0 {
		f.Fatal("not durable, and no warning says so")
	}
	f.restart()
	f.equal(f.Info().Incarnation, i.Incarnation)
}
