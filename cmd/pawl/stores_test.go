package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pawl-dev/pawl/internal/servertest"
)

// TestServers runs testdata/stores/*.txtar on each server that a URL names.
func TestServers(t *testing.T) {
	t.Run("postgres", func(t *testing.T) { onStore(t, servertest.Postgres(t)) })
	t.Run("redis", func(t *testing.T) { onStore(t, servertest.Redis(t)) })
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

func TestUnknownScheme(t *testing.T) {
	s := storeFlags{Store: "oracle://user:secret@host/db"}
	if _, err := s.opener(); err == nil || exitCode(err) != exitUsage {
		t.Fatalf("got %v", err)
	}
}
