package sqlite

import (
	"fmt"

	lite "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// exec runs a statement for its effect. The hot paths have prepared statements of their own.
func exec(conn *lite.Conn, sql string, args ...any) error { return query(conn, sql, args, nil) }

// query runs a statement and calls row for each row. The statement is kept, so it must not say LIMIT ? but LIMIT +?:
// SQLite plans for the value of a bare parameter there, and prepares the statement anew for each.
func query(conn *lite.Conn, sql string, args []any, row func(s *lite.Stmt) error) error {
	return sqlitex.Execute(conn, sql, &sqlitex.ExecOptions{Args: args, ResultFunc: row})
}

// number and text read one value; 0 and "" where there is no row.
func number(conn *lite.Conn, sql string, args ...any) (n int64, err error) {
	err = query(conn, sql, args, func(s *lite.Stmt) error { n = s.ColumnInt64(0); return nil })
	return n, err
}

func text(conn *lite.Conn, sql string) (t string, err error) {
	err = query(conn, sql, nil, func(s *lite.Stmt) error { t = s.ColumnText(0); return nil })
	return t, err
}

// body copies a blob column.
func body(s *lite.Stmt, col int) []byte {
	b := make([]byte, s.ColumnLen(col))
	s.ColumnBytes(col, b)
	return b
}

// columnID reads an execution id; NULL is the zero id.
func columnID(s *lite.Stmt, col int) (id record.ID) {
	s.ColumnBytes(col, id[:])
	return id
}

// classify adds the error of package store that err is, so that callers can tell without knowing SQLite.
func classify(err error) error {
	switch lite.ErrCode(err).ToPrimary() {
	case lite.ResultFull:
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	case lite.ResultCorrupt, lite.ResultNotADB:
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	return err
}

// queryOnce is query for statements of many shapes, which are not worth keeping.
func queryOnce(conn *lite.Conn, sql string, args []any, row func(s *lite.Stmt) error) error {
	return sqlitex.ExecuteTransient(conn, sql, &sqlitex.ExecOptions{Args: args, ResultFunc: row})
}
