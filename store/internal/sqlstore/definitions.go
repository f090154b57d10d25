package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pawl-dev/pawl/store"
)

// Put implements [store.Definitions].
func (s *Store) Put(ctx context.Context, d store.Definition, m *store.Move) error {
	uses, err := json.Marshal(d.Uses)
	if err != nil {
		return err
	}
	return s.transact(ctx, func(q Querier) error {
		// Inserted where it is not there, and only then read: of two that put at once, one waits for the other here.
		sql := `INSERT INTO pawl.versions (namespace, workflow, version, hash, body, source, at, retired, deployed_by, why, uses)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ` + s.Dialect.Upsert([]string{"namespace", "workflow", "version"}, nil)
		_, err := q.Exec(ctx, sql, d.Namespace, d.Workflow, d.Version, d.Hash, blob(d.Body), blob(d.Source), d.At, d.Retired, d.By, d.Why, string(uses))
		if err != nil {
			return err
		}
		hash := ""
		const which = "SELECT v.hash FROM pawl.versions v WHERE v.namespace = ? AND v.workflow = ? AND v.version = ?"
		err = q.Query(ctx, which, []any{d.Namespace, d.Workflow, d.Version}, func(scan func(...any) error) error { return scan(&hash) })
		switch {
		case err != nil:
			return err
		case hash != d.Hash:
			return fmt.Errorf("%s %s: %w", d.Workflow, d.Version, store.ErrVersionExists)
		case m == nil:
			return nil
		}
		return s.move(ctx, q, d.Namespace, d.Workflow, d.Version, *m)
	})
}

// move changes the active version of a workflow.
func (s *Store) move(ctx context.Context, q Querier, namespace, workflow, to string, m store.Move) error {
	sql := "INSERT INTO pawl.workflows (namespace, workflow, active) VALUES (?, ?, '') " +
		s.Dialect.Upsert([]string{"namespace", "workflow"}, nil)
	if _, err := q.Exec(ctx, sql, namespace, workflow); err != nil {
		return err
	}
	at := ""
	which := "SELECT w.active FROM pawl.workflows w WHERE w.namespace = ? AND w.workflow = ? " + s.Dialect.ForUpdate
	err := q.Query(ctx, which, []any{namespace, workflow}, func(scan func(...any) error) error { return scan(&at) })
	if err != nil {
		return err
	}
	if at != m.From {
		return fmt.Errorf("%s is at %q, not at %q: %w", workflow, at, m.From, store.ErrMoved)
	}
	_, err = q.Exec(ctx, "UPDATE pawl.workflows SET active = ? WHERE namespace = ? AND workflow = ?", to, namespace, workflow)
	return err
}

// Activate implements [store.Definitions].
func (s *Store) Activate(ctx context.Context, namespace, workflow, version string, m store.Move) error {
	return s.transact(ctx, func(q Querier) error {
		found, err := deployed(ctx, q, namespace, workflow, version)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("workflow %s %s: %w", workflow, version, store.ErrNotFound)
		}
		return s.move(ctx, q, namespace, workflow, version, m)
	})
}

func deployed(ctx context.Context, q Querier, namespace, workflow, version string) (found bool, err error) {
	const sql = "SELECT v.at FROM pawl.versions v WHERE v.namespace = ? AND v.workflow = ? AND v.version = ?"
	err = q.Query(ctx, sql, []any{namespace, workflow, version}, func(scan func(...any) error) error {
		var at int64
		found = true
		return scan(&at)
	})
	return found, err
}

// definitionColumns are what [scanDefinition] reads, from versions v and workflows w.
const definitionColumns = `v.workflow, v.version, v.hash, v.at, v.retired, v.deployed_by, v.why, v.uses, CASE WHEN w.active = v.version THEN 1 ELSE 0 END`

const definitionTables = ` FROM pawl.versions v LEFT JOIN pawl.workflows w ON w.namespace = v.namespace AND w.workflow = v.workflow`

// Get implements [store.Definitions].
func (s *Store) Get(ctx context.Context, namespace, workflow, version string) (d store.Definition, err error) {
	sql := `SELECT ` + definitionColumns + `, v.body, v.source` + definitionTables + ` WHERE v.namespace = ? AND v.workflow = ? AND v.version = `
	args := []any{namespace, workflow}
	if version == "" {
		sql += "w.active"
	} else {
		sql, args = sql+"?", append(args, version)
	}
	found := false
	err = s.call(ctx, func(q Querier) error {
		return q.Query(ctx, sql, args, func(scan func(...any) error) (err error) {
			found = true
			var body, source []byte
			d, err = scanDefinition(scan, namespace, &body, &source)
			d.Body, d.Source = body, source
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
	sql := `SELECT ` + definitionColumns + definitionTables + ` WHERE v.namespace = ?`
	args := []any{namespace}
	if workflow != "" {
		sql, args = sql+" AND v.workflow = ?", append(args, workflow)
	}
	err = s.call(ctx, func(q Querier) error {
		return q.Query(ctx, sql+" ORDER BY v.workflow, v.at, v.version", args, func(scan func(...any) error) error {
			d, err := scanDefinition(scan, namespace)
			out = append(out, d)
			return err
		})
	})
	return out, err
}

func scanDefinition(scan func(dest ...any) error, namespace string, more ...any) (store.Definition, error) {
	d := store.Definition{Namespace: namespace}
	var uses string
	var active int64
	dest := append([]any{&d.Workflow, &d.Version, &d.Hash, &d.At, &d.Retired, &d.By, &d.Why, &uses, &active}, more...)
	if err := scan(dest...); err != nil {
		return d, err
	}
	d.Active = active != 0
	if err := json.Unmarshal([]byte(uses), &d.Uses); err != nil {
		return d, fmt.Errorf("%w: what %s %s uses: %w", store.ErrCorrupt, d.Workflow, d.Version, err)
	}
	return d, nil
}

// Retire implements [store.Definitions].
func (s *Store) Retire(ctx context.Context, namespace, workflow, version string, retired bool) error {
	return s.transact(ctx, func(q Querier) error {
		const sql = "UPDATE pawl.versions SET retired = ? WHERE namespace = ? AND workflow = ? AND version = ?"
		n, err := q.Exec(ctx, sql, retired, namespace, workflow, version)
		if err == nil && n == 0 {
			err = fmt.Errorf("workflow %s %s: %w", workflow, version, store.ErrNotFound)
		}
		return err
	})
}
