package sqlite

import (
	"context"
	"fmt"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var _ store.Transactor = (*Store)(nil)

// Tx implements [store.Transactor]: fn runs on the writer's goroutine, in one transaction with what it sends. Tables of
// its own may lie in the same file; their names must not begin with those of the store's.
func (s *Store) Tx(ctx context.Context, fn func(tx store.Tx) error) error {
	return s.transact(ctx, func(c *lite.Conn) (err error) {
		c.SetInterrupt(ctx.Done())
		defer c.SetInterrupt(nil)
		defer func() {
			if p := recover(); p != nil { // the goroutine is the store's
				err = fmt.Errorf("panic in a transaction: %v", p)
			}
		}()
		if err := fn(&tx{c, s.info.Shards}); err != nil {
			return err
		}
		return ctx.Err()
	})
}

// tx is a transaction that is lent.
type tx struct {
	conn   *lite.Conn
	shards int
}

// Send implements [store.Sender].
func (t *tx) Send(_ context.Context, m []record.Message) error { return send(t.conn, m, t.shards) }

// Exec implements [store.Tx].
func (t *tx) Exec(sql string, args ...any) error { return queryOnce(t.conn, sql, args, nil) }

// Query implements [store.Tx].
func (t *tx) Query(sql string, args []any, row func(scan func(dst ...any) error) error) error {
	return queryOnce(t.conn, sql, args, func(r *lite.Stmt) error {
		return row(func(dst ...any) error { return copyRow(r, dst) })
	})
}

func copyRow(r *lite.Stmt, dst []any) error {
	if len(dst) > r.ColumnCount() {
		return fmt.Errorf("%d columns asked for, there are %d", len(dst), r.ColumnCount())
	}
	for i, d := range dst {
		switch d := d.(type) {
		case *int64:
			*d = r.ColumnInt64(i)
		case *float64:
			*d = r.ColumnFloat(i)
		case *string:
			*d = r.ColumnText(i)
		case *[]byte:
			*d = body(r, i)
		case *bool:
			*d = r.ColumnBool(i)
		case *any:
			*d = column(r, i)
		default:
			return fmt.Errorf("column %d cannot be copied into a %T", i+1, d)
		}
	}
	return nil
}

// column is a value as SQLite has it.
func column(r *lite.Stmt, i int) any {
	switch r.ColumnType(i) {
	case lite.TypeInteger:
		return r.ColumnInt64(i)
	case lite.TypeFloat:
		return r.ColumnFloat(i)
	case lite.TypeText:
		return r.ColumnText(i)
	case lite.TypeBlob:
		return body(r, i)
	}
	return nil
}
