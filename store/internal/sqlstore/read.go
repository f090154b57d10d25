package sqlstore

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// headColumns are those of executions that make a head, in order of [scanHead], behind the id.
const headColumns = `e.namespace, e.workflow, e.version, e.start_key, e.parent, e.status, e.outcome, e.error,
	e.started, e.ended, e.next_at, e.waiting, e.fingerprint`

// scanHead reads id and [headColumns] as selected in that order.
func scanHead(scan func(dest ...any) error) (h record.Head, err error) {
	var id, parent []byte
	var next *int64
	err = scan(&id, &h.Namespace, &h.Workflow, &h.Version, &h.Key, &parent, &h.Status, &h.Outcome, &h.Error,
		&h.Started, &h.Ended, &next, &h.Waiting, &h.Fingerprint)
	h.Execution, h.Parent, h.NextAt = toID(id), toID(parent), record.Never
	if next != nil {
		h.NextAt = *next
	}
	return h, err
}

// Load implements [store.Store].
func (s *Store) Load(ctx context.Context, sh record.Shard, ids []record.ID) (out []store.Loaded, err error) {
	found := map[record.ID]*store.Loaded{}
	var mine [][]byte
	for i := range ids {
		if ids[i].Shard(s.Limits.Shards) == sh {
			mine = append(mine, ids[i][:])
		}
	}
	err = s.moment(ctx, func(q Querier) error {
		if len(mine) == 0 {
			return nil
		}
		clear(found)
		return s.load(ctx, q, mine, found)
	})
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if l := found[id]; l != nil {
			out = append(out, *l)
		}
	}
	return out, nil
}

// load fills in what exists of ids.
func (s *Store) load(ctx context.Context, q Querier, ids [][]byte, found map[record.ID]*store.Loaded) error {
	from, args := s.Dialect.Values("w", Column{Name: "id", Bytes: ids})
	err := q.Query(ctx, "SELECT e.id, "+headColumns+" FROM "+from+" JOIN pawl.executions e ON e.id = w.id", args, func(scan func(...any) error) error {
		h, err := scanHead(scan)
		found[h.Execution] = &store.Loaded{Head: h}
		return err
	})
	if err != nil || len(found) == 0 {
		return err
	}
	heads := map[record.ID]*record.Head{}
	for id, l := range found {
		heads[id] = &l.Head
	}
	if err := s.readTags(ctx, q, heads); err != nil {
		return err
	}
	if err := s.loadSnapshots(ctx, q, from, args, found); err != nil {
		return err
	}
	return s.loadEntries(ctx, q, found)
}

// readTags fills in the tags of heads, by name.
func (s *Store) readTags(ctx context.Context, q Querier, heads map[record.ID]*record.Head) error {
	if len(heads) == 0 {
		return nil
	}
	ids := make([][]byte, 0, len(heads))
	for id := range heads {
		ids = append(ids, append([]byte(nil), id[:]...))
	}
	from, args := s.Dialect.Values("w", Column{Name: "id", Bytes: ids})
	const sql = " JOIN pawl.tags t ON t.execution = w.id" // sorted below, as in loadEntries
	err := q.Query(ctx, "SELECT t.execution, t.name, t.text_value, t.num_value FROM "+from+sql, args, func(scan func(...any) error) error {
		var id []byte
		var t record.Tag
		var text *string
		var num *float64
		if err := scan(&id, &t.Name, &text, &num); err != nil {
			return err
		}
		if num != nil {
			t.Num, t.IsNum = *num, true
		} else if text != nil {
			t.Text = *text
		}
		h := heads[toID(id)]
		h.Tags = append(h.Tags, t)
		return nil
	})
	for _, h := range heads { // sorted: each for itself
		slices.SortFunc(h.Tags, func(a, b record.Tag) int { return strings.Compare(a.Name, b.Name) })
	}
	return err
}

// loadSnapshots adds the snapshots whose checksum fits.
func (s *Store) loadSnapshots(ctx context.Context, q Querier, from string, args []any, found map[record.ID]*store.Loaded) error {
	sql := "SELECT n.execution, n.seq, n.sum, n.body FROM " + from + " JOIN pawl.snapshots n ON n.execution = w.id"
	return q.Query(ctx, sql, args, func(scan func(...any) error) error {
		var id []byte
		var seq, sum int64
		n := &record.Snapshot{}
		if err := scan(&id, &seq, &sum, &n.Body); err != nil {
			return err
		}
		n.Execution, n.Seq, n.Sum = toID(id), uint64(seq), uint32(sum)
		if l := found[n.Execution]; l != nil && record.Checksum(n.Body) == n.Sum {
			l.Snapshot = n
		}
		return nil
	})
}

