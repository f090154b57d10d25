package memory

import (
	"context"
	"maps"
	"slices"

	"github.com/pawl-dev/pawl/record"
)

// Answers implements [store.Store].
func (s *Store) Answers(ctx context.Context, to []record.ID) (out []record.Answer, err error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	for _, id := range to {
		if a, ok := s.answers[id]; ok {
			a.Body = slices.Clone(a.Body)
			out = append(out, a.Answer)
		}
	}
	return out, nil
}

func (x *transaction) answer(a *record.Answer) {
	if len(a.Body) > maxBody {
		x.reject(record.ID{}, "answer of %d bytes is over the limit of %d", len(a.Body), maxBody)
		return
	}
	before, had := x.answers[a.To]
	x.answers[a.To] = answer{record.Answer{To: a.To, At: a.At, Body: slices.Clone(a.Body)}, x.shard}
	x.undo = append(x.undo, func() {
		delete(x.answers, a.To)
		if had {
			x.answers[a.To] = before
		}
	})
}

// expire drops the answers of the part's shard that are older.
func (x *transaction) expire(before int64) {
	if before == 0 {
		return
	}
	gone := map[record.ID]answer{}
	for id, a := range x.answers { // sorted: each on its own
		if a.shard == x.shard && a.At < before {
			gone[id] = a
			delete(x.answers, id)
		}
	}
	x.undo = append(x.undo, func() { maps.Copy(x.answers, gone) })
}
