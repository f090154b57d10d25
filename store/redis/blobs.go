package redis

import (
	"context"
	"fmt"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// PutBlob implements [store.Blobs].
func (s *Store) PutBlob(ctx context.Context, _ string, id record.ID, sum [32]byte, body []byte) error {
	if len(body) > maxBody {
		return fmt.Errorf("blob of %d bytes is over the limit of %d", len(body), maxBody)
	}
	_, err := s.change(ctx, blobScript, []string{s.blobs(id), string(sum[:]), string(body)})
	return err
}

// GetBlob implements [store.Blobs].
func (s *Store) GetBlob(ctx context.Context, _ string, id record.ID, sum [32]byte) ([]byte, error) {
	got, err := s.read(ctx, []string{"HGET", s.blobs(id), string(sum[:])})
	if err != nil {
		return nil, err
	}
	if got[0].none() {
		return nil, fmt.Errorf("blob of %s: %w", id, store.ErrNotFound)
	}
	return []byte(got[0].text()), nil
}
