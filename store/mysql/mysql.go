// Package mysql keeps journals in a database of MySQL 8 or MariaDB 10.11 or later, for any number of engines. A commit is
// one message to the server: lane, fences and rows behind guards that raise an error, and the COMMIT at its end.
//
// What it shares with the other SQL drivers is in store/internal/sqlstore. docs/internals/stores.md says what is where.
//
// The package must not know what entries mean or who drives it.
package mysql

import (
	"context"
	"fmt"

	"github.com/pawl-dev/pawl/store"
)

// shards is drawn when a store is created and never changes for it.
const shards = 64

// maxBody bounds a body of an entry, snapshot, message or blob, in bytes; maxText a text that stands in an index.
const (
	maxBody = 16 << 20
	maxText = 768
)

// Option changes how a store is opened.
type Option func(*config)

type config struct {
	url      string
	lanes    int
	restored bool
	database string                          // of [Tx] only
	packet   int                             // tests: the longest message, in bytes; 0: as the server says
	after    func(step, statement int) error // tests: called behind each statement of a migration
}

// Lanes is how many commits an engine may have under way at once; the default is 2.
func Lanes(n int) Option { return func(c *config) { c.lanes = max(n, 1) } }

// Restored says that the database came back from a backup: the store draws a new incarnation, so that what the lost
// time after the backup gave away (tasks, tokens) is not taken for today's. Use it for one open, the first.
func Restored() Option { return func(c *config) { c.restored = true } }

// Open returns an opener of mysql://user:password@host:port/database, with ?tls=true (or skip-verify, preferred) and
// ?socket=/path where needed. The database must exist; its tables are made and brought up to date.
func Open(url string, opts ...Option) store.Opener {
	c := &config{url: url, lanes: 2}
	for _, o := range opts {
		o(c)
	}
	return c
}

// Open implements [store.Opener].
func (c *config) Open(ctx context.Context) (store.Backend, error) {
	base, err := parseURL(c.url)
	if err != nil {
		return nil, fmt.Errorf("open a MySQL store: %w", err)
	}
	b, err := c.open(ctx, base)
	if err != nil {
		return nil, fmt.Errorf("open database %s at %s: %w", base.DBName, base.Addr, classify(err))
	}
	return b, nil
}

// program is what the server's list of connections shows.
const program = "program_name:pawl"
