package sqlstore

import (
	"context"
	"fmt"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// PutBlob implements [store.Blobs].
func (s *Store) PutBlob(ctx context.Context, _ string, id record.ID, sum [32]byte, body []byte) error {
	if len(body) > s.Limits.Body {
		return fmt.Errorf("blob of %d bytes is over the limit of %d", len(body), s.Limits.Body)
	}
	sql := "INSERT INTO pawl.blobs (execution, sum, body) VALUES (?, ?, ?) " + s.Dialect.Upsert([]string{"execution", "sum"}, []string{"body"})
	return s.call(ctx, func(q Querier) error {
		_, err := q.Exec(ctx, sql, id[:], sum[:], blob(body))
		return err
	})
}

// GetBlob implements [store.Blobs].
func (s *Store) GetBlob(ctx context.Context, _ string, id record.ID, sum [32]byte) (out []byte, err error) {
	found := false
	err = s.call(ctx, func(q Querier) error {
		const sql = "SELECT b.body FROM pawl.blobs b WHERE b.execution = ? AND b.sum = ?"
		return q.Query(ctx, sql, []any{id[:], sum[:]}, func(scan func(...any) error) error { found = true; return scan(&out) })
	})
	if err == nil && !found {
		err = fmt.Errorf("blob of %s: %w", id, store.ErrNotFound)
	}
	return out, err
}
