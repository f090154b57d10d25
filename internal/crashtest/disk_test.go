//go:build linux

package crashtest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/fault"
	"github.com/pawl-dev/pawl/store"
)

// count is how many executions of a workflow there are with a status.
func (s *scene) count(workflow, status string) int {
	s.t.Helper()
	b, err := Opener(s.db).Open(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	defer b.Close()
	n, cursor := 0, ""
	for {
		page, err := b.Search(context.Background(), "default", store.Filter{Workflows: []string{workflow}, Statuses: []string{status}, Limit: 1000, Cursor: cursor})
		if err != nil {
			s.t.Fatal(err)
		}
		n += len(page.Heads)
		if cursor = page.Next; cursor == "" {
			return n
		}
	}
}

// smallDisk mounts a file system in memory. Where that is not allowed the test is skipped, unless PAWL_TEST_REQUIRE asks
// for tmpfs.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	give := t.Skipf
	if slices.Contains(strings.Split(os.Getenv("PAWL_TEST_REQUIRE"), ","), "tmpfs") {
		give = t.Fatalf
	}
	if os.Getuid() != 0 {
		give("mounting a tmpfs needs root")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", dir).CombinedOutput(); err != nil {
		give("mounting a tmpfs: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return dir
}

// TestF30_F28_KilledOnAFullDisk: the disk fills under a busy process, which is killed while nothing can be written.
// With space again the next process finds everything that was acknowledged, and brings it to its end. The log of effects
// lies elsewhere.
func TestF30_F28_KilledOnAFullDisk(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	dir := smallDisk(t, "24m")
	s.db = filepath.Join(dir, "pawl.db")
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	for range rounds {
		p := s.begin("", "-from", "0", "-grow", "1000000")
		p.hears("end ", 30*time.Second)
		ballast := fill(t, dir)
		quiet(p, time.Second)
		p.kill()
		<-p.done
		for _, line := range p.lines {
			s.book.Heard(line)
		}
		s.known(p)
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		if s.judge("killed on a full disk"); t.Failed() {
			return
		}
	}
	s.finish()
	t.Logf("rounds=%d executions=%d effects=%d", rounds, s.book.Executions, s.book.Effects)
}

// TestF32_I7_SlowStorage: one flush takes longer than callers wait. Their deadlines hold, they repeat what they asked, and
// everything happens once.
func TestF32_I7_SlowStorage(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	plan := fault.CommitSent + ":5:stall"
	p := s.begin(plan, "-grow", "40")
	s.started = 40
	p.hears("again", 30*time.Second)
	if err := p.ends(time.Minute); err != nil {
		t.Fatalf("%v\n%s", err, p.stderr.String())
	}
	s.ended(p, plan)
	if s.judge(plan); !t.Failed() {
		s.finish()
	}
	t.Logf("executions=%d effects=%d", s.book.Executions, s.book.Effects)
}

// quiet waits until the process has said nothing for that long, or has ended.
func quiet(p *process, d time.Duration) {
	for {
		select {
		case <-p.said:
		case <-p.done:
			return
		case <-time.After(d):
			return
		}
	}
}

// fill takes what is left of a file system with a file, and names it.
func fill(t *testing.T, dir string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, chunk := range [][]byte{make([]byte, 1<<20), make([]byte, 4096)} {
		for err == nil {
			_, err = f.Write(chunk)
		}
		err = nil
	}
	return f.Name()
}
