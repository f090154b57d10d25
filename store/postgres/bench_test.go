package postgres_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/storetest"
)

// BenchmarkCommit and BenchmarkChain: see [storetest.BenchCommit].
func BenchmarkCommit(b *testing.B) { benchmarkCommits(b, false) }
func BenchmarkChain(b *testing.B)  { benchmarkCommits(b, true) }

// benchmarkCommits measures the store and, beside it, what pgx does with the same rows when nothing is checked but lane
// and fences.
func benchmarkCommits(b *testing.B, chain bool) {
	database := servertest.Postgres(b)
	for _, n := range []int{1, 10, 100, 1000} {
		for _, kind := range []string{"store", "bare"} {
			b.Run(fmt.Sprintf("entries=%d/%s", n, kind), func(b *testing.B) {
				s := open(b, inSchema(b, database)+"&connections=2")
				defer s.Close()
				if kind == "bare" {
					s = newBare(b, s, database)
				}
				storetest.BenchCommit(b, s, n, 230, chain)
			})
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	s := open(b, inSchema(b, servertest.Postgres(b)))
	storetest.BenchLoad(b, s)
}

// bare is a store whose commits are those of pgx alone: one batch of a lane, fences, and inserts of arrays.
type bare struct {
	store.Backend
	conn *pgx.Conn
}

func newBare(b *testing.B, s store.Backend, database string) store.Backend {
	c := admin(b, database)
	execute(b, c, fmt.Sprintf("SET search_path = s%d", schemas.Load()))
	return &bare{s, c}
}

func (s *bare) Commit(ctx context.Context, b *store.Batch) store.Outcome {
	var m pgx.Batch
	m.Queue(`INSERT INTO lanes (owner, lane, number, digest, opened) VALUES ($1, $2, $3, $4, 0)
		ON CONFLICT (owner, lane) DO UPDATE SET number = excluded.number, digest = excluded.digest WHERE lanes.number = excluded.number - 1`,
		b.Lane.Owner[:], b.Lane.Number, int64(b.Number), int64(b.Digest))
	var shards []int64
	var ids, bodies [][]byte
	var seqs, ats, sums []int64
	var heads, ends [][]byte
	for i := range b.Parts {
		p := &b.Parts[i]
		shards = append(shards, int64(p.Fence.Shard))
		for k := range p.Entries {
			e := &p.Entries[k]
			ids, bodies = append(ids, e.Execution[:]), append(bodies, e.Body)
			seqs, ats, sums = append(seqs, int64(e.Seq)), append(ats, e.At), append(sums, int64(e.Sum))
		}
		for k := range p.Heads {
			if h := &p.Heads[k]; h.Insert {
				heads = append(heads, h.Execution[:])
			} else {
				ends = append(ends, h.Execution[:])
			}
		}
	}
	m.Queue("SELECT shard, epoch, owner FROM shards WHERE shard = ANY ($1) ORDER BY shard FOR SHARE", shards)
	m.Queue("INSERT INTO journal (execution, seq, at, sum, body) SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[])",
		ids, seqs, ats, sums, bodies)
	if len(heads) > 0 {
		m.Queue(`INSERT INTO executions (id, shard, started, ended, next_at, namespace, workflow, version, start_key, status, outcome, error)
			SELECT i, 0, 1, 0, 0, 'default', 'order', '1.0.0', '', 'running', '', '' FROM unnest($1::bytea[]) i`, heads)
	}
	if len(ends) > 0 {
		m.Queue("UPDATE executions SET status = 'completed', outcome = 'success', ended = 1, next_at = NULL WHERE id = ANY ($1)", ends)
	}
	if err := s.conn.SendBatch(ctx, &m).Close(); err != nil {
		return store.Outcome{Cause: err}
	}
	return store.Outcome{Result: store.Committed}
}
