package mysql

import (
	"context"
	"embed"

	my "github.com/go-sql-driver/mysql"

	"github.com/pawl-dev/pawl/store/internal/judge"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

//go:embed schema/*.sql
var schema embed.FS

// open does everything in order: what the server is and whether it will do, its schema, what a store keeps for life.
func (c *config) open(ctx context.Context, base *my.Config) (_ *sqlstore.Store, err error) {
	s, err := look(ctx, base)
	if err != nil {
		return nil, err
	}
	if err := s.refuse(); err != nil {
		return nil, err
	}
	db, err := s.connect(base, c.lanes)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			db.Close()
		}
	}()
	d := s.dialect(base)
	m, err := c.migrator(db, d)
	if err != nil {
		return nil, err
	}
	if err := m.Run(ctx); err != nil {
		return nil, err
	}
	info := s.info()
	info.Lanes = c.lanes
	m.Note(&info)
	if err := sqlstore.Settle(ctx, db, d, shards, c.restored, &info); err != nil {
		return nil, err
	}
	packet := s.packet() - 64<<10 // what surrounds the statements
	if c.packet > 0 {
		packet = c.packet
	}
	return sqlstore.New(sqlstore.Config{
		DB: db, Driver: newCommitter(db.commits, packet, s.mariadb), Dialect: d, Words: words, Info: info,
		Limits: judge.Limits{Shards: info.Shards, Body: min(maxBody, s.packet()), Text: maxText},
	}), nil
}

// look asks a server what it is, on a connection with no settings: which there are depends on the answer.
func look(ctx context.Context, base *my.Config) (*server, error) {
	c := base.Clone()
	c.InterpolateParams = true
	db, err := pool(c, 1)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return inspect(ctx, db)
}

func (c *config) migrator(db *pools, d *sqlstore.Dialect) (*sqlstore.Migrator, error) {
	steps, err := sqlstore.Migrations(schema, "schema")
	if err != nil {
		return nil, err
	}
	return &sqlstore.Migrator{DB: db, Dialect: d, Steps: steps, Before: []string{notes}, After: c.after}, nil
}

// notes is the table of what migrations have done.
const notes = `CREATE TABLE IF NOT EXISTS migrations (
  step      INT NOT NULL,
  statement INT NOT NULL,
  name      VARBINARY(255) NOT NULL,
  PRIMARY KEY (step, statement)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC`
