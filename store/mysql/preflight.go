package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/store"
)

// server is what a server says of itself.
type server struct {
	mariadb bool
	version string
	// variables are the global ones, by name in lower case. What a server does not have is "".
	variables map[string]string
	innodb    bool
}

// asked are the variables that matter. SHOW, since naming one that a server does not have would be an error.
const asked = `SHOW GLOBAL VARIABLES WHERE Variable_name IN (
	'version', 'version_comment', 'max_allowed_packet', 'innodb_flush_log_at_trx_commit', 'innodb_flush_method',
	'innodb_doublewrite', 'innodb_page_size', 'log_bin', 'sync_binlog', 'binlog_format', 'wsrep_on',
	'group_replication_group_name', 'group_replication_single_primary_mode')`

// inspect asks the server.
func inspect(ctx context.Context, db *sql.DB) (*server, error) {
	s := &server{variables: map[string]string{}}
	err := each(ctx, db, asked, func(name, value string) { s.variables[strings.ToLower(name)] = value })
	if err != nil {
		return nil, err
	}
	err = each(ctx, db, "SELECT engine, support FROM information_schema.engines", func(engine, support string) {
		if strings.EqualFold(engine, "InnoDB") {
			s.innodb = strings.EqualFold(support, "YES") || strings.EqualFold(support, "DEFAULT")
		}
	})
	s.version, s.mariadb = flavour(s.variables["version"], s.variables["version_comment"])
	return s, err
}

func each(ctx context.Context, db *sql.DB, sql string, f func(a, b string)) error {
	rows, err := db.QueryContext(ctx, sql)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var a, b string
		if err := rows.Scan(&a, &b); err != nil {
			return err
		}
		f(a, b)
	}
	return rows.Err()
}

// flavour tells the two servers apart. Old clients made MariaDB say 5.5.5- before its number.
func flavour(version, comment string) (number string, mariadb bool) {
	mariadb = strings.Contains(strings.ToLower(version+comment), "mariadb")
	number = strings.TrimPrefix(version, "5.5.5-")
	if i := strings.IndexFunc(number, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }); i >= 0 {
		number = number[:i]
	}
	return number, mariadb
}

// name is the server with its version.
func (s *server) name() string {
	if s.mariadb {
		return "MariaDB " + s.version
	}
	return "MySQL " + s.version
}

func (s *server) on(variable string) bool {
	v := s.variables[variable]
	return strings.EqualFold(v, "ON") || v == "1"
}

// refuse says why the promise cannot be kept on this server at all.
func (s *server) refuse() error {
	oldest := "8.0.19" // VALUES ROW(...)
	if s.mariadb {
		oldest = "10.11"
	}
	switch {
	case before(s.version, oldest):
		return fmt.Errorf("it is %s; %s or later is needed", s.name(), oldest)
	case !s.innodb:
		return errors.New("it has no InnoDB, and no other engine of it has transactions")
	case s.variables["innodb_page_size"] != "" && atoi(s.variables["innodb_page_size"]) < 16384:
		return fmt.Errorf("innodb_page_size is %s; 16384 or more is needed, for the indexes", s.variables["innodb_page_size"])
	case s.on("wsrep_on"):
		return errors.New("it is a node of a Galera cluster: locks do not reach its other nodes, so two engines could write the same shard; use one server, or one with replicas")
	case s.variables["group_replication_group_name"] != "" && !s.on("group_replication_single_primary_mode"):
		return errors.New("it is a group with several primaries: locks do not reach the others, so two engines could write the same shard; set group_replication_single_primary_mode")
	case s.on("log_bin") && strings.EqualFold(s.variables["binlog_format"], "STATEMENT"):
		return errors.New("binlog_format is STATEMENT, and such a log cannot hold what is read committed; set it to ROW or MIXED")
	}
	return nil
}

// before compares dotted numbers.
func before(version, than string) bool {
	v, t := strings.Split(version, "."), strings.Split(than, ".")
	for i := range t {
		if i >= len(v) {
			return true
		}
		if a, b := atoi(v[i]), atoi(t[i]); a != b {
			return a < b
		}
	}
	return false
}

// atoi is the number that s says, 0 where it says none.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// packet is the largest message that the server takes, in bytes.
func (s *server) packet() int { return max(atoi(s.variables["max_allowed_packet"]), 1<<20) }

// info is what the store says of itself; R17: each setting by which an acknowledged commit may be lost is named.
func (s *server) info() store.Info {
	i := store.Info{Driver: "mysql", Version: s.name(), Durable: true}
	warn := func(on bool, format string, args ...any) {
		if on {
			i.Durable = false
			i.Warnings = append(i.Warnings, fmt.Sprintf(format, args...))
		}
	}
	v := s.variables
	flush := v["innodb_flush_log_at_trx_commit"]
	warn(flush != "1" && !(s.mariadb && flush == "3"),
		"innodb_flush_log_at_trx_commit is %s: a power failure, or with 0 the end of the server, may take acknowledged commits back; set it to 1", flush)
	warn(s.on("log_bin") && v["sync_binlog"] != "1",
		"sync_binlog is %s: a power failure may take acknowledged commits from the binary log, and so from replicas; set it to 1", v["sync_binlog"])
	warn(strings.EqualFold(v["innodb_doublewrite"], "OFF") || v["innodb_doublewrite"] == "0",
		"innodb_doublewrite is off: a power failure may leave a page half written, which damages the database; set it to ON")
	warn(strings.EqualFold(v["innodb_flush_method"], "nosync") || strings.EqualFold(v["innodb_flush_method"], "littlesync"),
		"innodb_flush_method is %s: commits are not flushed; use the default", v["innodb_flush_method"])
	return i
}
