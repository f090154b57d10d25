//go:build linux

package crashtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// megabytes is what a victim under load may have of memory. The runtime is told of a little less.
const megabytes = 512

// cage bounds the memory of victims. Where this test may make a control group below its own, that has the limit, and
// the kernel kills whoever exceeds it; elsewhere the limit is one of data segments, which also counts what the runtime has
// given back, so it is wider.
type cage struct {
	dir   string // "" where there is no group
	kills string // the file that counts who was killed
}

// newCage makes the group and takes it away at the end of the test, after the victims.
func newCage(t *testing.T) *cage {
	t.Helper()
	c := &cage{}
	err := c.make()
	required := slices.Contains(strings.Split(os.Getenv("PAWL_TEST_REQUIRE"), ","), "cgroup")
	switch {
	case err != nil && required:
		t.Fatalf("a control group: %v", err)
	case err != nil:
		t.Logf("no control group, RLIMIT_DATA instead: %v", err)
		return c
	}
	t.Cleanup(func() {
		// A group is busy until the kernel has done with those that died in it.
		until(t, "the group is gone", func() bool { return os.Remove(c.dir) == nil })
	})
	return c
}

// make sets the limits of a new group, in the first or the second version of the kernel's interface.
func (c *cage) make() error {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return err
	}
	root, path, limit, swap, kills := "", "", "", "", ""
	for line := range strings.Lines(string(own)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(f) == 3 && f[1] == "memory":
			root, path, limit, swap, kills = "/sys/fs/cgroup/memory", f[2], "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control"
		case len(f) == 3 && f[0] == "0" && root == "":
			root, path, limit, swap, kills = "/sys/fs/cgroup", f[2], "memory.max", "memory.swap.max", "memory.events"
		}
	}
	if root == "" {
		return errors.New("this process is in none")
	}
	dir, err := os.MkdirTemp(filepath.Join(root, path), "pawl-")
	if err != nil {
		return err
	}
	bytes, most := fmt.Sprint(megabytes<<20), "0"
	if limit == "memory.limit_in_bytes" {
		most = bytes
	}
	// Opened without creating: where the file system is an ordinary one, or the controller is off, there is no such file.
	if err := set(filepath.Join(dir, limit), bytes); err != nil {
		return errors.Join(err, os.Remove(dir))
	}
	_ = set(filepath.Join(dir, swap), most) // where swap is not counted there is none to bound
	c.dir, c.kills = dir, filepath.Join(dir, kills)
	return nil
}

func set(file, value string) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

func (c *cage) String() string {
	if c.dir == "" {
		return fmt.Sprintf("RLIMIT_DATA of %d MB", megabytes*3/2)
	}
	return fmt.Sprintf("a control group of %d MB", megabytes)
}

// begin starts a victim in the cage.
func (c *cage) begin(t *testing.T, args ...string) *process {
	t.Helper()
	if c.dir != "" {
		args = append(args, "-group", c.dir)
	} else {
		args = append(args, "-memory", fmt.Sprint(megabytes*3/2))
	}
	return spawn(t, []string{fmt.Sprintf("GOMEMLIMIT=%dMiB", megabytes*3/4)}, args...)
}

// killed is how many the kernel has killed in the group because it was full.
func (c *cage) killed(t *testing.T) (n int) {
	t.Helper()
	if c.dir == "" {
		return 0
	}
	b, err := os.ReadFile(c.kills)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if _, err := fmt.Sscanf(line, "oom_kill %d", &n); err == nil {
			return n
		}
	}
	t.Fatalf("%s counts no kills:\n%s", c.kills, b)
	return 0
}

// peakOf is the most memory that the process has had, in megabytes; 0 where it is gone.
func peakOf(pid int) (peak int) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &peak); err == nil {
			return peak / 1024
		}
	}
	return 0
}

// TestF46_TheCageKills: a process that wants more than the limit dies of it, so one that lives has kept it.
func TestF46_TheCageKills(t *testing.T) {
	s, c := newScene(t), newCage(t)
	p := c.begin(t, "-db", s.db, "-effects", s.effects, "-mode", "glutton")
	if err := p.ends(time.Minute); err == nil || strings.Contains(p.stderr.String(), "sated") {
		t.Fatalf("the glutton ended with %v\n%.300s", err, p.stderr.String())
	} else if c.dir != "" && (!killed(err) || c.killed(t) != 1) {
		t.Fatalf("the glutton ended with %v, and the kernel killed %d\n%.300s", err, c.killed(t), p.stderr.String())
	}
}
