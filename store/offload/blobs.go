package offload

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// together is how many blobs are on their way at once.
const together = 4

// put makes blobs durable that are not.
func (s *Store) put(ctx context.Context, blobs []blob) error {
	return each(len(blobs), func(i int) error {
		b := &blobs[i]
		if s.there.has(b) {
			s.there.put(b) // one that was put ahead now belongs to the fence
			return nil
		}
		if err := s.Backend.PutBlob(ctx, b.namespace, b.execution, b.sum, b.body); err != nil {
			return err
		}
		s.there.put(b)
		return nil
	})
}

// each calls do for 0 to n-1, several at once, and joins the errors.
func each(n int, do func(i int) error) error {
	if n <= 1 {
		if n == 1 {
			return do(0)
		}
		return nil
	}
	var all sync.WaitGroup
	errs := make([]error, n)
	free := make(chan struct{}, together)
	for i := range n {
		free <- struct{}{}
		all.Go(func() {
			errs[i] = do(i)
			<-free
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// Ahead keeps the large values of a JSON text as blobs of id before a commit refers to them, so that nobody waits for
// that but the caller: the commit finds them there. It is a help only; what is not put ahead is put by the commit.
func (s *Store) Ahead(ctx context.Context, namespace string, id record.ID, text []byte) error {
	if len(text) <= s.o.Above {
		return nil
	}
	var blobs []blob
	for _, p := range s.pieces(values(nil, text, record.Span{To: len(text)}, 0, s.o.Above)) {
		blobs = append(blobs, newBlob(text[p.From:p.To]))
	}
	if err := s.put(ctx, owned(nil, blobs, namespace, id, 0)); err != nil {
		return fmt.Errorf("keeping a large payload: %w", err)
	}
	return nil
}

// open is the whole of a stored body and the sum that came with it. changed is false where it is stored whole.
// [errDamaged]: it is not what was written, or a piece of it is gone.
func (s *Store) open(ctx context.Context, namespace string, id record.ID, stored []byte) (body []byte, sum uint32, changed bool, err error) {
	if !marked(stored) {
		return stored, 0, false, nil
	}
	p, err := read(stored)
	if err != nil {
		return nil, 0, false, err
	}
	got := make([][]byte, len(p.pieces))
	err = each(len(got), func(i int) (err error) {
		got[i], err = s.Backend.GetBlob(ctx, namespace, id, p.pieces[i].sum)
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrCorrupt):
		return nil, 0, false, errDamaged
	case err != nil:
		return nil, 0, false, fmt.Errorf("reading a large payload: %w", err)
	}
	body, err = p.whole(got)
	return body, p.sum, true, err
}
