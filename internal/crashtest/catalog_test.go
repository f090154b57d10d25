package crashtest

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	lite "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// catalogs describe all that a migration makes in a database: tables, columns, indexes, options, and its notes.
var catalogs = map[string]func(t *testing.T, where string) string{
	"sqlite": catalogOfSQLite, "postgres": catalogOfPostgres, "mysql": catalogOfMySQL,
}

// lockWaiters ask a server whether a session waits for the lock of migrations.
var lockWaiters = map[string]func(t *testing.T, where string) func() bool{
	"postgres": func(t *testing.T, where string) func() bool {
		c := postgresAt(t, where)
		return func() bool {
			const sql = `SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
				AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
			return strings.Join(postgresLines(t, c, sql), "") == "1"
		}
	},
	"mysql": func(t *testing.T, where string) func() bool {
		db := mysqlAt(t, where)
		return func() bool {
			const sql = "SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE() AND state = 'User lock'"
			return strings.Join(mysqlLines(t, db, sql), "") == "1"
		}
	},
}

func catalogOfPostgres(t *testing.T, where string) string {
	c := postgresAt(t, where)
	var all []string
	for _, sql := range []string{
		`SELECT format('%s %s %s', c.relkind, c.relname, c.reloptions) FROM pg_class c
			WHERE c.relnamespace = 'pawl'::regnamespace ORDER BY c.relkind, c.relname`,
		`SELECT format('%s.%s %s %s %s %s %s %s %s', c.relname, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstorage,
				a.attidentity, a.attcollation, pg_get_expr(d.adbin, d.adrelid))
			FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
			WHERE c.relnamespace = 'pawl'::regnamespace AND c.relkind = 'r' ORDER BY c.relname, a.attnum`,
		"SELECT indexdef FROM pg_indexes WHERE schemaname = 'pawl' ORDER BY indexname",
		`SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'pawl'::regnamespace ORDER BY conname`,
		"SELECT format('%s %s %s', step, statement, name) FROM pawl.migrations ORDER BY step, statement",
		"SELECT format('%s %s', (SELECT count(*) FROM pawl.shards), (SELECT string_agg(name, ' ' ORDER BY name) FROM pawl.meta))",
	} {
		all = append(all, postgresLines(t, c, sql)...)
	}
	return strings.Join(all, "\n")
}

func postgresAt(t *testing.T, where string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func postgresLines(t *testing.T, c *pgx.Conn, sql string) []string {
	t.Helper()
	rows, err := c.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// counter is how far a table has counted, which is no part of what it is.
var counter = regexp.MustCompile(` AUTO_INCREMENT=\d+`)

func catalogOfMySQL(t *testing.T, where string) string {
	db := mysqlAt(t, where)
	var all []string
	for _, table := range mysqlLines(t, db, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name") {
		var name, text string
		if err := db.QueryRowContext(t.Context(), "SHOW CREATE TABLE `"+table+"`").Scan(&name, &text); err != nil {
			t.Fatal(err)
		}
		all = append(all, counter.ReplaceAllString(text, ""))
	}
	all = append(all, mysqlLines(t, db, "SELECT CONCAT_WS(' ', step, statement, name) FROM migrations ORDER BY step, statement")...)
	all = append(all, mysqlLines(t, db, "SELECT CONCAT_WS(' ', (SELECT count(*) FROM shards), (SELECT GROUP_CONCAT(name ORDER BY name) FROM meta))")...)
	return strings.Join(all, "\n")
}

func mysqlAt(t *testing.T, where string) *sql.DB {
	t.Helper()
	rest, ok := strings.CutPrefix(where, "mysql://")
	user, rest, at := strings.Cut(rest, "@")
	addr, database, named := strings.Cut(rest, "/")
	if !ok || !at || !named {
		t.Fatalf("no database at %s", where)
	}
	c := mysql.NewConfig()
	c.User, c.Passwd, _ = strings.Cut(user, ":")
	c.Net, c.Addr, c.DBName = "tcp", addr, database
	connector, err := mysql.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

func mysqlLines(t *testing.T, db *sql.DB, query string) (lines []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func catalogOfSQLite(t *testing.T, where string) string {
	t.Helper()
	c, err := lite.OpenConn(where, lite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var all []string
	for _, sql := range []string{
		"SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name", "PRAGMA user_version", "PRAGMA application_id",
		"SELECT (SELECT count(*) FROM shards), group_concat(name) FROM (SELECT name FROM meta ORDER BY name)",
	} {
		err := sqlitex.ExecuteTransient(c, sql, &sqlitex.ExecOptions{ResultFunc: func(s *lite.Stmt) error {
			line := make([]string, s.ColumnCount())
			for i := range line {
				line[i] = s.ColumnText(i)
			}
			all = append(all, strings.Join(line, " "))
			return nil
		}})
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", sql, err))
		}
	}
	return strings.Join(all, "\n")
}
