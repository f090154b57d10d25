package postgres

import (
	"context"
	"strings"

	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// migrating is the advisory lock of a migration ("pawl" and a number); of the whole database, whatever the schema.
const migrating = 0x7061776c_0001

func dialect() *sqlstore.Dialect {
	return &sqlstore.Dialect{
		Values:    values,
		Upsert:    upsert,
		ForShare:  "FOR SHARE",
		ForUpdate: "FOR UPDATE",
		Now:       "(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
		Verdict:   verdict,
		Explain:   explain,
		Locked:    locked,
		Send:      sendAll,

		Transactional: true,
	}
}

// values makes rows of arrays.
func values(name string, columns ...sqlstore.Column) (string, []any) {
	var names, types []string
	var args []any
	for _, c := range columns {
		names = append(names, c.Name)
		switch {
		case c.Bytes != nil:
			types, args = append(types, "?::bytea[]"), append(args, c.Bytes)
		case c.Ints != nil:
			types, args = append(types, "?::bigint[]"), append(args, c.Ints)
		default:
			types, args = append(types, "?::text[]"), append(args, c.Texts)
		}
	}
	return "unnest(" + strings.Join(types, ", ") + ") AS " + name + " (" + strings.Join(names, ", ") + ")", args
}

func upsert(keys, columns []string) string {
	if len(columns) == 0 {
		return "ON CONFLICT DO NOTHING"
	}
	var set []string
	for _, c := range columns {
		set = append(set, c+" = excluded."+c)
	}
	return "ON CONFLICT (" + strings.Join(keys, ", ") + ") DO UPDATE SET " + strings.Join(set, ", ")
}

// locked runs f in a transaction that holds the lock of migrations: no session keeps it, so it works through a pooler.
func locked(ctx context.Context, db sqlstore.DB, f func(q sqlstore.Querier) error) error {
	tx, err := db.Write(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// Others may migrate for long; how long to wait is the caller's to say.
	for _, sql := range []string{"SET LOCAL lock_timeout = 0", "SET LOCAL statement_timeout = 0"} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(?)", int64(migrating)); err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit(ctx)
}
