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

// blobsAtOnce is how many rows of the primary key one statement of a listing passes at most.
const blobsAtOnce = 1000

// BlobOwners implements [store.Blobs]. Each statement reads a stretch of the primary key, without bodies, and begins behind
// the last execution that the one before it met, however many more blobs that has.
func (s *Store) BlobOwners(ctx context.Context, after record.ID, limit int) (out []record.ID, err error) {
	const sql = "SELECT b.execution FROM pawl.blobs b WHERE b.execution > ? ORDER BY b.execution LIMIT ?"
	err = s.call(ctx, func(q Querier) error {
		for rows := blobsAtOnce; rows == blobsAtOnce && len(out) < limit; {
			rows = 0
			err := q.Query(ctx, sql, []any{after[:], int64(blobsAtOnce)}, func(scan func(...any) error) error {
				var raw []byte
				err := scan(&raw)
				rows++
				if id := toID(raw); id != after {
					out, after = append(out, id), id
				}
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out[:min(len(out), max(limit, 0))], err
}

// BlobSums implements [store.Blobs].
func (s *Store) BlobSums(ctx context.Context, id record.ID) (out [][32]byte, err error) {
	err = s.call(ctx, func(q Querier) error {
		const sql = "SELECT b.sum FROM pawl.blobs b WHERE b.execution = ? ORDER BY b.sum"
		return q.Query(ctx, sql, []any{id[:]}, func(scan func(...any) error) error {
			var raw []byte
			err := scan(&raw)
			out = append(out, [32]byte{})
			copy(out[len(out)-1][:], raw)
			return err
		})
	})
	return out, err
}

// DropBlobs implements [store.Blobs].
func (s *Store) DropBlobs(ctx context.Context, id record.ID) error {
	return s.call(ctx, func(q Querier) error {
		_, err := q.Exec(ctx, "DELETE FROM pawl.blobs WHERE execution = ?", id[:])
		return err
	})
}
