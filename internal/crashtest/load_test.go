//go:build linux

package crashtest

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var (
	herd     = flag.Int("herd", 5000, "how many timers are due at once")
	payloads = flag.Int("payloads", 300, "how many large inputs come at once")
)

// megabytes is what a victim under load may have of memory. The runtime is told of a little less.
const megabytes = 512

var memoryEnv = []string{fmt.Sprintf("GOMEMLIMIT=%dMiB", megabytes*3/4)}

// TestF11_HerdAfterAnOutage: the process is killed, many timers come due while there is none, and the next process has
// little memory. Each fires once, and meanwhile others are served.
func TestF11_HerdAfterAnOutage(t *testing.T) {
	n := *herd
	if testing.Short() {
		n = min(n, 1000)
	}
	s := newScene(t)
	for patience := 2*time.Second + time.Duration(n/2)*time.Millisecond; !s.gathered(n, patience); patience *= 2 {
		s = newScene(t)
	}
	next := spawn(t, memoryEnv, "-db", s.db, "-effects", s.effects, "-mode", "stampede", "-grow", fmt.Sprint(n), "-memory", fmt.Sprint(megabytes))
	line := next.hears("herd ", 3*time.Minute)
	peak := peakOf(next.cmd.Process.Pid)
	if err := next.ends(30 * time.Second); err != nil {
		t.Fatalf("%v\n%.3000s", err, next.stderr.String())
	}
	var asked, wakes, all, longest, median int
	if _, err := fmt.Sscanf(line, "herd %d %d %d %d %d", &asked, &wakes, &all, &longest, &median); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d timers fired within %d ms; a start took %d ms, at most %d ms; %d MB at the peak", n, all, median, longest, peak)
	if median > 1000 || longest > 10_000 {
		t.Errorf("while the herd runs a start takes %d ms, at most %d ms", median, longest)
	}
	small := s.count("small")
	if want := n + small; wakes < n || wakes > want {
		t.Errorf("%d wakes of %d executions and %d small ones", wakes, n, small)
	}
}

// gathered starts n executions that are due after the patience, and kills who started them. It waits until they are due,
// or says that they were before all had been started.
func (s *scene) gathered(n int, patience time.Duration) bool {
	at := time.Now().Add(patience).UTC()
	p := s.begin("", "-mode", "gather", "-grow", fmt.Sprint(n), "-clients", "512", "-at", at.Format(time.RFC3339Nano))
	p.hears("ready", 2*time.Minute)
	p.kill()
	<-p.done
	if time.Now().After(at) {
		return false
	}
	<-time.After(time.Until(at))
	return true
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

// TestF46_PayloadStormThenKill: many inputs at once that are too large, and many that are just not, in little memory. The
// first are refused before they take any; each of the others is durable or refused by name, the process lives, and after a kill everything acknowledged is there and whole, for a process with as little.
func TestF46_PayloadStormThenKill(t *testing.T) {
	s := newScene(t)
	n := *payloads
	if testing.Short() {
		n = min(n, 20)
	}
	p := spawn(t, memoryEnv, "-db", s.db, "-effects", s.effects, "-mode", "flood", "-grow", fmt.Sprint(n), "-clients", fmt.Sprint(n), "-memory", fmt.Sprint(megabytes))
	p.hears("huge", 2*time.Minute)
	flat := peakOf(p.cmd.Process.Pid)
	var refused int
	if _, err := fmt.Sscanf(p.hears("ready ", 3*time.Minute), "ready %d", &refused); err != nil {
		t.Fatal(err)
	}
	peak := peakOf(p.cmd.Process.Pid)
	p.kill()
	<-p.done
	var ids []string
	for _, line := range p.lines {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "start" {
			ids = append(ids, f[2])
		}
	}
	t.Logf("%d inputs of 1.9 MB refused, %d MB at the peak; %d of 250 kB: %d durable, %d refused, %d MB at the peak", n, flat, n, len(ids), refused, peak)
	if len(ids)+refused != n || len(ids) == 0 {
		t.Errorf("%d durable and %d refused of %d", len(ids), refused, n)
	}
	next := spawn(t, memoryEnv, "-db", s.db, "-effects", s.effects, "-mode", "collect", "-ids", strings.Join(ids, ","), "-memory", fmt.Sprint(megabytes))
	if err := next.ends(3 * time.Minute); err != nil {
		t.Fatalf("after the kill: %v\n%.3000s", err, next.stderr.String())
	}
	whole := 0
	for _, line := range next.lines {
		if strings.HasPrefix(line, "whole ") {
			whole++
		}
	}
	if whole != len(ids) {
		t.Errorf("%d of %d are whole", whole, len(ids))
	}
}
