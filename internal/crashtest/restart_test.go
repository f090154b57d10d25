package crashtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/servertest"
)

// TestRestarts_F27: the server of a store goes away under an engine at work, in several ways, and comes back on the
// files it left. The engine goes on by itself, and nothing that it acknowledged is lost.
func TestRestarts_F27(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, name string) {
		if outages[name] == nil {
			t.Skip("there is no server that could be restarted")
		}
		r := rand.New(rand.NewPCG(*seed, 6))
		url, ways := outages[name](t)
		c := &crew{t: t, r: r, db: url, dir: t.TempDir(), book: NewBook(), did: map[string]int{}}
		c.members = append(c.members, c.spawn("member", url, busy))
		c.hears(10)
		for n := range *cycles {
			w := ways[n%len(ways)]
			w.strike(func() { c.pause(time.Duration(r.IntN(int(2 * claimTTL)))) })
			c.did[w.name]++
			c.hears(20)
			c.pause(time.Duration(r.IntN(int(time.Second))))
		}
		c.leave()
		c.started = c.begun()
		c.finish()
		t.Logf("disturbed %v, longest pause once the server was back %s, executions=%d effects=%d", c.did, c.longest.Round(time.Millisecond), c.book.Executions, c.book.Effects)
	})
}

// busy is more executions than an engine starts while its server is restarted.
const busy = 20_000

// outage is one way in which a server goes away; it is back when strike returns. Meanwhile away passes the time.
type outage struct {
	name   string
	strike func(away func())
}

// outages start a server that a test has for itself.
var outages = map[string]func(t *testing.T) (url string, ways []outage){
	"postgres": func(t *testing.T) (string, []outage) {
		p := servertest.StartPostgres(t)
		return p.URL(), []outage{
			{"stopped at once", func(away func()) { p.Stop("immediate"); away(); p.Start() }},
			{"killed", func(away func()) { p.Kill9(); away(); p.Start() }},
			{"restarted", func(func()) { p.Restart("fast") }},
			{"a process of it killed", func(func()) {
				if !p.KillBackend() {
					t.Error("the engine has no connection")
				}
			}},
		}
	},
	"mysql": func(t *testing.T) (string, []outage) {
		m := servertest.StartMySQL(t)
		return m.URL(), []outage{
			{"killed", func(away func()) { m.Kill(); away(); m.Start() }},
			{"restarted", func(func()) { m.Stop(); m.Start() }},
		}
	},
	"redis": func(t *testing.T) (string, []outage) {
		s := servertest.StartRedis(t)
		return s.URL(), []outage{
			{"killed", func(away func()) { s.Kill(); away(); s.Start() }},
			{"stopped", func(away func()) {
				s.Signal(syscall.SIGSTOP)
				away()
				s.Signal(syscall.SIGCONT)
			}},
		}
	},
}

// hears waits until the one member is told n times that something is durable, and notes how long the first took.
func (c *crew) hears(n int) {
	c.t.Helper()
	p := c.members[0]
	p.hush()
	began := time.Now()
	up := time.NewTimer(failOver)
	defer up.Stop()
	for heard := 0; heard < n; {
		select {
		case line := <-p.said:
			if line == "again" || line == "open" {
				continue
			}
			if heard++; heard == 1 && len(c.did) > 0 {
				c.longest = max(c.longest, time.Since(began))
			}
		case <-p.done:
			c.t.Fatalf("the engine ended by itself after %v: %v\n%.3000s", c.did, p.err, p.stderr.String())
		case <-up.C:
			c.t.Fatalf("the engine was told %d times that something is durable within %s after %v\n%.3000s", heard, failOver, c.did, p.stderr.String())
		}
	}
}

// begun is how many executions were begun: keys are numbers, with no gaps but among the last few.
func (c *crew) begun() int {
	most := 0
	for _, p := range append(c.gone, c.members...) {
		for _, line := range p.lines {
			var n int
			if strings.HasPrefix(line, "start ") {
				if _, err := fmt.Sscanf(line, "start k%d ", &n); err == nil {
					most = max(most, n+1)
				}
			}
		}
	}
	return most
}
