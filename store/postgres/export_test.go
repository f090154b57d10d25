package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// After calls f behind each statement of a migration; an error ends it there.
func After(f func(step, statement int) error) Option { return func(c *config) { c.after = f } }

// Steps replaces the migrations.
func Steps(all []sqlstore.Migration) Option { return func(c *config) { c.migrations = all } }

// Own are the migrations of this program.
func Own() []sqlstore.Migration {
	all, err := sqlstore.Migrations(schema, "schema")
	if err != nil {
		panic(err)
	}
	return all
}

// Setting reads a setting of a session that commits, or of another one.
func Setting(ctx context.Context, b store.Backend, commits bool, name string) (value string, err error) {
	p := b.(*Store).DB.(*pools)
	pool := p.others
	if commits {
		pool = p.commits
	}
	err = pool.QueryRow(ctx, "SHOW "+name).Scan(&value)
	return value, err
}

// Verdict is what an error with a code means.
func Verdict(severity, code string) sqlstore.Verdict {
	return verdict(&pgconn.PgError{SeverityUnlocalized: severity, Code: code})
}

// VerdictOf is what another error means.
func VerdictOf(err error) sqlstore.Verdict { return verdict(err) }

// Judge looks at settings of a server.
func Judge(got map[string]string) (store.Info, error) {
	info := store.Info{Durable: true}
	err := settings(got).judge(&info)
	return info, err
}

// Plan is how a session that loads would run a statement of the core.
func Plan(ctx context.Context, b store.Backend, sql string, columns ...sqlstore.Column) (plan string, err error) {
	p := b.(*Store).DB.(*pools)
	from, args := "", []any(nil)
	if len(columns) > 0 {
		from, args = values("w", columns...)
	}
	err = p.Query(ctx, "EXPLAIN "+strings.ReplaceAll(sql, "VALUES", from), args, func(scan func(...any) error) error {
		var line string
		err := scan(&line)
		plan += line + "\n"
		return err
	})
	return plan, err
}
