package sqlite

import (
	"errors"

	lite "zombiezen.com/go/sqlite"
)

// statement is prepared once and bound by position.
type statement struct{ *lite.Stmt }

// run executes a statement that returns no row.
func (s statement) run() error {
	if _, err := s.Step(); err != nil {
		return err
	}
	return s.Reset()
}

// exists reports whether there is a row.
func (s statement) exists() (bool, error) {
	found, err := s.Step()
	if err != nil {
		return false, err
	}
	return found, s.Reset()
}

// changing is a statement whose number of changed rows matters.
type changing struct {
	statement
	conn *lite.Conn
}

func (s changing) change() (rows int, err error) {
	if err := s.run(); err != nil {
		return 0, err
	}
	return s.conn.Changes(), nil
}

// constraint reports whether err is a broken constraint: the statement had no effect, the transaction goes on.
func constraint(err error) bool {
	return lite.ErrCode(err).ToPrimary() == lite.ResultConstraint
}

// statements are those of a commit.
type statements struct {
	conn              *lite.Conn
	begin, end, abort statement

	laneNext changing
	laneAt   statement
	laneOpen statement
	fence    statement

	headInsert statement
	headUpdate changing
	headOld    statement
	tagClear   statement
	tagAdd     statement

	entry   statement
	entryAt statement
	// entryFrom finds an entry at a number or after it.
	entryFrom statement
	trim      []changing
	snapshot  statement

	keyInsert, keyExists statement
	keyUpdate, keyDelete changing

	send statement
	take changing

	forget []statement

	answer, expire statement
}

const headColumns = `shard, namespace, workflow, version, key, parent, status, outcome, error, started, ended, next_at, fingerprint, waiting`

func prepareStatements(conn *lite.Conn) (*statements, error) {
	var failed error
	prepare := func(sql string) statement {
		s, err := conn.Prepare(sql)
		failed = errors.Join(failed, err)
		return statement{s}
	}
	change := func(sql string) changing { return changing{prepare(sql), conn} }
	s := &statements{
		conn:  conn,
		begin: prepare("BEGIN IMMEDIATE"), end: prepare("COMMIT"), abort: prepare("ROLLBACK"),

		laneNext: change("UPDATE lanes SET number = ?1, digest = ?2 WHERE owner = ?3 AND lane = ?4 AND number = ?1 - 1"),
		laneAt:   prepare("SELECT number, digest FROM lanes WHERE owner = ? AND lane = ?"),
		laneOpen: prepare("INSERT INTO lanes (owner, lane, number, digest) VALUES (?, ?, 1, ?)"),
		fence:    prepare("SELECT 1 FROM shards WHERE shard = ? AND epoch = ? AND owner = ?"),

		headInsert: prepare("INSERT INTO executions (id, " + headColumns + ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"),
		headUpdate: change("UPDATE executions SET (" + headColumns + ") = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) WHERE id = ?1"),
		headOld:    prepare("SELECT ended, namespace, workflow, key FROM executions WHERE id = ?"),
		tagClear:   prepare("DELETE FROM tags WHERE execution = ?"),
		tagAdd:     prepare("INSERT OR REPLACE INTO tags (execution, name, namespace, value) VALUES (?, ?, ?, ?)"),

		entry:     prepare("INSERT INTO journal (execution, seq, at, sum, body) VALUES (?, ?, ?, ?, ?)"),
		entryAt:   prepare("SELECT 1 FROM journal WHERE execution = ? AND seq = ?"),
		entryFrom: prepare("SELECT 1 FROM journal WHERE execution = ? AND seq >= ? LIMIT 1"),
		snapshot:  prepare("INSERT OR REPLACE INTO snapshots (execution, seq, sum, body) VALUES (?, ?, ?, ?)"),

		keyInsert: prepare("INSERT INTO keys (namespace, workflow, key, execution, digest, closed_at) VALUES (?, ?, ?, ?, ?, ?)"),
		keyExists: prepare("SELECT 1 FROM keys WHERE namespace = ? AND workflow = ? AND key = ?"),
		keyUpdate: change("UPDATE keys SET execution = ?4, digest = ?5, closed_at = ?6 WHERE namespace = ?1 AND workflow = ?2 AND key = ?3 AND execution = ?7"),
		keyDelete: change("DELETE FROM keys WHERE namespace = ? AND workflow = ? AND key = ? AND execution = ?"),

		send:   prepare(sendSQL),
		answer: prepare("INSERT OR REPLACE INTO answers (sender, shard, at, body) VALUES (?, ?, ?, ?)"),
		expire: prepare("DELETE FROM answers WHERE shard = ? AND at < ?"),

		take: change("DELETE FROM inbox WHERE sender = ? AND seq = ? AND n = ? AND shard = ?"),
	}
	for _, table := range []string{"journal", "snapshots"} {
		s.trim = append(s.trim, change("DELETE FROM "+table+" WHERE execution = ? AND seq < ?"))
	}
	for _, table := range []string{"journal", "snapshots", "tags", "blobs"} {
		s.forget = append(s.forget, prepare("DELETE FROM "+table+" WHERE execution = ?"))
	}
	s.forget = append(s.forget, prepare("DELETE FROM executions WHERE id = ?"))
	return s, failed
}

const sendSQL = `INSERT OR IGNORE INTO inbox (shard, sender, seq, n, namespace, recipient, at, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
