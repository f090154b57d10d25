package crashtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/servertest"
)

// TestMembers_F1_F4_F5_F7_F8: three processes share a store, and again and again one of them is killed, stopped for longer
// than it may be silent, cut from the store, left without its answers, or replaced by one that begins before it has left. The
// others go on, who comes back does so by itself, and nothing is lost.
func TestMembers_F1_F4_F5_F7_F8(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, name string) {
		if name == "sqlite" {
			t.Skip("a file is for one process")
		}
		c := &crew{t: t, r: rand.New(rand.NewPCG(*seed, 5)), db: places[name](t), dir: t.TempDir(), book: NewBook(), did: map[string]int{}, links: map[*process]*servertest.Proxy{}}
		for range 3 {
			c.join()
		}
		for range *cycles {
			c.disturb()
			c.goesOn()
		}
		c.leave()
		c.finish()
		t.Logf("disturbed %v, longest pause %s, executions=%d effects=%d", c.did, c.longest.Round(time.Millisecond), c.book.Executions, c.book.Effects)
	})
}

// failOver bounds the time without progress after a disturbance (ENGINE 8).
const failOver = 20 * time.Second

// crew is the processes that share a store.
type crew struct {
	t       *testing.T
	r       *rand.Rand
	db, dir string
	book    *Book
	members []*process
	gone    []*process
	logs    []string
	started int
	did     map[string]int
	longest time.Duration
	links   map[*process]*servertest.Proxy // to the store
}

// join starts another member, with executions and an effect log of its own, and waits until it can be asked to stop.
func (c *crew) join() {
	c.t.Helper()
	link, db := linked(c.t, c.db)
	p := c.spawn("member", db, 60)
	c.links[p] = link
	p.hears("up", time.Minute)
	c.members = append(c.members, p)
}

// linked is a link of its own to the store at a URL, and the URL at its near end.
func linked(t *testing.T, where string) (*servertest.Proxy, string) {
	t.Helper()
	u, err := url.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	link := servertest.NewProxy(t, u.Host)
	u.Host = link.Addr().String()
	return link, u.String()
}

func (c *crew) spawn(mode, db string, grow int) *process {
	log := filepath.Join(c.dir, fmt.Sprintf("%d.effects", len(c.logs)))
	c.logs = append(c.logs, log)
	p := spawn(c.t, nil, "-db", db, "-effects", log, "-mode", mode, "-ttl", claimTTL.String(),
		"-from", fmt.Sprint(c.started), "-grow", fmt.Sprint(grow), "-seed", fmt.Sprint(c.r.Uint32()))
	c.started += grow
	return p
}

// disturb does something to one member.
func (c *crew) disturb() {
	n := c.r.IntN(len(c.members))
	p := c.members[n]
	without := func() {
		c.members = append(c.members[:n], c.members[n+1:]...)
		c.gone = append(c.gone, p)
	}
	switch c.r.IntN(6) {
	case 0:
		c.did["killed"]++
		p.kill()
		without()
		c.join()
	case 1:
		c.did["replaced"]++
		c.join() // before the other has left
		p.send(syscall.SIGTERM)
		without()
	case 2:
		c.did["left"]++
		p.send(syscall.SIGTERM)
		without()
		c.join()
	case 3:
		c.did["cut off"]++
		c.links[p].Set(servertest.Cut, servertest.Cut)
		c.links[p].CutAll()
		c.pause(time.Duration(c.r.IntN(int(3 * claimTTL))))
		c.links[p].Set(servertest.Pass, servertest.Pass)
	case 4: // what it asks for is done, and it does not hear so
		c.did["deaf"]++
		c.links[p].Set(servertest.Pass, servertest.Hold)
		c.pause(time.Duration(c.r.IntN(int(3 * claimTTL))))
		c.links[p].CutAll()
		c.links[p].Set(servertest.Pass, servertest.Pass)
	default:
		c.did["stopped"]++
		p.send(syscall.SIGSTOP)
		c.pause(time.Duration(c.r.IntN(int(3 * claimTTL))))
		p.send(syscall.SIGCONT)
	}
	c.pause(time.Duration(c.r.IntN(int(time.Second))))
}

func (c *crew) pause(d time.Duration) { <-time.After(d) }

// goesOn waits until some member is told that something new is durable; idle ones wait for nothing.
func (c *crew) goesOn() {
	c.t.Helper()
	began := time.Now()
	for _, p := range c.members {
		p.hush()
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for time.Since(began) < failOver {
		for _, p := range c.members {
			select {
			case line := <-p.said:
				if line != "again" {
					c.longest = max(c.longest, time.Since(began))
					return
				}
			case <-p.done:
				c.t.Fatalf("a member ended by itself: %v\n%.3000s", p.err, p.stderr.String())
			default:
			}
		}
		<-tick.C
		if c.idle() {
			c.join()
		}
	}
	c.t.Fatalf("no member was told anything for %s after %v", failOver, c.did)
}

// idle reports whether all members have done what they were to do.
func (c *crew) idle() bool {
	for _, p := range c.members {
		if !p.idle.Load() {
			return false
		}
	}
	return true
}

// leave stops every member as an operator would.
func (c *crew) leave() {
	for _, p := range c.members {
		p.send(syscall.SIGTERM)
	}
	for _, p := range append(c.gone, c.members...) {
		if err := p.ends(time.Minute); err != nil && !p.killedByUs {
			c.t.Errorf("a member ended with %v\n%.3000s", err, p.stderr.String())
		}
		for _, line := range p.lines {
			c.book.Heard(line)
		}
	}
}

// finish lets one more process bring everything to its end, and judges.
func (c *crew) finish() {
	total := c.started
	c.started = 0
	log := filepath.Join(c.dir, "finish.effects")
	c.logs = append(c.logs, log)
	p := spawn(c.t, nil, "-db", c.db, "-effects", log, "-mode", "finish", "-ttl", claimTTL.String(), "-from", fmt.Sprint(total))
	if err := p.ends(5 * time.Minute); err != nil {
		c.t.Errorf("finishing: %v\n%.3000s", err, p.stderr.String())
	}
	for _, line := range p.lines {
		c.book.Heard(line)
	}
	b, err := Opener(c.db).Open(context.Background())
	if err != nil {
		c.t.Fatal(err)
	}
	defer b.Close()
	var effects []Effect
	for _, path := range c.logs {
		list, _, err := ReadLog(path, 0)
		if err != nil {
			c.t.Fatal(err)
		}
		effects = append(effects, list...)
	}
	if err := c.book.Judge(c.t.Context(), b, effects); err != nil {
		c.t.Fatal(err)
	}
	for _, v := range c.book.Violations() {
		c.t.Error(v)
	}
	if open := total - len(c.book.ends); open > 0 {
		c.t.Errorf("I1: %d of %d executions have not ended", open, total)
	}
}
