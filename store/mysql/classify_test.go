package mysql_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	my "github.com/go-sql-driver/mysql"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
	"github.com/pawl-dev/pawl/store/mysql"
)

// TestF27_AnswersAreClassified: none of them is for ever, and none that may hide a commit is taken for none.
func TestF27_AnswersAreClassified(t *testing.T) {
	said := func(number uint16, text string) error { return &my.MySQLError{Number: number, Message: text} }
	for _, c := range []struct {
		name string
		err  error
		want sqlstore.Verdict
		full bool
	}{
		{"read-only server", said(1290, "--read-only"), sqlstore.Transient, false},
		{"read-only transaction", said(1792, ""), sqlstore.Transient, false},
		{"read-only table", said(1836, ""), sqlstore.Transient, false},
		{"too many connections", said(1040, ""), sqlstore.Transient, false},
		{"too many of the user", said(1203, ""), sqlstore.Transient, false},
		{"lock wait", said(1205, ""), sqlstore.Transient, false},
		{"deadlock", said(1213, ""), sqlstore.Transient, false},
		{"table full", said(1114, "The table 'journal' is full"), sqlstore.Transient, true},
		{"disk full", said(1021, ""), sqlstore.Transient, true},
		{"no space for a file", said(1026, "Error writing file 'x' (errno: 28 \"No space left on device\")"), sqlstore.Transient, true},
		{"no space, says the engine", said(1030, "Got error 28 \"No space left on device\" from storage engine InnoDB"), sqlstore.Transient, true},
		{"another error of the engine", said(1030, "Got error 128 from storage engine"), sqlstore.Refused, false},
		{"shutdown", said(1053, ""), sqlstore.Lost, false},
		{"killed", said(1927, ""), sqlstore.Lost, false},
		{"idle for too long", said(4031, ""), sqlstore.Lost, false},
		{"invalid connection", my.ErrInvalidConn, sqlstore.Lost, false},
		{"bad connection", driver.ErrBadConn, sqlstore.Lost, false},
		{"end of file", io.ErrUnexpectedEOF, sqlstore.Lost, false},
		{"reset", &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, sqlstore.Lost, false},
		{"given up", context.DeadlineExceeded, sqlstore.Lost, false},
		{"guard", said(1242, ""), sqlstore.Refused, false},
		{"duplicate", said(1062, ""), sqlstore.Refused, false},
		{"error during the commit", said(1180, ""), sqlstore.Refused, false},
	} {
		wrapped := fmt.Errorf("commit: %w", c.err)
		if got := mysql.Verdict(wrapped); got != c.want {
			t.Errorf("%s: verdict %d, want %d", c.name, got, c.want)
		}
		if got := errors.Is(mysql.Classify(wrapped), store.ErrFull); got != c.full {
			t.Errorf("%s: full is %v", c.name, got)
		}
	}
}

// TestErrorsDoNotQuoteRows: what a server quotes of a statement may be the data of an execution.
func TestErrorsDoNotQuoteRows(t *testing.T) {
	err := mysql.Classify(&my.MySQLError{Number: 1062, Message: "Duplicate entry 'secret' for key"})
	if strings.Contains(err.Error(), "secret") {
		t.Fatal(err)
	}
	var e *my.MySQLError
	if !errors.As(err, &e) || e.Number != 1062 {
		t.Fatal("the cause is lost")
	}
}

func TestServerThatIsNotThereIsTold(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	_, err = mysql.Open("mysql://root:hunter2@" + addr + "/test").Open(t.Context())
	if err == nil || !strings.Contains(err.Error(), addr) || !strings.Contains(err.Error(), "cannot be reached") || strings.Contains(err.Error(), "hunter2") {
		t.Fatal(err)
	}
}

