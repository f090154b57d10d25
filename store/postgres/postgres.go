// Package postgres keeps journals in a PostgreSQL database, for any number of engines at once. A commit is one message
// to the server and is answered when its write-ahead log was flushed.
//
// docs/stores.md says how to use it, docs/internals/stores.md what is where.
//
// The package must not know what entries mean or who drives it.
package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/judge"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// What every store of this driver has. shards is drawn when a schema is created and never changes for it.
const (
	shards = 64
	lanes  = 2
	// searching is how many searches run at once.
	searching = 4
	maxBody   = 16 << 20 // bytes of a body of an entry, snapshot, message or blob
	maxText   = 1000     // bytes of a text that an index holds; a page of an index takes 2,700 in all
)

// defaultSchema holds the tables where nothing else is said.
const defaultSchema = "pawl"

// minVersion is the oldest major version that is supported upstream or nearly so.
const minVersion = 13

// Option changes how a store is opened.
type Option func(*config)

// config is what a URL and options say.
type config struct {
	url        string
	schema     string
	pooler     bool // transactions may land on other sessions: no prepared statements, no settings of sessions
	lanes      int
	conns      int
	restored   bool
	flush      bool // the role does not wait for the log to be flushed, so our sessions say that they do
	lock       time.Duration
	statement  time.Duration
	idle       time.Duration
	user       time.Duration
	migrations []sqlstore.Migration
	after      func(step, statement int) error // tests: stop a migration
}

// Schema is the schema that holds the tables, created where it is missing; the default is pawl. The URL may say
// ?schema= instead.
func Schema(name string) Option { return func(c *config) { c.schema = name } }

// Pooler says that a pooler stands between, which gives each transaction a session of its choice (PgBouncer with
// pool_mode=transaction). No statement is then prepared and no setting sent with the connection; docs/stores.md says
// which settings the role needs. The URL may say ?pooler=transaction instead.
func Pooler() Option { return func(c *config) { c.pooler = true } }

// Lanes is how many commits an engine has in flight at once; the default is 2.
func Lanes(n int) Option { return func(c *config) { c.lanes = max(n, 1) } }

// Connections bounds those of everything but commits, which have one for each lane; the default is 8. The URL may say
// ?connections= instead.
func Connections(n int) Option { return func(c *config) { c.conns = max(n, 2) } }

// Restored says that the database came back from a backup: the store draws a new incarnation, so that what the lost
// time after the backup gave away (tasks, tokens) is not taken for today's. Use it for one open, the first.
func Restored() Option { return func(c *config) { c.restored = true } }

// Open returns an opener of the database at a URL of the form postgres://user:password@host:port/database?settings. The
// settings are those of libpq and schema, pooler, connections, lock_timeout, statement_timeout,
// idle_in_transaction_session_timeout, tcp_user_timeout (durations such as 10s).
func Open(url string, opts ...Option) store.Opener {
	c := &config{
		url: url, lanes: lanes, conns: 8,
		lock: 5 * time.Second, statement: 30 * time.Second, idle: 10 * time.Second, user: 10 * time.Second,
	}
	for _, o := range opts {
		o(c)
	}
	return c
}

// Open implements [store.Opener]: it connects, checks that the promised durability holds, and brings the schema up.
func (c *config) Open(ctx context.Context) (store.Backend, error) {
	s, err := c.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", explain(err))
	}
	return s, nil
}

// Store is an open database. It implements [store.Backend].
type Store struct{ *sqlstore.Store }

// reach connects and looks at the server.
func (c *config) reach(ctx context.Context) (*pools, store.Info, error) {
	info := store.Info{Driver: "postgres", Lanes: c.lanes, Durable: true}
	p, err := c.connect(ctx)
	if err != nil {
		return nil, info, err
	}
	found, err := readSettings(ctx, p, c.schema)
	if err == nil && !c.pooler && !c.flush && !found.flushes() { // once: something between may take no notice
		c.flush = true
		p.Close()
		return c.reach(ctx)
	}
	if err == nil {
		err = found.judge(&info)
	}
	if err != nil {
		p.Close()
	}
	return p, info, err
}

func (c *config) open(ctx context.Context) (_ *Store, err error) {
	c2 := *c // an opener may open again
	p, info, err := c2.reach(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	d := dialect()
	if err := c2.migrate(ctx, p, d, &info); err != nil {
		return nil, err
	}
	if err := sqlstore.Settle(ctx, p, d, shards, c2.restored, &info); err != nil {
		return nil, err
	}
	return &Store{sqlstore.New(sqlstore.Config{
		DB: p, Searches: p.searches, Dialect: d, Words: words, Info: info,
		Driver: &driver{pools: p, shards: info.Shards, prepare: !c2.pooler},
		Limits: judge.Limits{Shards: info.Shards, Body: maxBody, Text: maxText},
	})}, nil
}
