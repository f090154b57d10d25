//go:build pawlfault && unix

package fault

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Enabled reports whether points do anything in this build.
const Enabled = true

// armed is the one point that PAWL_FAULT names.
type armed struct {
	point  string
	nth    int64
	signal syscall.Signal
	stall  time.Duration
	passed atomic.Int64
}

// stalls is how long a stalled disk takes for one flush: longer than most callers wait.
const stalls = 8 * time.Second

var plan = arm(os.Getenv("PAWL_FAULT"))

// arm reads "point:nth:action". A plan that cannot be carried out ends the process: a crash test that crashes
// nothing must not pass.
func arm(s string) *armed {
	if s == "" {
		return &armed{}
	}
	a, err := parse(s)
	if err != nil {
		fmt.Fprintf(os.Stderr, "PAWL_FAULT=%s: %v\n", s, err)
		os.Exit(2)
	}
	return a
}

func parse(s string) (*armed, error) {
	f := strings.Split(s, ":")
	if len(f) != 3 {
		return nil, fmt.Errorf("want point:nth:action")
	}
	if all := slices.Concat(points, enginePoints); !slices.Contains(all, f[0]) {
		return nil, fmt.Errorf("no point %q; there are %s", f[0], strings.Join(all, ", "))
	}
	nth, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil || nth < 1 {
		return nil, fmt.Errorf("nth is a number from 1, not %q", f[1])
	}
	a := &armed{point: f[0], nth: nth}
	switch f[2] {
	case "kill":
		a.signal = syscall.SIGKILL
	case "stop":
		a.signal = syscall.SIGSTOP
	case "stall":
		a.stall = stalls
	default:
		return nil, fmt.Errorf("action is kill, stop or stall, not %q", f[2])
	}
	return a, nil
}

// Hit passes the point.
func Hit(name string) {
	if name != plan.point || plan.passed.Add(1) != plan.nth {
		return
	}
	if plan.stall > 0 {
		time.Sleep(plan.stall)
		return
	}
	if err := syscall.Kill(os.Getpid(), plan.signal); err != nil {
		fmt.Fprintf(os.Stderr, "fault at %s: %v\n", name, err)
		os.Exit(2)
	}
	if plan.signal == syscall.SIGKILL {
		select {} // the signal may arrive on another thread: go no further
	}
}
