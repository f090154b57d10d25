package postgres

import (
	"context"
	"embed"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

//go:embed schema/*.sql
var schema embed.FS

// migrate makes the schema and its tables, or brings them up.
func (c *config) migrate(ctx context.Context, p *pools, d *sqlstore.Dialect, info *store.Info) error {
	steps := c.migrations
	if steps == nil {
		var err error
		if steps, err = sqlstore.Migrations(schema, "schema"); err != nil {
			return err
		}
	}
	m := sqlstore.Migrator{
		DB: p, Dialect: d, Steps: steps, After: c.after,
		Before: []string{
			"CREATE SCHEMA IF NOT EXISTS " + quote(c.schema),
			`CREATE TABLE IF NOT EXISTS pawl.migrations (step bigint NOT NULL, statement bigint NOT NULL, name text NOT NULL,
				done timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (step, statement))`,
		},
		Behind: func(ctx context.Context, q sqlstore.Querier) error { return secureNew(ctx, q, c.schema) },
	}
	err := m.Run(ctx)
	m.Note(info)
	return err
}
