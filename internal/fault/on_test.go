//go:build pawlfault && unix

package fault

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// A child passes CommitLane, then CommitSent three times.
func TestMain(m *testing.M) {
	if os.Getenv("FAULT_CHILD") == "" {
		os.Exit(m.Run())
	}
	Hit(CommitLane)
	for range 3 {
		os.Stdout.WriteString(".")
		Hit(CommitSent)
	}
}

func child(t *testing.T, plan string) (*exec.Cmd, []byte, error) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "FAULT_CHILD=1", "PAWL_FAULT="+plan)
	out, err := cmd.Output()
	return cmd, out, err
}

func TestKillAtTheNthPassing(t *testing.T) {
	for plan, want := range map[string]string{"commit.sent:1:kill": ".", "commit.sent:3:kill": "...", "commit.lane:1:kill": ""} {
		cmd, out, err := child(t, plan)
		s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
		if err == nil || !ok || s.Signal() != syscall.SIGKILL || string(out) != want {
			t.Errorf("%s: printed %q and ended with %v", plan, out, err)
		}
	}
}

func TestPlansThatPassBy(t *testing.T) {
	for _, plan := range []string{"", "commit.sent:4:kill", "commit.begin:1:kill"} {
		if _, out, err := child(t, plan); err != nil || string(out) != "..." {
			t.Errorf("%q: printed %q and ended with %v", plan, out, err)
		}
	}
}

func TestImpossiblePlansEndTheProcess(t *testing.T) {
	for _, plan := range []string{"x", "commit.sent:1", "commit.send:1:kill", "commit.sent:0:kill", "commit.sent:one:kill", "commit.sent:1:explode"} {
		if cmd, _, _ := child(t, plan); cmd.ProcessState.ExitCode() != 2 {
			t.Errorf("%q: %v", plan, cmd.ProcessState)
		}
	}
}
