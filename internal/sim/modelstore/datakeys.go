package modelstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/pawl-dev/pawl/store"
)

func (b *Backend) AddDataKey(ctx context.Context, k store.DataKey) error {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if m.dataKey(k.ID) != nil {
		return store.ErrExists
	}
	k.Wrapped = slices.Clone(k.Wrapped)
	m.dataKeys = append(m.dataKeys, k)
	return nil
}

func (m *Model) dataKey(id uint64) *store.DataKey {
	i := slices.IndexFunc(m.dataKeys, func(k store.DataKey) bool { return k.ID == id })
	if i < 0 {
		return nil
	}
	return &m.dataKeys[i]
}

func (b *Backend) DataKey(ctx context.Context, id uint64) (store.DataKey, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return store.DataKey{}, err
	}
	defer leave()
	k := m.dataKey(id)
	if k == nil {
		return store.DataKey{}, store.ErrNotFound
	}
	return *k, nil
}

func (b *Backend) DataKeys(ctx context.Context, namespace string) ([]store.DataKey, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	out := slices.DeleteFunc(slices.Clone(m.dataKeys), func(k store.DataKey) bool { return k.Namespace != namespace })
	slices.SortFunc(out, func(a, b store.DataKey) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

func (b *Backend) ListDataKeys(ctx context.Context, after uint64, limit int) ([]store.DataKey, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	out := slices.DeleteFunc(slices.Clone(m.dataKeys), func(k store.DataKey) bool { return k.ID <= after })
	slices.SortFunc(out, func(a, b store.DataKey) int { return cmp.Compare(a.ID, b.ID) })
	return out[:min(len(out), max(limit, 0))], nil
}

func (b *Backend) RewrapDataKey(ctx context.Context, id uint64, from, kek string, wrapped []byte) error {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	k := m.dataKey(id)
	switch {
	case k == nil:
		return store.ErrNotFound
	case k.KEK != from:
		return store.ErrRewrapped
	}
	k.KEK, k.Wrapped = kek, slices.Clone(wrapped)
	return nil
}
