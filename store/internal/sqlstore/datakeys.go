package sqlstore

import (
	"context"
	"fmt"
	"math"

	"github.com/pawl-dev/pawl/store"
)

// AddDataKey implements [store.DataKeys]. That it is there is asked for: what an insert that leaves a row alone counts
// differs from server to server.
func (s *Store) AddDataKey(ctx context.Context, k store.DataKey) error {
	return s.transact(ctx, func(q Querier) error {
		found := false
		which := "SELECT k.at FROM pawl.data_keys k WHERE k.id = ? " + s.Dialect.ForUpdate
		err := q.Query(ctx, which, []any{int64(k.ID)}, func(scan func(...any) error) error {
			var at int64
			found = true
			return scan(&at)
		})
		if err == nil && found {
			err = fmt.Errorf("data key %d: %w", k.ID, store.ErrExists)
		}
		if err != nil {
			return err
		}
		const sql = "INSERT INTO pawl.data_keys (id, namespace, kek, wrapped, at) VALUES (?, ?, ?, ?, ?)"
		_, err = q.Exec(ctx, sql, int64(k.ID), k.Namespace, k.KEK, blob(k.Wrapped), k.At)
		return err
	})
}

// DataKey implements [store.DataKeys].
func (s *Store) DataKey(ctx context.Context, id uint64) (store.DataKey, error) {
	list, err := s.dataKeys(ctx, "WHERE k.id = ?", int64(min(id, math.MaxInt64)))
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
	return s.dataKeys(ctx, "WHERE k.namespace = ? ORDER BY k.at, k.id", namespace)
}

// ListDataKeys implements [store.DataKeys].
func (s *Store) ListDataKeys(ctx context.Context, after uint64, limit int) ([]store.DataKey, error) {
	return s.dataKeys(ctx, "WHERE k.id > ? ORDER BY k.id LIMIT ?", int64(min(after, math.MaxInt64)), int64(max(limit, 0)))
}

func (s *Store) dataKeys(ctx context.Context, where string, args ...any) (out []store.DataKey, err error) {
	err = s.call(ctx, func(q Querier) error {
		return q.Query(ctx, "SELECT k.id, k.namespace, k.kek, k.wrapped, k.at FROM pawl.data_keys k "+where, args, func(scan func(...any) error) error {
			var k store.DataKey
			var id int64
			err := scan(&id, &k.Namespace, &k.KEK, &k.Wrapped, &k.At)
			k.ID = uint64(id)
			out = append(out, k)
			return err
		})
	})
	return out, err
}

// RewrapDataKey implements [store.DataKeys].
func (s *Store) RewrapDataKey(ctx context.Context, id uint64, from, kek string, wrapped []byte) error {
	return s.transact(ctx, func(q Querier) error {
		at, found := "", false
		sql := "SELECT k.kek FROM pawl.data_keys k WHERE k.id = ? " + s.Dialect.ForUpdate
		err := q.Query(ctx, sql, []any{int64(min(id, math.MaxInt64))}, func(scan func(...any) error) error { found = true; return scan(&at) })
		switch {
		case err != nil:
			return err
		case !found:
			return fmt.Errorf("data key %d: %w", id, store.ErrNotFound)
		case at != from:
			return fmt.Errorf("data key %d: %w", id, store.ErrRewrapped)
		}
		_, err = q.Exec(ctx, "UPDATE pawl.data_keys SET kek = ?, wrapped = ? WHERE id = ?", kek, blob(wrapped), int64(id))
		return err
	})
}
