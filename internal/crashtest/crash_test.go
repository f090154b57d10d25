package crashtest

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/fault"
)

var (
	cycles = flag.Int("cycles", 6, "how many processes to kill")
	seed   = flag.Uint64("seed", 1, "when and where")
)

// claimTTL is how long a dead process keeps its shards from the next one, where several may share a store.
const claimTTL = time.Second

// lives is how many victims one store sees before it is brought to its end.
const lives = 10

// TestF28_I1_I8_I15_I22_I23 kills victims and judges what they leave.
func TestF28_I1_I8_I15_I22_I23(t *testing.T) { onStores(t, crashes) }

func crashes(t *testing.T, name string) {
	c := &campaign{
		t: t, name: name, r: rand.New(rand.NewPCG(*seed, 4)), binary: victim(t), kept: t.TempDir(), hit: map[string]int{}, missed: map[string]int{},
	}
	for c.kills < *cycles && !t.Failed() {
		c.store()
	}
	points := c.points()
	c.t.Logf("kills=%d at points=%d at random=%d points hit=%d/%d executions=%d effects=%d violations=%d",
		c.kills, c.atPoint, c.kills-c.atPoint, len(c.hit), len(points), c.executions, c.effects, c.violations)
	for _, p := range points {
		c.t.Logf("  %-18s killed %d times, not reached %d times", p, c.hit[p], c.missed[p])
		if *cycles >= 10*len(points) && c.hit[p] == 0 {
			t.Errorf("no process died at %s in %d cycles", p, *cycles)
		}
	}
}

// campaign is one run of the test.
type campaign struct {
	t       *testing.T
	name    string // of the store
	r       *rand.Rand
	binary  string
	kept    string
	stores  int
	kills   int
	atPoint int
	turn    int
	fresh   int
	hit     map[string]int
	missed  map[string]int

	executions, effects, violations int
}

// store lets some victims die over one file, then lets one finish.
func (c *campaign) store() {
	c.stores++
	s := &scene{
		campaign: c, book: NewBook(),
		db:      places[c.name](c.t),
		effects: filepath.Join(c.kept, fmt.Sprintf("%d.effects", c.stores)),
	}
	defer func() { c.executions, c.effects = c.executions+s.book.Executions, c.effects+s.book.Effects }()
	for range min(lives, *cycles-c.kills) {
		plan := c.plan(s.started == 0)
		s.life(plan)
		if s.judge(plan); c.t.Failed() {
			return
		}
	}
	s.finish()
}

// plan is "" for a kill at a random moment, else the value of PAWL_FAULT. Points are taken in turn; those of the
// migration only where there is one.
func (c *campaign) plan(fresh bool) string {
	if c.r.IntN(3) == 0 && c.kills > 1 {
		return ""
	}
	if fresh {
		c.fresh++
		if c.name == "sqlite" {
			points := pointsOf(true)
			return fmt.Sprintf("%s:1:kill", points[c.fresh%len(points)])
		}
	}
	points := slices.DeleteFunc(c.points(), func(p string) bool { return strings.HasPrefix(p, "migrate.") })
	c.turn++
	p := points[c.turn%len(points)]
	if p == fault.CheckpointDone {
		return p + ":1:kill"
	}
	return fmt.Sprintf("%s:%d:kill", p, 1+c.r.IntN(60))
}

// points are those that the program passes with this store. Inside of a server no process of ours dies: there a commit
// is one message, and the points are before and after it.
func (c *campaign) points() []string {
	if c.name == "sqlite" {
		return fault.Points()
	}
	return fault.EnginePoints()
}

// pointsOf lists the points that are passed while a store is made, or later.
func pointsOf(fresh bool) []string {
	return slices.DeleteFunc(fault.Points(), func(p string) bool { return strings.HasPrefix(p, "migrate.") != fresh })
}

// scene is one store.
type scene struct {
	*campaign
	book        *Book
	db, effects string
	started     int // executions that victims were told to start
}

// Executions that a victim starts: enough to be busy until it is killed, and enough for a checkpoint of the log.
const (
	some = 40
	lots = 300
)

// life runs one victim until it dies.
func (s *scene) life(plan string) {
	s.kills++
	grow := some
	if strings.HasPrefix(plan, fault.CheckpointDone) {
		grow = lots
	}
	v := s.begin(plan, "-from", fmt.Sprint(s.started), "-grow", fmt.Sprint(grow))
	s.started += grow
	after := time.Duration(20+s.r.IntN(500)) * time.Millisecond
	if s.name != "sqlite" {
		after += claimTTL // before it owns anything
	}
	if plan != "" {
		after = 15 * time.Second
	}
	select {
	case <-v.done:
	case <-time.After(after):
		v.kill()
	}
	s.ended(v, plan)
}

// ended waits for the process and notes how it died.
func (s *scene) ended(v *process, plan string) {
	err := v.wait()
	for _, line := range v.lines {
		s.book.Heard(line)
	}
	point, _, _ := strings.Cut(plan, ":")
	switch {
	case v.killedByUs && plan != "":
		s.missed[point]++
	case v.killedByUs:
	case err != nil && killed(err) && plan != "":
		s.hit[point]++
		s.atPoint++
	case err != nil:
		s.t.Errorf("a victim (%s) ended by itself: %v\n%s", plan, err, v.stderr.String())
	case plan != "":
		s.missed[point]++ // it was through before
	}
}

func killed(err error) bool {
	exit, ok := err.(*exec.ExitError)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// judge looks at what is left.
func (s *scene) judge(plan string) {
	ctx := context.Background()
	b, err := Opener(s.db).Open(ctx)
	if err != nil {
		s.t.Errorf("after %q the store does not open: %v", plan, err)
		return
	}
	defer b.Close()
	if err := s.book.Look(ctx, b, s.effects); err != nil {
		s.t.Errorf("after %q: %v", plan, err)
	}
	for _, v := range s.book.Violations() {
		s.violations++
		s.t.Errorf("after %q: %s", plan, v)
	}
	if s.t.Failed() {
		s.keep()
	}
}

// keep copies the store to where it outlives the test.
func (s *scene) keep() {
	dir, err := os.MkdirTemp("", "pawl-crash-")
	if err != nil {
		return
	}
	for _, path := range []string{s.db, s.db + "-wal", s.effects} {
		if body, err := os.ReadFile(path); err == nil {
			os.WriteFile(filepath.Join(dir, filepath.Base(path)), body, 0o600)
		}
	}
	s.t.Logf("the store is kept in %s", dir)
}

// finish lets a last victim bring every execution to its end (I1).
func (s *scene) finish() {
	v := s.begin("", "-from", fmt.Sprint(s.started), "-mode", "finish")
	select {
	case <-v.done:
	case <-time.After(2 * time.Minute):
		v.kill()
		s.t.Errorf("I1: not everything has ended after two minutes")
	}
	s.ended(v, "")
	s.judge("finish")
	if open := s.started - len(s.book.ends); open > 0 && !s.t.Failed() {
		s.t.Errorf("I1: %d of %d executions have not ended", open, s.started)
	}
}

func (s *scene) begin(plan string, args ...string) *process {
	if s.name != "sqlite" {
		args = append(args, "-ttl", claimTTL.String())
	}
	if s.r.IntN(2) == 0 {
		args = append(args, "-apart")
	}
	args = append([]string{"-db", s.db, "-effects", s.effects, "-seed", fmt.Sprint(s.r.Uint32())}, args...)
	return spawn(s.t, []string{"PAWL_FAULT=" + plan}, args...)
}
