package postgres

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// settings are those of the server that durability rests on, for a session of ours.
type settings map[string]string

func readSettings(ctx context.Context, q sqlstore.Querier, schema string) (settings, error) {
	got := settings{}
	const sql = `SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('server_version', 'server_version_num', 'server_encoding',
		'fsync', 'full_page_writes', 'synchronous_commit', 'default_transaction_isolation', 'in_hot_standby', 'transaction_read_only')
		UNION ALL SELECT 'hidden rows', current_user::text WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_class c
			JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ? AND pg_catalog.row_security_active(c.oid))`
	err := q.Query(ctx, sql, []any{schema}, func(scan func(...any) error) error {
		var name, value string
		err := scan(&name, &value)
		got[name] = value
		return err
	})
	return got, err
}

// flushes reports whether a commit waits for the log.
func (s settings) flushes() bool {
	v := s["synchronous_commit"]
	return v != "off" && v != "local"
}

// judge refuses what cannot work and says what does not hold.
func (s settings) judge(info *store.Info) error {
	info.Version = s["server_version"]
	if n, _ := strconv.Atoi(s["server_version_num"]); n < minVersion*10000 {
		return fmt.Errorf("the server is version %s; %d or later is needed", info.Version, minVersion)
	}
	if e := s["server_encoding"]; e != "UTF8" {
		return fmt.Errorf("the encoding of the database is %s; UTF8 is needed", e)
	}
	if i := s["default_transaction_isolation"]; i != "read committed" {
		return fmt.Errorf("default_transaction_isolation is %q and must be \"read committed\" for the role that connects", i)
	}
	if s["in_hot_standby"] == "on" {
		return fmt.Errorf("the server is a standby, which takes no writes; connect to the primary (target_session_attrs=read-write)")
	}
	if role := s["hidden rows"]; role != "" {
		return fmt.Errorf("row-level security hides rows from the role %q: connect as the owner of the tables, or let a superuser say ALTER ROLE ... BYPASSRLS", role)
	}
	warn := func(format string, args ...any) {
		info.Durable = false
		info.Warnings = append(info.Warnings, fmt.Sprintf(format, args...))
	}
	if s["fsync"] != "on" {
		warn("fsync=off: a crash of the machine may lose or damage everything, acknowledged or not")
	}
	if s["full_page_writes"] != "on" {
		warn("full_page_writes=off: a crash of the machine may damage pages, unless the file system never tears one")
	}
	if !s.flushes() {
		warn("synchronous_commit=%s for the role that connects: a crash may take acknowledged commits back", s["synchronous_commit"])
	}
	return nil
}
