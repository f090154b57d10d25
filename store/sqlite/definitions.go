package sqlite

import (
	"context"
	"fmt"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/store"
)

// Put implements [store.Definitions].
func (s *Store) Put(ctx context.Context, d store.Definition, activate bool) error {
	return s.transact(ctx, func(c *lite.Conn) error {
		hash, found := "", false
		err := query(c, "SELECT hash FROM versions WHERE namespace = ? AND workflow = ? AND version = ?",
			[]any{d.Namespace, d.Workflow, d.Version}, func(r *lite.Stmt) error { hash, found = r.ColumnText(0), true; return nil })
		if err != nil {
			return err
		}
		if found && hash != d.Hash {
			return fmt.Errorf("%s %s: %w", d.Workflow, d.Version, store.ErrVersionExists)
		}
		if !found {
			err = exec(c, `INSERT INTO versions (namespace, workflow, version, hash, body, source, at, retired) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
				d.Namespace, d.Workflow, d.Version, d.Hash, blob(d.Body), blob(d.Source), d.At, d.Retired)
		}
		if err != nil || !activate {
			return err
		}
		return exec(c, `INSERT INTO workflows (namespace, workflow, active) VALUES (?1, ?2, ?3)
			ON CONFLICT (namespace, workflow) DO UPDATE SET active = ?3`, d.Namespace, d.Workflow, d.Version)
	})
}

// blob is the argument for bytes that are never NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Get implements [store.Definitions].
func (s *Store) Get(ctx context.Context, namespace, workflow, version string) (d store.Definition, err error) {
	const sql = `SELECT version, hash, at, retired, body, source FROM versions WHERE namespace = ?1 AND workflow = ?2
		AND version = CASE ?3 WHEN '' THEN (SELECT active FROM workflows WHERE namespace = ?1 AND workflow = ?2) ELSE ?3 END`
	found := false
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		return query(c, sql, []any{namespace, workflow, version}, func(r *lite.Stmt) error {
			d, found = readDefinition(r, namespace, workflow), true
			d.Body, d.Source = body(r, 4), body(r, 5)
			return nil
		})
	})
	if err == nil && !found {
		err = fmt.Errorf("workflow %s %s: %w", workflow, version, store.ErrNotFound)
	}
	return d, err
}

// List implements [store.Definitions].
func (s *Store) List(ctx context.Context, namespace, workflow string) (out []store.Definition, err error) {
	const sql = `SELECT version, hash, at, retired, workflow FROM versions
		WHERE namespace = ?1 AND (?2 = '' OR workflow = ?2) ORDER BY workflow, at, version`
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		return query(c, sql, []any{namespace, workflow}, func(r *lite.Stmt) error {
			out = append(out, readDefinition(r, namespace, r.ColumnText(4)))
			return nil
		})
	})
	return out, err
}

func readDefinition(r *lite.Stmt, namespace, workflow string) store.Definition {
	return store.Definition{
		Namespace: namespace, Workflow: workflow,
		Version: r.ColumnText(0), Hash: r.ColumnText(1), At: r.ColumnInt64(2), Retired: r.ColumnBool(3),
	}
}

// Retire implements [store.Definitions].
func (s *Store) Retire(ctx context.Context, namespace, workflow, version string, retired bool) error {
	return s.transact(ctx, func(c *lite.Conn) error {
		err := exec(c, "UPDATE versions SET retired = ? WHERE namespace = ? AND workflow = ? AND version = ?",
			retired, namespace, workflow, version)
		if err == nil && c.Changes() == 0 {
			err = fmt.Errorf("workflow %s %s: %w", workflow, version, store.ErrNotFound)
		}
		return err
	})
}
