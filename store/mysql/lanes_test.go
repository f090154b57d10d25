package mysql_test

import (
	"sync"
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
)

// TestR16_LanesDoNotDeadlock commits through three lanes at once, each with shards of its own, messages to the others'
// shards and rows of every kind. A deadlock would be answered as transient and tried again, but none should come: lanes
// meet in no row.
func TestR16_LanesDoNotDeadlock(t *testing.T) {
	const lanes, batches, each = 3, 60, 12
	d := servertest.MySQL(t)
	b := opened(t, d)
	u := newUser(b, 1)
	for s := range record.Shard(lanes) {
		u.Hold(t, s)
	}
	var wg sync.WaitGroup
	for lane := range lanes {
		wg.Go(func() {
			var before record.Part
			for n := range batches {
				p := mixed(u.Fences[record.Shard(lane)], lane, n, each, lanes)
				for i := range before.Heads { // what was begun in the batch before comes to its end
					h := before.Heads[i]
					h.Insert, h.Ended = false, 1
					p.Heads, p.Entries = append(p.Heads, h), append(p.Entries, drivertest.Entry(h.Execution, 2, 200))
				}
				before = record.Part{Heads: p.Heads[:each]}
				batch := &store.Batch{
					Lane:   store.Lane{Owner: u.Owner, Number: lane},
					Number: uint64(n) + 1, Digest: uint64(n), Parts: []record.Part{p},
				}
				if o := b.Commit(t.Context(), batch); o.Result != store.Committed {
					t.Errorf("lane %d, batch %d: %s %v %v", lane, n, o.Result, o.Rejected, o.Cause)
					return
				}
			}
		})
	}
	wg.Wait()
}

// mixed is a part with n new executions and rows of every kind.
func mixed(f record.Fence, lane, batch, n, lanes int) record.Part {
	p := record.Part{Fence: f, Expire: int64(batch)}
	for i := range n {
		id := record.NewID(int64(batch*n+i+1), uint64(i), uint16(lane))
		h := record.Head{
			Execution: id, Insert: true, Namespace: "default", Workflow: "order", Version: "1", Status: "running", Key: id.String(),
			Tags: []record.Tag{{Name: "customer", Text: "acme"}, {Name: "n", Num: float64(i), IsNum: true}},
		}
		p.Heads, p.Entries = append(p.Heads, h), append(p.Entries, drivertest.Entry(id, 1, 200))
		p.Snapshots = append(p.Snapshots, record.Snapshot{Execution: id, Seq: 1, Body: []byte("s")})
		p.Keys = append(p.Keys, record.KeyChange{KeyRow: record.KeyRow{Key: record.Key{Namespace: "default", Workflow: "order", Key: h.Key}, Execution: id}})
		p.Sends = append(p.Sends,
			record.Message{ID: record.MessageID{From: id, Seq: 1}, Shard: record.Shard((lane + i) % lanes), Namespace: "default", To: id},
			record.Message{ID: record.MessageID{From: id, Seq: 2}, Shard: f.Shard, Namespace: "default", To: id})
		p.Takes = append(p.Takes, record.MessageID{From: id, Seq: 2})
		p.Answers = append(p.Answers, record.Answer{To: id, At: int64(batch)})
	}
	return p
}
