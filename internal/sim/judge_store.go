package sim

import (
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// sending: a batch is immutable from its first send, and a digest names its content.
func (j *judge) sending(m *member, b *store.Batch) {
	v := version{b.Lane, b.Number, b.Digest}
	now := contentOf(b)
	was, ok := j.w.sent[v]
	if ok && was != now {
		j.fail("batch", "member %d sends batch %d of lane %d again with the same digest and other content", m.n, b.Number, b.Lane.Number)
	}
	j.w.sent[v] = now
}

// answered: what the store says of a batch is true.
func (j *judge) answered(b *store.Batch, out store.Outcome) {
	durable := j.applied[version{b.Lane, b.Number, b.Digest}]
	switch {
	case out.Result == store.Committed && !durable:
		j.fail("I6", "batch %d of lane %d is called committed and is not durable", b.Number, b.Lane.Number)
	case out.Deposed != nil && durable:
		j.fail("I7", "batch %d of lane %d is durable and its resend is called deposed", b.Number, b.Lane.Number)
	}
}

// refused: what its sender hears is not committed has changed nothing.
func (j *judge) refused(f *flight) {
	if b := f.tx.Batch(); f.changed {
		j.fail("F26", "batch %d of lane %d was made durable by an attempt that is called not committed", b.Number, b.Lane.Number)
	}
}

func (j *judge) claimed(f record.Fence, err error) {
	if err == nil && j.w.store.Fence(f.Shard) != f {
		j.fail("I3", "shard %d: a claim answers epoch %d of an owner that the store does not know", f.Shard, f.Epoch)
	}
}

// halted: unless the store went back in time, no Machine has a reason to give up.
func (j *judge) halted(m *member, err error) {
	if j.back != nil {
		j.back.halted(j, m, err)
		return
	}
	j.fail("halt", "member %d halts: %v", m.n, err)
}
