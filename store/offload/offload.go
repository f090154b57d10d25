// Package offload keeps large payloads apart: of a body above a size, the values in it that are large become blobs of the
// execution, and the body refers to them by content ("claim check"). What is read is whole again. It wraps any store, and
// pawl.Open wraps each one:
//
//	entry {"v":1,"ops":[{"op":"done","step":"scan","output":{"pages":["...3 MiB...","...2 MiB..."]}}]}
//	  is kept as {"v":1,"ops":[{"op":"done","step":"scan","output":{"pages":[,]}}]} and two blobs
//
// So a commit that many wait for stays small, and a payload that entries, messages and snapshots repeat is kept once.
// docs/stores.md is the page for users, docs/adr/0020-large-payloads.md says why it is as it is.
//
// The package must not know what bodies mean, which database keeps them, or who drives it.
package offload

import (
	"context"
	"fmt"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Options say what is large, in bytes. The zero value is for real stores.
type Options struct {
	// Above is the size from which a body is looked at, and from which a value in it becomes a blob. 0 is 256 KiB.
	Above int
	// Piece bounds one blob; a longer value becomes several. 0 is 4 MiB, which fits into a packet of any server.
	Piece int
}

const (
	above = 256 << 10
	piece = 4 << 20
)

// Open is an opener of inner whose large payloads are kept apart.
func Open(inner store.Opener, o Options) store.Opener { return opener{inner, o} }

type opener struct {
	inner store.Opener
	o     Options
}

// Open implements [store.Opener].
func (o opener) Open(ctx context.Context) (store.Backend, error) {
	inner, err := o.inner.Open(ctx)
	if err != nil {
		return nil, err
	}
	return Wrap(inner, o.o), nil
}

// Wrap is inner with large payloads apart, or inner itself where that is done already.
func Wrap(inner store.Backend, o Options) *Store {
	if s, ok := inner.(*Store); ok {
		return s
	}
	if o.Above == 0 {
		o.Above = above
	}
	if o.Piece == 0 {
		o.Piece = piece
	}
	return &Store{Backend: inner, o: o}
}

// Store is a backend that keeps large payloads as blobs. What it does not change goes to the inner one as it is.
type Store struct {
	store.Backend
	o     Options
	there there
}

// Inner is the store below.
func (s *Store) Inner() store.Backend { return s.Backend }

// Commit implements [store.Store]. The blobs of a batch are durable before it is.
func (s *Store) Commit(ctx context.Context, b *store.Batch) store.Outcome {
	apart, blobs := s.part(b)
	if err := s.put(ctx, blobs); err != nil {
		return store.Outcome{Result: store.NotCommitted, Cause: fmt.Errorf("keeping a large payload: %w", err)}
	}
	o := s.Backend.Commit(ctx, apart)
	if o.Result == store.Committed {
		s.there.forget(b)
	}
	return o
}

// part is b with the large bodies parted, b itself where there are none, and their blobs. A batch that is committed again
// gives the same bytes again.
func (s *Store) part(b *store.Batch) (*store.Batch, []blob) {
	if !s.large(b) {
		return b, nil
	}
	out := *b
	out.Parts = append([]record.Part(nil), b.Parts...)
	var blobs []blob
	for i := range out.Parts {
		p := &out.Parts[i]
		p.Entries = append([]record.Entry(nil), p.Entries...)
		for k := range p.Entries {
			e := &p.Entries[k]
			body, got := s.cut(e.Body, e.Sum, s.texts(e.Body, inEntry))
			blobs = owned(blobs, got, e.Namespace, e.Execution, p.Fence.Epoch)
			if body != nil {
				e.Body = body
				e.Sum = e.Checksum()
			}
		}
		p.Snapshots = append([]record.Snapshot(nil), p.Snapshots...)
		for k := range p.Snapshots {
			n := &p.Snapshots[k]
			body, got := s.cut(n.Body, n.Sum, s.inside(n.Body, n.Texts))
			blobs = owned(blobs, got, n.Namespace, n.Execution, p.Fence.Epoch)
			if body != nil {
				wrong := record.Checksum(n.Body) ^ n.Sum // a sum that does not fit must not fit afterwards
				n.Body, n.Sum = body, record.Checksum(body)^wrong
			}
		}
		p.Sends, blobs = s.messages(p.Sends, blobs)
	}
	return &out, blobs
}

// large reports whether anything of b may have to be parted.
func (s *Store) large(b *store.Batch) bool {
	for i := range b.Parts {
		p := &b.Parts[i]
		for k := range p.Entries {
			if s.looksAt(p.Entries[k].Body) {
				return true
			}
		}
		for k := range p.Snapshots {
			if s.looksAt(p.Snapshots[k].Body) {
				return true
			}
		}
		for k := range p.Sends {
			if s.looksAt(p.Sends[k].Body) {
				return true
			}
		}
	}
	return false
}

// looksAt reports whether body may have to be changed: it is large, or looks like one that was.
func (s *Store) looksAt(body []byte) bool { return len(body) > s.o.Above || marked(body) }

// messages parts messages. What they bring is kept for the execution that they are for; one that is for whoever has a
// key stays whole, since nobody knows yet whose blobs they would be.
func (s *Store) messages(list []record.Message, blobs []blob) ([]record.Message, []blob) {
	out := append([]record.Message(nil), list...)
	for i := range out {
		m := &out[i]
		var cuts []record.Span
		if !m.To.IsZero() {
			cuts = s.texts(m.Body, inMessage)
		}
		body, got := s.cut(m.Body, record.Checksum(m.Body), cuts)
		blobs = owned(blobs, got, m.Namespace, m.To, 0)
		if body != nil {
			m.Body = body
		}
	}
	return out, blobs
}

// Send implements [store.Store].
func (s *Store) Send(ctx context.Context, list []record.Message) error {
	return s.send(ctx, s.Backend, list)
}

func (s *Store) send(ctx context.Context, to store.Sender, list []record.Message) error {
	out, blobs := s.messages(list, nil)
	if err := s.put(ctx, blobs); err != nil {
		return fmt.Errorf("keeping a large payload: %w", err)
	}
	return to.Send(ctx, out)
}

// Through implements [store.Through]. Blobs are put beside the transaction of to: those of one that is rolled back are
// nobody's, and [Sweep] finds them.
func (s *Store) Through(to store.Sender) store.Sender {
	_, embedded := to.(store.Tx)
	if t, ok := s.Backend.(store.Through); ok {
		to = t.Through(to)
	}
	if embedded { // its transaction has the only writer, so blobs would wait for ever
		return to
	}
	return store.SenderFunc(func(ctx context.Context, list []record.Message) error { return s.send(ctx, to, list) })
}

// Tx implements [store.Transactor] where the inner store does.
func (s *Store) Tx(ctx context.Context, fn func(tx store.Tx) error) error {
	return store.Lend(ctx, s.Backend, fn)
}
