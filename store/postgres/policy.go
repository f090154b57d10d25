package postgres

import (
	"context"

	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// share says which rows of a table a role sees that was granted namespaces.
type share struct {
	table string
	rows  string // a condition; empty: none
}

// ofItsNamespace and ofItsExecution are the two ways to belong to a namespace that whoever asks may read; mayBeSentTo is a row
// for one that it may send to. The namespaces are found once for a statement, so that an index can be searched for them.
const (
	ofItsNamespace = "namespace = ANY (ARRAY(SELECT g.namespace FROM pawl.role_namespaces g WHERE g.reads))"
	ofItsExecution = "EXISTS (SELECT 1 FROM pawl.executions e WHERE e.id = execution)" // of which the policy shows some
	mayBeSentTo    = "namespace = ANY (ARRAY(SELECT g.namespace FROM pawl.role_namespaces g WHERE g.sends))"
)

// shares are all tables of a store. Whoever makes a new one says here who may see it.
var shares = []share{
	// In the order in which commits take them, so that a change of them waits for commits and does not cross them.
	{"lanes", ""}, {"shards", ""},
	{"executions", ofItsNamespace}, {"tags", ofItsNamespace},
	{"journal", ofItsExecution}, {"snapshots", ofItsExecution}, {"blobs", ofItsExecution},
	{"start_keys", ofItsNamespace}, {"inbox", ofItsNamespace},
	{"answers", ""}, // nothing there says whose they are
	{"versions", ofItsNamespace}, {"workflows", ofItsNamespace},
	{"data_keys", ""}, {"members", ""}, {"meta", ""}, {"migrations", ""},
}

// drop are statements that take the policies of the table away.
func (s share) drop() []string {
	return []string{"DROP POLICY IF EXISTS pawl_read ON pawl." + s.table, "DROP POLICY IF EXISTS pawl_send ON pawl." + s.table}
}

// make are statements that secure the table, whatever there is.
func (s share) make() []string {
	all := append([]string{"ALTER TABLE pawl." + s.table + " ENABLE ROW LEVEL SECURITY"}, s.drop()...)
	if s.rows != "" {
		all = append(all, "CREATE POLICY pawl_read ON pawl."+s.table+" FOR SELECT USING ("+s.rows+")")
	}
	if s.table == "inbox" {
		all = append(all, "CREATE POLICY pawl_send ON pawl.inbox FOR INSERT WITH CHECK ("+mayBeSentTo+")")
	}
	return all
}

// grantsTable makes the table of who was granted what. Everybody may read it and finds there what is said of a role whose
// rights they have: the policies of the other tables ask it in the name of whoever reads. A name without a role means nothing.
var grantsTable = []string{
	`CREATE TABLE IF NOT EXISTS pawl.role_namespaces (role text COLLATE "C" NOT NULL, namespace text COLLATE "C" NOT NULL,
		reads boolean NOT NULL, sends boolean NOT NULL, PRIMARY KEY (role, namespace))`,
	"ALTER TABLE pawl.role_namespaces ENABLE ROW LEVEL SECURITY",
	"DROP POLICY IF EXISTS pawl_own ON pawl.role_namespaces",
	`CREATE POLICY pawl_own ON pawl.role_namespaces FOR SELECT USING (EXISTS (SELECT 1 FROM pg_catalog.pg_roles p
		WHERE p.rolname = role AND pg_catalog.pg_has_role(p.oid, 'USAGE')))`,
	"GRANT SELECT ON pawl.role_namespaces TO PUBLIC",
}

// tables is what the catalog says of a store.
type tables struct {
	schema     string
	owner      string
	on         bool            // there are grants, so there must be policies
	restricted bool            // for the role that asks
	secured    map[string]bool // of each table that is there
}

func readTables(ctx context.Context, q sqlstore.Querier, schema string) (*tables, error) {
	t := &tables{schema: schema, secured: map[string]bool{}}
	const sql = `SELECT c.relname::text, c.relrowsecurity, pg_catalog.row_security_active(c.oid), pg_catalog.pg_get_userbyid(c.relowner)::text
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ? AND c.relkind = 'r'`
	err := q.Query(ctx, sql, []any{schema}, func(scan func(...any) error) error {
		var name, owner string
		var secured, active bool
		err := scan(&name, &secured, &active, &owner)
		t.secured[name] = secured
		t.on = t.on || name == "role_namespaces"
		t.restricted = t.restricted || active
		if name == "executions" {
			t.owner = owner
		}
		return err
	})
	return t, err
}

// secure makes the policies of the tables that which says yes to, given whether they are secured.
func (t *tables) secure(ctx context.Context, q sqlstore.Querier, which func(secured bool) bool) error {
	for _, s := range shares {
		if is, there := t.secured[s.table]; there && which(is) {
			if err := each(ctx, q, s.make()); err != nil {
				return err
			}
		}
	}
	return nil
}

// secureNew secures the tables that a step of a migration has made, in its transaction, where row-level security is on.
// Roles that read executions may read them.
func secureNew(ctx context.Context, q sqlstore.Querier, schema string) error {
	t, err := readTables(ctx, q, schema)
	if err != nil || !t.on {
		return err
	}
	if err := t.secure(ctx, q, func(secured bool) bool { return !secured }); err != nil {
		return err
	}
	grants, err := t.grants(ctx, q)
	if err != nil {
		return err
	}
	for _, g := range grants {
		for _, s := range shares {
			if secured, there := t.secured[s.table]; there && !secured && s.rows != "" && len(g.Reads) > 0 && g.Problem == "" {
				if err := each(ctx, q, []string{"GRANT SELECT ON pawl." + s.table + " TO " + quote(g.Role)}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// readable are the tables of which a role sees some rows.
func (t *tables) readable() (all []string) {
	for _, s := range shares {
		if _, there := t.secured[s.table]; there && s.rows != "" {
			all = append(all, "pawl."+s.table)
		}
	}
	return all
}

// role finds a role and why it is not restricted, if so. oid is 0 where there is none.
func (t *tables) role(ctx context.Context, q sqlstore.Querier, name string) (oid int64, free string, err error) {
	const sql = `SELECT p.oid::bigint, CASE WHEN p.rolsuper THEN 'is a superuser' WHEN p.rolbypassrls THEN 'has BYPASSRLS'
			WHEN pg_catalog.pg_has_role(p.oid, (SELECT o.oid FROM pg_catalog.pg_roles o WHERE o.rolname = ?), 'MEMBER')
			THEN 'has the rights of the owner of the tables' ELSE '' END
		FROM pg_catalog.pg_roles p WHERE p.rolname = ?`
	err = q.Query(ctx, sql, []any{t.owner, name}, func(scan func(...any) error) error { return scan(&oid, &free) })
	return oid, free, err
}

// strip takes the rights on tables from a role, and that on the schema where none on a table is left.
func (t *tables) strip(ctx context.Context, q sqlstore.Querier, role string) error {
	oid, _, err := t.role(ctx, q, role)
	if err != nil || oid == 0 {
		return err
	}
	from := " FROM " + quote(role)
	for _, table := range t.readable() {
		if err := each(ctx, q, []string{"REVOKE SELECT ON " + table + from}); err != nil {
			return err
		}
	}
	if err := each(ctx, q, []string{"REVOKE INSERT ON pawl.inbox" + from}); err != nil {
		return err
	}
	left, err := list(ctx, q, `SELECT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
		LATERAL pg_catalog.aclexplode(c.relacl) a WHERE n.nspname = ? AND a.grantee::bigint = ?`, t.schema, oid)
	if err != nil || len(left) > 0 {
		return err
	}
	return each(ctx, q, []string{"REVOKE USAGE ON SCHEMA " + quote(t.schema) + from})
}

// grants are those that the role that asks can see.
func (t *tables) grants(ctx context.Context, q sqlstore.Querier) (all []RowSecurityGrant, err error) {
	const sql = `SELECT g.role, g.namespace, g.reads, g.sends, coalesce(NOT g.reads OR has_table_privilege(p.oid, c.oid, 'SELECT'), false)
				AND coalesce(NOT g.sends OR has_table_privilege(p.oid, i.oid, 'INSERT'), false)
		FROM pawl.role_namespaces g LEFT JOIN pg_catalog.pg_roles p ON p.rolname = g.role
		JOIN pg_catalog.pg_namespace n ON n.nspname = ?
		JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = 'executions'
		JOIN pg_catalog.pg_class i ON i.relnamespace = n.oid AND i.relname = 'inbox'
		ORDER BY g.role, g.namespace`
	err = q.Query(ctx, sql, []any{t.schema}, func(scan func(...any) error) error {
		var role, ns string
		var reads, sends, able bool
		err := scan(&role, &ns, &reads, &sends, &able)
		if len(all) == 0 || all[len(all)-1].Role != role {
			all = append(all, RowSecurityGrant{Role: role})
		}
		g := &all[len(all)-1]
		if reads {
			g.Reads = append(g.Reads, ns)
		}
		if sends {
			g.Sends = append(g.Sends, ns)
		}
		if !able {
			g.Problem = "has lost its rights on the tables"
		}
		return err
	})
	for i := range all {
		g := &all[i]
		oid, free, failed := t.role(ctx, q, g.Role)
		switch {
		case failed != nil:
			return nil, failed
		case oid == 0:
			g.Problem = "is no role of the database"
		case free != "":
			g.Problem = free + " and sees everything"
		}
	}
	return all, err
}

// each runs statements one after the other.
func each(ctx context.Context, q sqlstore.Querier, all []string) error {
	for _, sql := range all {
		if _, err := q.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// list reads one column.
func list(ctx context.Context, q sqlstore.Querier, sql string, args ...any) (all []string, err error) {
	err = q.Query(ctx, sql, args, func(scan func(...any) error) error {
		var s string
		err := scan(&s)
		all = append(all, s)
		return err
	})
	return all, err
}
