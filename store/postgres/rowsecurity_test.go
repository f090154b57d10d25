package postgres_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/postgres"
	"github.com/pawl-dev/pawl/store/storetest"
)

// visible says which rows belong to the namespace a, for every table there is.
var visible = map[string]string{
	"executions": "namespace = 'a'", "tags": "namespace = 'a'", "inbox": "namespace = 'a'", "start_keys": "namespace = 'a'",
	"versions": "namespace = 'a'", "workflows": "namespace = 'a'",
	"journal": ofA, "snapshots": ofA, "blobs": ofA,
	"role_namespaces": "role = current_user",
	"lanes":           "false", "shards": "false", "answers": "false", "data_keys": "false", "members": "false", "meta": "false", "migrations": "false",
}

const ofA = "execution IN (SELECT id FROM pawl.executions WHERE namespace = 'a')"

// shared is a store that two roles share, each with a namespace. Its owner is no superuser.
type shared struct {
	t              *testing.T
	database       string // as the server's user
	root           *pgx.Conn
	owner, a, b    string
	security       *postgres.RowSecurity
	ownerOpensWith []postgres.Option
}

// share makes one. Nothing is enabled yet.
func share(t *testing.T, opts ...postgres.Option) *shared {
	s := &shared{t: t, database: servertest.Postgres(t), ownerOpensWith: opts}
	s.root = admin(t, s.database)
	s.owner, s.a, s.b = s.role("owner"), s.role("a"), s.role("b")
	execute(t, s.root, "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO "+s.owner+"', current_database()); END $$")
	open(t, s.as(s.owner), opts...).Close()
	var err error
	if s.security, err = postgres.OpenRowSecurity(t.Context(), s.as(s.owner)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.security.Close)
	return s
}

// role makes a role, which the end of the test drops.
func (s *shared) role(name string) string {
	s.t.Helper()
	role := "pawl_test_" + name + "_" + strings.ToLower(rand.Text()[:10])
	execute(s.t, s.root, "CREATE ROLE "+role+" LOGIN")
	s.t.Cleanup(func() {
		for _, sql := range []string{"DROP OWNED BY " + role + " CASCADE", "DROP ROLE " + role} {
			if _, err := s.root.Exec(context.Background(), sql); err != nil {
				s.t.Error(err)
			}
		}
	})
	return role
}

