package servertest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Postgres returns the URL of a new database on a PostgreSQL server, which is dropped when the test ends. The server is
// the one that PAWL_TEST_POSTGRES names (a URL whose user may create databases), else the one on this machine.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv("PAWL_TEST_POSTGRES")
	if server == "" {
		server = "postgres://127.0.0.1:5432/postgres"
	}
	name := "pawl_test_" + hex.EncodeToString(random(6))
	if err := administer(server, "CREATE DATABASE "+name); err != nil {
		Absent(t, "postgres", err)
	}
	t.Cleanup(func() {
		if err := administer(server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("the database %s is left behind: %v", name, err)
		}
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("PAWL_TEST_POSTGRES is not a URL")
	}
	u.Path = "/" + name
	return u.String()
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// administer runs one statement on a connection of its own.
func administer(server, sql string) error {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}
