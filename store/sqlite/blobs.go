package sqlite

import (
	"context"
	"fmt"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// PutBlob implements [store.Blobs].
func (s *Store) PutBlob(ctx context.Context, _ string, id record.ID, sum [32]byte, body []byte) error {
	if len(body) > maxBody {
		return fmt.Errorf("blob of %d bytes is over the limit of %d", len(body), maxBody)
	}
	return s.transact(ctx, func(c *lite.Conn) error {
		return exec(c, "INSERT OR REPLACE INTO blobs (execution, sum, body) VALUES (?, ?, ?)", id[:], sum[:], blob(body))
	})
}

// GetBlob implements [store.Blobs].
func (s *Store) GetBlob(ctx context.Context, _ string, id record.ID, sum [32]byte) (out []byte, err error) {
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		return query(c, "SELECT body FROM blobs WHERE execution = ? AND sum = ?", []any{id[:], sum[:]}, func(r *lite.Stmt) error {
			out = body(r, 0)
			return nil
		})
	})
	if err == nil && out == nil {
		err = fmt.Errorf("blob of %s: %w", id, store.ErrNotFound)
	}
	return out, err
}
