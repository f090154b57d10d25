package sqlite

import (
	"context"
	"fmt"
	"math"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/store"
)

// AddDataKey implements [store.DataKeys].
func (s *Store) AddDataKey(ctx context.Context, k store.DataKey) error {
	return s.transact(ctx, func(c *lite.Conn) error {
		err := exec(c, "INSERT OR IGNORE INTO data_keys (id, namespace, kek, wrapped, at) VALUES (?, ?, ?, ?, ?)",
			int64(k.ID), k.Namespace, k.KEK, blob(k.Wrapped), k.At)
		if err == nil && c.Changes() == 0 {
			err = fmt.Errorf("data key %d: %w", k.ID, store.ErrExists)
		}
		return err
	})
}

// DataKey implements [store.DataKeys].
func (s *Store) DataKey(ctx context.Context, id uint64) (store.DataKey, error) {
	list, err := s.dataKeys(ctx, "WHERE id = ?", int64(min(id, math.MaxInt64)))
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("data key %d: %w", id, store.ErrNotFound)
	}
	if err != nil {
		return store.DataKey{}, err
	}
	return list[0], nil
}

// DataKeys implements [store.DataKeys].
func (s *Store) DataKeys(ctx context.Context, namespace string) ([]store.DataKey, error) {
	return s.dataKeys(ctx, "WHERE namespace = ? ORDER BY at, id", namespace)
}

// ListDataKeys implements [store.DataKeys].
func (s *Store) ListDataKeys(ctx context.Context, after uint64, limit int) ([]store.DataKey, error) {
	return s.dataKeys(ctx, "WHERE id > ? ORDER BY id LIMIT ?", int64(min(after, math.MaxInt64)), max(limit, 0))
}

func (s *Store) dataKeys(ctx context.Context, where string, args ...any) (out []store.DataKey, err error) {
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		return query(c, "SELECT id, namespace, kek, wrapped, at FROM data_keys "+where, args, func(r *lite.Stmt) error {
			out = append(out, store.DataKey{
				ID: uint64(r.ColumnInt64(0)), Namespace: r.ColumnText(1), KEK: r.ColumnText(2), Wrapped: body(r, 3), At: r.ColumnInt64(4),
			})
			return nil
		})
	})
	return out, err
}

// RewrapDataKey implements [store.DataKeys].
func (s *Store) RewrapDataKey(ctx context.Context, id uint64, from, kek string, wrapped []byte) error {
	return s.transact(ctx, func(c *lite.Conn) error {
		at, found := "", false
		err := query(c, "SELECT kek FROM data_keys WHERE id = ?", []any{int64(id)}, func(r *lite.Stmt) error {
			at, found = r.ColumnText(0), true
			return nil
		})
		switch {
		case err != nil:
			return err
		case !found:
			return fmt.Errorf("data key %d: %w", id, store.ErrNotFound)
		case at != from:
			return fmt.Errorf("data key %d: %w", id, store.ErrRewrapped)
		}
		return exec(c, "UPDATE data_keys SET kek = ?, wrapped = ? WHERE id = ?", kek, blob(wrapped), int64(id))
	})
}
