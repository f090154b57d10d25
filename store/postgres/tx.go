package postgres

import (
	"context"
	"database/sql"
	"math"

	"github.com/jackc/pgx/v5"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/judge"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// Tx is a sender in a transaction of pgx on the database of a store: what it sends is there when the transaction commits,
// and never if it does not. Of the options, [Schema] counts. The user of the transaction needs INSERT on the table
// inbox and USAGE on its schema.
func Tx(tx pgx.Tx, opts ...Option) store.Sender {
	c := optioned(opts)
	return c.outbox(querier{tx, c.translator()})
}

// SQLTx is [Tx] for a transaction of database/sql, whichever driver of PostgreSQL it has.
func SQLTx(tx *sql.Tx, opts ...Option) store.Sender {
	c := optioned(opts)
	return c.outbox(foreign{tx, c.translator()})
}

func optioned(opts []Option) *config {
	c := &config{schema: defaultSchema}
	for _, o := range opts {
		o(c)
	}
	return c
}

func (c *config) translator() *sqlstore.Translator {
	return sqlstore.NewTranslator(quote(c.schema)+".", true)
}

func (c *config) outbox(in sqlstore.Executor) store.Sender {
	// How many shards the store has is not looked up here: who draws the ids knows.
	return &sqlstore.Outbox{In: in, Dialect: dialect(), Limits: judge.Limits{Shards: math.MaxInt, Body: maxBody, Text: maxText}}
}

// foreign is a transaction of database/sql.
type foreign struct {
	tx  *sql.Tx
	sql *sqlstore.Translator
}

// Exec implements [sqlstore.Executor].
func (f foreign) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	r, err := f.tx.ExecContext(ctx, f.sql.SQL(sql), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// sendAll appends messages in one statement of its own transaction.
func sendAll(ctx context.Context, q sqlstore.Querier, all []record.Message) error {
	if len(all) == 0 {
		return nil
	}
	n := len(all)
	shard, seq, place, at := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	from, to, body, namespace := make([][]byte, n), make([][]byte, n), make([][]byte, n), make([]string, n)
	for i := range all {
		m := &all[i]
		shard[i], seq[i], place[i], at[i] = int64(m.Shard), int64(m.ID.Seq), int64(m.ID.N), m.At
		from[i], to[i], body[i], namespace[i] = m.ID.From[:], m.To[:], m.Body, m.Namespace
		if body[i] == nil {
			body[i] = []byte{}
		}
	}
	_, err := q.Exec(ctx, send.sql, shard, from, seq, place, namespace, to, at, body)
	return err
}
