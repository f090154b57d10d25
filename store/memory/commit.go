package memory

import (
	"context"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Commit implements [store.Store].
func (s *Store) Commit(ctx context.Context, b *store.Batch) store.Outcome {
	unlock, err := s.write(ctx)
	if err != nil {
		return store.Outcome{Result: store.NotCommitted, Cause: err}
	}
	defer unlock()
	if o, done := s.lane(b); done {
		return o
	}
	if deposed := s.deposed(b.Parts); len(deposed) > 0 {
		return store.Outcome{Result: store.NotCommitted, Deposed: deposed}
	}
	x := transaction{data: s.data}
	for i := range b.Parts {
		x.part(&b.Parts[i])
	}
	if len(x.rejected) > 0 {
		x.rollback()
		return store.Outcome{Result: store.NotCommitted, Rejected: x.rejected}
	}
	s.lanes[b.Lane] = laneState{b.Number, b.Digest}
	return store.Outcome{Result: store.Committed}
}

// lane compares the lane with b. It answers itself where b is not the next batch.
func (d *data) lane(b *store.Batch) (o store.Outcome, done bool) {
	at := d.lanes[b.Lane]
	switch {
	case b.Number == 0:
		return refuse(fmt.Errorf("batches of a lane are numbered from 1")), true
	case at.number == b.Number-1:
		return o, false
	case at.number < b.Number:
		return refuse(store.WentBack("lane %d is at %d, batch %d was to follow", b.Lane.Number, at.number, b.Number)), true
	case at.number > b.Number:
		return refuse(fmt.Errorf("lane %d is at %d, past batch %d", b.Lane.Number, at.number, b.Number)), true
	case at.digest != b.Digest:
		return store.Outcome{Result: store.Superseded, Winner: at.digest}, true
	}
	return store.Outcome{Result: store.Committed}, true
}

func refuse(cause error) store.Outcome {
	return store.Outcome{Result: store.NotCommitted, Cause: cause}
}

// deposed lists the shards whose fence does not hold, ascending.
func (d *data) deposed(parts []record.Part) []record.Shard {
	var out []record.Shard
	for i := range parts {
		f := parts[i].Fence
		if f.Owner == (record.Owner{}) || f.Shard >= shards || d.shards[f.Shard].fence != f {
			out = append(out, f.Shard)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// transaction writes parts and can take everything back.
type transaction struct {
	*data
	shard    record.Shard
	undo     []func()
	rejected []store.Rejection
}

func (x *transaction) rollback() {
	for _, f := range slices.Backward(x.undo) {
		f()
	}
}

// reject notes the first reason against an execution.
func (x *transaction) reject(id record.ID, format string, args ...any) {
	if slices.ContainsFunc(x.rejected, func(r store.Rejection) bool { return r.Execution == id }) {
		return
	}
	x.rejected = append(x.rejected, store.Rejection{Execution: id, Reason: fmt.Sprintf(format, args...)})
}

func (x *transaction) part(p *record.Part) {
	x.shard = p.Fence.Shard
	for i := range p.Heads {
		x.head(&p.Heads[i])
	}
	for i := range p.Entries {
		x.entry(&p.Entries[i])
	}
	for i := range p.Heads {
		x.born(&p.Heads[i])
	}
	for i := range p.Snapshots {
		x.snapshot(&p.Snapshots[i])
	}
	for i := range p.Trims {
		x.trim(&p.Trims[i])
	}
	for i := range p.Keys {
		x.key(&p.Keys[i])
	}
	for i := range p.Sends {
		x.send(&p.Sends[i])
	}
	for i := range p.Takes {
		x.take(p, p.Takes[i])
	}
	for _, id := range p.Forgets {
		x.forget(id)
	}
	x.expire(p.Expire)
	for i := range p.Answers {
		x.answer(&p.Answers[i])
	}
}

// mine rejects id unless it belongs to the part's shard: its fence says nothing about others.
func (x *transaction) mine(id record.ID) bool {
	if s := id.Shard(shards); s != x.shard {
		x.reject(id, "belongs to shard %d, not %d", s, x.shard)
		return false
	}
	return true
}

func (x *transaction) head(h *record.Head) {
	if !x.mine(h.Execution) {
		return
	}
	e := x.executions[h.Execution]
	if h.Insert {
		if e != nil {
			x.reject(h.Execution, "exists already")
			return
		}
		e = &execution{}
		x.executions[h.Execution] = e
		x.undo = append(x.undo, func() { delete(x.executions, h.Execution) })
	}
	if e == nil {
		x.reject(h.Execution, "does not exist")
		return
	}
	before := e.head
	e.head = keepHead(h)
	x.setDue(h.Execution, h.NextAt)
	x.undo = append(x.undo, func() { e.head = before })
}

func (x *transaction) setDue(id record.ID, at int64) {
	due := x.shards[x.shard].due
	before, had := due[id]
	if at == record.Never {
		delete(due, id)
	} else {
		due[id] = at
	}
	x.undo = append(x.undo, func() {
		delete(due, id)
		if had {
			due[id] = before
		}
	})
}

func (x *transaction) entry(n *record.Entry) {
	if !x.mine(n.Execution) {
		return
	}
	e := x.executions[n.Execution]
	switch {
	case len(n.Body) > maxBody:
		x.reject(n.Execution, "entry of %d bytes is over the limit of %d", len(n.Body), maxBody)
		return
	case e == nil:
		x.reject(n.Execution, "entry %d without a head", n.Seq)
		return
	case n.Seq != e.last()+1:
		x.reject(n.Execution, "entry %d does not follow entry %d", n.Seq, e.last())
		return
	}
	c := *n
	c.Body = slices.Clone(n.Body)
	e.entries = append(e.entries, c)
	x.undo = append(x.undo, func() { e.entries = e.entries[:len(e.entries)-1] })
}

// born rejects a new head without an entry.
func (x *transaction) born(h *record.Head) {
	if e := x.executions[h.Execution]; h.Insert && e != nil && len(e.entries) == 0 {
		x.reject(h.Execution, "a new head without entry 1")
	}
}

func (x *transaction) snapshot(n *record.Snapshot) {
	if !x.mine(n.Execution) {
		return
	}
	e := x.executions[n.Execution]
	switch {
	case e == nil || n.Seq <= e.gone || n.Seq > e.last():
		x.reject(n.Execution, "snapshot at entry %d, which does not exist", n.Seq)
		return
	case len(n.Body) > maxBody:
		x.reject(n.Execution, "snapshot of %d bytes is over the limit of %d", len(n.Body), maxBody)
		return
	}
	before := e.snapshot
	c := *n
	c.Body = slices.Clone(n.Body)
	e.snapshot = &c
	x.undo = append(x.undo, func() { e.snapshot = before })
}

func (x *transaction) trim(t *record.Trim) {
	if !x.mine(t.Execution) {
		return
	}
	e := x.executions[t.Execution]
	if e == nil || t.Before == 0 || t.Before > e.last() {
		x.reject(t.Execution, "trimmed before entry %d, which does not exist", t.Before)
		return
	}
	if t.Before <= e.gone+1 {
		return
	}
	entries, gone, snapshot := e.entries, e.gone, e.snapshot
	// The kept entries move to a list of their own, so that the memory of the others is free.
	e.entries, e.gone = slices.Clone(entries[t.Before-1-gone:]), t.Before-1
	if snapshot != nil && snapshot.Seq < t.Before {
		e.snapshot = nil
	}
	x.undo = append(x.undo, func() { e.entries, e.gone, e.snapshot = entries, gone, snapshot })
}

func (x *transaction) key(c *record.KeyChange) {
	before, had := x.keys[c.Key]
	if before.Execution != c.Old {
		culprit := c.Execution
		if culprit.IsZero() {
			culprit = c.Old
		}
		x.reject(culprit, "its key points to another execution")
		return
	}
	if c.Delete {
		delete(x.keys, c.Key)
	} else {
		x.keys[c.Key] = c.KeyRow
	}
	x.undo = append(x.undo, func() { x.restoreKey(c.Key, before, had) })
}

func (x *transaction) restoreKey(k record.Key, before record.KeyRow, had bool) {
	delete(x.keys, k)
	if had {
		x.keys[k] = before
	}
}

func (x *transaction) send(m *record.Message) {
	if reason := unsendable(m); reason != "" {
		x.reject(m.ID.From, "%s", reason)
		return
	}
	box := &x.shards[m.Shard].inbox
	if box.add(m) {
		x.undo = append(x.undo, func() { box.take(m.ID) })
	}
}

func (x *transaction) take(p *record.Part, id record.MessageID) {
	box := &x.shards[x.shard].inbox
	l := box.take(id)
	if l == nil {
		x.reject(p.Only(), "the message %s/%d/%d to take is not there", id.From, id.Seq, id.N)
		return
	}
	x.undo = append(x.undo, func() { box.put(l) })
}

func (x *transaction) forget(id record.ID) {
	if !x.mine(id) {
		return
	}
	e := x.executions[id]
	if e == nil {
		return
	}
	if e.head.Ended == 0 {
		x.reject(id, "is open and cannot be forgotten")
		return
	}
	delete(x.executions, id)
	x.undo = append(x.undo, func() { x.executions[id] = e })
	if blobs, ok := x.blobs[id]; ok {
		delete(x.blobs, id)
		x.undo = append(x.undo, func() { x.blobs[id] = blobs })
	}
	x.setDue(id, record.Never)
	k := record.Key{Namespace: e.head.Namespace, Workflow: e.head.Workflow, Key: e.head.Key}
	if row, ok := x.keys[k]; ok && row.Execution == id {
		delete(x.keys, k)
		x.undo = append(x.undo, func() { x.keys[k] = row })
	}
}
