package sealed

import (
	"context"
	"errors"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// batch is a batch with sealed bodies, and the memory for it.
type batch struct {
	store.Batch
	entries   []record.Entry
	snapshots []record.Snapshot
	sends     []record.Message
	answers   []record.Answer
	arena     []byte // sealed bodies
	work      work
	rejected  []store.Rejection
}

func (b *batch) reset() {
	clear(b.Parts)
	clear(b.entries)
	clear(b.snapshots)
	clear(b.sends)
	clear(b.answers)
	*b = batch{
		Batch: store.Batch{Parts: b.Parts[:0]}, entries: b.entries[:0], snapshots: b.snapshots[:0], sends: b.sends[:0],
		answers: b.answers[:0], arena: b.arena[:0], work: b.work,
	}
}

// seal makes b the sealed form of from. Executions for which there is no key are named; an error says that the store
// could not be asked for one.
func (b *batch) seal(ctx context.Context, c *codec, from *store.Batch) ([]store.Rejection, error) {
	b.room(from)
	b.Lane, b.Number, b.Digest = from.Lane, from.Number, from.Digest
	b.Parts = append(b.Parts, from.Parts...)
	for i := range b.Parts {
		if err := b.part(ctx, c, &b.Parts[i]); err != nil {
			return nil, err
		}
	}
	return b.rejected, nil
}

// room makes the arena large enough that it need not grow.
func (b *batch) room(from *store.Batch) {
	n := 0
	for i := range from.Parts {
		p := &from.Parts[i]
		for k := range p.Entries {
			n += len(p.Entries[k].Body) + overhead
		}
		for k := range p.Snapshots {
			n += len(p.Snapshots[k].Body) + overhead
		}
		for k := range p.Sends {
			n += len(p.Sends[k].Body) + overhead
		}
		for k := range p.Answers {
			n += len(p.Answers[k].Body) + overhead
		}
	}
	if cap(b.arena) < n {
		b.arena = make([]byte, 0, n)
	}
}

func (b *batch) part(ctx context.Context, c *codec, p *record.Part) error {
	from := len(b.entries)
	b.entries = append(b.entries, p.Entries...)
	p.Entries = b.entries[from:len(b.entries):len(b.entries)]
	for i := range p.Entries {
		e := &p.Entries[i]
		body, changed, err := b.body(ctx, c, e.Body, e.Sum, entryBound(e))
		if err = b.refuse(e.Execution, err); err != nil {
			return err
		}
		if changed {
			e.Body = body
			e.Sum = e.Checksum()
		}
	}
	from = len(b.snapshots)
	b.snapshots = append(b.snapshots, p.Snapshots...)
	p.Snapshots = b.snapshots[from:len(b.snapshots):len(b.snapshots)]
	for i := range p.Snapshots {
		n := &p.Snapshots[i]
		body, changed, err := b.body(ctx, c, n.Body, n.Sum, snapshotBound(n))
		if err = b.refuse(n.Execution, err); err != nil {
			return err
		}
		if changed {
			wrong := record.Checksum(n.Body) ^ n.Sum // a sum that does not fit must not fit afterwards
			n.Body, n.Sum = body, record.Checksum(body)^wrong
		}
	}
	return b.mail(ctx, c, p)
}

func (b *batch) mail(ctx context.Context, c *codec, p *record.Part) error {
	from := len(b.sends)
	b.sends = append(b.sends, p.Sends...)
	p.Sends = b.sends[from:len(b.sends):len(b.sends)]
	for i := range p.Sends {
		m := &p.Sends[i]
		body, _, err := b.body(ctx, c, m.Body, record.Checksum(m.Body), messageBound(m))
		if err = b.refuse(m.ID.From, err); err != nil {
			return err
		}
		m.Body = body
	}
	from = len(b.answers)
	b.answers = append(b.answers, p.Answers...)
	p.Answers = b.answers[from:len(b.answers):len(b.answers)]
	for i := range p.Answers {
		a := &p.Answers[i]
		body, _, err := b.body(ctx, c, a.Body, record.Checksum(a.Body), answerBound(a))
		if errors.Is(err, ErrUnavailable) { // no execution could be blamed
			body, err = []byte{record.CodecEncrypted}, nil
		}
		if err != nil {
			return err
		}
		a.Body = body
	}
	return nil
}

func (b *batch) body(ctx context.Context, c *codec, body []byte, sum uint32, to bound) (out []byte, changed bool, err error) {
	from := len(b.arena)
	out, changed, err = c.seal(ctx, &b.work, b.arena, body, sum, to)
	if !changed || err != nil {
		return body, false, err
	}
	b.arena = out
	return out[from:len(out):len(out)], true, nil
}

// refuse takes note of an execution without a key, once; other errors are passed on.
func (b *batch) refuse(id record.ID, err error) error {
	if !errors.Is(err, ErrUnavailable) {
		return err
	}
	for i := range b.rejected {
		if b.rejected[i].Execution == id {
			return nil
		}
	}
	b.rejected = append(b.rejected, store.Rejection{Execution: id, Reason: err.Error()})
	return nil
}
