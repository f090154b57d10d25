package mysql

import (
	"context"
	"database/sql"
	"math"
	"strings"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/judge"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// Database names the database with a store's tables, for [Tx]: needed where the transaction is on a connection with
// another one.
func Database(name string) Option { return func(c *config) { c.database = name } }

// Tx is a sender in a transaction of database/sql on the server of a store: what it sends is there when the transaction
// commits, and never if it does not. Of the options, [Database] counts. The user of the transaction needs INSERT, SELECT and
// UPDATE on the table inbox. An error may have ended the transaction, as a deadlock does: roll back.
func Tx(tx *sql.Tx, opts ...Option) store.Sender {
	c := &config{}
	for _, o := range opts {
		o(c)
	}
	prefix := ""
	if c.database != "" {
		prefix = "`" + strings.ReplaceAll(c.database, "`", "``") + "`."
	}
	return &sqlstore.Outbox{
		In: foreign{tx, sqlstore.NewTranslator(prefix, false)}, Dialect: (&server{}).dialect(nil),
		// How many shards the store has is not looked up here: who draws the ids knows.
		Limits: judge.Limits{Shards: math.MaxInt, Body: maxBody, Text: maxText},
	}
}

// foreign is a transaction of somebody else's. Its session may have any character set: arguments are bytes, as the columns
// are.
type foreign struct {
	tx  *sql.Tx
	sql *sqlstore.Translator
}

// Exec implements [sqlstore.Executor].
func (f foreign) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	for i := range args {
		if text, ok := args[i].(string); ok {
			args[i] = []byte(text)
		}
	}
	r, err := f.tx.ExecContext(ctx, f.sql.SQL(sql), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}
