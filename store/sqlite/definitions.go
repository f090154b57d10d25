package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/store"
)

// Put implements [store.Definitions].
func (s *Store) Put(ctx context.Context, d store.Definition, m *store.Move) error {
	uses, err := json.Marshal(d.Uses)
	if err != nil {
		return err
	}
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
			err = exec(c, `INSERT INTO versions (namespace, workflow, version, hash, body, source, at, retired, deployed_by, why, uses)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				d.Namespace, d.Workflow, d.Version, d.Hash, blob(d.Body), blob(d.Source), d.At, d.Retired, d.By, d.Why, string(uses))
		}
		if err != nil || m == nil {
			return err
		}
		return move(c, d.Namespace, d.Workflow, d.Version, *m)
	})
}

// move changes the active version of a workflow.
func move(c *lite.Conn, namespace, workflow, to string, m store.Move) error {
	at := ""
	err := query(c, "SELECT active FROM workflows WHERE namespace = ? AND workflow = ?",
		[]any{namespace, workflow}, func(r *lite.Stmt) error { at = r.ColumnText(0); return nil })
	if err != nil {
		return err
	}
	if at != m.From {
		return fmt.Errorf("%s is at %q, not at %q: %w", workflow, at, m.From, store.ErrMoved)
	}
	return exec(c, `INSERT INTO workflows (namespace, workflow, active) VALUES (?1, ?2, ?3)
		ON CONFLICT (namespace, workflow) DO UPDATE SET active = ?3`, namespace, workflow, to)
}

// Activate implements [store.Definitions].
func (s *Store) Activate(ctx context.Context, namespace, workflow, version string, m store.Move) error {
	return s.transact(ctx, func(c *lite.Conn) error {
		found := false
		err := query(c, "SELECT 1 FROM versions WHERE namespace = ? AND workflow = ? AND version = ?",
			[]any{namespace, workflow, version}, func(*lite.Stmt) error { found = true; return nil })
		if err == nil && !found {
			err = fmt.Errorf("workflow %s %s: %w", workflow, version, store.ErrNotFound)
		}
		if err != nil {
			return err
		}
		return move(c, namespace, workflow, version, m)
	})
}

// blob is the argument for bytes that are never NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// definitionColumns are what [readDefinition] reads, from versions v and workflows w.
const definitionColumns = `v.workflow, v.version, v.hash, v.at, v.retired, v.deployed_by, v.why, v.uses, w.active IS v.version`

// Get implements [store.Definitions].
func (s *Store) Get(ctx context.Context, namespace, workflow, version string) (d store.Definition, err error) {
	const sql = `SELECT ` + definitionColumns + `, v.body, v.source
		FROM versions v LEFT JOIN workflows w ON w.namespace = v.namespace AND w.workflow = v.workflow
		WHERE v.namespace = ?1 AND v.workflow = ?2 AND v.version = CASE ?3 WHEN '' THEN w.active ELSE ?3 END`
	found := false
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		return query(c, sql, []any{namespace, workflow, version}, func(r *lite.Stmt) (err error) {
			found = true
			d, err = readDefinition(r, namespace)
			d.Body, d.Source = body(r, 9), body(r, 10)
			return err
		})
	})
	if err == nil && !found {
		err = fmt.Errorf("workflow %s %s: %w", workflow, version, store.ErrNotFound)
	}
	return d, err
}

// List implements [store.Definitions].
func (s *Store) List(ctx context.Context, namespace, workflow string) (out []store.Definition, err error) {
	const sql = `SELECT ` + definitionColumns + `
		FROM versions v LEFT JOIN workflows w ON w.namespace = v.namespace AND w.workflow = v.workflow
		WHERE v.namespace = ?1 AND (?2 = '' OR v.workflow = ?2) ORDER BY v.workflow, v.at, v.version`
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		return query(c, sql, []any{namespace, workflow}, func(r *lite.Stmt) error {
			d, err := readDefinition(r, namespace)
			out = append(out, d)
			return err
		})
	})
	return out, err
}

func readDefinition(r *lite.Stmt, namespace string) (store.Definition, error) {
	d := store.Definition{
		Namespace: namespace, Workflow: r.ColumnText(0),
		Version: r.ColumnText(1), Hash: r.ColumnText(2), At: r.ColumnInt64(3), Retired: r.ColumnBool(4),
		By: r.ColumnText(5), Why: r.ColumnText(6), Active: r.ColumnBool(8),
	}
	if err := json.Unmarshal([]byte(r.ColumnText(7)), &d.Uses); err != nil {
		return d, fmt.Errorf("%w: what %s %s uses: %w", store.ErrCorrupt, d.Workflow, d.Version, err)
	}
	return d, nil
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
