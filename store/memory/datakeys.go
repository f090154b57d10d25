package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/store"
)

// AddDataKey implements [store.DataKeys].
func (s *Store) AddDataKey(ctx context.Context, k store.DataKey) error {
	unlock, err := s.write(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, taken := s.dataKeys[k.ID]; taken {
		return fmt.Errorf("data key %d: %w", k.ID, store.ErrExists)
	}
	k.Wrapped = slices.Clone(k.Wrapped)
	s.dataKeys[k.ID] = k
	return nil
}

// DataKey implements [store.DataKeys].
func (s *Store) DataKey(ctx context.Context, id uint64) (store.DataKey, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return store.DataKey{}, err
	}
	defer unlock()
	k, ok := s.dataKeys[id]
	if !ok {
		return k, fmt.Errorf("data key %d: %w", id, store.ErrNotFound)
	}
	k.Wrapped = slices.Clone(k.Wrapped)
	return k, nil
}

// DataKeys implements [store.DataKeys].
func (s *Store) DataKeys(ctx context.Context, namespace string) ([]store.DataKey, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	out := s.dataKeysWhere(func(k store.DataKey) bool { return k.Namespace == namespace })
	slices.SortFunc(out, func(a, b store.DataKey) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// ListDataKeys implements [store.DataKeys].
func (s *Store) ListDataKeys(ctx context.Context, after uint64, limit int) ([]store.DataKey, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	out := s.dataKeysWhere(func(k store.DataKey) bool { return k.ID > after })
	slices.SortFunc(out, func(a, b store.DataKey) int { return cmp.Compare(a.ID, b.ID) })
	return out[:min(len(out), max(limit, 0))], nil
}

func (s *Store) dataKeysWhere(want func(store.DataKey) bool) (out []store.DataKey) {
	for _, k := range s.dataKeys { // sorted: by who asks
		if want(k) {
			k.Wrapped = slices.Clone(k.Wrapped)
			out = append(out, k)
		}
	}
	return out
}

// RewrapDataKey implements [store.DataKeys].
func (s *Store) RewrapDataKey(ctx context.Context, id uint64, from, kek string, wrapped []byte) error {
	unlock, err := s.write(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	k, ok := s.dataKeys[id]
	switch {
	case !ok:
		return fmt.Errorf("data key %d: %w", id, store.ErrNotFound)
	case k.KEK != from:
		return fmt.Errorf("data key %d: %w", id, store.ErrRewrapped)
	}
	k.KEK, k.Wrapped = kek, slices.Clone(wrapped)
	s.dataKeys[id] = k
	return nil
}
