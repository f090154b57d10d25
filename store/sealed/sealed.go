// Package sealed compresses and encrypts what executions carry on its way to a store and back: the bodies of entries,
// snapshots, messages, answers and blobs. It wraps any store:
//
//	pawl.Open(ctx, sealed.Open(sqlite.Open("orders.db"), sealed.Options{Keys: sealed.FromFile("pawl.keys")}), ...)
//
// What a store searches and orders by (heads with their tags, keys and short errors, ids, times) and definitions stay
// readable. docs/encryption.md is the page for users, docs/adr/0015-sealed-payloads.md says why it is as it is.
//
// The package must not know what bodies mean, which database keeps them, or who drives it.
package sealed

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Options say what is done to bodies. The zero value compresses and does not encrypt.
type Options struct {
	// Keys gives the key-encryption keys, the current one first. nil: nothing is encrypted, and what was stays locked.
	Keys Source
	// CompressAbove is the size in bytes from which bodies are compressed, where that makes them smaller. 0 is 512,
	// negative is never.
	CompressAbove int
}

// compressAbove is the default of [Options.CompressAbove].
const compressAbove = 512

// ErrUnavailable: what is encrypted cannot be read or written, since no key that is here opens its data key.
var ErrUnavailable = fmt.Errorf("secret_unavailable: %w", store.ErrLocked)

// Open is an opener of inner with bodies that are compressed and encrypted as o says.
func Open(inner store.Opener, o Options) store.Opener { return opener{inner, o} }

type opener struct {
	inner store.Opener
	o     Options
}

// Open implements [store.Opener]. Keys that cannot be had are an error; keys that are the wrong ones are not: what they
// do not open stays locked.
func (o opener) Open(ctx context.Context) (store.Backend, error) {
	var keks []KEK
	if o.o.Keys != nil {
		var err error
		if keks, err = o.o.Keys(ctx); err == nil && len(keks) == 0 {
			err = errors.New("there is none")
		}
		if err != nil {
			return nil, fmt.Errorf("key-encryption keys: %w", err)
		}
	}
	inner, err := o.inner.Open(ctx)
	if err != nil {
		return nil, err
	}
	return Wrap(inner, o.o, keks), nil
}

// Wrap is inner with bodies that are compressed and encrypted. keks are what o.Keys gave.
func Wrap(inner store.Backend, o Options, keks []KEK) *Store {
	if o.CompressAbove == 0 {
		o.CompressAbove = compressAbove
	}
	s := &Store{Backend: inner, codec: &codec{above: o.CompressAbove}, pending: map[store.Lane]*batch{}}
	s.codec.keys = newKeyring(inner, o.Keys, keks)
	return s
}

// Store is a backend that keeps bodies sealed. What it does not change goes to the inner one as it is.
type Store struct {
	store.Backend
	codec *codec

	mu sync.Mutex
	// pending are the sealed forms of batches of which the outcome is unknown: a repeat sends the same bytes.
	pending map[store.Lane]*batch
	spare   sync.Pool
}

// Inner is the store below.
func (s *Store) Inner() store.Backend { return s.Backend }

// Commit implements [store.Store]. What cannot be encrypted for want of a key is rejected, execution by execution.
func (s *Store) Commit(ctx context.Context, b *store.Batch) store.Outcome {
	sealed := s.taken(b)
	if sealed == nil {
		sealed = s.fresh()
		rejected, err := sealed.seal(ctx, s.codec, b)
		if err != nil || len(rejected) > 0 {
			s.recycle(sealed)
			return store.Outcome{Result: store.NotCommitted, Rejected: rejected, Cause: err}
		}
	}
	o := s.Backend.Commit(ctx, &sealed.Batch)
	if o.Result == store.Unknown {
		s.mu.Lock()
		s.pending[b.Lane] = sealed
		s.mu.Unlock()
		return o
	}
	s.recycle(sealed)
	return o
}

// taken is the sealed form of b where an attempt was made that may still be under way. That of another version of the
// batch is given up, not used again: somebody may still read it.
func (s *Store) taken(b *store.Batch) *batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pending[b.Lane]
	if p == nil {
		return nil
	}
	delete(s.pending, b.Lane)
	if p.Number != b.Number || p.Digest != b.Digest {
		return nil
	}
	return p
}

func (s *Store) fresh() *batch {
	if b, ok := s.spare.Get().(*batch); ok {
		return b
	}
	return &batch{}
}

// largestSpare bounds the buffers that are kept for the next batch, in bytes.
const largestSpare = 16 << 20

func (s *Store) recycle(b *batch) {
	if cap(b.arena) <= largestSpare {
		b.reset()
		s.spare.Put(b)
	}
}

// Send implements [store.Store].
func (s *Store) Send(ctx context.Context, list []record.Message) error {
	return s.send(ctx, s.Backend, list)
}

func (s *Store) send(ctx context.Context, to store.Sender, list []record.Message) error {
	var w work
	out := make([]record.Message, len(list))
	for i := range list {
		m := list[i]
		var err error
		if m.Body, _, err = s.codec.seal(ctx, &w, nil, m.Body, record.Checksum(m.Body), messageBound(&m)); err != nil {
			return err
		}
		out[i] = m
	}
	return to.Send(ctx, out)
}

// Through implements [store.Through].
func (s *Store) Through(to store.Sender) store.Sender {
	return store.SenderFunc(func(ctx context.Context, list []record.Message) error { return s.send(ctx, to, list) })
}

// Tx implements [store.Transactor] where the inner store does.
func (s *Store) Tx(ctx context.Context, fn func(tx store.Tx) error) error {
	return store.Lend(ctx, s.Backend, fn)
}

// PutBlob implements [store.Blobs].
func (s *Store) PutBlob(ctx context.Context, namespace string, id record.ID, sum [32]byte, body []byte) error {
	var w work
	body, _, err := s.codec.seal(ctx, &w, nil, body, record.Checksum(body), blobBound(namespace, id, sum))
	if err != nil {
		return err
	}
	return s.Backend.PutBlob(ctx, namespace, id, sum, body)
}
