package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var concurrentTests = []test{
	{"F1_F8_I3_TwoOwnersFightForAShard", hammer},
	{"F43_I21_OneOfManyStartsWinsAKey", keyRace},
	{"F9_ReadsWhileOthersWrite", readersAndWriters},
	{"I6_ReadSeesWhatWasCommittedBefore", readYourWrites},
}

// hammer lets owners claim one shard from each other and append to one execution. The journal must show that no
// owner wrote under an epoch that another had taken: epochs never fall, one owner per epoch, no gap.
func hammer(f *fixture) {
	h := f.start(0, 1, nil)
	const owners, batches, vain = 3, 20, 50
	var done sync.WaitGroup
	var alone sync.RWMutex // who has tried in vain for long gets a turn without the others
	for n := range owners {
		done.Go(func() {
			w := &writer{Backend: f.Backend, ctx: f.ctx, id: h.Execution, owner: owner(byte(10 + n))}
			for tries := 1; w.batch < batches && !f.Failed(); tries++ {
				lock, unlock := alone.RLock, alone.RUnlock
				if tries%vain == 0 {
					lock, unlock = alone.Lock, alone.Unlock
				}
				lock()
				err := w.turn()
				unlock()
				if err != nil {
					f.Error(err)
				}
			}
		})
	}
	done.Wait()
	all, err := f.Journal(f.ctx, h.Execution, 2, 10*owners*batches)
	f.must(err)
	if len(all) < owners*batches {
		f.Fatalf("only %d entries: the case shows nothing", len(all))
	}
	checkEpochs(f.T, all)
}

// checkEpochs checks entries whose At is the epoch and whose body is the owner they were written under.
func checkEpochs(t *testing.T, all []record.Entry) {
	t.Helper()
	var epoch int64
	owners := map[int64]string{}
	for i, e := range all {
		if e.Seq != uint64(i)+2 {
			t.Fatalf("entry %d follows %d", e.Seq, i+1)
		}
		if e.At < epoch {
			t.Fatalf("entry %d was written under epoch %d after %d", e.Seq, e.At, epoch)
		}
		epoch = e.At
		if who, known := owners[epoch]; known && who != string(e.Body) {
			t.Fatalf("two owners wrote under epoch %d", epoch)
		}
		owners[epoch] = string(e.Body)
	}
}

// writer is an owner that takes the shard and appends three entries, as long as it is let.
type writer struct {
	store.Backend
	ctx   context.Context
	id    record.ID
	owner record.Owner
	batch uint64
}

func (w *writer) turn() error {
	claims, err := w.Claims(w.ctx)
	if err != nil {
		return err
	}
	fence, err := w.Claim(w.ctx, 0, claims[0], w.owner)
	if errors.Is(err, store.ErrClaimed) {
		return nil
	}
	if err != nil {
		return err
	}
	loaded, err := w.Load(w.ctx, 0, []record.ID{w.id})
	if err != nil {
		return err
	}
	next := uint64(len(loaded[0].Entries)) + 1
	for range 3 {
		if lost, err := w.append(fence, next); lost || err != nil {
			return err
		}
		next++
	}
	return nil
}

func (w *writer) append(fence record.Fence, seq uint64) (lost bool, err error) {
	e := record.Entry{Execution: w.id, Seq: seq, At: int64(fence.Epoch), Body: w.owner[:]}
	b := &store.Batch{
		Lane: store.Lane{Owner: w.owner}, Number: w.batch + 1, Digest: w.batch + 7,
		Parts: []record.Part{{Fence: fence, Entries: []record.Entry{e}}},
	}
	o := w.Commit(w.ctx, b)
	switch {
	case o.Result == store.Committed:
		w.batch++
		return false, nil
	case len(o.Deposed) == 1:
		return true, nil
	}
	// An owner whose fence holds has loaded everything before it: a rejection is a hole in the fence.
	return false, fmt.Errorf("epoch %d, entry %d: %s", fence.Epoch, seq, describe(o))
}

