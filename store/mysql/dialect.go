package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	my "github.com/go-sql-driver/mysql"

	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// forShare locks what a SELECT reads against change. FOR SHARE is not known to MariaDB.
const forShare = "LOCK IN SHARE MODE"

// now is the server's clock in Unix milliseconds.
const now = "CAST(UNIX_TIMESTAMP(NOW(3))*1000 AS SIGNED)"

// dialect is how the server says what differs.
func (s *server) dialect(base *my.Config) *sqlstore.Dialect {
	return &sqlstore.Dialect{
		Values:   s.values,
		Upsert:   upsert,
		ForShare: forShare, ForUpdate: "FOR UPDATE",
		Now:     now,
		Verdict: verdict,
		Explain: classify,
		Locked: func(ctx context.Context, _ sqlstore.DB, f func(q sqlstore.Querier) error) error {
			return s.locked(ctx, base, f)
		},
		Done: done,
	}
}

// values is a table of rows: each server has its own words.
func (s *server) values(name string, columns ...sqlstore.Column) (from string, args []any) {
	var names []string
	for i := range columns {
		names = append(names, columns[i].Name)
	}
	row := "(?" + strings.Repeat(",?", len(columns)-1) + ")"
	n := columns[0].Len()
	for k := range n {
		for i := range columns {
			args = append(args, columns[i].Value(k))
		}
	}
	list := strings.Join(names, ",")
	if s.mariadb {
		return "(WITH v (" + list + ") AS (VALUES " + row + strings.Repeat(","+row, n-1) + ") SELECT * FROM v) " + name, args
	}
	return "(VALUES ROW" + row + strings.Repeat(",ROW"+row, n-1) + ") " + name + " (" + list + ")", args
}

// upsert replaces columns of a row with the same keys. Without columns the row stays as it is: setting a key to itself,
// since IGNORE would also forgive what does not fit.
func upsert(keys, columns []string) string {
	if len(columns) == 0 {
		columns = keys[:1]
	}
	return "ON DUPLICATE KEY UPDATE " + replaced(strings.Join(columns, ","))
}

// replaced gives columns, with commas between them, the values that the row to insert has.
func replaced(columns string) string {
	var set []string
	for c := range strings.SplitSeq(columns, ",") {
		set = append(set, c+"=VALUES("+c+")")
	}
	return strings.Join(set, ",")
}

// verdict says what an error means for a transaction. What is not known is looked into: after the ROLLBACK the row of
// the lane tells whether the commit had been made.
func verdict(err error) sqlstore.Verdict {
	switch {
	case lost(err), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return sqlstore.Lost
	case full(err), readOnly(err):
		return sqlstore.Transient
	}
	switch numberOf(err) {
	case 0:
		return sqlstore.Lost
	case errLockWait, errDeadlock, errConnections, errUserConnections, errUserResources:
		return sqlstore.Transient
	}
	return sqlstore.Refused
}

// done says that a statement of DDL was carried out before: nothing here belongs to a transaction.
func done(err error) bool {
	switch numberOf(err) {
	case errTableExists, errColumnExists, errIndexExists, errNotThere:
		return true
	}
	return false
}

// locked runs f on a connection that holds the lock of the database's migrations.
func (s *server) locked(ctx context.Context, base *my.Config, f func(q sqlstore.Querier) error) (err error) {
	c, err := s.sessions(base, committed)
	if err != nil {
		return err
	}
	c.ReadTimeout = 0 // a migration takes as long as it takes
	// The lock is the session's, not a transaction's: one whose client has gone without a word must end, too.
	c.Params["wait_timeout"] = strconv.Itoa(idleInTransaction)
	db, err := pool(c, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() // the lock ends with it
	var got sql.NullInt64
	err = conn.QueryRowContext(ctx, "SELECT GET_LOCK(CONCAT('pawl.', SHA1(DATABASE())), ?)", migrationWait).Scan(&got)
	if err != nil {
		return err
	}
	if got.Int64 != 1 {
		return fmt.Errorf("another process has been migrating this database for %d seconds", migrationWait)
	}
	return f(session{conn})
}

// migrationWait is in seconds.
const migrationWait = 60

// session is a connection as a [sqlstore.Querier].
type session struct{ conn *sql.Conn }

// Exec implements [sqlstore.Querier].
func (s session) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	return exec(ctx, s.conn, sql, args)
}

// Query implements [sqlstore.Querier].
func (s session) Query(ctx context.Context, sql string, args []any, row func(scan func(dest ...any) error) error) error {
	return query(ctx, s.conn, sql, args, row)
}
