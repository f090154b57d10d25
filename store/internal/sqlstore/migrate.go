package sqlstore

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/pawl-dev/pawl/internal/fault"
	"github.com/pawl-dev/pawl/store"
)

// Migration is one step of a schema. A released one never changes.
type Migration struct {
	Name       string
	Statements []string
}

// Migrations reads the steps of a folder in order of their names. A statement ends with a semicolon at the end of a
// line.
func Migrations(files fs.FS, dir string) ([]Migration, error) {
	names, err := fs.Glob(files, path.Join(dir, "*.sql")) // sorted by name
	if err != nil {
		return nil, err
	}
	var all []Migration
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		m := Migration{Name: path.Base(name)}
		for statement := range strings.SplitSeq(string(text), ";\n") {
			if strings.TrimSpace(statement) != "" {
				m.Statements = append(m.Statements, statement)
			}
		}
		all = append(all, m)
	}
	return all, nil
}

// Migrator brings a database up to the last step. Each statement is noted when it is done, so a killed migration goes
// on where it was. A database that is newer is not touched.
type Migrator struct {
	DB      DB
	Dialect *Dialect
	Steps   []Migration
	// Before are repeatable statements that make the table of notes possible.
	Before []string
	// Behind ends each step, in its transaction. It may be nil, and is only for dialects in which DDL belongs to one.
	Behind func(ctx context.Context, q Querier) error
	// After is called after each statement; tests stop there.
	After func(step, statement int) error

	did []string // names of the steps of which Run did something
}

// Note writes the version of the schema and what Run did into info.
func (m *Migrator) Note(info *store.Info) { info.Schema, info.Migrated = len(m.Steps), m.did }

// Run migrates. Where nothing is to be done it asks for no right to change the schema and takes no lock.
func (m *Migrator) Run(ctx context.Context) error {
	if done, err := m.read(ctx, m.DB); err == nil {
		if err := m.check(done); err != nil {
			return err
		}
		if _, _, more := m.next(done); !more {
			return nil
		}
	}
	for more := true; more; {
		err := m.Dialect.Locked(ctx, m.DB, func(q Querier) (err error) {
			more, err = m.step(ctx, q)
			return err
		})
		if err != nil {
			return m.Dialect.explain(err)
		}
	}
	return nil
}

// note is a statement of a step that is done. Both count from 1.
type note struct{ step, statement int }

func (m *Migrator) read(ctx context.Context, q Querier) (map[note]string, error) {
	done := map[note]string{}
	err := q.Query(ctx, "SELECT m.step, m.statement, m.name FROM pawl.migrations m", nil, func(scan func(...any) error) error {
		var step, statement int64
		var name string
		err := scan(&step, &statement, &name)
		done[note{int(step), int(statement)}] = name
		return err
	})
	return done, err
}

// check refuses a schema that this program does not know.
func (m *Migrator) check(done map[note]string) error {
	newest := 0
	for n := range done {
		newest = max(newest, n.step)
	}
	if newest > len(m.Steps) {
		return fmt.Errorf("%w: it has version %d, this program knows %d; use the newer program", store.ErrNewer, newest, len(m.Steps))
	}
	for n, name := range done {
		if want := m.Steps[n.step-1].Name; name != want {
			return fmt.Errorf("step %d of its schema is %q where this program has %q: it belongs to another program", n.step, name, want)
		}
	}
	return nil
}

// next is the first statement that is not done.
func (m *Migrator) next(done map[note]string) (step, statement int, more bool) {
	for i := range m.Steps {
		for k := range m.Steps[i].Statements {
			if _, is := done[note{i + 1, k + 1}]; !is {
				return i + 1, k + 1, true
			}
		}
	}
	return 0, 0, false
}

// step does one statement, or a whole step where it can be undone, and reports whether it found one to do.
func (m *Migrator) step(ctx context.Context, q Querier) (more bool, err error) {
	for _, sql := range m.Before {
		if _, err := q.Exec(ctx, sql); err != nil {
			return false, err
		}
	}
	done, err := m.read(ctx, q)
	if err != nil {
		return false, err
	}
	if err := m.check(done); err != nil {
		return false, err
	}
	step, statement, more := m.next(done)
	if !more {
		return false, nil
	}
	for at := step; more && step == at; step, statement, more = m.next(done) {
		if err := m.statement(ctx, q, step, statement); err != nil {
			return false, err
		}
		if done[note{step, statement}] = m.Steps[step-1].Name; !m.Dialect.Transactional {
			return true, nil
		}
	}
	if m.Behind != nil {
		err = m.Behind(ctx, q)
	}
	return more, err
}

// statement does one statement and notes it.
func (m *Migrator) statement(ctx context.Context, q Querier, step, statement int) error {
	fault.Hit(fault.MigrateBegin)
	name := m.Steps[step-1].Name
	_, err := q.Exec(ctx, m.Steps[step-1].Statements[statement-1])
	if err != nil && (m.Dialect.Done == nil || !m.Dialect.Done(err)) {
		return fmt.Errorf("migration %s, statement %d: %w", name, statement, err)
	}
	fault.Hit(fault.MigrateWritten)
	const sql = "INSERT INTO pawl.migrations (step, statement, name) VALUES (?, ?, ?)"
	if _, err := q.Exec(ctx, sql, int64(step), int64(statement), name); err != nil {
		return err
	}
	fault.Hit(fault.MigrateNoted)
	if len(m.did) == 0 || m.did[len(m.did)-1] != name {
		m.did = append(m.did, name)
	}
	if m.After != nil {
		return m.After(step, statement)
	}
	return nil
}
