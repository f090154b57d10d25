package main

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pawl-dev/pawl/internal/servertest"
)

// TestServers runs testdata/stores/*.txtar on each server that a URL names.
func TestServers(t *testing.T) {
	t.Run("postgres", func(t *testing.T) { onStore(t, servertest.Postgres(t)) })
	t.Run("redis", func(t *testing.T) { onStore(t, servertest.Redis(t)) })
}

// TestBlobsInABucket runs testdata/s3/*.txtar beside a file.
func TestBlobsInABucket(t *testing.T) {
	bucket := servertest.StartS3(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/s3",
		RequireExplicitExec: true,
		Deadline:            time.Now().Add(5 * time.Minute),
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("USER", "ada")
			e.Setenv("TZ", "UTC")
			e.Setenv("BUCKET", bucket.URL("orders"))
			e.Setenv("PAWL_BLOBS", bucket.URL("orders"))
			e.Setenv("OTHER", bucket.URL("other"))
			e.Setenv("AWS_ACCESS_KEY_ID", bucket.Key)
			e.Setenv("AWS_SECRET_ACCESS_KEY", bucket.Secret)
			return os.WriteFile(filepath.Join(e.WorkDir, "large.json"), []byte(`{"text": "`+strings.Repeat("x", 1<<20)+`"}`), 0o600)
		},
	})
}

func onStore(t *testing.T, url string) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/stores",
		RequireExplicitExec: true,
		Deadline:            time.Now().Add(5 * time.Minute),
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("USER", "ada")
			e.Setenv("TZ", "UTC")
			e.Setenv("EXAMPLES", examples)
			e.Setenv("PAWL_STORE", url)
			return nil
		},
	})
}

// TestRowSecurity runs testdata/postgres/*.txtar with a role that the test makes.
func TestRowSecurity(t *testing.T) {
	at := servertest.Postgres(t)
	c, err := pgx.Connect(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	role := "pawl_test_" + strings.ToLower(rand.Text()[:10])
	if _, err := c.Exec(t.Context(), "CREATE ROLE "+role+" LOGIN"); err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, sql := range []string{"DROP OWNED BY " + role, "DROP ROLE " + role} {
			if _, err := c.Exec(context.Background(), sql); err != nil {
				t.Error(err)
			}
		}
	}()
	as, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	as.User = url.User(role)
	t.Run("scripts", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Dir:                 "testdata/postgres",
			RequireExplicitExec: true,
			Deadline:            time.Now().Add(5 * time.Minute),
			Setup: func(e *testscript.Env) error {
				e.Setenv("HOME", e.WorkDir)
				e.Setenv("USER", "ada")
				e.Setenv("PAWL_STORE", at)
				e.Setenv("ROLE", role)
				e.Setenv("AS_ROLE", as.String())
				return nil
			},
			Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "asks": asks},
		})
	})
}

// asks URL N wants a role to find so many executions.
func asks(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: asks URL N")
	}
	c, err := pgx.Connect(context.Background(), args[0])
	ts.Check(err)
	defer c.Close(context.Background())
	var n string
	ts.Check(c.QueryRow(context.Background(), "SELECT count(*)::text FROM pawl.executions").Scan(&n))
	if n != args[1] {
		ts.Fatalf("the role finds %s executions, want %s", n, args[1])
	}
}

func TestUnknownScheme(t *testing.T) {
	s := storeFlags{Store: "oracle://user:secret@host/db"}
	if _, err := s.opener(); err == nil || exitCode(err) != exitUsage {
		t.Fatalf("got %v", err)
	}
}

func TestUnknownSchemeOfBlobs(t *testing.T) {
	s := blobsFlag{"gs://key:secret@bucket"}
	if _, err := s.outside(nil, working); err == nil || exitCode(err) != exitUsage || strings.Contains(err.Error(), "secret") {
		t.Fatalf("got %v", err)
	}
}
