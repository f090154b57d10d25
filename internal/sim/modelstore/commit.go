package modelstore

import (
	"errors"
	"slices"

	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// errNumber: a batch that no engine sends.
var errNumber = errors.New("the number of the batch makes no sense")

// Tx is one commit on its way. Its steps happen in order, at any distance in time: [Model.Arrive], then [Tx.Lock]
// until it succeeds, then [Tx.Apply] or [Tx.Abort].
type Tx struct {
	m      *Model
	batch  *store.Batch
	locked bool
	done   *store.Outcome // decided while locking
	torn   bool
}

// Arrive takes a copy of b: what reaches the server no longer changes with the client's buffers.
func (m *Model) Arrive(b *store.Batch) *Tx { return &Tx{m: m, batch: cloneBatch(b)} }

// Batch is the copy that arrived.
func (t *Tx) Batch() *store.Batch { return t.batch }

// Lock takes the lane's row and a share lock on every fence, or reports false where another commit holds the lane:
// try again when that one has ended. It decides everything that the lane and the fences decide.
func (t *Tx) Lock() bool {
	row := t.m.lane(t.batch.Lane)
	if row.busy {
		return false
	}
	row.busy = true
	t.locked = true
	t.done = t.decide(row)
	if !bug.On(bug.ShareLockMissing) {
		t.share(1)
	}
	return true
}

// Decided reports whether lane and fences have settled the outcome, so that no row is looked at.
func (t *Tx) Decided() bool { return t.done != nil }

func (t *Tx) decide(row *laneRow) *store.Outcome {
	lane, fences := t.checkLane(row), t.checkFences()
	if bug.On(bug.LaneAfterFence) && fences != nil {
		return fences
	}
	if lane != nil {
		return lane
	}
	return fences
}

func (t *Tx) checkLane(row *laneRow) *store.Outcome {
	n := t.batch.Number
	switch {
	case n == 0 || n < row.number:
		return &store.Outcome{Result: store.NotCommitted, Cause: errNumber}
	case row.number == n && (row.digest == t.batch.Digest || bug.On(bug.DigestIgnored)):
		return &store.Outcome{Result: store.Committed}
	case row.number == n:
		return &store.Outcome{Result: store.Superseded, Winner: row.digest}
	case row.number != n-1 && !(bug.On(bug.LaneBehind) && row.number < n-1):
		return &store.Outcome{Result: store.NotCommitted, Cause: store.WentBack("lane %d is at %d, batch %d was to follow", t.batch.Lane.Number, row.number, n)}
	}
	return nil
}

func (t *Tx) checkFences() *store.Outcome {
	var out store.Outcome
	for i := range t.batch.Parts {
		f := t.batch.Parts[i].Fence
		if !t.m.holds(f) && !slices.Contains(out.Deposed, f.Shard) {
			out.Deposed = append(out.Deposed, f.Shard)
		}
	}
	if out.Deposed == nil {
		return nil
	}
	slices.Sort(out.Deposed)
	out.Result = store.NotCommitted
	return &out
}

// holds reports whether f is the right to its shard.
func (m *Model) holds(f record.Fence) bool {
	if int(f.Shard) >= len(m.shards) || f.Owner == (record.Owner{}) {
		return false
	}
	now := m.shards[f.Shard].fence
	return now == f || bug.On(bug.EpochWithoutOwner) && now.Epoch == f.Epoch
}

func (t *Tx) share(n int) {
	for i := range t.batch.Parts {
		if s := int(t.batch.Parts[i].Fence.Shard); s < len(t.m.shards) {
			t.m.shards[s].readers += n
		}
	}
}

// Apply ends the transaction: all of the batch is durable, or nothing. changed reports which.
func (t *Tx) Apply() (out store.Outcome, changed bool) {
	if !t.locked {
		return store.Outcome{Result: store.NotCommitted, Cause: store.ErrClosed}, false
	}
	defer t.unlock()
	if t.done != nil {
		return *t.done, false
	}
	d := t.draft()
	if d.bad != nil {
		return store.Outcome{Result: store.NotCommitted, Rejected: d.bad}, false
	}
	d.keep()
	row := t.m.lane(t.batch.Lane)
	row.number, row.digest = t.batch.Number, t.batch.Digest
	return store.Outcome{Result: store.Committed}, true
}

// Tear is the seeded mistake RetriedPartly: the entries of the first part are not written.
func (t *Tx) Tear() { t.torn = true }

// Abort gives the locks back; nothing changes.
func (t *Tx) Abort() {
	if t.locked {
		t.unlock()
	}
}

func (t *Tx) unlock() {
	t.locked = false
	t.m.lane(t.batch.Lane).busy = false
	if !bug.On(bug.ShareLockMissing) {
		t.share(-1)
	}
}

func (m *Model) lane(l store.Lane) *laneRow {
	r := m.lanes[l]
	if r == nil {
		r = &laneRow{}
		m.lanes[l] = r
	}
	return r
}

func cloneBatch(b *store.Batch) *store.Batch {
	c := *b
	c.Parts = slices.Clone(b.Parts)
	for i := range c.Parts {
		clonePart(&c.Parts[i])
	}
	return &c
}

func clonePart(p *record.Part) {
	p.Entries = slices.Clone(p.Entries)
	for i := range p.Entries {
		p.Entries[i].Body = slices.Clone(p.Entries[i].Body)
	}
	p.Heads = slices.Clone(p.Heads)
	for i := range p.Heads {
		p.Heads[i].Tags = slices.Clone(p.Heads[i].Tags)
	}
	p.Snapshots = slices.Clone(p.Snapshots)
	for i := range p.Snapshots {
		p.Snapshots[i].Body = slices.Clone(p.Snapshots[i].Body)
	}
	p.Trims = slices.Clone(p.Trims)
	p.Keys = slices.Clone(p.Keys)
	p.Sends = slices.Clone(p.Sends)
	for i := range p.Sends {
		p.Sends[i].Body = slices.Clone(p.Sends[i].Body)
	}
	p.Takes = slices.Clone(p.Takes)
	p.Forgets = slices.Clone(p.Forgets)
	p.Answers = slices.Clone(p.Answers)
	for i := range p.Answers {
		p.Answers[i].Body = slices.Clone(p.Answers[i].Body)
	}
}
