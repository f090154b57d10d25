package sqlite_test

import (
	"testing"

	lite "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// raw opens the file behind the store's back.
func raw(t testing.TB, path string) *lite.Conn {
	t.Helper()
	c, err := lite.OpenConn(path, lite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// rawText runs sql on the file and returns the first column of its last row.
func rawText(t testing.TB, c *lite.Conn, sql string) (got string) {
	t.Helper()
	err := sqlitex.ExecuteTransient(c, sql, &sqlitex.ExecOptions{ResultFunc: func(s *lite.Stmt) error {
		got = s.ColumnText(0)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return got
}
