package memory

import (
	"context"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// PutBlob implements [store.Blobs].
func (s *Store) PutBlob(ctx context.Context, _ string, id record.ID, sum [32]byte, body []byte) error {
	unlock, err := s.write(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if len(body) > maxBody {
		return fmt.Errorf("blob of %d bytes is over the limit of %d", len(body), maxBody)
	}
	if s.blobs[id] == nil {
		s.blobs[id] = map[[32]byte][]byte{}
	}
	s.blobs[id][sum] = slices.Clone(body)
	return nil
}

// GetBlob implements [store.Blobs].
func (s *Store) GetBlob(ctx context.Context, _ string, id record.ID, sum [32]byte) ([]byte, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	body, ok := s.blobs[id][sum]
	if !ok {
		return nil, fmt.Errorf("blob of %s: %w", id, store.ErrNotFound)
	}
	return slices.Clone(body), nil
}
