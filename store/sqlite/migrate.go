package sqlite

import (
	"crypto/rand"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	lite "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/pawl-dev/pawl/internal/fault"
	"github.com/pawl-dev/pawl/store"
)

// applicationID marks a file as ours ("Pawl").
const applicationID = 0x5061776c

//go:embed schema/*.sql
var schema embed.FS

// migration is one step of the schema; the n-th brings a file from version n-1 to n. A released one never changes.
type migration struct{ name, script string }

// migrations are the embedded steps in order of their numbers.
func migrations() []migration {
	names, err := fs.Glob(schema, "schema/*.sql") // sorted by name
	if err != nil {
		return nil
	}
	var all []migration
	for _, name := range names {
		script, err := schema.ReadFile(name)
		if err != nil {
			return nil
		}
		all = append(all, migration{path.Base(name), string(script)})
	}
	return all
}

// migrate brings the file up to the last step. Each step is one transaction with the number that it gives the file,
// so a killed migration goes on where it was. A file that is newer, or somebody else's, is not touched.
func migrate(conn *lite.Conn, all []migration) (did []string, err error) {
	at, err := number(conn, "PRAGMA user_version")
	if err != nil {
		return nil, err
	}
	if err := checkOurs(conn, at); err != nil {
		return nil, err
	}
	if at > int64(len(all)) {
		return nil, fmt.Errorf("%w: it has version %d, this program knows %d; use the newer program", store.ErrNewer, at, len(all))
	}
	for n, m := range all[at:] {
		if err := apply(conn, m, int(at)+n+1); err != nil {
			return did, fmt.Errorf("migration %s: %w", m.name, err)
		}
		did = append(did, m.name)
	}
	return did, nil
}

// checkOurs refuses a database that another program made.
func checkOurs(conn *lite.Conn, version int64) error {
	id, err := number(conn, "PRAGMA application_id")
	if err != nil {
		return err
	}
	tables, err := number(conn, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return err
	}
	if id != applicationID && (id != 0 || version != 0 || tables != 0) {
		return fmt.Errorf("this is the database of another program (application id %d)", id)
	}
	return nil
}

func apply(conn *lite.Conn, m migration, version int) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	if err := script(conn, m.script); err != nil {
		return err
	}
	if err := exec(conn, fmt.Sprintf("PRAGMA application_id=%d", applicationID)); err != nil {
		return err
	}
	if err := exec(conn, fmt.Sprintf("PRAGMA user_version=%d", version)); err != nil {
		return err
	}
	fault.Hit(fault.MigrateNoted)
	return nil
}

// script carries out statements one by one.
func script(conn *lite.Conn, text string) error {
	for text = strings.TrimSpace(text); text != ""; {
		fault.Hit(fault.MigrateBegin)
		stmt, rest, err := conn.PrepareTransient(text)
		if err != nil {
			return err
		}
		_, err = stmt.Step()
		if end := stmt.Finalize(); err == nil {
			err = end
		}
		if err != nil {
			return err
		}
		fault.Hit(fault.MigrateWritten)
		text = strings.TrimSpace(text[len(text)-rest:])
	}
	return nil
}

// settle draws what a store keeps for life where it is not there yet, reads it into info, and drops what lanes and
// members of long ago left.
func (c *config) settle(conn *lite.Conn, info *store.Info) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	incarnation := make([]byte, len(info.Incarnation))
	rand.Read(incarnation)
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{"INSERT INTO meta (name, value) VALUES ('incarnation', ?1) ON CONFLICT DO UPDATE SET value = ?1 WHERE ?2", []any{incarnation, c.restored}},
		{"INSERT OR IGNORE INTO meta (name, value) VALUES ('shards', ?)", []any{shards}},
		{"INSERT OR IGNORE INTO meta (name, value) VALUES ('created', ?)", []any{time.Now().UnixMilli()}},
		{`WITH RECURSIVE n (shard) AS (SELECT 0 UNION ALL SELECT shard + 1 FROM n
			WHERE shard + 1 < (SELECT value FROM meta WHERE name = 'shards'))
			INSERT OR IGNORE INTO shards (shard, epoch, owner) SELECT shard, 0, zeroblob(16) FROM n`, nil},
		{"DELETE FROM lanes WHERE rowid <= (SELECT max(rowid) - 1000 FROM lanes)", nil},
		{"DELETE FROM members WHERE at < ?", []any{time.Now().Add(-24 * time.Hour).UnixMilli()}},
	} {
		if err := exec(conn, q.sql, q.args...); err != nil {
			return err
		}
	}
	return readMeta(conn, info)
}

func readMeta(conn *lite.Conn, info *store.Info) error {
	n, err := number(conn, "SELECT value FROM meta WHERE name = 'shards'")
	if err != nil {
		return err
	}
	info.Shards = int(n)
	return query(conn, "SELECT value FROM meta WHERE name = 'incarnation'", nil, func(s *lite.Stmt) error {
		s.ColumnBytes(0, info.Incarnation[:])
		return nil
	})
}
