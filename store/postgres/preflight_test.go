package postgres_test

import (
	"errors"
	"maps"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/postgres"
)

var sound = map[string]string{
	"server_version": "15.1", "server_version_num": "150001", "server_encoding": "UTF8", "fsync": "on", "full_page_writes": "on",
	"synchronous_commit": "on", "default_transaction_isolation": "read committed", "in_hot_standby": "off",
}

func TestR17_Preflight(t *testing.T) {
	if i, err := postgres.Judge(sound); err != nil || !i.Durable || len(i.Warnings) > 0 || i.Version != "15.1" {
		t.Fatalf("%+v %v", i, err)
	}
	for _, c := range []struct {
		name, value, says string
		refused           bool
	}{
		{"fsync", "off", "fsync=off", false},
		{"full_page_writes", "off", "full_page_writes=off", false},
		{"synchronous_commit", "off", "synchronous_commit=off", false},
		{"synchronous_commit", "local", "synchronous_commit=local", false},
		{"server_version_num", "120019", "13 or later", true},
		{"server_encoding", "SQL_ASCII", "UTF8", true},
		{"default_transaction_isolation", "serializable", "read committed", true},
		{"in_hot_standby", "on", "standby", true},
	} {
		got := maps.Clone(sound)
		got[c.name] = c.value
		i, err := postgres.Judge(got)
		switch {
		case c.refused:
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s=%s: %v", c.name, c.value, err)
			}
		case err != nil || i.Durable || len(i.Warnings) != 1 || !strings.Contains(i.Warnings[0], c.says):
			t.Errorf("%s=%s: %+v %v", c.name, c.value, i, err)
		}
	}
}

// R17: a role whose commits do not wait for the log: ours do.
func TestR17_SessionsWaitForTheLog(t *testing.T) {
	database := servertest.Postgres(t)
	c := admin(t, database)
	name := database[strings.LastIndex(database, "/")+1:]
	for _, value := range []string{"off", "local"} {
		execute(t, c, "ALTER DATABASE "+name+" SET synchronous_commit = "+value)
		b := open(t, database)
		if i := b.Info(); !i.Durable || len(i.Warnings) > 0 {
			t.Fatalf("%+v", i)
		}
		for _, commits := range []bool{true, false} {
			if v, err := postgres.Setting(t.Context(), b, commits, "synchronous_commit"); err != nil || v != "on" {
				t.Fatalf("%s: %q %v", value, v, err)
			}
		}
		// Through a pooler no setting can be sent with the connection.
		if i := open(t, database, postgres.Pooler()).Info(); i.Durable || len(i.Warnings) != 1 {
			t.Fatalf("%+v", i)
		}
	}
	execute(t, c, "ALTER DATABASE "+name+" SET synchronous_commit = remote_apply") // stronger: stays
	if v, err := postgres.Setting(t.Context(), open(t, database), true, "synchronous_commit"); err != nil || v != "remote_apply" {
		t.Fatalf("%q %v", v, err)
	}
}

// The password of a URL is in no error.
func TestNoErrorTellsThePassword(t *testing.T) {
	for _, u := range []string{
		"postgres://user:s3cret@127.0.0.1:1/db", "postgres://user:s3cret@127.0.0.1:99999/db", "postgres://user:s3cret@%zz/db",
		"mysql://user:s3cret@127.0.0.1/db", "postgres://user:s3cret@127.0.0.1:1/db?pooler=session", "postgres://user:s3cret@127.0.0.1:1/db?lock_timeout=x",
		"postgres://user:s3cret@127.0.0.1:1/db?sslmode=nonsense",
	} {
		_, err := postgres.Open(u).Open(t.Context())
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("got %v", err)
		}
	}
}

func TestSchemasAreApart(t *testing.T) {
	database := servertest.Postgres(t)
	a := newUser(open(t, database+"?schema=one"), 1)
	b := newUser(open(t, database, postgres.Schema(`two "quoted"`)), 1)
	a.Write(t, a.Start(t, drivertest.Execution(1)))
	b.Write(t, b.Start(t, drivertest.Execution(1)))
	b.Write(t, b.append(t, drivertest.Execution(1), 2))
	a.Whole(t, drivertest.Execution(1), 1)
	b.Whole(t, drivertest.Execution(1), 2)
	if a.Info().Incarnation == b.Info().Incarnation {
		t.Fatal("one incarnation for two stores")
	}
	again := open(t, database+"?schema=one")
	if again.Info().Incarnation != a.Info().Incarnation {
		t.Fatal("another incarnation after opening again")
	}
	if open(t, database+"?schema=one", postgres.Restored()).Info().Incarnation == a.Info().Incarnation {
		t.Fatal("the same incarnation after a restore")
	}
}

// What is wrong with a connection is said in words, and neither user nor password.
func TestServerThatRefusesIsTold(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	there, err := url.Parse(servertest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	missing := *there
	missing.Path = "/pawl_nonesuch"
	missing.RawQuery = url.Values{"password": {"hunter2"}}.Encode()
	for _, c := range []struct{ url, says, at string }{
		{missing.String(), "there is no such database; create it first (SQLSTATE 3D000)", there.Host},
		{"postgres://clerk:hunter2@" + nobody + "/orders", "the server cannot be reached", nobody},
	} {
		_, err := postgres.Open(c.url).Open(t.Context())
		if err == nil {
			t.Fatalf("%s was opened", c.says)
		}
		if said := err.Error(); !strings.Contains(said, c.says) || !strings.Contains(said, c.at) || strings.Contains(said, "hunter2") || strings.Contains(said, "clerk") {
			t.Error(err)
		}
		if _, ok := errors.AsType[*pgconn.ConnectError](err); !ok {
			t.Errorf("the cause is lost: %v", err)
		}
	}
}
