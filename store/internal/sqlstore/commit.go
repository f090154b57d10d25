package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/judge"
)

// Commit implements [store.Store]. The driver writes the batch as if nothing were wrong. Where that is refused, or could
// not be tried, one transaction finds out why, and writes the parts one by one if it finds nothing.
func (s *Store) Commit(ctx context.Context, b *store.Batch) store.Outcome {
	leave, err := s.enter(ctx)
	if err != nil {
		return refuse(err)
	}
	defer leave()
	rows := s.rows.Get().(*Rows)
	defer s.putRows(rows)
	rows.Gather(b.Parts, s.Limits)
	if b.Number > 0 && rows.Odd == "" {
		if o, known := s.outcome(s.Driver.Commit(ctx, b, rows)); known {
			return o
		}
	}
	return s.diagnose(ctx, b, rows)
}

func (s *Store) putRows(r *Rows) {
	r.reset(s.Limits)
	s.rows.Put(r)
}

func refuse(cause error) store.Outcome {
	return store.Outcome{Result: store.NotCommitted, Cause: cause}
}

// outcome is what an answer of the database means; not known where the rows are at fault.
func (s *Store) outcome(err error) (o store.Outcome, known bool) {
	if err == nil {
		return store.Outcome{Result: store.Committed}, true
	}
	if _, early := errors.AsType[NotSent](err); early {
		return refuse(s.Dialect.explain(err)), true
	}
	switch s.Dialect.Verdict(err) {
	case Refused:
		return o, false
	case Lost:
		return store.Outcome{Cause: s.Dialect.explain(err)}, true
	}
	return refuse(s.Dialect.explain(err)), true
}

// diagnose decides a batch in a transaction of its own that takes the lane and the fences first.
func (s *Store) diagnose(ctx context.Context, b *store.Batch, rows *Rows) store.Outcome {
	tx, err := s.DB.Write(ctx)
	if err != nil {
		return refuse(s.Dialect.explain(err))
	}
	defer tx.Rollback()
	o, done, err := s.examine(ctx, tx, b)
	if err != nil {
		return refuse(s.Dialect.explain(err)) // whatever it was, nothing was committed
	}
	if done {
		return o
	}
	for i := range b.Parts {
		rows.Gather(b.Parts[i:i+1], s.Limits)
		if rows.Odd != "" {
			return refuse(fmt.Errorf("a part that could be written, but for: %s", rows.Odd))
		}
		if err := s.Driver.WriteRows(ctx, tx, rows); err != nil {
			return s.misfit(b, err)
		}
	}
	err = tx.Commit(ctx)
	o, known := s.outcome(err)
	if !known {
		return s.misfit(b, err)
	}
	return o
}

// misfit is the outcome where the database refuses rows that nothing is wrong with: a limit of its own, most likely. It
// does not say whose rows; a caller halves the batch.
func (s *Store) misfit(b *store.Batch, err error) store.Outcome {
	if s.Dialect.Verdict(err) != Refused {
		return refuse(s.Dialect.explain(err))
	}
	var only record.ID
	if len(b.Parts) == 1 {
		only = b.Parts[0].Only()
	}
	return store.Outcome{Result: store.NotCommitted, Rejected: []store.Rejection{{
		Execution: only, Reason: fmt.Sprintf("the database does not take its rows: %v", err),
	}}}
}

// examine takes lane and fences and says what is wrong with b; done is false where nothing is.
func (s *Store) examine(ctx context.Context, tx Querier, b *store.Batch) (o store.Outcome, done bool, err error) {
	if o, done, err = s.advance(ctx, tx, b); done || err != nil {
		return o, done, err
	}
	held, err := s.holdFences(ctx, tx, b.Parts)
	if err != nil {
		return o, false, err
	}
	if deposed := judge.Deposed(b.Parts, held); len(deposed) > 0 {
		return store.Outcome{Result: store.NotCommitted, Deposed: deposed}, true, nil
	}
	f, err := s.facts(ctx, tx, b.Parts)
	if err != nil {
		return o, false, err
	}
	if rejected := judge.Judge(b.Parts, f, s.Limits); len(rejected) > 0 {
		return store.Outcome{Result: store.NotCommitted, Rejected: rejected}, true, nil
	}
	return o, false, nil
}

// advance moves the lane from the number before b to b. Where it is elsewhere, the outcome says so.
func (s *Store) advance(ctx context.Context, tx Querier, b *store.Batch) (o store.Outcome, done bool, err error) {
	if b.Number == 0 {
		return refuse(errors.New("batches of a lane are numbered from 1")), true, nil
	}
	lane := []any{b.Lane.Owner[:], int64(b.Lane.Number)}
	var number, digest uint64
	sql := "SELECT l.number, l.digest FROM pawl.lanes l WHERE l.owner = ? AND l.lane = ? " + s.Dialect.ForUpdate
	err = tx.Query(ctx, sql, lane, func(scan func(...any) error) error {
		var n, d int64
		err := scan(&n, &d)
		number, digest = uint64(n), uint64(d)
		return err
	})
	switch {
	case err != nil:
		return o, false, err
	case number == 0 && b.Number == 1:
		sql := "INSERT INTO pawl.lanes (owner, lane, number, digest, opened) VALUES (?, ?, 1, ?, " + s.Dialect.Now + ")"
		_, err = tx.Exec(ctx, sql, append(lane, int64(b.Digest))...)
	case number == b.Number-1:
		const sql = "UPDATE pawl.lanes SET number = ?, digest = ? WHERE owner = ? AND lane = ?"
		_, err = tx.Exec(ctx, sql, append([]any{int64(b.Number), int64(b.Digest)}, lane...)...)
	case number < b.Number:
		return refuse(store.WentBack("lane %d is at %d, batch %d was to follow", b.Lane.Number, number, b.Number)), true, nil
	case number > b.Number:
		return refuse(fmt.Errorf("lane %d is at %d, past batch %d", b.Lane.Number, number, b.Number)), true, nil
	case digest != b.Digest:
		return store.Outcome{Result: store.Superseded, Winner: digest}, true, nil
	default:
		return store.Outcome{Result: store.Committed}, true, nil
	}
	return o, false, err
}

// holdFences share-locks the rows of the shards that parts belong to, ascending.
func (s *Store) holdFences(ctx context.Context, tx Querier, parts []record.Part) (map[record.Shard]record.Fence, error) {
	held := map[record.Shard]record.Fence{}
	if len(parts) == 0 {
		return held, nil
	}
	shards := Column{Name: "shard"}
	named := map[record.Shard]bool{}
	for i := range parts {
		if sh := parts[i].Fence.Shard; !named[sh] {
			named[sh] = true
			shards.Ints = append(shards.Ints, int64(sh))
		}
	}
	from, args := s.Dialect.Values("w", shards)
	rows, err := fences(ctx, tx, "JOIN "+from+" ON s.shard = w.shard ORDER BY s.shard "+s.Dialect.ForShare, args...)
	for _, f := range rows {
		held[f.Shard] = f
	}
	return held, err
}
