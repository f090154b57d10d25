//go:build linux

package crashtest

import (
	"flag"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

var (
	herd     = flag.Int("herd", 50_000, "how many timers are due at once")
	payloads = flag.Int("payloads", 1000, "how many large inputs come at once")
)

// TestF11_HerdAfterAnOutage: the process is killed, 50,000 timers come due while there is none, and the next process may
// have 512 MB. It is not killed for want of more, each timer fires once, and meanwhile others are served.
func TestF11_HerdAfterAnOutage(t *testing.T) {
	n := *herd
	if testing.Short() {
		n = min(n, 1000)
	}
	s, c := newScene(t), newCage(t)
	for patience := 2*time.Second + time.Duration(n/5)*time.Millisecond; !s.gathered(n, patience); patience *= 2 {
		s = newScene(t)
	}
	next := c.begin(t, "-db", s.db, "-effects", s.effects, "-mode", "stampede", "-grow", fmt.Sprint(n))
	line := next.hears("herd ", 3*time.Minute)
	peak := peakOf(next.cmd.Process.Pid)
	if err := next.ends(30 * time.Second); err != nil {
		t.Fatalf("%v\n%.3000s", err, next.stderr.String())
	}
	var wakes, all, small, first, median, late, longest int
	if _, err := fmt.Sscanf(line, "herd %d %d %d %d %d %d %d", &wakes, &all, &small, &first, &median, &late, &longest); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d timers fired within %d ms in %s, %d MB at the peak; %d others meanwhile: the first took %d ms, half of the rest at most %d ms, 99 %% at most %d ms, all at most %d ms",
		n, all, c, peak, small, first, median, late, longest)
	if first > 30_000 || median > 1000 || longest > 15_000 {
		t.Errorf("while the herd runs the first start takes %d ms, half of the others at most %d ms, all at most %d ms", first, median, longest)
	}
	if ended := s.count("herd", "completed"); wakes != n || ended != n {
		t.Errorf("%d wakes of %d executions, of which %d have ended", wakes, n, ended)
	}
	if got := s.count("small", "completed"); got != small || small == 0 {
		t.Errorf("%d of %d others have ended", got, small)
	}
	if killed := c.killed(t); killed > 0 {
		t.Errorf("the kernel has killed %d", killed)
	}
}

// gathered starts n executions that are due after the patience, and kills who started them. It waits until they are due,
// or says that they were before all had been started.
func (s *scene) gathered(n int, patience time.Duration) bool {
	at := time.Now().Add(patience).UTC()
	p := s.begin("", "-mode", "gather", "-grow", fmt.Sprint(n), "-clients", "1024", "-at", at.Format(time.RFC3339Nano))
	p.hears("ready", 2*time.Minute)
	p.kill()
	<-p.done
	if time.Now().After(at) {
		return false
	}
	<-time.After(time.Until(at))
	return true
}

// TestF46_PayloadStormThenKill: at once 100 inputs that are too large, then 1,000 that are kept apart, then 1,000 that are
// not, in 512 MB. The first are refused before they take any; each of the others is durable or refused by name, the process
// lives. Then it wants all
// the memory there is and is killed, and everything acknowledged is there and whole, for a process that may have as little.
func TestF46_PayloadStormThenKill(t *testing.T) {
	s, c := newScene(t), newCage(t)
	n := *payloads
	if testing.Short() {
		n = min(n, 20)
	}
	p := c.begin(t, "-db", s.db, "-effects", s.effects, "-mode", "flood", "-grow", fmt.Sprint(n), "-clients", fmt.Sprint(n))
	p.hears("huge", 2*time.Minute)
	flat := peakOf(p.cmd.Process.Pid)
	var large, refused int
	if _, err := fmt.Sscanf(p.hears("large ", 3*time.Minute), "large %d", &large); err != nil {
		t.Fatal(err)
	}
	apart := peakOf(p.cmd.Process.Pid)
	if _, err := fmt.Sscanf(p.hears("ready ", 3*time.Minute), "ready %d", &refused); err != nil {
		t.Fatal(err)
	}
	peak := peakOf(p.cmd.Process.Pid)
	if early := c.killed(t); early > 0 {
		t.Errorf("the kernel has killed %d before the process wanted too much", early)
	}
	p.send(syscall.SIGHUP)
	if err := p.ends(time.Minute); err == nil || c.dir != "" && (!killed(err) || c.killed(t) != 1) {
		t.Fatalf("the process that wanted too much ended with %v, and the kernel has killed %d", err, c.killed(t))
	}
	var ids []string
	for _, line := range p.lines {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "start" {
			ids = append(ids, f[2])
		}
	}
	t.Logf("in %s: inputs of 17.9 MB refused, %d MB at the peak; %d of 1.9 MB: %d refused, %d MB; %d of 250 kB: %d refused, %d MB; %d durable", c, flat, n, large, apart, n, refused, peak, len(ids))
	if len(ids)+large+refused != 2*n || len(ids) == 0 {
		t.Errorf("%d durable and %d refused of %d", len(ids), large+refused, 2*n)
	}
	next := c.begin(t, "-db", s.db, "-effects", s.effects, "-mode", "collect", "-ids", strings.Join(ids, ","))
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