// loadEntries adds the entries after the snapshots. They are sorted here: to sort them, MariaDB would copy all bodies into a
// table on its disk; MariaDB 10.11 has crashed while it cleaned that up.
func (s *Store) loadEntries(ctx context.Context, q Querier, found map[record.ID]*store.Loaded) error {
	ids, after := Column{Name: "id"}, Column{Name: "after_seq"}
	for id, l := range found {
		ids.Bytes = append(ids.Bytes, append([]byte(nil), id[:]...))
		at := int64(0)
		if l.Snapshot != nil {
			at = int64(l.Snapshot.Seq)
		}
		after.Ints = append(after.Ints, at)
	}
	from, args := s.Dialect.Values("w", ids, after)
	sql := "SELECT j.execution, j.seq, j.at, j.sum, j.body FROM " + from +
		" JOIN pawl.journal j ON j.execution = w.id AND j.seq > w.after_seq"
	err := q.Query(ctx, sql, args, func(scan func(...any) error) error {
		e, err := scanEntry(scan)
		if err != nil {
			return err
		}
		l := found[e.Execution]
		l.Entries = append(l.Entries, e)
		return nil
	})
	for _, l := range found { // sorted: each for itself
		slices.SortFunc(l.Entries, func(a, b record.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	}
	return err
}

func scanEntry(scan func(dest ...any) error) (e record.Entry, err error) {
	var id []byte
	var seq, sum int64
	err = scan(&id, &seq, &e.At, &sum, &e.Body)
	e.Execution, e.Seq, e.Sum = toID(id), uint64(seq), uint32(sum)
	return e, err
}

// Journal implements [store.Store].
func (s *Store) Journal(ctx context.Context, id record.ID, from uint64, limit int) (out []record.Entry, err error) {
	const sql = `SELECT j.execution, j.seq, j.at, j.sum, j.body FROM pawl.journal j WHERE j.execution = ? AND j.seq >= ? ORDER BY j.seq LIMIT ?`
	err = s.call(ctx, func(q Querier) error {
		if limit <= 0 || from > math.MaxInt64 {
			return nil
		}
		return q.Query(ctx, sql, []any{id[:], int64(from), int64(limit)}, func(scan func(...any) error) error {
			e, err := scanEntry(scan)
			out = append(out, e)
			return err
		})
	})
	return out, err
}

// Due implements [store.Store].
func (s *Store) Due(ctx context.Context, sh record.Shard, after record.Due, before int64, limit int) (out []record.Due, err error) {
	// The bound of the index stands alone: not every server finds it in a comparison of pairs.
	const sql = `SELECT e.next_at, e.id FROM pawl.executions e
		WHERE e.shard = ? AND e.next_at >= ? AND e.next_at < ? AND (e.next_at > ? OR e.id > ?) ORDER BY e.next_at, e.id LIMIT ?`
	err = s.call(ctx, func(q Querier) error {
		if limit <= 0 {
			return nil
		}
		args := []any{int64(sh), after.At, before, after.At, after.Execution[:], int64(limit)}
		return q.Query(ctx, sql, args, func(scan func(...any) error) error {
			var d record.Due
			var id []byte
			err := scan(&d.At, &id)
			d.Execution = toID(id)
			out = append(out, d)
			return err
		})
	})
	return out, err
}

// Keys implements [store.Store].
func (s *Store) Keys(ctx context.Context, k []record.Key) (out []record.KeyRow, err error) {
	err = s.call(ctx, func(q Querier) error {
		found, err := s.keyRows(ctx, q, k)
		for _, key := range k {
			if row, exists := found[key]; exists {
				out = append(out, row)
			}
		}
		return err
	})
	return out, err
}

func (s *Store) keyRows(ctx context.Context, q Querier, k []record.Key) (map[record.Key]record.KeyRow, error) {
	found := map[record.Key]record.KeyRow{}
	if len(k) == 0 {
		return found, nil
	}
	namespace, workflow, key := Column{Name: "namespace"}, Column{Name: "workflow"}, Column{Name: "start_key"}
	for i := range k {
		if s.Limits.Key(k[i]) != "" {
			continue // no row can have it, and a server may refuse to be asked
		}
		namespace.Texts = append(namespace.Texts, k[i].Namespace)
		workflow.Texts = append(workflow.Texts, k[i].Workflow)
		key.Texts = append(key.Texts, k[i].Key)
	}
	if key.Len() == 0 {
		return found, nil
	}
	from, args := s.Dialect.Values("w", namespace, workflow, key)
	sql := "SELECT k.namespace, k.workflow, k.start_key, k.execution, k.digest, k.closed_at FROM " + from +
		" JOIN pawl.start_keys k ON k.namespace = w.namespace AND k.workflow = w.workflow AND k.start_key = w.start_key"
	err := q.Query(ctx, sql, args, func(scan func(...any) error) error {
		var r record.KeyRow
		var id []byte
		var digest int64
		err := scan(&r.Namespace, &r.Workflow, &r.Key.Key, &id, &digest, &r.ClosedAt)
		r.Execution, r.Digest = toID(id), uint64(digest)
		found[r.Key] = r
		return err
	})
	return found, err
}

// Answers implements [store.Store].
func (s *Store) Answers(ctx context.Context, to []record.ID) (out []record.Answer, err error) {
	ids := Column{Name: "id"}
	for i := range to {
		ids.Bytes = append(ids.Bytes, to[i][:])
	}
	found := map[record.ID]record.Answer{}
	err = s.call(ctx, func(q Querier) error {
		if len(to) == 0 {
			return nil
		}
		from, args := s.Dialect.Values("w", ids)
		sql := "SELECT a.sender, a.at, a.body FROM " + from + " JOIN pawl.answers a ON a.sender = w.id"
		return q.Query(ctx, sql, args, func(scan func(...any) error) error {
			var a record.Answer
			var id []byte
			err := scan(&id, &a.At, &a.Body)
			a.To = toID(id)
			found[a.To] = a
			return err
		})
	})
	for _, id := range to {
		if a, is := found[id]; is {
			out = append(out, a)
		}
	}
	return out, err
}