func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"mysql://root@127.0.0.1:3306/test":         "root@tcp(127.0.0.1:3306)/test",
		"mysql://u:p%40ss@db/pawl":                 "u:p@ss@tcp(db:3306)/pawl",
		"mariadb://root@[::1]:3307/x?tls=false":    "root@tcp([::1]:3307)/x",
		"mysql://root@/test?socket=/run/m.sock":    "root@unix(/run/m.sock)/test",
		"mysql://root@db.example/test?tls=true":    "root@tcp(db.example:3306)/test",
		"mysql://root@db.example/?tls=true":        "",
		"mysql://root:hunter2@db/a/b":              "",
		"mysql://root:hunter2@db/test?tls=ture":    "",
		"mysql://root:hunter2@db/test?timeout=1s":  "",
		"postgres://root:hunter2@db/test":          "",
		"mysql://root:hunter2@db:port/test":        "",
		"mysql:root:hunter2":                       "",
		"mysql://root:hunter2%zz@db/test":          "",
		"mysql://root:hunter2@db/test#hunter2frag": "",
	} {
		c, err := mysql.ParseURL(url)
		switch {
		case want == "" && err == nil:
			t.Errorf("%s was accepted", url)
		case want == "" && strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%s: the error shows the password: %v", url, err)
		case want == "":
		case err != nil:
			t.Errorf("%s: %v", url, err)
		case !strings.HasPrefix(c.FormatDSN(), want):
			t.Errorf("%s is %s, want %s", url, c.FormatDSN(), want)
		}
	}
}

func TestR17_Preflight(t *testing.T) {
	good := map[string]string{
		"max_allowed_packet": "16777216", "innodb_flush_log_at_trx_commit": "1", "innodb_doublewrite": "ON", "innodb_page_size": "16384",
		"log_bin": "ON", "sync_binlog": "1", "binlog_format": "MIXED", "wsrep_on": "OFF",
	}
	for _, c := range []struct {
		name, version string
		change        map[string]string
		warns         string // what a warning must say; "" for none
		refuses       string
	}{
		{name: "MariaDB", version: "10.11.19-MariaDB-0+deb12u1"},
		{name: "MySQL", version: "8.4.3"},
		{name: "flush 2", version: "8.4.3", change: map[string]string{"innodb_flush_log_at_trx_commit": "2"}, warns: "innodb_flush_log_at_trx_commit is 2"},
		{name: "flush 3 of MariaDB is as good as 1", version: "11.4.2-MariaDB", change: map[string]string{"innodb_flush_log_at_trx_commit": "3"}},
		{name: "binlog", version: "8.4.3", change: map[string]string{"sync_binlog": "0"}, warns: "sync_binlog is 0"},
		{name: "no binlog", version: "8.4.3", change: map[string]string{"sync_binlog": "0", "log_bin": "OFF"}},
		{name: "doublewrite", version: "8.4.3", change: map[string]string{"innodb_doublewrite": "OFF"}, warns: "innodb_doublewrite"},
		{name: "old MariaDB", version: "5.5.5-10.6.18-MariaDB", refuses: "MariaDB 10.6.18; 10.11"},
		{name: "old MySQL", version: "5.7.44-log", refuses: "MySQL 5.7.44; 8.0.19"},
		{name: "Galera", version: "10.11.6-MariaDB", change: map[string]string{"wsrep_on": "ON"}, refuses: "Galera"},
		{name: "several primaries", version: "8.4.3", change: map[string]string{"group_replication_group_name": "x", "group_replication_single_primary_mode": "OFF"}, refuses: "several primaries"},
		{name: "one primary", version: "8.4.3", change: map[string]string{"group_replication_group_name": "x", "group_replication_single_primary_mode": "ON"}},
		{name: "statements in the log", version: "8.4.3", change: map[string]string{"binlog_format": "STATEMENT"}, refuses: "binlog_format"},
		{name: "small pages", version: "8.4.3", change: map[string]string{"innodb_page_size": "4096"}, refuses: "innodb_page_size"},
	} {
		v := map[string]string{}
		for _, m := range []map[string]string{good, c.change} {
			for k, s := range m {
				v[k] = s
			}
		}
		info, err := mysql.Preflight(c.version, true, v)
		if (c.refuses != "") != (err != nil) || err != nil && !strings.Contains(err.Error(), c.refuses) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.refuses)
		}
		if got := strings.Join(info.Warnings, "\n"); info.Durable != (c.warns == "") || !strings.Contains(got, c.warns) || c.warns == "" && got != "" {
			t.Errorf("%s: durable %v, warned %q, want %q", c.name, info.Durable, got, c.warns)
		}
	}
	if _, err := mysql.Preflight("10.11.6-MariaDB", false, good); err == nil || !strings.Contains(err.Error(), "InnoDB") {
		t.Errorf("without InnoDB: %v", err)
	}
	if i, _ := mysql.Preflight("10.11.19-MariaDB-log", true, good); i.Version != "MariaDB 10.11.19" {
		t.Errorf("it calls itself %q", i.Version)
	}
}
