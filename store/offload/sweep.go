package offload

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// OrphanAge is how old an execution's id must be before [Sweep] takes its blobs for nobody's: a start is on its way for
// less.
const OrphanAge = 24 * time.Hour

// sweepPage is how many owners of blobs are looked at in one question.
const sweepPage = 1000

// Swept is what a sweep did, in executions.
type Swept struct {
	Looked  int // that have blobs and are old enough
	Dropped int // that do not exist, and have no blobs any more
}

// Sweep removes the blobs of executions that do not exist and whose ids are of before a time: of starts that were refused
// or rolled back, or that a process left behind when it died before its commit. Where messages wait in a shard, the blobs
// of that shard stay, since the messages may refer to them. It may run while engines do, and costs about as much as there
// are executions with blobs.
func Sweep(ctx context.Context, b store.Backend, before time.Time) (done Swept, err error) {
	s := &sweep{b: b, shards: b.Info().Shards}
	var after record.ID
	for {
		page, err := b.BlobOwners(ctx, after, sweepPage)
		if err != nil {
			return done, fmt.Errorf("looking for blobs: %w", err)
		}
		old := len(page)
		for old > 0 && page[old-1].Millis() >= before.UnixMilli() {
			old--
		}
		done.Looked += old
		gone, err := s.gone(ctx, page[:old])
		if err != nil {
			return done, err
		}
		for _, id := range gone {
			if err := b.DropBlobs(ctx, id); err != nil {
				return done, fmt.Errorf("dropping blobs: %w", err)
			}
			done.Dropped++
		}
		if old < len(page) || len(page) < sweepPage {
			return done, nil
		}
		after = page[old-1]
	}
}

type sweep struct {
	b      store.Backend
	shards int
}

// gone are those of ids that do not exist, and for which nothing waits.
func (s *sweep) gone(ctx context.Context, ids []record.ID) (out []record.ID, err error) {
	var there []record.ID // executions from the one looked for on
	for _, id := range ids {
		for len(there) > 0 && less(there[0], id) {
			there = there[1:]
		}
		if len(there) == 0 {
			if there, err = s.b.Executions(ctx, store.EveryShard, previous(id), 64); err != nil {
				return nil, fmt.Errorf("looking for executions: %w", err)
			}
		}
		if len(there) == 0 || there[0] != id {
			out = append(out, id)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	waiting, err := s.b.Waiting(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking for messages: %w", err)
	}
	return slices.DeleteFunc(out, func(id record.ID) bool { return slices.Contains(waiting, id.Shard(s.shards)) }), nil
}

func less(a, b record.ID) bool { return slices.Compare(a[:], b[:]) < 0 }

// previous is the id before id.
func previous(id record.ID) record.ID {
	for i := len(id) - 1; i >= 0; i-- {
		id[i]--
		if id[i] != 0xff {
			break
		}
	}
	return id
}
