package memory

import (
	"bytes"
	"context"
	"fmt"
	"maps"
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

// BlobOwners implements [store.Blobs].
func (s *Store) BlobOwners(ctx context.Context, after record.ID, limit int) ([]record.ID, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []record.ID
	for id := range s.blobs { // sorted: below
		if compareIDs(id, after) > 0 {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, compareIDs)
	return out[:min(len(out), max(limit, 0))], nil
}

// BlobSums implements [store.Blobs].
func (s *Store) BlobSums(ctx context.Context, id record.ID) ([][32]byte, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return slices.SortedFunc(maps.Keys(s.blobs[id]), func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) }), nil
}

// DropBlobs implements [store.Blobs].
func (s *Store) DropBlobs(ctx context.Context, id record.ID) error {
	unlock, err := s.write(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	delete(s.blobs, id)
	return nil
}
