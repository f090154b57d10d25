package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/pawl-dev/pawl/record"
)

// OutsideBlobs are blobs that are not kept by a backend: in an object store, say.
type OutsideBlobs interface {
	Blobs
	// Belong is called once, before all else, by the store of that incarnation. Where the place is another store's it is
	// [ErrForeignBlobs].
	Belong(ctx context.Context, incarnation [16]byte) error
	// Close may be called twice. Calls after it are [ErrClosed].
	Close() error
}

// BlobsOpener opens such blobs and checks that they can be written, read, listed and dropped.
type BlobsOpener interface {
	OpenBlobs(ctx context.Context) (OutsideBlobs, error)
}

// WithBlobs is an opener of what inner opens, whose blobs are put into others. All else is inner's, and where inner's backend
// is a [Transactor], so is this one. Blobs that inner kept before are still found.
//
// A backend that changes bodies on their way, such as an encrypting one, is refused: it must go around this one, or blobs
// would go out as they are.
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
	if _, changes := inner.(Through); changes {
		return nil, errors.Join(errOrder, inner.Close(), blobs.Close())
	}
	if err := blobs.Belong(ctx, inner.Info().Incarnation); err != nil {
		return nil, errors.Join(err, inner.Close(), blobs.Close())
	}
	b := &outside{Backend: inner, blobs: blobs, dropper: startDropper(blobs)}
	if lends, is := inner.(Transactor); is {
		return lending{b, lends}, nil
	}
	return b, nil
}

var errOrder = errors.New("a backend that changes bodies on their way, such as a sealed one, goes around one with blobs elsewhere, not into it")

// lending is a backend whose inner one lends its writer.
type lending struct {
	*outside
	Transactor
}

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

// Info implements [Backend]. It says what was left behind, so that it is heard through whatever goes around this backend.
func (b *outside) Info() Info {
	i := b.Backend.Info()
	if d := b.Drops(); d.Missed > 0 {
		line := fmt.Sprintf("the blobs of %d forgotten executions may be left until the next sweep", d.Missed)
		if d.Last != nil {
			line += ": " + d.Last.Error()
		}
		i.Warnings = append(slices.Clone(i.Warnings), line)
	}
	return i
}

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
