package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// RowSecurity shares the rows of a store out to roles of the database other than the engines': a role sees those of the
// namespaces that it was granted, and changes none. Which they are is a table that only the owner of the store writes.
// docs/stores.md says what it protects from.
type RowSecurity struct {
	pools  *pools
	schema string
}

// Access is what a grant is for.
type Access int

// The kinds of access.
const (
	Read Access = iota // select what belongs to the namespaces
	Send               // start executions in them, in transactions of the role's own ([Tx])
)

// OpenRowSecurity connects to the database of a store. The URL and the options are those of [Open]. The role that connects
// must be the owner of the tables, or a superuser; to ask for the status, any that may use the schema.
func OpenRowSecurity(ctx context.Context, url string, opts ...Option) (*RowSecurity, error) {
	c := optioned(opts)
	c.url, c.lanes, c.conns = url, 1, 2
	p, err := c.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("row-level security: %w", err)
	}
	return &RowSecurity{p, c.schema}, nil
}

// Close lets the connections go.
func (r *RowSecurity) Close() { r.pools.Close() }

// Enable hides every row from every role but the owner and those that bypass row-level security, until they are granted
// namespaces. Enabled again it repairs what was changed by hand.
func (r *RowSecurity) Enable(ctx context.Context) error {
	return r.change(ctx, "enable", func(q sqlstore.Querier, t *tables) error {
		if err := each(ctx, q, grantsTable); err != nil {
			return err
		}
		return t.secure(ctx, q, func(bool) bool { return true })
	})
}

// Disable takes everything back: what roles were granted, so that none sees more than before, then the policies.
func (r *RowSecurity) Disable(ctx context.Context) error {
	return r.change(ctx, "disable", func(q sqlstore.Querier, t *tables) error {
		if !t.on {
			return nil
		}
		roles, err := list(ctx, q, "SELECT DISTINCT g.role FROM pawl.role_namespaces g ORDER BY g.role")
		if err != nil {
			return err
		}
		for _, role := range roles {
			if err := t.strip(ctx, q, role); err != nil {
				return err
			}
		}
		for _, s := range shares {
			if _, is := t.secured[s.table]; !is {
				continue
			}
			if err := each(ctx, q, append(s.drop(), "ALTER TABLE pawl."+s.table+" DISABLE ROW LEVEL SECURITY")); err != nil {
				return err
			}
		}
		return each(ctx, q, []string{"DROP TABLE pawl.role_namespaces"})
	})
}

// Grant lets a role see namespaces, or send to them, and gives it the rights on schema and tables that this needs.
func (r *RowSecurity) Grant(ctx context.Context, role string, a Access, namespaces ...string) error {
	return r.change(ctx, "grant", func(q sqlstore.Querier, t *tables) error {
		if !t.on {
			return refuse("it is off: enable it first")
		}
		oid, free, err := t.role(ctx, q, role)
		switch {
		case err != nil:
			return err
		case oid == 0:
			return refuse("the database has no role %q", role)
		case free != "":
			return refuse("the role %q %s: it sees every row whatever it is granted", role, free)
		}
		for _, ns := range namespaces {
			const sql = `INSERT INTO pawl.role_namespaces AS g (role, namespace, reads, sends) VALUES (?, ?, ?, ?)
				ON CONFLICT (role, namespace) DO UPDATE SET reads = g.reads OR excluded.reads, sends = g.sends OR excluded.sends`
			if _, err := q.Exec(ctx, sql, role, ns, a == Read, a == Send); err != nil {
				return err
			}
		}
		right := "SELECT ON " + strings.Join(t.readable(), ", ")
		if a == Send {
			right = "INSERT ON pawl.inbox"
		}
		return each(ctx, q, []string{"GRANT USAGE ON SCHEMA " + quote(r.schema) + " TO " + quote(role), "GRANT " + right + " TO " + quote(role)})
	})
}

