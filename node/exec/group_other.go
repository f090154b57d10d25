//go:build !unix

package exec

import (
	"os"
	"os/exec"
	"time"
)

// group ends only the program itself: there are no process groups here.
func group(cmd *exec.Cmd, _ time.Duration, r *process) {
	cmd.Cancel = func() error { return cmd.Process.Kill() }
	r.sweep = func() {}
}

func signal(*os.ProcessState) (name string, number int) { return "unknown", 0 }
