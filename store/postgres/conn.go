package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// runner is what connections, pools and transactions of pgx have in common.
type runner interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// querier is a [sqlstore.Querier] over any of them.
type querier struct {
	runner
	sql *sqlstore.Translator
}

func (q querier) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := q.runner.Exec(ctx, q.sql.SQL(sql), args...)
	return tag.RowsAffected(), err
}

func (q querier) Query(ctx context.Context, sql string, args []any, row func(scan func(dest ...any) error) error) error {
	rows, err := q.runner.Query(ctx, q.sql.SQL(sql), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// pools is a [sqlstore.DB]: one pool for commits, so that reads never keep one waiting, one for searches, which may be
// slow, and one for everything else.
type pools struct {
	querier
	commits, others *pgxpool.Pool
	searches        *pools // has no other pool than others
}

func (p *pools) Write(ctx context.Context) (sqlstore.Tx, error) {
	return p.begin(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite})
}

func (p *pools) Read(ctx context.Context) (sqlstore.Tx, error) {
	return p.begin(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
}

func (p *pools) begin(ctx context.Context, o pgx.TxOptions) (sqlstore.Tx, error) {
	t, err := p.others.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return tx{querier{t, p.sql}, t}, nil
}

func (p *pools) Close() {
	p.commits.Close()
	p.others.Close()
	p.searches.others.Close()
}

// tx is a [sqlstore.Tx].
type tx struct {
	querier
	tx pgx.Tx
}

func (t tx) Commit(ctx context.Context) error { return t.tx.Commit(ctx) }

// rollBackTime bounds a rollback whose caller has gone; after it the connection is closed, which does the same.
const rollBackTime = 5 * time.Second

func (t tx) Rollback() {
	ctx, stop := context.WithTimeout(context.Background(), rollBackTime)
	defer stop()
	_ = t.tx.Rollback(ctx) // a connection that cannot is closed by the pool
}
