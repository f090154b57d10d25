package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pawl-dev/pawl/store/sqlite"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pawl": main})
}

// TestScripts runs testdata/*.txtar: every verb as a process of its own, on its own store.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Deadline:            time.Now().Add(6 * time.Minute),
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("USER", "ada")
			e.Setenv("TZ", "UTC")
			return nil
		},
		Condition: onDisk(t),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "fifo": fifo, "await": await, "idof": idof,
		},
	})
}

// onDisk is the condition [disk]: temporary folders of some systems lie in memory, which pawl warns of.
func onDisk(t *testing.T) func(condition string) (bool, error) {
	t.Helper()
	s, err := sqlite.Open(filepath.Join(t.TempDir(), "pawl.db")).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	durable := s.Info().Durable
	return func(condition string) (bool, error) {
		if condition != "disk" {
			return false, fmt.Errorf("no condition %q", condition)
		}
		return durable, nil
	}
}

// exits CODE PROGRAM ARGS... runs a program that must end with that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var x *exec.ExitError
	switch {
	case errors.As(err, &x):
		got = x.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// await FIFO blocks until a step has written to the pipe and closed it.
func await(ts *testscript.TestScript, neg bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := os.ReadFile(ts.MkAbs(args[0]))
		done <- err
	}()
	select {
	case err := <-done:
		ts.Check(err)
	case <-ctx.Done():
		ts.Fatalf("nobody wrote to %s", args[0])
	}
}

// idof VAR FILE puts the first execution id in a file into a variable. FILE may be stdout or stderr.
func idof(ts *testscript.TestScript, neg bool, args []string) {
	text := []byte(ts.ReadFile(args[1]))
	for _, word := range bytes.FieldsFunc(text, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'z') }) {
		if len(word) == 26 {
			ts.Setenv(args[0], string(word))
			return
		}
	}
	ts.Fatalf("there is no id in %s", filepath.Base(args[1]))
}