// keyRace starts executions with the same key through many lanes: one wins, the others are rejected.
func keyRace(f *fixture) {
	const starters = 8
	fence := f.fence(0)
	ids := make([]record.ID, starters)
	for i := range ids {
		ids[i] = f.id(0)
	}
	outcomes := make([]store.Outcome, starters)
	var done sync.WaitGroup
	for i, id := range ids {
		done.Go(func() {
			p := record.Part{Fence: fence, Heads: []record.Head{head(id)}, Entries: entries(id, 1, 1)}
			p.Keys = []record.KeyChange{{KeyRow: keyRow("k", id)}}
			b := &store.Batch{Lane: store.Lane{Owner: f.owner, Number: 10 + i}, Number: 1, Digest: 1, Parts: []record.Part{p}}
			outcomes[i] = f.Commit(f.ctx, b)
		})
	}
	done.Wait()
	var winners []record.ID
	for i, o := range outcomes {
		switch {
		case o.Result == store.Committed:
			winners = append(winners, ids[i])
		case len(o.Rejected) != 1 || o.Rejected[0].Execution != ids[i]:
			f.Fatalf("a loser got %s", describe(o))
		}
	}
	if len(winners) != 1 {
		f.Fatalf("%d winners", len(winners))
	}
	f.wantKey(keyRow("k", ids[0]).Key, keyRow("k", winners[0]))
	f.equal(len(f.found("default", everyone)), 1)
}

// readersAndWriters runs every read beside commits; with the race detector it also checks the driver's own memory.
func readersAndWriters(f *fixture) {
	h := f.start(0, 1, func(h *record.Head) { h.Tags = []record.Tag{{Name: "t", Text: "x"}} })
	ctx, stop := context.WithCancel(f.ctx)
	var done sync.WaitGroup
	defer done.Wait() // also where a commit fails the test
	defer stop()
	for _, read := range []func() error{
		func() error { return f.consistent(h.Execution) },
		func() error { _, err := f.Journal(f.ctx, h.Execution, 1, 1000); return err },
		func() error { _, err := f.Due(f.ctx, 0, record.Due{}, 1e9, 10); return err },
		func() error { _, err := f.Inbox(f.ctx, 0, 10); return err },
		func() error { _, err := f.Search(f.ctx, "default", store.Filter{Tags: tests(h.Tags...)}); return err },
		func() error { return f.Send(f.ctx, []record.Message{message(h.Execution, 1, h.Execution, 1)}) },
		func() error { _, _, err := f.Beat(f.ctx, store.Beat{Owner: owner(1)}); return err },
	} {
		done.Go(func() {
			for ctx.Err() == nil {
				if err := read(); err != nil {
					f.Error(err)
					return
				}
			}
		})
	}
	for seq := uint64(2); seq <= 60; seq += 2 {
		p := f.part(0)
		p.Entries = entries(h.Execution, seq, seq+1)
		p.Snapshots = []record.Snapshot{snapshot(h.Execution, seq)}
		p.Heads = []record.Head{h}
		f.commit(p)
	}
}

// consistent loads id and wants head, snapshot and entries to fit together.
func (f *fixture) consistent(id record.ID) error {
	got, err := f.Load(f.ctx, 0, []record.ID{id})
	if err != nil {
		return err
	}
	if len(got) != 1 {
		return fmt.Errorf("%d executions", len(got))
	}
	next := uint64(1)
	if s := got[0].Snapshot; s != nil {
		next = s.Seq + 1
	}
	for _, e := range got[0].Entries {
		if e.Seq != next {
			return fmt.Errorf("entry %d where %d must follow", e.Seq, next)
		}
		next++
	}
	if next%2 != 0 && next != 2 { // each commit ends with an odd entry
		return fmt.Errorf("half a commit: up to entry %d", next-1)
	}
	return nil
}

func readYourWrites(f *fixture) {
	h := f.start(0, 1, nil)
	for seq := uint64(2); seq < 50; seq++ {
		p := f.part(0)
		p.Entries = entries(h.Execution, seq, seq)
		f.commit(p)
		f.length(h.Execution, seq)
	}
}
