package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// heads reads those of a namespace that f selects, page by page, in order of their ids.
func heads(ctx context.Context, b store.Store, namespace string, f store.Filter, page func([]record.Head) error) error {
	f.Order, f.Limit, f.Cursor = store.Oldest, headPage, ""
	for {
		p, err := b.Search(ctx, namespace, f)
		if err != nil {
			return err
		}
		if len(p.Heads) > 0 {
			if err := page(p.Heads); err != nil {
				return err
			}
		}
		if f.Cursor = p.Next; f.Cursor == "" {
			return nil
		}
	}
}

// gapError: a journal lacks entries.
type gapError struct{ after, then uint64 }

func (g *gapError) Error() string { return fmt.Sprintf("entry %d follows entry %d", g.then, g.after) }

func asGap(err error, g **gapError) bool { return errors.As(err, g) }

// journal reads one from an entry on, page by page, and returns the number of the last entry that it read.
func journal(ctx context.Context, b store.Store, id record.ID, from uint64, page func([]record.Entry) error) (last uint64, err error) {
	limit := firstPage
	for {
		list, err := b.Journal(ctx, id, from, limit)
		if err != nil {
			return last, err
		}
		bytes := 0
		for i := range list {
			if last > 0 && list[i].Seq != last+1 {
				return last, &gapError{last, list[i].Seq}
			}
			last = list[i].Seq
			bytes += len(list[i].Body)
		}
		if len(list) > 0 {
			if err := page(list); err != nil {
				return last, err
			}
		}
		if len(list) < limit {
			return last, nil
		}
		from = last + 1
		limit = min(max(pageBytes/(bytes/len(list)+1), 1), entryPage)
	}
}

// pageBytes is about how much is read of a journal at a time, once it is known how large its entries are.
const (
	firstPage = 32
	pageBytes = 1 << 20
)

// keyRows are the rows of the keys of some executions.
func keyRows(ctx context.Context, b store.Store, list []record.Head) (map[record.Key]record.KeyRow, error) {
	var keys []record.Key
	asked := map[record.Key]bool{}
	for i := range list {
		k := keyOf(&list[i])
		if k.Key != "" && !asked[k] {
			asked[k] = true
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	rows, err := b.Keys(ctx, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[record.Key]record.KeyRow, len(rows))
	for _, r := range rows {
		out[r.Key] = r
	}
	return out, nil
}

func keyOf(h *record.Head) record.Key {
	return record.Key{Namespace: h.Namespace, Workflow: h.Workflow, Key: h.Key}
}
