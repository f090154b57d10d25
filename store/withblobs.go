package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/pawl-dev/pawl/record"
)

// OutsideBlobs are blobs that are not kept by a backend: in an object store, say.
type OutsideBlobs interface {
	Blobs
	// Close may be called twice. Calls after it are [ErrClosed].
	Close() error
}

// BlobsOpener opens such blobs and checks that they can be written, read, listed and dropped.
type BlobsOpener interface {
	OpenBlobs(ctx context.Context) (OutsideBlobs, error)
}

// WithBlobs is an opener of what inner opens, whose blobs are put into others. All else is inner's, and what inner's backend
// can do beyond [Backend], this one can. Blobs that inner kept before are still found.
//
// Of executions that a commit forgets, the blobs are dropped soon after; see [Drops].
func WithBlobs(inner Opener, blobs BlobsOpener) Opener { return withBlobs{inner, blobs} }

type withBlobs struct {
	inner Opener
	blobs BlobsOpener
}

// Open implements [Opener].
func (w withBlobs) Open(ctx context.Context) (Backend, error) {
	blobs, err := w.blobs.OpenBlobs(ctx)
	if err != nil {
		return nil, err
	}
	inner, err := w.inner.Open(ctx)
	if err != nil {
		return nil, errors.Join(err, blobs.Close())
	}
	return able(&outside{Backend: inner, blobs: blobs, dropper: startDropper(blobs)}), nil
}

// able is b with what its inner backend can do beyond [Backend], and nothing that it cannot.
func able(b *outside) Backend {
	lends, isTransactor := b.Backend.(Transactor)
	changes, isThrough := b.Backend.(Through)
	switch {
	case isTransactor && isThrough:
		return struct {
			*outside
			Transactor
			through
		}{b, lends, through{changes}}
	case isTransactor:
		return struct {
			*outside
			Transactor
		}{b, lends}
	case isThrough:
		return struct {
			*outside
			through
		}{b, through{changes}}
	}
	return b
}

// through lends its method under another name than that of the interface, which would hide it.
type through struct{ inner Through }

func (t through) Through(s Sender) Sender { return t.inner.Through(s) }

// outside is a backend with blobs outside.
type outside struct {
	Backend
	blobs   OutsideBlobs
	dropper *dropper
	closed  atomic.Bool
}

// Commit implements [Store].
func (b *outside) Commit(ctx context.Context, batch *Batch) Outcome {
	o := b.Backend.Commit(ctx, batch)
	if o.Result == Committed {
		for i := range batch.Parts {
			b.dropper.add(batch.Parts[i].Forgets)
		}
	}
	return o
}

// Drops implements [Dropping].
func (b *outside) Drops() Drops { return b.dropper.count() }

// Close implements [Store]. What is still to be dropped is given a few seconds.
func (b *outside) Close() error {
	b.closed.Store(true)
	b.dropper.close()
	return errors.Join(b.Backend.Close(), b.blobs.Close())
}

// enter says why a call about blobs cannot begin.
func (b *outside) enter(ctx context.Context) error {
	if b.closed.Load() {
		return ErrClosed
	}
	return ctx.Err()
}

// PutBlob implements [Blobs].
func (b *outside) PutBlob(ctx context.Context, namespace string, id record.ID, sum [32]byte, body []byte) error {
	if err := b.enter(ctx); err != nil {
		return err
	}
	return b.blobs.PutBlob(ctx, namespace, id, sum, body)
}

// GetBlob implements [Blobs].
func (b *outside) GetBlob(ctx context.Context, namespace string, id record.ID, sum [32]byte) ([]byte, error) {
	if err := b.enter(ctx); err != nil {
		return nil, err
	}
	body, err := b.blobs.GetBlob(ctx, namespace, id, sum)
	if errors.Is(err, ErrNotFound) {
		return b.Backend.GetBlob(ctx, namespace, id, sum)
	}
	return body, err
}

// BlobOwners implements [Blobs].
func (b *outside) BlobOwners(ctx context.Context, after record.ID, limit int) ([]record.ID, error) {
	if err := b.enter(ctx); err != nil {
		return nil, err
	}
	out, err := b.blobs.BlobOwners(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	before, err := b.Backend.BlobOwners(ctx, after, limit)
	if err != nil || len(before) == 0 {
		return out, err
	}
	out = append(out, before...)
	slices.SortFunc(out, compareIDs)
	out = slices.Compact(out)
	return out[:min(len(out), limit)], nil
}

// BlobSums implements [Blobs].
func (b *outside) BlobSums(ctx context.Context, id record.ID) ([][32]byte, error) {
	if err := b.enter(ctx); err != nil {
		return nil, err
	}
	out, err := b.blobs.BlobSums(ctx, id)
	if err != nil {
		return nil, err
	}
	before, err := b.Backend.BlobSums(ctx, id)
	if err != nil || len(before) == 0 {
		return out, err
	}
	out = append(out, before...)
	slices.SortFunc(out, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(out), nil
}

// DropBlobs implements [Blobs].
func (b *outside) DropBlobs(ctx context.Context, id record.ID) error {
	if err := b.enter(ctx); err != nil {
		return err
	}
	return errors.Join(b.blobs.DropBlobs(ctx, id), b.Backend.DropBlobs(ctx, id))
}

func compareIDs(a, b record.ID) int { return bytes.Compare(a[:], b[:]) }
