package redis

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// PutBlob implements [store.Blobs].
func (s *Store) PutBlob(ctx context.Context, _ string, id record.ID, sum [32]byte, body []byte) error {
	if len(body) > maxBody {
		return fmt.Errorf("blob of %d bytes is over the limit of %d", len(body), maxBody)
	}
	_, err := s.change(ctx, blobScript, []string{s.blobs(id), string(id[:]), string(sum[:]), string(body)})
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

// ownersAtOnce bounds what one script lists: the server does nothing else meanwhile.
const ownersAtOnce = 2000

// BlobOwners implements [store.Blobs].
func (s *Store) BlobOwners(ctx context.Context, after record.ID, limit int) (out []record.ID, err error) {
	if limit <= 0 {
		return nil, s.present(ctx)
	}
	for len(out) < limit {
		size := min(limit-len(out), ownersAtOnce)
		got, err := s.read(ctx, []string{"ZRANGE", s.owners(), "(" + string(after[:]), "+", "BYLEX", "LIMIT", "0", strconv.Itoa(size)})
		if err != nil {
			return nil, err
		}
		some := got[0].list()
		for _, r := range some {
			if copy(after[:], r.text()) != len(after) {
				return nil, errReply
			}
			out = append(out, after)
		}
		if len(some) < size {
			break
		}
	}
	return out, nil
}

// BlobSums implements [store.Blobs].
func (s *Store) BlobSums(ctx context.Context, id record.ID) (out [][32]byte, err error) {
	got, err := s.read(ctx, []string{"HKEYS", s.blobs(id)})
	if err != nil {
		return nil, err
	}
	for _, r := range got[0].list() {
		var sum [32]byte
		if copy(sum[:], r.text()) != len(sum) {
			return nil, errReply
		}
		out = append(out, sum)
	}
	slices.SortFunc(out, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	return out, nil
}

// DropBlobs implements [store.Blobs].
func (s *Store) DropBlobs(ctx context.Context, id record.ID) error {
	_, err := s.change(ctx, dropScript, []string{s.blobs(id), string(id[:])})
	return err
}
