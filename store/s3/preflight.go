package s3

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// preflight does once what will be asked for later, with a blob of an execution that nobody has. Its id is of now, so
// whoever sweeps at the same time takes it for one that is being born.
func (s *Blobs) preflight(ctx context.Context) error {
	var random [8]byte
	rand.Read(random[:])
	id := record.NewID(time.Now().UnixMilli(), binary.BigEndian.Uint64(random[:]), 1)
	sum, body := [32]byte{1}, random[:]
	if err := s.PutBlob(ctx, "", id, sum, body); err != nil {
		return fmt.Errorf("the bucket cannot be written: %w", err)
	}
	got, err := s.GetBlob(ctx, "", id, sum)
	if err == nil && string(got) != string(body) {
		err = errors.New("it is not what was written")
	}
	if err != nil {
		return fmt.Errorf("the bucket cannot be read: %w", err)
	}
	before := id
	before[15]--
	list, err := s.BlobOwners(ctx, before, 1)
	if err == nil && (len(list) != 1 || list[0] != id) {
		err = errors.New("what was written is not listed at its place")
	}
	if err != nil {
		return fmt.Errorf("the bucket cannot be listed: %w", err)
	}
	if err := s.DropBlobs(ctx, id); err != nil {
		return fmt.Errorf("what is in the bucket cannot be deleted: %w", err)
	}
	if _, err := s.GetBlob(ctx, "", id, sum); !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("what is deleted from the bucket stays: %w", err)
	}
	return nil
}
