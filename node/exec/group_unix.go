//go:build unix

package exec

import (
	"os"
	"os/exec"
	"syscall"
	"time"
)

// group gives the program a process group of its own. When its context ends the whole group is asked to end, and
// killed after grace; when the program has ended, whatever it left behind is killed at once.
func group(cmd *exec.Cmd, grace time.Duration, r *process) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var force *time.Timer
	cmd.Cancel = func() error {
		pid := cmd.Process.Pid
		// The program itself has not been waited for yet, so the group's number is still its own.
		force = time.AfterFunc(grace*9/10, func() { _ = syscall.Kill(-pid, syscall.SIGKILL) })
		return syscall.Kill(-pid, syscall.SIGTERM)
	}
	r.sweep = func() {
		if force != nil {
			force.Stop()
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}

// signal names what ended a program.
func signal(s *os.ProcessState) (name string, number int) {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return w.Signal().String(), int(w.Signal())
	}
	return "unknown", 0
}
