package sealed

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// What is read falls into three kinds: bodies that open; those that stay as they are stored, with CodecEncrypted in front,
// since no key is here for them; and those that are not what was written, which become [record.CodecDamaged].

// Load implements [store.Store].
func (s *Store) Load(ctx context.Context, sh record.Shard, ids []record.ID) ([]store.Loaded, error) {
	list, err := s.Backend.Load(ctx, sh, ids)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := s.loaded(ctx, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *Store) loaded(ctx context.Context, l *store.Loaded) error {
	if l.Snapshot != nil {
		o, err := s.codec.open(ctx, l.Snapshot.Body, snapshotBound(l.Snapshot))
		switch {
		case errors.Is(err, ErrUnavailable):
		case errors.Is(err, errDamaged) || err == nil && !o.of(l.Head.Namespace):
			l.Snapshot = nil // a snapshot that is of no use is left out
			if l.Entries, err = s.Backend.Journal(ctx, l.Head.Execution, 0, math.MaxInt); err != nil {
				return err
			}
		case err != nil:
			return err
		case o.sealed:
			l.Snapshot.Body, l.Snapshot.Sum = o.body, o.sum
		}
	}
	for i := range l.Entries {
		if err := s.entry(ctx, &l.Entries[i], l.Head.Namespace); err != nil {
			return err
		}
	}
	return nil
}

// anywhere stands for a namespace that is not known.
const anywhere = "\x00"

// entry opens an entry in place. Its execution is of the namespace.
func (s *Store) entry(ctx context.Context, e *record.Entry, namespace string) error {
	if !marked(e.Body) {
		return nil
	}
	if e.Checksum() != e.Sum {
		e.Body = damaged
		return nil
	}
	o, err := s.codec.open(ctx, e.Body, entryBound(e))
	switch {
	case errors.Is(err, ErrUnavailable):
	case errors.Is(err, errDamaged) || err == nil && namespace != anywhere && !o.of(namespace):
		e.Body = damaged
	case err != nil:
		return err
	default:
		e.Body, e.Sum = o.body, o.sum
	}
	return nil
}

// damaged is the body of what is not what was written.
var damaged = []byte{record.CodecDamaged}

// Journal implements [store.Store].
func (s *Store) Journal(ctx context.Context, id record.ID, from uint64, limit int) ([]record.Entry, error) {
	list, err := s.Backend.Journal(ctx, id, from, limit)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := s.entry(ctx, &list[i], anywhere); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// mostPassed bounds how many messages that are locked are read past.
const mostPassed = 10_000

// Inbox implements [store.Store]. Messages for which no key is here stay where they are, and so do those behind them of
// the same senders; they are read past.
func (s *Store) Inbox(ctx context.Context, sh record.Shard, limit int) ([]record.Message, error) {
	for ask := limit; ; {
		list, err := s.Backend.Inbox(ctx, sh, ask)
		if err != nil {
			return nil, err
		}
		read := len(list)
		if list, err = s.messages(ctx, list); err != nil {
			return nil, err
		}
		if len(list) >= limit || read < ask || ask >= limit+mostPassed {
			return list[:min(len(list), limit)], nil
		}
		ask = min(2*ask, limit+mostPassed)
	}
}

// messages opens those of list that open, in place.
func (s *Store) messages(ctx context.Context, list []record.Message) ([]record.Message, error) {
	out := list[:0]
	behind := map[record.ID]bool{}
	for i := range list {
		m := list[i]
		if behind[m.ID.From] {
			continue
		}
		o, err := s.codec.open(ctx, m.Body, messageBound(&m))
		switch {
		case errors.Is(err, ErrUnavailable):
			behind[m.ID.From] = true
			continue
		case errors.Is(err, errDamaged) || err == nil && !(o.of(m.Namespace) && o.whole()):
			m.Body = damaged
		case err != nil:
			return nil, err
		default:
			m.Body = o.body
		}
		out = append(out, m)
	}
	return out, nil
}

// Answers implements [store.Store]. Those for which no key is here are left out, as if they had not come yet.
func (s *Store) Answers(ctx context.Context, to []record.ID) ([]record.Answer, error) {
	list, err := s.Backend.Answers(ctx, to)
	if err != nil {
		return nil, err
	}
	out := list[:0]
	for i := range list {
		a := list[i]
		o, err := s.codec.open(ctx, a.Body, answerBound(&a))
		switch {
		case errors.Is(err, ErrUnavailable):
			continue
		case errors.Is(err, errDamaged) || err == nil && !o.whole():
			a.Body = damaged
		case err != nil:
			return nil, err
		default:
			a.Body = o.body
		}
		out = append(out, a)
	}
	return out, nil
}

// GetBlob implements [store.Blobs].
func (s *Store) GetBlob(ctx context.Context, namespace string, id record.ID, sum [32]byte) ([]byte, error) {
	stored, err := s.Backend.GetBlob(ctx, namespace, id, sum)
	if err != nil {
		return nil, err
	}
	o, err := s.codec.open(ctx, stored, blobBound(namespace, id, sum))
	if errors.Is(err, errDamaged) || err == nil && !(o.whole() && (namespace == "" || o.of(namespace))) {
		return nil, fmt.Errorf("blob of %s: %w", id, store.ErrCorrupt)
	}
	return o.body, err
}