// Revoke takes namespaces back, without a name all of them. A role that has none left loses its rights on the tables, too.
func (r *RowSecurity) Revoke(ctx context.Context, role string, namespaces ...string) error {
	return r.change(ctx, "revoke", func(q sqlstore.Querier, t *tables) error {
		if !t.on {
			return refuse("it is off: nobody was granted anything")
		}
		sql, args := "DELETE FROM pawl.role_namespaces WHERE role = ?", []any{role}
		if len(namespaces) > 0 {
			sql, args = sql+" AND namespace = ANY (?::text[])", append(args, namespaces)
		}
		n, err := q.Exec(ctx, sql, args...)
		if err != nil {
			return err
		}
		if n == 0 {
			return refuse("the role %q was not granted that", role)
		}
		left, err := list(ctx, q, "SELECT g.namespace FROM pawl.role_namespaces g WHERE g.role = ?", role)
		if err != nil || len(left) > 0 {
			return err
		}
		return t.strip(ctx, q, role)
	})
}

// Refusal is an answer of [RowSecurity] itself, not of the server: what was asked for makes no sense as things are.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return "row-level security: " + r.Reason }

func refuse(format string, args ...any) error { return &Refusal{fmt.Sprintf(format, args...)} }

// attempts is how often a change is tried that waits for locks of engines at work, two seconds each time: whoever needs the
// tables waits behind it, so it gives up and lets them pass.
const attempts = 10

// change runs f as the owner of the tables, in one transaction, beside no migration.
func (r *RowSecurity) change(ctx context.Context, what string, f func(q sqlstore.Querier, t *tables) error) (err error) {
	for range attempts {
		err = locked(ctx, r.pools, func(q sqlstore.Querier) error {
			if _, err := q.Exec(ctx, "SET LOCAL lock_timeout = '2s'"); err != nil {
				return err
			}
			t, err := readTables(ctx, q, r.schema)
			if err != nil {
				return err
			}
			if t.owner == "" {
				return refuse("there is no store in the schema %s of this database; pawl store migrate makes one", r.schema)
			}
			if _, err := q.Exec(ctx, "SET LOCAL ROLE "+quote(t.owner)); err != nil {
				if answer, ok := errors.AsType[*pgconn.PgError](err); ok && answer.Code == "42501" {
					return refuse("only the owner of the tables, %q, or a superuser may do that", t.owner)
				}
				return err
			}
			return f(q, t)
		})
		answer, ok := errors.AsType[*pgconn.PgError](err)
		if !ok || answer.Code != "55P03" && answer.Code != "40P01" { // it neither waited too long nor was a deadlock
			break
		}
		err = fmt.Errorf("somebody reads or writes the tables in a transaction that does not end; try again later: %w", err)
	}
	if _, refused := errors.AsType[*Refusal](err); err == nil || refused {
		return err
	}
	return fmt.Errorf("row-level security: %s: %w", what, err)
}

// RowSecurityStatus is what a role may know of it.
type RowSecurityStatus struct {
	On bool
	// Restricted says that it applies to the role that asks. Such a role sees only its own grants.
	Restricted bool
	Open       []string // tables that are not secured although it is on
	Grants     []RowSecurityGrant
}

// RowSecurityGrant is what a role was granted.
type RowSecurityGrant struct {
	Role    string
	Reads   []string // namespaces
	Sends   []string
	Problem string // why the grant does not do what it says
}

// Status says whether it is on, and who was granted what.
func (r *RowSecurity) Status(ctx context.Context) (s RowSecurityStatus, err error) {
	tx, err := r.pools.Read(ctx)
	if err != nil {
		return s, fmt.Errorf("row-level security: %w", err)
	}
	defer tx.Rollback()
	t, err := readTables(ctx, tx, r.schema)
	if err == nil && t.on {
		s.On, s.Restricted = true, t.restricted
		for _, share := range shares {
			if is, there := t.secured[share.table]; there && !is {
				s.Open = append(s.Open, share.table)
			}
		}
		s.Grants, err = t.grants(ctx, tx)
	}
	if err != nil {
		return s, fmt.Errorf("row-level security: %w", err)
	}
	return s, nil
}
