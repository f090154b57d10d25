package offload

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// The bodies of what is not what was written, or of which a piece is gone, and of what is encrypted with a key that is
// not here.
var (
	damaged = []byte{record.CodecDamaged}
	locked  = []byte{record.CodecEncrypted}
)

// Load implements [store.Store]. Where a piece cannot be read now, that is [store.ErrSome] too, so that other executions
// need not wait for it.
func (s *Store) Load(ctx context.Context, sh record.Shard, ids []record.ID) ([]store.Loaded, error) {
	list, err := s.Backend.Load(ctx, sh, ids)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := s.loaded(ctx, &list[i]); err != nil {
			return nil, fmt.Errorf("%w: %w", store.ErrSome, err)
		}
	}
	return list, nil
}

func (s *Store) loaded(ctx context.Context, l *store.Loaded) (err error) {
	if n := l.Snapshot; n != nil {
		body, sum, changed, err := s.open(ctx, l.Head.Namespace, n.Execution, n.Body)
		switch {
		case errors.Is(err, errDamaged): // a snapshot that is of no use is left out
			l.Snapshot = nil
			if l.Entries, err = s.Backend.Journal(ctx, l.Head.Execution, 0, math.MaxInt); err != nil {
				return err
			}
		case errors.Is(err, store.ErrLocked):
			n.Body = locked
		case err != nil:
			return err
		case changed:
			n.Body, n.Sum = body, sum
		}
	}
	for i := range l.Entries {
		if err := s.entry(ctx, l.Head.Namespace, &l.Entries[i]); err != nil {
			return err
		}
	}
	return nil
}

// entry makes an entry whole, in place.
func (s *Store) entry(ctx context.Context, namespace string, e *record.Entry) error {
	if !marked(e.Body) {
		return nil
	}
	if e.Checksum() != e.Sum {
		e.Body = damaged
		return nil
	}
	body, sum, _, err := s.open(ctx, namespace, e.Execution, e.Body)
	switch {
	case errors.Is(err, errDamaged):
		e.Body = damaged
	case errors.Is(err, store.ErrLocked):
		e.Body = locked
		e.Sum = e.Checksum()
	case err != nil:
		return err
	default:
		e.Body, e.Sum = body, sum
	}
	return nil
}

// Journal implements [store.Store].
func (s *Store) Journal(ctx context.Context, id record.ID, from uint64, limit int) ([]record.Entry, error) {
	list, err := s.Backend.Journal(ctx, id, from, limit)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := s.entry(ctx, list[i].Namespace, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// mostRead bounds what one reading of an inbox puts together, in bytes. The rest is read when that has been taken.
const mostRead = 64 << 20

// Inbox implements [store.Store]. A message of which a piece cannot be read now is read past, and so is what is behind it
// of the same sender; where that is all there is, the error is returned.
func (s *Store) Inbox(ctx context.Context, sh record.Shard, limit int) ([]record.Message, error) {
	list, err := s.Backend.Inbox(ctx, sh, limit)
	if err != nil {
		return nil, err
	}
	out, read := list[:0], 0
	var behind map[record.ID]bool
	var why error
	for i := range list {
		m := list[i]
		if behind[m.ID.From] {
			continue
		}
		body, sum, changed, err := s.open(ctx, m.Namespace, m.To, m.Body)
		switch {
		case errors.Is(err, errDamaged) || err == nil && changed && record.Checksum(body) != sum:
			m.Body = damaged
		case err != nil:
			if behind == nil {
				behind = map[record.ID]bool{}
			}
			behind[m.ID.From], why = true, err
			continue
		default:
			m.Body = body
		}
		out = append(out, m)
		if changed {
			read += len(m.Body)
		}
		if read > mostRead {
			return out, nil
		}
	}
	if len(out) == 0 && why != nil && !errors.Is(why, store.ErrLocked) {
		return nil, why
	}
	return out, nil
}
