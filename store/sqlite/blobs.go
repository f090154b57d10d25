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

// BlobOwners implements [store.Blobs]: one step of the index for each.
func (s *Store) BlobOwners(ctx context.Context, after record.ID, limit int) (out []record.ID, err error) {
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		for found := true; found && len(out) < limit; {
			found = false
			err := query(c, "SELECT execution FROM blobs WHERE execution > ? ORDER BY execution LIMIT 1", []any{after[:]}, func(r *lite.Stmt) error {
				after, found = columnID(r, 0), true
				out = append(out, after)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// BlobSums implements [store.Blobs].
func (s *Store) BlobSums(ctx context.Context, id record.ID) (out [][32]byte, err error) {
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		return query(c, "SELECT sum FROM blobs WHERE execution = ? ORDER BY sum", []any{id[:]}, func(r *lite.Stmt) error {
			var sum [32]byte
			copy(sum[:], body(r, 0))
			out = append(out, sum)
			return nil
		})
	})
	return out, err
}

// DropBlobs implements [store.Blobs].
func (s *Store) DropBlobs(ctx context.Context, id record.ID) error {
	return s.transact(ctx, func(c *lite.Conn) error {
		return exec(c, "DELETE FROM blobs WHERE execution = ?", id[:])
	})
}
