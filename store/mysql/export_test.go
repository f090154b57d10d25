package mysql

import (
	"database/sql"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// After is called behind each statement of a migration.
func After(f func(step, statement int) error) Option { return func(c *config) { c.after = f } }

// Packet makes messages no longer than n bytes, whatever the server takes.
func Packet(n int) Option { return func(c *config) { c.packet = n } }

// Classify, Verdict and Flavour are the ones of the package.
var (
	Classify = classify
	Verdict  = verdict
	Flavour  = flavour
	ParseURL = parseURL
)

// Preflight is what a server with these variables leads to.
func Preflight(version string, innodb bool, variables map[string]string) (store.Info, error) {
	s := &server{variables: variables, innodb: innodb}
	s.version, s.mariadb = flavour(version, "")
	return s.info(), s.refuse()
}

// Commits is the pool of the connections that commit.
func Commits(b store.Backend) *sql.DB { return b.(*sqlstore.Store).Driver.(*committer).pool }
