package postgres

import (
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/judge"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// statement is one of those that write a batch. name is that of the prepared one on every connection.
//
// What must hold is guarded in the statement itself: 1 / (... )::int fails with a division by zero where it does not,
// and the whole message is rolled back.
type statement struct{ name, sql string }

var (
	laneOpen = statement{"pawl_lane_open", `INSERT INTO pawl.lanes (owner, lane, number, digest, opened)
		VALUES ($1::bytea, $2::bigint, 1, $3::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)`}
	laneNext = statement{"pawl_lane_next", `WITH l AS (UPDATE pawl.lanes SET number = $3::bigint, digest = $4::bigint
		WHERE owner = $1::bytea AND lane = $2::bigint AND number = $3::bigint - 1 RETURNING 1)
		SELECT 1 / (count(*) = 1)::int FROM l`}
	fences = statement{"pawl_fences", `WITH f AS (SELECT 1 FROM pawl.shards s
		JOIN unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS w (shard, epoch, owner)
		ON s.shard = w.shard AND s.epoch = w.epoch AND s.owner = w.owner ORDER BY s.shard FOR SHARE OF s)
		SELECT 1 / (count(*) = cardinality($1::bigint[]))::int FROM f`}
	// hot is lane, fences and entries in one: most commits have all three, and one statement costs the server less than
	// four. All of it sees the database as it was before; that is enough, for the locks are on the rows as they are.
	hot = statement{"pawl_hot", `WITH l AS (UPDATE pawl.lanes SET number = $3::bigint, digest = $4::bigint
			WHERE owner = $1::bytea AND lane = $2::bigint AND number = $3::bigint - 1 RETURNING 1),
		f AS (SELECT 1 FROM pawl.shards s
			JOIN unnest($5::bigint[], $6::bigint[], $7::bytea[]) AS w (shard, epoch, owner)
			ON s.shard = w.shard AND s.epoch = w.epoch AND s.owner = w.owner ORDER BY s.shard FOR SHARE OF s),
		b AS (SELECT 1 FROM unnest($8::bytea[], $9::bigint[]) AS w (execution, seq)
			JOIN pawl.journal j ON j.execution = w.execution AND j.seq = w.seq),
		e AS (INSERT INTO pawl.journal (execution, seq, at, sum, body)
			SELECT * FROM unnest($10::bytea[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bytea[]))
		SELECT 1 / ((SELECT count(*) FROM l) = 1 AND (SELECT count(*) FROM f) = cardinality($5::bigint[])
			AND (SELECT count(*) FROM b) = cardinality($8::bytea[]))::int`}

	headInsert = statement{"pawl_head_insert", `INSERT INTO pawl.executions
		(id, shard, started, ended, next_at, namespace, workflow, version, start_key, parent, status, outcome, error, waiting, fingerprint)
		SELECT * FROM ` + headArrays}
	// headUpdate clears the tags, too.
	headUpdate = statement{"pawl_head_update", `WITH t AS (DELETE FROM pawl.tags WHERE execution = ANY ($1::bytea[])), u AS (UPDATE pawl.executions e SET shard = w.shard, started = w.started, ended = w.ended,
		next_at = w.next_at, namespace = w.namespace, workflow = w.workflow, version = w.version, start_key = w.start_key,
		parent = w.parent, status = w.status, outcome = w.outcome, error = w.error,
		waiting = w.waiting, fingerprint = w.fingerprint
		FROM ` + headArrays + ` WHERE e.id = w.id RETURNING 1)
		SELECT 1 / (count(*) = cardinality($1::bytea[]))::int FROM u`}
	tagAdd = statement{"pawl_tag_add", `INSERT INTO pawl.tags (execution, name, namespace, text_value, num_value)
		SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::double precision[])`}

	entriesThere = statement{"pawl_entries_there", `SELECT 1 / (count(*) = cardinality($1::bytea[]))::int
		FROM unnest($1::bytea[], $2::bigint[]) AS w (execution, seq) JOIN pawl.journal j ON j.execution = w.execution AND j.seq = w.seq`}
	entryAdd = statement{"pawl_entry_add", `INSERT INTO pawl.journal (execution, seq, at, sum, body)
		SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[])`}
	snapshotPut = statement{"pawl_snapshot_put", `INSERT INTO pawl.snapshots (execution, seq, sum, body)
		SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bytea[])
		ON CONFLICT (execution) DO UPDATE SET seq = excluded.seq, sum = excluded.sum, body = excluded.body`}
	trimmable = statement{"pawl_trimmable", `SELECT 1 / bool_and(EXISTS
		(SELECT 1 FROM pawl.journal j WHERE j.execution = w.execution AND j.seq >= w.seq))::int
		FROM unnest($1::bytea[], $2::bigint[]) AS w (execution, seq)`}
	trimEntries = statement{"pawl_trim_entries", `DELETE FROM pawl.journal j
		USING unnest($1::bytea[], $2::bigint[]) AS w (execution, seq) WHERE j.execution = w.execution AND j.seq < w.seq`}
	trimSnapshots = statement{"pawl_trim_snapshots", `DELETE FROM pawl.snapshots n
		USING unnest($1::bytea[], $2::bigint[]) AS w (execution, seq) WHERE n.execution = w.execution AND n.seq < w.seq`}

	keyInsert = statement{"pawl_key_insert", `INSERT INTO pawl.start_keys (namespace, workflow, start_key, execution, digest, closed_at)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bigint[], $6::bigint[])`}
	keyUpdate = statement{"pawl_key_update", `WITH u AS (UPDATE pawl.start_keys k SET execution = w.execution, digest = w.digest, closed_at = w.closed_at
		FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bigint[], $6::bigint[], $7::bytea[])
			AS w (namespace, workflow, start_key, execution, digest, closed_at, old)
		WHERE k.namespace = w.namespace AND k.workflow = w.workflow AND k.start_key = w.start_key AND k.execution = w.old RETURNING 1)
		SELECT 1 / (count(*) = cardinality($1::text[]))::int FROM u`}
	keyDelete = statement{"pawl_key_delete", `WITH d AS (DELETE FROM pawl.start_keys k
		USING unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) AS w (namespace, workflow, start_key, old)
		WHERE k.namespace = w.namespace AND k.workflow = w.workflow AND k.start_key = w.start_key AND k.execution = w.old RETURNING 1)
		SELECT 1 / (count(*) = cardinality($1::text[]))::int FROM d`}
	keyAbsent = statement{"pawl_key_absent", `SELECT 1 / (count(*) = 0)::int FROM pawl.start_keys k
		JOIN unnest($1::text[], $2::text[], $3::text[]) AS w (namespace, workflow, start_key)
		ON k.namespace = w.namespace AND k.workflow = w.workflow AND k.start_key = w.start_key`}

	send = statement{"pawl_send", `INSERT INTO pawl.inbox (shard, sender, seq, n, namespace, recipient, at, body)
		SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::text[], $6::bytea[], $7::bigint[], $8::bytea[])
		ON CONFLICT DO NOTHING`}
	take = statement{"pawl_take", `WITH d AS (DELETE FROM pawl.inbox i
		USING unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[]) AS w (shard, sender, seq, n)
		WHERE i.shard = w.shard AND i.sender = w.sender AND i.seq = w.seq AND i.n = w.n RETURNING 1)
		SELECT 1 / (count(*) = cardinality($1::bigint[]))::int FROM d`}

	forgettable = statement{"pawl_forgettable", `SELECT 1 / (count(*) = 0)::int FROM pawl.executions WHERE id = ANY ($1::bytea[]) AND ended = 0`}
	forgetKeys  = statement{"pawl_forget_keys", `DELETE FROM pawl.start_keys k USING pawl.executions e WHERE e.id = ANY ($1::bytea[])
		AND k.namespace = e.namespace AND k.workflow = e.workflow AND k.start_key = e.start_key AND k.execution = e.id`}
	forget = []statement{
		{"pawl_forget_journal", `DELETE FROM pawl.journal WHERE execution = ANY ($1::bytea[])`},
		{"pawl_forget_snapshots", `DELETE FROM pawl.snapshots WHERE execution = ANY ($1::bytea[])`},
		{"pawl_forget_tags", `DELETE FROM pawl.tags WHERE execution = ANY ($1::bytea[])`},
		{"pawl_forget_blobs", `DELETE FROM pawl.blobs WHERE execution = ANY ($1::bytea[])`},
		{"pawl_forget_heads", `DELETE FROM pawl.executions WHERE id = ANY ($1::bytea[])`},
	}

	answerExpire = statement{"pawl_answer_expire", `DELETE FROM pawl.answers a
		USING unnest($1::bigint[], $2::bigint[]) AS w (shard, at) WHERE a.shard = w.shard AND a.at < w.at`}
	answerPut = statement{"pawl_answer_put", `INSERT INTO pawl.answers (sender, shard, at, body)
		SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bytea[])
		ON CONFLICT (sender) DO UPDATE SET shard = excluded.shard, at = excluded.at, body = excluded.body`}
)

// headArrays are the columns of heads as rows w.
const headArrays = `unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[],
	$9::text[], $10::bytea[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[])
	AS w (id, shard, started, ended, next_at, namespace, workflow, version, start_key, parent, status, outcome, error, waiting, fingerprint)`

// message is what a commit sends: statements with their arguments.
type message struct {
	shards int
	params params
	add    func(s *statement, args [][]byte)
}

// step adds a statement whose arguments fill writes.
func (m *message) step(s *statement, fill func(p *params)) {
	m.params.reset()
	fill(&m.params)
	m.add(s, m.params.all())
}

// commit adds all that makes b durable.
func (m *message) commit(b *store.Batch, r *sqlstore.Rows) {
	if b.Number > 1 && len(r.Fences) > 0 && len(r.Entries) > 0 {
		m.step(&hot, func(p *params) {
			laneParams(p, b)
			fenceParams(p, r.Fences)
			atParams(p, r.Leads)
			entryParams(p, r.Entries)
		})
		m.heads(r)
		m.others(r)
		return
	}
	s := &laneNext
	if b.Number == 1 {
		s = &laneOpen
	}
	m.step(s, func(p *params) { laneParams(p, b) })
	if len(r.Fences) > 0 {
		m.step(&fences, func(p *params) { fenceParams(p, r.Fences) })
	}
	m.rows(r)
}

// rows adds what r has, table by table in the order that a part demands.
func (m *message) rows(r *sqlstore.Rows) {
	m.heads(r)
	m.at(&entriesThere, r.Leads)
	if len(r.Entries) > 0 {
		m.step(&entryAdd, func(p *params) { entryParams(p, r.Entries) })
	}
	m.others(r)
}

// others adds what follows entries.
func (m *message) others(r *sqlstore.Rows) {
	m.at(&entriesThere, r.SnapshotsAt)
	m.snapshots(r.Snapshots)
	m.trims(r.Trims)
	m.keys(r.Keys)
	m.sends(r.Sends)
	m.takes(r.Takes)
	m.forgets(r.Forgets)
	m.answers(r.Expires, r.Answers)
}

func laneParams(p *params, b *store.Batch) {
	p.bytes(b.Lane.Owner[:])
	p.int(int64(b.Lane.Number))
	if b.Number > 1 {
		p.int(int64(b.Number))
	}
	p.int(int64(b.Digest))
}

func fenceParams(p *params, all []record.Fence) {
	ints(p, all, func(f record.Fence) int64 { return int64(f.Shard) })
	ints(p, all, func(f record.Fence) int64 { return int64(f.Epoch) })
	column(p, all, pgtype.ByteaOID, func(f record.Fence) { p.elementBytes(f.Owner[:]) })
}

func atParams(p *params, all []sqlstore.At) {
	column(p, all, pgtype.ByteaOID, func(a sqlstore.At) { p.elementBytes(a.Execution[:]) })
	ints(p, all, func(a sqlstore.At) int64 { return int64(a.Seq) })
}

func entryParams(p *params, all []*record.Entry) {
	type row = *record.Entry
	bytesOf(p, all, func(e row) []byte { return e.Execution[:] })
	ints(p, all, func(e row) int64 { return int64(e.Seq) })
	ints(p, all, func(e row) int64 { return e.At })
	ints(p, all, func(e row) int64 { return int64(e.Sum) })
	bytesOf(p, all, func(e row) []byte { return e.Body })
}

// heads adds heads with their tags.
func (m *message) heads(r *sqlstore.Rows) {
	m.someHeads(&headInsert, r.Inserts)
	m.someHeads(&headUpdate, r.Updates)
	m.tags(r)
}

func (m *message) someHeads(s *statement, all []*record.Head) {
	if len(all) == 0 {
		return
	}
	type row = *record.Head
	m.step(s, func(p *params) {
		bytesOf(p, all, func(h row) []byte { return h.Execution[:] })
		ints(p, all, func(h row) int64 { return int64(h.Execution.Shard(m.shards)) })
		ints(p, all, func(h row) int64 { return h.Started })
		ints(p, all, func(h row) int64 { return h.Ended })
		column(p, all, pgtype.Int8OID, func(h row) {
			if h.NextAt == record.Never {
				p.elementNull()
				return
			}
			p.elementInt(h.NextAt)
		})
		texts(p, all, func(h row) string { return h.Namespace })
		texts(p, all, func(h row) string { return h.Workflow })
		texts(p, all, func(h row) string { return h.Version })
		texts(p, all, func(h row) string { return h.Key })
		column(p, all, pgtype.ByteaOID, func(h row) {
			if h.Parent.IsZero() {
				p.elementNull()
				return
			}
			p.elementBytes(h.Parent[:])
		})
		texts(p, all, func(h row) string { return h.Status })
		texts(p, all, func(h row) string { return h.Outcome })
		texts(p, all, func(h row) string { return h.Error })
		texts(p, all, func(h row) string { return h.Waiting })
		texts(p, all, func(h row) string { return h.Fingerprint })
	})
}

// tags adds those of heads.
func (m *message) tags(r *sqlstore.Rows) {
	if len(r.Tags) == 0 {
		return
	}
	type row = sqlstore.Tag
	m.step(&tagAdd, func(p *params) {
		bytesOf(p, r.Tags, func(t row) []byte { return t.Head.Execution[:] })
		texts(p, r.Tags, func(t row) string { return t.Name })
		texts(p, r.Tags, func(t row) string { return t.Head.Namespace })
		column(p, r.Tags, pgtype.TextOID, func(t row) {
			if t.IsNum {
				p.elementNull()
				return
			}
			p.elementText(t.Text)
		})
		column(p, r.Tags, pgtype.Float8OID, func(t row) {
			if !t.IsNum {
				p.elementNull()
				return
			}
			p.elementFloat(t.Num)
		})
	})
}

// at adds a statement about entries.
func (m *message) at(s *statement, all []sqlstore.At) {
	if len(all) > 0 {
		m.step(s, func(p *params) { atParams(p, all) })
	}
}

func (m *message) snapshots(all []*record.Snapshot) {
	if len(all) == 0 {
		return
	}
	type row = *record.Snapshot
	m.step(&snapshotPut, func(p *params) {
		bytesOf(p, all, func(n row) []byte { return n.Execution[:] })
		ints(p, all, func(n row) int64 { return int64(n.Seq) })
		ints(p, all, func(n row) int64 { return int64(n.Sum) })
		bytesOf(p, all, func(n row) []byte { return n.Body })
	})
}

func (m *message) trims(all []record.Trim) {
	if len(all) == 0 {
		return
	}
	for _, s := range []*statement{&trimmable, &trimEntries, &trimSnapshots} {
		m.step(s, func(p *params) {
			column(p, all, pgtype.ByteaOID, func(t record.Trim) { p.elementBytes(t.Execution[:]) })
			ints(p, all, func(t record.Trim) int64 { return int64(t.Before) })
		})
	}
}

func (m *message) sends(all []*record.Message) {
	if len(all) == 0 {
		return
	}
	type row = *record.Message
	m.step(&send, func(p *params) {
		ints(p, all, func(g row) int64 { return int64(g.Shard) })
		bytesOf(p, all, func(g row) []byte { return g.ID.From[:] })
		ints(p, all, func(g row) int64 { return int64(g.ID.Seq) })
		ints(p, all, func(g row) int64 { return int64(g.ID.N) })
		texts(p, all, func(g row) string { return g.Namespace })
		bytesOf(p, all, func(g row) []byte { return g.To[:] })
		ints(p, all, func(g row) int64 { return g.At })
		bytesOf(p, all, func(g row) []byte { return g.Body })
	})
}

func (m *message) takes(all []judge.Letter) {
	if len(all) == 0 {
		return
	}
	type row = judge.Letter
	m.step(&take, func(p *params) {
		ints(p, all, func(l row) int64 { return int64(l.Shard) })
		column(p, all, pgtype.ByteaOID, func(l row) { p.elementBytes(l.ID.From[:]) })
		ints(p, all, func(l row) int64 { return int64(l.ID.Seq) })
		ints(p, all, func(l row) int64 { return int64(l.ID.N) })
	})
}

func (m *message) forgets(all []record.ID) {
	if len(all) == 0 {
		return
	}
	ids := func(p *params) {
		column(p, all, pgtype.ByteaOID, func(id record.ID) { p.elementBytes(id[:]) })
	}
	m.step(&forgettable, ids)
	m.step(&forgetKeys, ids)
	for i := range forget {
		m.step(&forget[i], ids)
	}
}

func (m *message) answers(old []sqlstore.Expiry, all []sqlstore.Answer) {
	if len(old) > 0 {
		m.step(&answerExpire, func(p *params) {
			ints(p, old, func(e sqlstore.Expiry) int64 { return int64(e.Shard) })
			ints(p, old, func(e sqlstore.Expiry) int64 { return e.Before })
		})
	}
	if len(all) > 0 {
		m.step(&answerPut, func(p *params) {
			bytesOf(p, all, func(a sqlstore.Answer) []byte { return a.To[:] })
			ints(p, all, func(a sqlstore.Answer) int64 { return int64(a.Shard) })
			ints(p, all, func(a sqlstore.Answer) int64 { return a.At })
			bytesOf(p, all, func(a sqlstore.Answer) []byte { return a.Body })
		})
	}
}
