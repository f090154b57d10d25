//go:build linux

package sqlite_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/pawl-dev/pawl/internal/fault"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// faulty is a folder with this test binary in it, built once with the fault points.
var faulty = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "pawl-faulty-"); err != nil {
		return "", err
	}
	leftover = append(leftover, dir)
	out, err := exec.Command("go", "test", "-c", "-tags", "pawlfault", "-o", filepath.Join(dir, "test"), ".").CombinedOutput()
	if err != nil {
		return dir, fmt.Errorf("%w\n%s", err, out)
	}
	return dir, nil
})

// faultBinary is this test binary with the fault points in it.
func faultBinary(t *testing.T) string {
	t.Helper()
	if fault.Enabled {
		return os.Args[0]
	}
	if testing.Short() {
		t.Skip("builds a second test binary")
	}
	dir, err := faulty()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "test")
}

// TestF28_I6_KillAtEveryPoint kills a child at each point of the commit path, at its first, a later and a much later
// passing. Before the commit is sent nothing of the batch is there, after it returned everything is.
func TestF28_I6_KillAtEveryPoint(t *testing.T) {
	binary := faultBinary(t)
	for _, point := range []string{
		fault.CommitBegin, fault.CommitLane, fault.CommitFenced, fault.CommitWritten, fault.CommitSent, fault.CommitReturned,
	} {
		for _, nth := range []int{1, 2, 40} {
			t.Run(fmt.Sprintf("%s_%d", point, nth), func(t *testing.T) {
				want := nth - 1
				if point == fault.CommitReturned {
					want = nth
				}
				if got := killAt(t, binary, point, nth, 300); got != want {
					t.Fatalf("%d batches are there, want %d", got, want)
				}
			})
		}
	}
}

func TestF28_I6_KillBehindACheckpoint(t *testing.T) {
	binary := faultBinary(t)
	for _, nth := range []int{1, 2} {
		if got := killAt(t, binary, fault.CheckpointDone, nth, 50_000); got < 40*nth {
			t.Fatalf("%d batches: too few for a checkpoint", got)
		}
	}
}

// killAt returns how many batches are there after a child was killed at the point.
func killAt(t *testing.T, binary, point string, nth, size int) int {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pawl.db")
	cmd, lines := startChild(t, binary, "write", path, fmt.Sprint(childSize, "=", size), fmt.Sprintf("PAWL_FAULT=%s:%d:kill", point, nth))
	expect(t, lines, "open")
	promised := acked(t, lines, -1)
	wantKilled(t, cmd)
	return checkCrashed(t, path, promised)
}

func wantKilled(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	_ = cmd.Wait()
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL {
		t.Fatalf("the child was not killed at the point, but ended with %v", cmd.ProcessState)
	}
}

// TestF2_StoppedOwnerIsNamed: a process stopped inside a transaction keeps the store; who wants it is told so.
func TestF2_StoppedOwnerIsNamed(t *testing.T) {
	binary := faultBinary(t)
	path := filepath.Join(t.TempDir(), "pawl.db")
	cmd, lines := startChild(t, binary, "write", path, "PAWL_FAULT="+fault.CommitWritten+":5:stop")
	expect(t, lines, "open")
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("the child did not stop: %v %v", err, status)
	}
	_, err := sqlite.Open(path).Open(t.Context())
	wantInUse(t, err, cmd.Process.Pid, "stopped")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	promised := acked(t, lines, -1)
	wantKilled(t, cmd)
	checkCrashed(t, path, promised)
}