// as is the URL for a role.
func (s *shared) as(role string) string {
	u, err := url.Parse(s.database)
	if err != nil {
		s.t.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}

func (s *shared) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// fill puts rows of a namespace into every table that has any.
func (s *shared) fill(namespace string, n int) {
	s.t.Helper()
	for i := range n {
		id := fmt.Sprintf("'\\x%016x%016x'", len(namespace)+int(namespace[0]), i)
		for _, sql := range []string{
			"INSERT INTO pawl.executions VALUES (%[1]s, 1, 0, 0, NULL, '%[2]s', 'secret-%[2]s', '1', '', NULL, 'running', '', '', '', '')",
			"INSERT INTO pawl.tags VALUES (%[1]s, 't', '%[2]s', 'secret-%[2]s', NULL)",
			"INSERT INTO pawl.journal VALUES (1, 0, 0, %[1]s, 'secret-%[2]s')", "INSERT INTO pawl.snapshots VALUES (%[1]s, 1, 0, 'secret-%[2]s')",
			"INSERT INTO pawl.blobs VALUES (%[1]s, '', 'secret-%[2]s')",
			"INSERT INTO pawl.inbox (shard, seq, n, at, sender, recipient, namespace, body) VALUES (1, 1, 1, 0, %[1]s, %[1]s, '%[2]s', 'secret-%[2]s')",
			"INSERT INTO pawl.start_keys VALUES ('%[2]s', 'w%[3]d', 'secret-%[2]s', %[1]s, 0, 0)",
			"INSERT INTO pawl.answers VALUES (%[1]s, 1, 0, 'secret-%[2]s')",
			"INSERT INTO pawl.versions VALUES ('%[2]s', 'w%[3]d', '1', '', 'secret-%[2]s', '', 0, false, '', '', '')",
			"INSERT INTO pawl.workflows VALUES ('%[2]s', 'w%[3]d', 'secret-%[2]s')",
			"INSERT INTO pawl.data_keys VALUES (%[4]d, '%[2]s', 'k', 'secret-%[2]s', 0)",
			"INSERT INTO pawl.members VALUES (%[1]s, 0, 'secret-%[2]s', 0)", "INSERT INTO pawl.lanes VALUES (%[1]s, 0, 0, 0, 0)",
		} {
			execute(s.t, s.root, fmt.Sprintf(sql, id, namespace, i, int(namespace[0])*1000+i))
		}
	}
	execute(s.t, s.root, "ANALYZE")
}

// secured is a store with rows of two namespaces, one for each of two roles.
func secured(t *testing.T) *shared {
	s := share(t)
	s.fill("a", 3)
	s.fill("b", 40)
	s.must(s.security.Enable(t.Context()))
	s.must(s.security.Grant(t.Context(), s.a, postgres.Read, "a"))
	s.must(s.security.Grant(t.Context(), s.b, postgres.Read, "b"))
	return s
}

func rows(t testing.TB, c *pgx.Conn, sql string) []string {
	t.Helper()
	lines, err := query(t.Context(), c, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return lines
}

func query(ctx context.Context, c *pgx.Conn, sql string) ([]string, error) {
	r, err := c.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(r, pgx.RowTo[string])
}

// denied wants a statement to be refused for a lack of rights.
func denied(t testing.TB, c *pgx.Conn, sql string) {
	t.Helper()
	_, err := c.Exec(t.Context(), sql)
	if answer, ok := errors.AsType[*pgconn.PgError](err); !ok || answer.Code != "42501" {
		t.Errorf("%s: %v", sql, err)
	}
}

// seesOnlyA compares every table with what its owner finds for the namespace.
func (s *shared) seesOnlyA(c *pgx.Conn, hidden bool) {
	s.t.Helper()
	for _, table := range slices.Sorted(maps.Keys(visible)) {
		which := visible[table]
		all := "SELECT x::text FROM pawl." + table + " x"
		if which == "false" && !hidden {
			denied(s.t, c, all)
			continue
		}
		if len(rows(s.t, s.root, all)) == 0 {
			s.t.Fatalf("nothing in %s", table)
		}
		which = strings.ReplaceAll(which, "current_user", "'"+s.a+"'")
		got, want := rows(s.t, c, all+" ORDER BY 1"), rows(s.t, s.root, all+" WHERE "+which+" ORDER BY 1")
		if !slices.Equal(got, want) || which != "false" && len(want) == 0 {
			s.t.Errorf("of %s it sees %d rows, want %d", table, len(got), len(want))
		}
	}
}

// TestRowSecurity_RolesSeeTheirNamespaces: in every table, also where an operator grants too much.
func TestRowSecurity_RolesSeeTheirNamespaces(t *testing.T) {
	s := secured(t)
	tables := rows(t, s.root, "SELECT relname::text FROM pg_class WHERE relnamespace = 'pawl'::regnamespace AND relkind = 'r' AND relrowsecurity ORDER BY 1")
	if want := slices.Sorted(maps.Keys(visible)); !slices.Equal(tables, want) {
		t.Fatalf("secured are %q, want %q", tables, want)
	}
	c := admin(t, s.as(s.a))
	s.seesOnlyA(c, false)
	for _, sql := range []string{"SET row_security = off", "SET pawl.namespaces = 'b'", "SET search_path = pg_temp, pawl"} {
		execute(t, c, sql)
	}
	denied(t, c, "SELECT count(*) FROM pawl.executions") // with row_security off it is all or nothing
	execute(t, c, "SET row_security = on")
	denied(t, c, "SET ROLE "+s.b)
	denied(t, c, "SET ROLE "+s.owner)
	execute(t, s.root, "GRANT SELECT ON ALL TABLES IN SCHEMA pawl TO "+s.a)
	s.seesOnlyA(c, true)
	s.must(s.security.Grant(t.Context(), s.a, postgres.Read, "b"))
	if got := rows(t, c, "SELECT namespace FROM pawl.executions GROUP BY 1 ORDER BY 1"); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("with two namespaces it sees %q", got)
	}
	s.must(s.security.Revoke(t.Context(), s.a, "b"))
	s.seesOnlyA(c, true)
}

// TestRowSecurity_GroupsAndStrangers: who has the rights of a role sees what it sees; everybody else nothing.
func TestRowSecurity_GroupsAndStrangers(t *testing.T) {
	s := secured(t)
	heir, other, stranger := s.role("heir"), s.role("other"), s.role("stranger")
	execute(t, s.root, "GRANT "+s.a+" TO "+heir+", "+other)
	execute(t, s.root, "ALTER ROLE "+other+" NOINHERIT")
	execute(t, s.root, "GRANT USAGE ON SCHEMA pawl TO "+stranger)
	execute(t, s.root, "GRANT SELECT ON ALL TABLES IN SCHEMA pawl TO "+stranger)
	const count = "SELECT count(*)::text FROM pawl.journal"
	if got := rows(t, admin(t, s.as(heir)), count); got[0] != "3" {
		t.Errorf("the heir sees %s", got)
	}
	c := admin(t, s.as(other))
	denied(t, c, count)
	execute(t, c, "SET ROLE "+s.a)
	if got := rows(t, c, count); got[0] != "3" {
		t.Errorf("as the role it sees %s", got)
	}
	if got := rows(t, admin(t, s.as(stranger)), count); got[0] != "0" {
		t.Errorf("the stranger sees %s", got)
	}
	if got := rows(t, admin(t, s.as(stranger)), "SELECT role FROM pawl.role_namespaces"); len(got) > 0 {
		t.Errorf("the stranger hears of %q", got)
	}
}

// TestRowSecurity_NothingLeaks through functions and errors of the role's own, joins and plans.
func TestRowSecurity_NothingLeaks(t *testing.T) {
	s := secured(t)
	config, err := pgx.ParseConfig(s.as(s.a))
	s.must(err)
	var told []string
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { told = append(told, n.Message) }
	c, err := pgx.ConnectConfig(t.Context(), config)
	s.must(err)
	t.Cleanup(func() { c.Close(context.Background()) })
	execute(t, c, `CREATE FUNCTION pg_temp.tell(x text) RETURNS boolean COST 0.0000001 LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', x; RETURN true; END $$`)
	for _, sql := range []string{
		"SELECT workflow FROM pawl.executions WHERE pg_temp.tell(workflow)",
		"SELECT convert_from(body, 'UTF8') FROM pawl.journal WHERE pg_temp.tell(convert_from(body, 'UTF8'))",
		"SELECT workflow FROM pawl.executions WHERE 1 / (CASE workflow WHEN 'secret-b' THEN 0 ELSE 1 END) = 1",
		"SELECT e.workflow FROM pawl.journal j JOIN pawl.executions e ON e.id = j.execution JOIN pawl.tags t ON pg_temp.tell(t.text_value) WHERE e.id = t.execution",
		"SELECT coalesce(t.text_value, e.workflow) FROM pawl.executions e FULL JOIN pawl.tags t ON t.execution = e.id",
		"EXPLAIN (ANALYZE, VERBOSE, TIMING off) SELECT * FROM pawl.executions",
		"EXPLAIN (ANALYZE, VERBOSE, TIMING off) SELECT * FROM pawl.journal j JOIN pawl.executions e ON e.id = j.execution",
		"SELECT most_common_vals::text FROM pg_stats WHERE schemaname = 'pawl' AND tablename = 'executions'",
	} {
		for _, line := range slices.Concat(rows(t, c, sql), told) {
			if strings.Contains(line, "secret-b") {
				t.Errorf("%s: %s", sql, line)
			}
		}
	}
	if !slices.Contains(told, "secret-a") {
		t.Error("the function was not called")
	}
}

// TestRowSecurity_RolesWriteNothing: also where an operator grants too much.
func TestRowSecurity_RolesWriteNothing(t *testing.T) {
	s := secured(t)
	c := admin(t, s.as(s.a))
	write := []string{
		"DELETE FROM pawl.journal", "UPDATE pawl.executions SET namespace = 'a'", "UPDATE pawl.shards SET epoch = 9",
		"DELETE FROM pawl.role_namespaces", "UPDATE pawl.role_namespaces SET namespace = 'b'",
	}
	insert := []string{
		"INSERT INTO pawl.role_namespaces VALUES ('" + s.a + "', 'b')", "INSERT INTO pawl.workflows VALUES ('a', 'x', '')", "INSERT INTO pawl.workflows VALUES ('b', 'x', '')",
		"INSERT INTO pawl.inbox (shard, seq, n, at, sender, recipient, namespace, body) VALUES (1, 9, 1, 0, '', '', 'b', '')",
	}
	for _, sql := range slices.Concat(write, insert, []string{"TRUNCATE pawl.journal", "DROP POLICY pawl_read ON pawl.journal", "ALTER TABLE pawl.journal DISABLE ROW LEVEL SECURITY"}) {
		denied(t, c, sql)
	}
	execute(t, s.root, "GRANT ALL ON ALL TABLES IN SCHEMA pawl TO "+s.a)
	for _, sql := range write {
		if tag, err := c.Exec(t.Context(), sql); err != nil || tag.RowsAffected() != 0 {
			t.Errorf("%s: %d rows, %v", sql, tag.RowsAffected(), err)
		}
	}
	for _, sql := range insert {
		denied(t, c, sql)
	}
}

// TestRowSecurity_SendersSendToTheirNamespaces, in transactions of their own, and see nothing.
func TestRowSecurity_SendersSendToTheirNamespaces(t *testing.T) {
	s := share(t)
	sender := s.role("sender")
	execute(t, s.root, "GRANT USAGE ON SCHEMA pawl TO "+sender)
	execute(t, s.root, "GRANT INSERT ON pawl.inbox TO "+sender)
	c := admin(t, s.as(sender))
	send := func(namespace string) error {
		m := message(1)
		m.Namespace = namespace
		return pgx.BeginFunc(t.Context(), c, func(tx pgx.Tx) error { return postgres.Tx(tx).Send(t.Context(), []record.Message{m}) })
	}
	s.must(send("a"))
	s.must(s.security.Enable(t.Context()))
	if err := send("a"); err == nil {
		t.Error("it was granted nothing and sends")
	}
	s.must(s.security.Grant(t.Context(), sender, postgres.Send, "a"))
	s.must(send("a"))
	if err := send("b"); err == nil {
		t.Error("it sends to a namespace of others")
	}
	denied(t, c, "SELECT * FROM pawl.inbox")
	denied(t, c, "SELECT * FROM pawl.executions")
	s.must(s.security.Grant(t.Context(), sender, postgres.Read, "c"))
	s.fill("a", 1)
	if got := rows(t, c, "SELECT namespace FROM pawl.inbox"); len(got) > 0 {
		t.Errorf("of what it may only send to it reads %q", got)
	}
	if err := send("c"); err == nil {
		t.Error("it sends to what it may only read")
	}
	status, err := s.security.Status(t.Context())
	if s.must(err); len(status.Grants) != 1 || !slices.Equal(status.Grants[0].Sends, []string{"a"}) || !slices.Equal(status.Grants[0].Reads, []string{"c"}) {
		t.Errorf("%+v", status)
	}
	s.must(s.security.Revoke(t.Context(), sender))
	denied(t, c, "INSERT INTO pawl.inbox (shard) VALUES (1)")
}

// TestRowSecurity_OwnerIsUnaffected: the statements of the owner's sessions are planned as before, and work.
func TestRowSecurity_OwnerIsUnaffected(t *testing.T) {
	s := share(t)
	s.fill("a", 3)
	b := open(t, s.as(s.owner))
	plans := func() (all []string) {
		for _, sql := range []string{
			"SELECT * FROM pawl.executions WHERE namespace = 'a' AND workflow = 'w' AND status = 'running' ORDER BY id LIMIT 10",
			"SELECT * FROM pawl.journal WHERE execution = '\\x00' AND seq > 1 ORDER BY seq", "SELECT * FROM pawl.inbox WHERE shard = 1",
			"UPDATE pawl.shards SET epoch = 1 WHERE shard = 1", "DELETE FROM pawl.tags WHERE execution = '\\x00'",
			"INSERT INTO pawl.inbox (shard, seq, n, at, sender, recipient, namespace, body) SELECT 1, 9, 1, 0, '', '', 'b', '' ON CONFLICT DO NOTHING",
		} {
			plan, err := postgres.Plan(t.Context(), b, sql)
			s.must(err)
			all = append(all, plan)
		}
		return all
	}
	before := plans()
	s.must(s.security.Enable(t.Context()))
	if after := plans(); !slices.Equal(before, after) {
		t.Errorf("plans were\n%s\nand are\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	u := newUser(b, 1)
	u.begin(t, drivertest.Execution(1))
	u.Whole(t, drivertest.Execution(1), 2)
}

// TestRowSecurity_OtherEnginesNeedToBypassIt: a role that reads and writes but would find nothing is told so.
func TestRowSecurity_OtherEnginesNeedToBypassIt(t *testing.T) {
	s := share(t)
	engine := s.role("engine")
	execute(t, s.root, "GRANT USAGE ON SCHEMA pawl TO "+engine)
	execute(t, s.root, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pawl TO "+engine)
	open(t, s.as(engine)).Close()
	s.must(s.security.Enable(t.Context()))
	refused := func(role string) {
		t.Helper()
		_, err := postgres.Open(s.as(role)).Open(t.Context())
		if err == nil || !strings.Contains(err.Error(), "row-level security hides rows from the role \""+role) || !strings.Contains(err.Error(), "BYPASSRLS") {
			t.Errorf("%s: %v", role, err)
		}
	}
	refused(engine)
	execute(t, s.root, "ALTER ROLE "+engine+" BYPASSRLS")
	u := newUser(open(t, s.as(engine)), 1)
	u.begin(t, drivertest.Execution(1))
	u.Whole(t, drivertest.Execution(1), 2)
	execute(t, s.root, "ALTER TABLE pawl.journal FORCE ROW LEVEL SECURITY")
	refused(s.owner)
}

// TestRowSecurity_MigrationsKeepIt: tables that a newer program makes are secured in the step that makes them.
func TestRowSecurity_MigrationsKeepIt(t *testing.T) {
	s := share(t, postgres.Steps(postgres.Own()[:2]))
	s.must(s.security.Enable(t.Context()))
	s.must(s.security.Grant(t.Context(), s.a, postgres.Read, "a"))
	killed := errors.New("killed")
	for _, step := range []int{3, 4} { // behind the first statement of each: what is there is secured
		_, err := postgres.Open(s.as(s.owner), postgres.After(func(at, _ int) error {
			if at == step {
				return killed
			}
			return nil
		})).Open(t.Context())
		if !errors.Is(err, killed) {
			t.Fatal(err)
		}
		if open := rows(t, s.root, "SELECT relname::text FROM pg_class WHERE relnamespace = 'pawl'::regnamespace AND relkind = 'r' AND NOT relrowsecurity"); len(open) > 0 {
			t.Fatalf("behind step %d everybody sees %q", step, open)
		}
	}
	open(t, s.as(s.owner)).Close()
	s.fill("a", 3)
	s.fill("b", 4)
	s.seesOnlyA(admin(t, s.as(s.a)), false)
	status, err := s.security.Status(t.Context())
	if s.must(err); !status.On || len(status.Open) > 0 {
		t.Errorf("%+v", status)
	}
}

// TestRowSecurity_DisableTakesEverythingBack: roles do not see more than before, and nothing keeps them from being dropped.
func TestRowSecurity_DisableTakesEverythingBack(t *testing.T) {
	s := secured(t)
	c := admin(t, s.as(s.a))
	s.must(s.security.Disable(t.Context()))
	denied(t, c, "SELECT * FROM pawl.executions")
	s.must(s.security.Disable(t.Context())) // again
	if left := rows(t, s.root, "SELECT polname::text FROM pg_policy UNION ALL SELECT relname::text FROM pg_class WHERE relrowsecurity"); len(left) > 0 {
		t.Errorf("left are %q", left)
	}
	c.Close(t.Context())
	other := admin(t, s.database)
	execute(t, other, "DROP ROLE "+s.a)
	execute(t, other, "CREATE ROLE "+s.a) // for the end of the test
	s.must(s.security.Enable(t.Context()))
	status, err := s.security.Status(t.Context())
	if s.must(err); !status.On || len(status.Grants) > 0 {
		t.Errorf("%+v", status)
	}
}

// TestRowSecurity_WhatIsRefused says why.
func TestRowSecurity_WhatIsRefused(t *testing.T) {
	s := share(t)
	ctx := t.Context()
	wants := func(err error, text string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("got %v, want %q", err, text)
		}
	}
	wants(s.security.Grant(ctx, s.a, postgres.Read, "a"), "enable it first")
	s.must(s.security.Enable(ctx))
	wants(s.security.Grant(ctx, "nobody at all", postgres.Read, "a"), "has no role")
	wants(s.security.Grant(ctx, s.owner, postgres.Read, "a"), "rights of the owner")
	wants(s.security.Grant(ctx, "root", postgres.Read, "a"), "superuser")
	wants(s.security.Revoke(ctx, s.b, "a"), "was not granted")
	other, err := postgres.OpenRowSecurity(ctx, s.as(s.a))
	s.must(err)
	defer other.Close()
	s.must(s.security.Grant(ctx, s.a, postgres.Read, "a"))
	wants(other.Disable(ctx), "only the owner of the tables")
	status, err := other.Status(ctx)
	if s.must(err); !status.Restricted || len(status.Grants) != 1 {
		t.Errorf("%+v", status)
	}
	empty, err := postgres.OpenRowSecurity(ctx, s.database, postgres.Schema("elsewhere"))
	s.must(err)
	defer empty.Close()
	wants(empty.Enable(ctx), "no store in the schema elsewhere")
}

// TestRowSecurity_AnyNames: of roles, namespaces and schemas, by a superuser, and without prepared statements.
func TestRowSecurity_AnyNames(t *testing.T) {
	database := servertest.Postgres(t)
	b := open(t, database, postgres.Schema(`we"ird pawl.?`))
	u := newUser(b, 1)
	p := u.Start(t, drivertest.Execution(1))
	p.Heads[0].Namespace = `o'b "?$1 pawl.x`
	u.Write(t, p)
	c := admin(t, database)
	role := `pawl.test ?"` + rand.Text()[:6] + " é"
	execute(t, c, "CREATE ROLE "+pgx.Identifier{role}.Sanitize())
	t.Cleanup(func() { c.Exec(context.Background(), "DROP ROLE "+pgx.Identifier{role}.Sanitize()) })
	r, err := postgres.OpenRowSecurity(t.Context(), database, postgres.Schema(`we"ird pawl.?`), postgres.Pooler())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := errors.Join(r.Enable(t.Context()), r.Grant(t.Context(), role, postgres.Read, p.Heads[0].Namespace)); err != nil {
		t.Fatal(err)
	}
	execute(t, c, "SET ROLE "+pgx.Identifier{role}.Sanitize())
	if got := rows(t, c, `SELECT namespace FROM "we""ird pawl.?".executions`); len(got) != 1 {
		t.Errorf("it sees %q", got)
	}
	execute(t, c, "RESET ROLE")
	status, err := r.Status(t.Context())
	if err != nil || len(status.Grants) != 1 || status.Grants[0].Role != role || status.Grants[0].Problem != "" {
		t.Errorf("%+v, %v", status, err)
	}
	if err := r.Revoke(t.Context(), role); err != nil {
		t.Error(err)
	}
}

// TestRowSecurity_WhileAnEngineCommits: it comes and goes, and no commit is lost.
func TestRowSecurity_WhileAnEngineCommits(t *testing.T) {
	s := share(t)
	u := newUser(open(t, s.as(s.owner)), 1)
	u.begin(t, drivertest.Execution(1))
	changed := make(chan error, 1)
	go func() {
		for range 5 {
			if err := errors.Join(s.security.Enable(t.Context()), s.security.Grant(t.Context(), s.a, postgres.Read, "a"), s.security.Disable(t.Context())); err != nil {
				changed <- err
				return
			}
		}
		changed <- nil
	}()
	seq := uint64(2)
	for going := true; going; {
		select {
		case err := <-changed:
			s.must(err)
			going = false
		default:
		}
		seq++
		b := u.Next(u.append(t, drivertest.Execution(1), seq))
		o := u.Commit(t.Context(), b)
		for ; o.Result != store.Committed && len(o.Rejected)+len(o.Deposed) == 0; o = u.Commit(t.Context(), b) {
			t.Logf("again: %s %v", o.Result, o.Cause)
		}
		if o.Result != store.Committed {
			t.Fatalf("%s %v %v", o.Result, o.Rejected, o.Deposed)
		}
		u.Number = b.Number
	}
	u.Whole(t, drivertest.Execution(1), int(seq))
}

// TestRowSecurity_WaitsWithoutHoldingEnginesUp: behind a report that reads for long, commits get through in between.
func TestRowSecurity_WaitsWithoutHoldingEnginesUp(t *testing.T) {
	s := share(t)
	u := newUser(open(t, s.as(s.owner)), 1)
	u.begin(t, drivertest.Execution(1))
	report := admin(t, s.database)
	execute(t, report, "BEGIN")
	execute(t, report, "SELECT count(*) FROM pawl.executions")
	enabled := make(chan error, 1)
	go func() { enabled <- s.security.Enable(t.Context()) }()
	const waits = `SELECT pid::text FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	for deadline := time.Now().Add(20 * time.Second); len(rows(t, s.root, waits)) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("it does not wait")
		}
	}
	u.Write(t, u.append(t, drivertest.Execution(1), 3))
	select {
	case err := <-enabled:
		t.Fatalf("it ended: %v", err)
	default:
	}
	execute(t, report, "COMMIT")
	s.must(<-enabled)
}

// TestRowSecurity_ThroughAPooler that gives transactions sessions of its choice: roles keep apart, and changes are whole. It
// must let every user of the server in (auth_user, auth_query).
func TestRowSecurity_ThroughAPooler(t *testing.T) {
	addr := os.Getenv("PAWL_TEST_PGBOUNCER")
	if addr == "" {
		servertest.Absent(t, "pgbouncer", errors.New("PAWL_TEST_PGBOUNCER is not set"))
	}
	s := share(t)
	s.fill("a", 3)
	s.fill("b", 4)
	through := func(role string) string {
		u, err := url.Parse(s.as(role))
		s.must(err)
		u.Host = addr
		return u.String()
	}
	r, err := postgres.OpenRowSecurity(t.Context(), through(s.owner), postgres.Pooler())
	s.must(err)
	defer r.Close()
	s.must(r.Enable(t.Context()))
	s.must(r.Grant(t.Context(), s.a, postgres.Read, "a"))
	s.must(r.Grant(t.Context(), s.b, postgres.Read, "b"))
	connect := func(role string) *pgx.Conn {
		config, err := pgx.ParseConfig(through(role))
		s.must(err)
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
		c, err := pgx.ConnectConfig(t.Context(), config)
		s.must(err)
		t.Cleanup(func() { c.Close(context.Background()) })
		return c
	}
	a, b, owner := connect(s.a), connect(s.b), connect(s.owner)
	for range 5 {
		for _, x := range []struct {
			c    *pgx.Conn
			want string
		}{{a, "3"}, {b, "4"}, {owner, "7"}} {
			if got := rows(t, x.c, "SELECT count(*)::text FROM pawl.journal"); got[0] != x.want {
				t.Fatalf("%s entries, want %s", got, x.want)
			}
		}
	}
	s.must(r.Disable(t.Context()))
}

// TestConformanceWithRowSecurity is the whole suite for the owner of secured tables, who is no superuser.
func TestConformanceWithRowSecurity(t *testing.T) {
	if testing.Short() {
		t.Skip("the same again")
	}
	s := share(t)
	storetest.Run(t, func(t *testing.T) store.Backend {
		u := inSchema(t, s.as(s.owner))
		c := admin(t, s.database)
		t.Cleanup(func() { // by and by: all of them at the end take more locks than the server has
			if _, err := c.Exec(context.Background(), "DROP SCHEMA "+u[strings.LastIndex(u, "=")+1:]+" CASCADE"); err != nil {
				t.Error(err)
			}
		})
		open(t, u).Close()
		r, err := postgres.OpenRowSecurity(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if err := r.Enable(t.Context()); err != nil {
			t.Fatal(err)
		}
		return open(t, u)
	})
}
