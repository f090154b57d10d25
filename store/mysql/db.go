package mysql

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"strconv"
	"time"

	my "github.com/go-sql-driver/mysql"

	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// How long a session may stand still inside a transaction, and how long one waits for a lock, in seconds. Whoever takes
// a shard over waits for a stopped client no longer than that.
const (
	idleInTransaction = 8
	lockWait          = 5
)

// answerTimeout bounds the wait for the server's next bytes. Callers bound whole calls by their contexts.
const answerTimeout = time.Minute

// sessions is the settings of a kind of connection.
func (s *server) sessions(base *my.Config, isolation string) (*my.Config, error) {
	c := base.Clone()
	c.ConnectionAttributes = program
	// Literals are bytes: no character set changes them on their way.
	if err := c.Apply(my.Charset("binary", "")); err != nil {
		return nil, err
	}
	c.MaxAllowedPacket = s.packet() - 1024
	c.InterpolateParams = true
	c.ReadTimeout, c.WriteTimeout = answerTimeout, answerTimeout
	if c.Params == nil {
		c.Params = map[string]string{}
	}
	maps.Copy(c.Params, map[string]string{
		// Only a quote has a meaning inside a literal.
		"sql_mode":                 "'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,NO_ENGINE_SUBSTITUTION'",
		"innodb_lock_wait_timeout": strconv.Itoa(lockWait),
		"net_read_timeout":         strconv.Itoa(idleInTransaction),
	})
	if s.mariadb {
		c.Params["tx_isolation"] = isolation
		c.Params["idle_transaction_timeout"] = strconv.Itoa(idleInTransaction)
	} else {
		// MySQL has no limit for transactions only; its sessions end when they stand still, in one or not.
		c.Params["transaction_isolation"] = isolation
		c.Params["wait_timeout"] = strconv.Itoa(idleInTransaction)
	}
	return c, nil
}

// Isolation of sessions: writers see what is committed at each statement, readers one moment for a whole transaction.
const (
	committed  = "'READ-COMMITTED'"
	repeatable = "'REPEATABLE-READ'"
)

// pools are the connections of a store.
type pools struct {
	reads, writes, commits *sql.DB
}

// How many connections a pool has at most, besides one for each lane.
const most = 8

// connect makes the pools; they open no connection before it is needed.
func (s *server) connect(base *my.Config, lanes int) (*pools, error) {
	reads, err := s.sessions(base, repeatable)
	if err != nil {
		return nil, err
	}
	writes, err := s.sessions(base, committed)
	if err != nil {
		return nil, err
	}
	writes.ClientFoundRows = true
	commits, err := s.sessions(base, committed)
	if err != nil {
		return nil, err
	}
	commits.MultiStatements = true
	commits.Params["autocommit"] = "0"
	p := &pools{}
	for _, c := range []struct {
		to     **sql.DB
		config *my.Config
		size   int
	}{{&p.reads, reads, most}, {&p.writes, writes, most}, {&p.commits, commits, lanes + 2}} {
		if *c.to, err = pool(c.config, c.size); err != nil {
			p.Close()
			return nil, err
		}
	}
	return p, nil
}

// pool gives idle connections up before the server does.
func pool(c *my.Config, size int) (*sql.DB, error) {
	connector, err := my.NewConnector(c)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxIdleTime((idleInTransaction - 2) * time.Second)
	db.SetConnMaxLifetime(10 * time.Minute)
	return db, nil
}

// Close implements [sqlstore.DB].
func (p *pools) Close() {
	for _, db := range []*sql.DB{p.reads, p.writes, p.commits} {
		if db != nil {
			_ = db.Close() // it waits for what is being done, and there is nothing to be told
		}
	}
}

// translator leaves tables without a prefix: they are of the database of the connection.
var translator = sqlstore.NewTranslator("", false)

// asker is a database or a transaction.
type asker interface {
	ExecContext(ctx context.Context, sql string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, sql string, args ...any) (*sql.Rows, error)
}

func exec(ctx context.Context, on asker, sql string, args []any) (int64, error) {
	r, err := on.ExecContext(ctx, translator.SQL(sql), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func query(ctx context.Context, on asker, sql string, args []any, row func(scan func(dest ...any) error) error) error {
	rows, err := on.QueryContext(ctx, translator.SQL(sql), args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// Exec implements [sqlstore.Querier].
func (p *pools) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	return exec(ctx, p.writes, sql, args)
}

// Query implements [sqlstore.Querier].
func (p *pools) Query(ctx context.Context, sql string, args []any, row func(scan func(dest ...any) error) error) error {
	return query(ctx, p.reads, sql, args, row)
}

// Write implements [sqlstore.DB].
func (p *pools) Write(ctx context.Context) (sqlstore.Tx, error) { return begin(ctx, p.writes, nil) }

// Read implements [sqlstore.DB].
func (p *pools) Read(ctx context.Context) (sqlstore.Tx, error) {
	return begin(ctx, p.reads, &sql.TxOptions{ReadOnly: true})
}

func begin(ctx context.Context, on *sql.DB, how *sql.TxOptions) (sqlstore.Tx, error) {
	tx, err := on.BeginTx(ctx, how)
	if err != nil {
		return nil, err
	}
	return transaction{tx}, nil
}

// transaction is one of the pools'.
type transaction struct{ tx *sql.Tx }

func (t transaction) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	return exec(ctx, t.tx, sql, args)
}

func (t transaction) Query(ctx context.Context, sql string, args []any, row func(scan func(dest ...any) error) error) error {
	return query(ctx, t.tx, sql, args, row)
}

func (t transaction) Commit(context.Context) error { return t.tx.Commit() }

// Rollback implements [sqlstore.Tx]. Where it fails the connection is gone, and the transaction with it.
func (t transaction) Rollback() { _ = t.tx.Rollback() }
