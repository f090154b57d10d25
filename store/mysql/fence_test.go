package mysql_test

import (
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
)

// TestF1_CommitWaitsForAClaimUnderWay: the row of the shard is changed by a transaction that has not ended. A commit that
// read it without a lock would see the old row, and write behind the claim.
func TestF1_CommitWaitsForAClaimUnderWay(t *testing.T) {
	d := servertest.MySQL(t)
	u, id := newUser(opened(t, d), 1), drivertest.Execution(1)
	u.Write(t, u.Start(t, id))
	claim := begin(t, d, "UPDATE shards SET epoch = epoch + 1, owner = x'00000000000000000000000000000007' WHERE shard = 1")
	answer := make(chan store.Outcome, 1)
	batch := u.Next(u.More(t, id, 2, 2, 100))
	go func() { answer <- u.Commit(t.Context(), batch) }()
	waitForALock(t, d)
	if err := claim.Commit(); err != nil {
		t.Fatal(err)
	}
	if o := <-answer; o.Result != store.NotCommitted || !slices.Equal(o.Deposed, []record.Shard{1}) {
		t.Fatalf("%s %v %v", o.Result, o.Deposed, o.Cause)
	}
	u.Whole(t, id, 1)
}

// TestClaimsOfOtherShardsAreNotWaitedFor: nor do rows that others add to the inbox hold anybody up.
func TestClaimsOfOtherShardsAreNotWaitedFor(t *testing.T) {
	d := servertest.MySQL(t)
	u := newUser(opened(t, d), 1)
	const n = 40 // so many of so few that a server would rather look at all rows
	var begun, next, ended record.Part
	var mail []record.Message
	for i := range n {
		id := record.NewID(int64(i+1), 0, 1)
		m := record.Message{ID: record.MessageID{From: id}, Shard: 1, Namespace: "default", To: id}
		mail = append(mail, m)
		p := u.Start(t, id)
		p.Heads[0].Tags = []record.Tag{{Name: "a", Text: "b"}}
		begun.Fence, begun.Heads, begun.Entries = p.Fence, append(begun.Heads, p.Heads...), append(begun.Entries, p.Entries...)
		p.Heads[0].Insert, p.Heads[0].Ended = false, 5
		next.Heads, next.Entries = append(next.Heads, p.Heads...), append(next.Entries, drivertest.Entry(id, 2, 100))
		next.Takes, next.Snapshots = append(next.Takes, m.ID), append(next.Snapshots, record.Snapshot{Execution: id, Seq: 2})
		next.Trims = append(next.Trims, record.Trim{Execution: id, Before: 2})
		ended.Forgets = append(ended.Forgets, id)
	}
	next.Expire = 9
	next.Fence, ended.Fence = begun.Fence, begun.Fence
	u.Write(t, begun)
	if err := u.Send(t.Context(), mail); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"UPDATE shards SET epoch = epoch + 1 WHERE shard = 2",
		"INSERT INTO inbox (shard, sender, seq, n, namespace, recipient, at, body) VALUES (1, x'00', 0, 0, 'default', x'00', 0, '')",
		"INSERT INTO executions (id, shard, namespace, workflow, version, start_key, status, outcome, error, waiting, fingerprint, started, ended, tagged)" +
			" VALUES (x'00', 1, 'default', 'order', '1', '', 'running', '', '', '', '', 0, 0, 0)",
		"INSERT INTO tags (execution, name, namespace, text_value) VALUES (x'00', 'a', 'default', 'b')",
		"INSERT INTO start_keys (namespace, workflow, start_key, execution, digest, closed_at, previous) VALUES ('default', 'order', 'k', x'00', 0, 0, x'00')",
		"INSERT INTO lanes (owner, lane, number, digest, opened) VALUES (x'77', 0, 1, 1, 0)",
		"INSERT INTO journal (execution, seq, at, sum, body) VALUES (x'00', 1, 0, 0, '')",
		"INSERT INTO blobs (execution, sum, body) VALUES (x'00', x'00', '')",
		"INSERT INTO answers (sender, shard, at, body) VALUES (x'00', 2, 1, '')",
		"INSERT INTO snapshots (execution, seq, sum, body) VALUES (x'00', 1, 1, '')",
	} {
		tx := begin(t, d, sql)
		defer tx.Rollback()
	}
	began := time.Now()
	u.Write(t, next)
	u.Write(t, ended)
	if took := time.Since(began); took > 4*time.Second {
		t.Fatalf("it waited for %s", took)
	}
}

// begin runs a statement in a transaction that stays open.
func begin(t *testing.T, d *servertest.MySQLDatabase, statement string) *sql.Tx {
	t.Helper()
	tx, err := d.Admin.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	return tx
}

// waitForALock returns when a transaction in this database waits for another.
func waitForALock(t *testing.T, d *servertest.MySQLDatabase) {
	t.Helper()
	const waiting = `SELECT COUNT(*) FROM information_schema.innodb_trx x JOIN information_schema.processlist p
		ON p.id = x.trx_mysql_thread_id WHERE x.trx_state = 'LOCK WAIT' AND p.db = DATABASE()`
	for deadline := time.Now().Add(4 * time.Second); time.Now().Before(deadline); {
		if _, err := d.Admin.ExecContext(t.Context(), "DO SLEEP(0.2)"); err != nil { // the server looks no more often
			t.Fatal(err)
		}
		n := 0
		if err := d.Admin.QueryRowContext(t.Context(), waiting).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
	}
	t.Fatal("nobody waits")
}
