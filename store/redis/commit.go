package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/internal/fault"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// rounds bounds how often a batch is planned: once where everything is as assumed, twice or three times where facts
// are asked for first, more only while others change the same rows.
const rounds = 8

// Commit implements [store.Store]. What was assumed wrongly costs another round, of which each but the last has
// changed nothing; a round whose answer is lost is Unknown, and never sent again from here.
func (s *Store) Commit(ctx context.Context, b *store.Batch) store.Outcome {
	leave, err := s.enter(ctx)
	if err != nil {
		return refuse(err)
	}
	defer leave()
	if b.Number == 0 {
		return refuse(errors.New("batches of a lane are numbered from 1"))
	}
	fault.Hit(fault.CommitBegin)
	f := &facts{executions: map[record.ID]*executionFact{}, keys: map[record.Key]record.ID{}, mail: map[mailbox]bool{}}
	for range rounds {
		p := newPlan(s.names, s.info.Shards, f, b)
		if len(p.rejected) > 0 && !p.wanting && !p.assumed && f.judged {
			return store.Outcome{Result: store.NotCommitted, Rejected: p.rejected}
		}
		if o, done := s.round(ctx, b, p); done {
			return o
		}
	}
	return refuse(errors.New("what the batch rests on kept changing"))
}

// round sends the plan, or asks for what it lacks. It answers itself where the batch's fate is known.
func (s *Store) round(ctx context.Context, b *store.Batch, p *plan) (o store.Outcome, done bool) {
	m := newMessage(b)
	ask := p.wanting || len(p.rejected) > 0
	mode := "w"
	if ask {
		mode = "r"
	}
	m.open(s.names, s.incarnation, b, mode)
	m.look(p, ask)
	if !ask {
		m.write(p)
	}
	before := s.seen.now()
	fault.Hit(fault.CommitSent)
	reply, err := s.run(ctx, commitScript, m.words)
	if err != nil {
		return failed(err, !ask), true
	}
	return s.judge(b, p.facts, m, &before, reply)
}

func refuse(cause error) store.Outcome {
	return store.Outcome{Result: store.NotCommitted, Cause: cause}
}

// judge reads what the script said.
func (s *Store) judge(b *store.Batch, f *facts, m *message, before *[shards]record.Fence, reply []reply) (store.Outcome, bool) {
	if len(reply) == 0 {
		return refuse(errReply), true
	}
	switch word := reply[0].text(); word {
	case "ok":
		fault.Hit(fault.CommitReturned)
		return store.Outcome{Result: store.Committed}, true
	case "back":
		return refuse(errIncarnation), true
	case "lane":
		return laneOutcome(b, reply[1].text()), true
	case "fence":
		return s.deposed(m.fences, before, reply[1].list()), true
	case "facts":
		if err := f.learn(m.groups, reply[1].list()); err != nil {
			return refuse(err), true
		}
		return store.Outcome{}, false
	default:
		return refuse(errReply), true
	}
}

// laneOutcome says what the lane's row means for b, which does not follow it.
func laneOutcome(b *store.Batch, row string) store.Outcome {
	var number, digest uint64
	if len(row) == 16 {
		number, digest = parseU64(row), parseU64(row[8:])
	}
	switch {
	case number < b.Number:
		return refuse(store.WentBack("lane %d is at %d, batch %d was to follow", b.Lane.Number, number, b.Number))
	case number > b.Number:
		return refuse(fmt.Errorf("lane %d is at %d, past batch %d", b.Lane.Number, number, b.Number))
	case digest != b.Digest:
		return store.Outcome{Result: store.Superseded, Winner: digest}
	}
	return store.Outcome{Result: store.Committed}
}

// deposed lists the shards whose fence does not hold, ascending. An epoch lower than one that this process has seen
// before was lost by the server.
func (s *Store) deposed(fences []record.Fence, before *[shards]record.Fence, rows []reply) store.Outcome {
	var out []record.Shard
	for i := range fences {
		f := &fences[i]
		row := ""
		if i < len(rows) {
			row = rows[i].text()
		}
		if err := s.seen.row(before, f.Shard, row); err != nil {
			return refuse(err)
		}
		if row != fenceRow(f) {
			out = append(out, f.Shard)
		}
	}
	slices.Sort(out)
	return store.Outcome{Result: store.NotCommitted, Deposed: slices.Compact(out)}
}
