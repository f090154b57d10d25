package sqlstore

import (
	"context"
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store/internal/judge"
)

// facts reads what the store has of exactly what the parts name.
func (s *Store) facts(ctx context.Context, q Querier, parts []record.Part) (f judge.Facts, err error) {
	var n named
	for i := range parts {
		n.part(&parts[i])
	}
	f.Executions = map[record.ID]judge.Execution{}
	f.Keys = map[record.Key]record.ID{}
	f.Waiting = map[judge.Letter]bool{}
	if err := s.executions(ctx, q, n.executions, f.Executions); err != nil {
		return f, err
	}
	rows, err := s.keyRows(ctx, q, n.keys)
	if err != nil {
		return f, err
	}
	for k, r := range rows {
		f.Keys[k] = r.Execution
	}
	return f, s.waiting(ctx, q, n.takes, f.Waiting)
}

// named is what parts name.
type named struct {
	executions []record.ID
	keys       []record.Key
	takes      []judge.Letter
}

func (n *named) part(p *record.Part) {
	for i := range p.Heads {
		n.executions = append(n.executions, p.Heads[i].Execution)
	}
	for i := range p.Entries {
		n.executions = append(n.executions, p.Entries[i].Execution)
	}
	for i := range p.Snapshots {
		n.executions = append(n.executions, p.Snapshots[i].Execution)
	}
	for i := range p.Trims {
		n.executions = append(n.executions, p.Trims[i].Execution)
	}
	n.executions = append(n.executions, p.Forgets...)
	for i := range p.Keys {
		n.keys = append(n.keys, p.Keys[i].Key)
	}
	for _, id := range p.Takes {
		n.takes = append(n.takes, judge.Letter{Shard: p.Fence.Shard, ID: id})
	}
}

func (s *Store) executions(ctx context.Context, q Querier, ids []record.ID, found map[record.ID]judge.Execution) error {
	slices.SortFunc(ids, compareIDs)
	ids = slices.Compact(ids)
	if len(ids) == 0 {
		return nil
	}
	col := Column{Name: "id"}
	for i := range ids {
		col.Bytes = append(col.Bytes, ids[i][:])
	}
	from, args := s.Dialect.Values("w", col)
	sql := `SELECT e.id, e.ended, e.namespace, e.workflow, e.start_key,
		(SELECT min(j.seq) FROM pawl.journal j WHERE j.execution = e.id), (SELECT max(j.seq) FROM pawl.journal j WHERE j.execution = e.id)
		FROM ` + from + ` JOIN pawl.executions e ON e.id = w.id`
	return q.Query(ctx, sql, args, func(scan func(...any) error) error {
		var id []byte
		var e judge.Execution
		var ended int64
		var first, last *int64
		if err := scan(&id, &ended, &e.Key.Namespace, &e.Key.Workflow, &e.Key.Key, &first, &last); err != nil {
			return err
		}
		e.Ended = ended != 0
		if first != nil && last != nil {
			e.First, e.Last = uint64(*first), uint64(*last)
		}
		found[toID(id)] = e
		return nil
	})
}

// waiting finds which of the messages wait.
func (s *Store) waiting(ctx context.Context, q Querier, all []judge.Letter, found map[judge.Letter]bool) error {
	if len(all) == 0 {
		return nil
	}
	shard, sender, seq, n := Column{Name: "shard"}, Column{Name: "sender"}, Column{Name: "seq"}, Column{Name: "n"}
	for i := range all {
		l := &all[i]
		shard.Ints = append(shard.Ints, int64(l.Shard))
		sender.Bytes = append(sender.Bytes, l.ID.From[:])
		seq.Ints = append(seq.Ints, int64(l.ID.Seq))
		n.Ints = append(n.Ints, int64(l.ID.N))
	}
	from, args := s.Dialect.Values("w", shard, sender, seq, n)
	sql := "SELECT i.shard, i.sender, i.seq, i.n FROM " + from +
		" JOIN pawl.inbox i ON i.shard = w.shard AND i.sender = w.sender AND i.seq = w.seq AND i.n = w.n"
	return q.Query(ctx, sql, args, func(scan func(...any) error) error {
		var sh, seq, n int64
		var from []byte
		err := scan(&sh, &from, &seq, &n)
		found[judge.Letter{Shard: record.Shard(sh), ID: record.MessageID{From: toID(from), Seq: uint64(seq), N: uint32(n)}}] = true
		return err
	})
}
