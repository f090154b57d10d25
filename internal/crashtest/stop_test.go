//go:build linux

package crashtest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// newScene is a store for a test of its own.
func newScene(t *testing.T) *scene {
	dir := t.TempDir()
	c := &campaign{t: t, r: rand.New(rand.NewPCG(*seed, 5)), kept: dir, hit: map[string]int{}, missed: map[string]int{}}
	return &scene{campaign: c, book: NewBook(), db: filepath.Join(dir, "pawl.db"), effects: filepath.Join(dir, "effects")}
}

// known is how many executions the victims of the scene have started.
func (s *scene) known(p *process) {
	for _, line := range p.lines {
		var n int
		if _, err := fmt.Sscanf(line, "start k%d ", &n); err == nil {
			s.started = max(s.started, n+1)
		}
	}
}

// TestF1_F2_F7_F13_F20_StoppedAndContinued: a process is stopped at random moments, once for longer than a claim
// lives, and goes on as if nothing had been: timers and deadlines of running steps that are due all at once fire once, results and
// deadlines that meet are one or the other. Who wants the store meanwhile is told by whom it is held, and that this
// process is stopped. When it is killed the next takes over and brings everything to its end.
func TestF1_F2_F7_F13_F20_StoppedAndContinued(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	rounds, longest := 4, 11*time.Second
	if testing.Short() {
		rounds, longest = 3, 200*time.Millisecond
	}
	first := s.begin("", "-grow", "1000000")
	first.hears("end ", 30*time.Second)
	for i := range rounds {
		<-time.After(time.Duration(s.r.IntN(200)) * time.Millisecond)
		first.send(syscall.SIGSTOP)
		until(t, "the victim is stopped", func() bool { return stateOf(first.cmd.Process.Pid) == "T" })
		first.hush()
		second := s.begin("", "-mode", "finish")
		if err := second.ends(20 * time.Second); err == nil {
			t.Fatal("a second process was let in")
		}
		if said := second.stderr.String(); !strings.Contains(said, fmt.Sprint("pid ", first.cmd.Process.Pid)) || !strings.Contains(said, "stopped") || !strings.Contains(said, "in_use") {
			t.Fatalf("the second process was told: %s", said)
		}
		pause := time.Duration(s.r.IntN(200)) * time.Millisecond
		if i == rounds-1 {
			pause = longest
		}
		<-time.After(pause)
		first.send(syscall.SIGCONT)
		first.hears("start ", 20*time.Second)
		first.hears("end ", 20*time.Second)
	}
	third := s.begin("", "-mode", "finish")
	if err := third.ends(20 * time.Second); err == nil || strings.Contains(third.stderr.String(), "stopped") {
		t.Fatalf("while the first runs the third was told: %v %s", err, third.stderr.String())
	}
	first.kill()
	s.ended(first, "")
	s.known(first)
	if s.judge("stopped, continued, killed"); !t.Failed() {
		s.finish()
	}
	t.Logf("rounds=%d executions=%d effects=%d", rounds, s.book.Executions, s.book.Effects)
}

// stateOf is the letter of a process in /proc, "" where it is gone.
func stateOf(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, ok := strings.Cut(string(b), ") ")
	if err != nil || !ok {
		return ""
	}
	return rest[:1]
}

// until waits for something that nothing tells.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(soon); !is(); {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", soon, what)
		}
		<-time.After(time.Millisecond)
	}
}

// TestF48_F17_F7_StormThenDrain: a downstream fails for a while. It is asked no more often than its limit allows. SIGTERM,
// while the first get through, ends the process in bounded time with nothing lost: tasks at work that end within the grace
// end well, once; those that heed their context end then; and one that heeds nothing does not keep the process. The next
// process goes on, and everything ends.
func TestF48_F17_F7_StormThenDrain(t *testing.T) {
	t.Parallel()
	for _, duties := range []int{0, 6} {
		t.Run(fmt.Sprintf("%d that do not end", duties), func(t *testing.T) {
			t.Parallel()
			stormThenDrain(t, duties)
		})
	}
}

func stormThenDrain(t *testing.T, duties int) {
	s := newScene(t)
	n := 300
	if testing.Short() {
		n = 60
	}
	s.started = n
	p := s.begin("", "-mode", "weather", "-grow", fmt.Sprint(n), "-duties", fmt.Sprint(duties))
	began := time.Now()
	p.hears("ready", 30*time.Second)
	t.Logf("%d started in %s", n, time.Since(began).Round(time.Millisecond))
	<-time.After(3 * time.Second)
	p.send(syscall.SIGHUP) // well again, and the drain comes while the first get through
	var calls, ms int
	if _, err := fmt.Sscanf(p.hears("calls ", 20*time.Second), "calls %d %d", &calls, &ms); err != nil {
		t.Fatal(err)
	}
	// A limit of a rate lets its burst through at once, and what was granted at the end.
	if most := stormBudget(ms); calls > most {
		t.Errorf("the downstream got %d calls in %d ms, the budget is %d", calls, ms, most)
	}
	p.hears("lingers", 20*time.Second)
	<-time.After(200 * time.Millisecond)
	s.drained(p, duties)
	s.judge("drained")
	next := s.begin("", "-mode", "clear", "-grow", fmt.Sprint(n), "-duties", fmt.Sprint(duties))
	if err := next.ends(time.Minute); err != nil {
		t.Fatalf("after the drain: %v\n%s", err, next.stderr.String())
	}
	for _, line := range next.lines {
		s.book.Heard(line)
	}
	s.judge("clear again")
	// Each of the n has had its effect once; the duties, which had to be stopped, once in each life.
	if len(s.book.ends) != n+duties || s.book.Effects != n+2*duties {
		t.Errorf("%d of %d have ended, with %d effects", len(s.book.ends), n+duties, s.book.Effects)
	}
	t.Logf("calls=%d in %d ms, executions=%d effects=%d", calls, ms, s.book.Executions, s.book.Effects)
}

// drained asks a process in a storm to end, and looks at what it says of its tasks.
func (s *scene) drained(p *process, duties int) {
	s.t.Helper()
	p.send(syscall.SIGTERM)
	if err := p.ends(25 * time.Second); err != nil {
		s.t.Fatalf("the drain ended with %v\n%s", err, p.stderr.String())
	}
	var busy, stubborn, deaf int                    // at work at SIGTERM
	var took, still, stoodBy, stopped = -1, 0, 0, 0 // after the drain
	for _, line := range p.lines {
		s.book.Heard(line)
		_, _ = fmt.Sscanf(line, "drain %d %d %d", &busy, &stubborn, &deaf)
		_, _ = fmt.Sscanf(line, "closed %d %d %d %d", &took, &still, &stoodBy, &stopped)
	}
	s.t.Logf("SIGTERM found %d tasks that end, %d that heed their context and %d that heeds nothing; closed in %d ms", busy, stubborn, deaf, took)
	if busy == 0 || stubborn+deaf != duties {
		s.t.Errorf("this shows little")
	}
	if took < 0 || took > 15_000 {
		s.t.Errorf("closing took %d ms", took)
	}
	if still > 0 || stoodBy > 0 || stopped > 0 {
		s.t.Errorf("after the drain %d tasks that end and %d that heed their context are at work, and %d that would have ended were stopped", still, stoodBy, stopped)
	}
}

// stormBudget is how many calls the limit of the storm allows in that time: its rate, a burst of one second, and a
// tenth more.
func stormBudget(ms int) int { return (ms*100/1000 + 100) * 11 / 10 }
