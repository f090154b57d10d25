// Command victim is the process that crashtest kills. It starts executions, signals them, repeats itself, and prints
// a line for everything it was told is durable:
//
//	start <key> <execution>
//	signal <key> <signal id>
//	end <key> <status>
//
// What it does is said by -mode: work (that), finish (start nothing new, wait until everything has ended), and those of
// the other files. At its end it prints finished.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	pawl "github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/crashtest"
)

const definition = `
workflow: crash
version: 1.0.0
input: {n: integer, items: [integer]}
nodes:
  - first: {call: effect}
  - each:
      foreach: {items: "${ input.items }", as: it, concurrency: 2}
      do:
        - inner: {call: effect}
  - nap: {wait: {for: 20ms}}
  - ask: {wait: {signal: go}}
  - tight: {call: tight, attempt_timeout: 30ms, retry: {max_attempts: 1000, initial_interval: 1ms, backoff_coefficient: 1}}
  - shaky: {call: shaky, retry: {max_attempts: 10, initial_interval: 2ms, backoff_coefficient: 1.5, max_interval: 20ms}}
  - last: {call: effect}
`

// victim is one life of the process.
type victim struct {
	eng *pawl.Engine
	log *crashtest.Log
	r   *rand.Rand
	mu  sync.Mutex

	wakes   atomic.Int64
	healthy atomic.Bool
	ledger  atomic.Pointer[ledger]
	bearing bearing
	calm    bool // no duty lasts: a life after the storm
	stop    <-chan os.Signal
}

// orders are the flags.
type orders struct {
	db, effects, mode, at string
	seed                  uint64
	from, grow, clients   int
	memory, duties        int
	ids, group            string
	apart                 bool
	ttl                   time.Duration
}

func main() {
	var o orders
	flag.StringVar(&o.db, "db", "", "the SQLite file, or the URL of the store")
	flag.DurationVar(&o.ttl, "ttl", 0, "how long a member may be silent")
	flag.StringVar(&o.effects, "effects", "", "the effect log")
	flag.StringVar(&o.mode, "mode", "work", "what to do")
	flag.StringVar(&o.at, "at", "", "when the herd is due")
	flag.StringVar(&o.ids, "ids", "", "executions, with commas between them")
	flag.Uint64Var(&o.seed, "seed", 1, "what happens in which order")
	flag.IntVar(&o.from, "from", 0, "number of the first new execution")
	flag.IntVar(&o.grow, "grow", 50, "how many executions to start")
	flag.IntVar(&o.clients, "clients", 8, "how many callers at once")
	flag.IntVar(&o.duties, "duties", 0, "how many tasks do not end by themselves")
	flag.IntVar(&o.memory, "memory", 0, "megabytes that this process may have")
	flag.StringVar(&o.group, "group", "", "the control group that this process joins")
	flag.BoolVar(&o.apart, "apart", false, "keep payloads apart that are not large")
	flag.Parse()
	if err := run(&o); err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		os.Exit(1)
	}
}

func run(o *orders) error {
	ctx := context.Background()
	var stop <-chan os.Signal
	if o.mode == "member" {
		stop = listen()
	}
	if o.memory > 0 {
		if err := limitMemory(o.memory); err != nil {
			return err
		}
	}
	if o.group != "" {
		if err := os.WriteFile(filepath.Join(o.group, "cgroup.procs"), []byte(fmt.Sprint(os.Getpid())), 0); err != nil {
			return err
		}
	}
	if o.mode == "migrate" {
		return migrate(ctx, o.db)
	}
	log, err := crashtest.OpenLog(o.effects)
	if err != nil {
		return err
	}
	opener := crashtest.Opener(o.db)
	if o.apart {
		opener = crashtest.OpenerApart(o.db)
	}
	var eng *pawl.Engine
	err = o.insist(func() (err error) {
		eng, err = pawl.Open(ctx, opener, pawl.Options{Grace: 3 * time.Second, ClaimTTL: o.ttl})
		return err
	})
	if err != nil {
		return err
	}
	v := &victim{eng: eng, log: log, stop: stop, r: rand.New(rand.NewPCG(o.seed, 3)), calm: o.mode == "clear"}
	if err := v.register(); err != nil {
		return err
	}
	for _, text := range []string{definition, herdText, smallText, payloadText, stormText, dutyText, rescueText} {
		err := o.insist(func() error {
			_, err := eng.Deploy(ctx, pawl.Text("crash.yaml", []byte(text)))
			return err
		})
		if err != nil {
			return err
		}
	}
	say("open")
	if err := v.do(ctx, o); err != nil {
		return err
	}
	if err := eng.Close(ctx); err != nil {
		return err
	}
	say("finished")
	return nil
}

func (v *victim) do(ctx context.Context, o *orders) error {
	switch o.mode {
	case "work":
		return v.work(ctx, o.from, o.grow)
	case "finish":
		return v.finish(ctx, o.from)
	case "member":
		return v.member(ctx, o.from, o.grow)
	case "gather":
		return v.gather(ctx, o.grow, o.clients, o.at)
	case "stampede":
		return v.stampede(ctx, o.grow)
	case "flood":
		return v.flood(ctx, o.grow, o.clients)
	case "glutton":
		return v.glutton()
	case "collect":
		return v.collect(ctx, strings.Split(o.ids, ","))
	case "rescue":
		return v.rescue(ctx, o)
	case "weather":
		return v.weather(ctx, o.grow, o.duties)
	case "clear":
		return v.clear(ctx, o.grow, o.duties)
	}
	return fmt.Errorf("no mode %q", o.mode)
}

func (v *victim) register() error {
	return errors.Join(
		pawl.Register(v.eng, "effect", v.effect), pawl.Register(v.eng, "shaky", v.shaky), pawl.Register(v.eng, "tight", v.tight),
		pawl.Register(v.eng, "wake", v.wake), pawl.Register(v.eng, "nothing", v.nothing), pawl.Register(v.eng, "order", v.order),
		pawl.Register(v.eng, "downstream", v.downstream), pawl.Register(v.eng, "lingering", v.lingering), pawl.Register(v.eng, "duty", v.duty),
	)
}

// effect does something that cannot be undone.
func (v *victim) effect(ctx context.Context, _ struct{}) (int, error) {
	t := pawl.TaskFrom(ctx)
	if err := v.log.Add(crashtest.Effect{Execution: t.Execution, Step: t.Step, Attempt: t.Attempt, Key: t.Key}); err != nil {
		return 0, err
	}
	return v.draw(1000), nil
}

// shaky does it too, and then may say that it failed.
func (v *victim) shaky(ctx context.Context, in struct{}) (int, error) {
	n, err := v.effect(ctx, in)
	if err == nil && n%3 == 0 {
		err = fmt.Errorf("unlucky with %d", n)
	}
	return n, err
}

// tight does it too, and is ready at about the moment at which it is given up.
func (v *victim) tight(ctx context.Context, in struct{}) (int, error) {
	n, err := v.effect(ctx, in)
	if err == nil && n%4 == 0 {
		<-time.After(time.Duration(29+n%3) * time.Millisecond)
	}
	return n, err
}

func (v *victim) draw(n int) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.r.IntN(n)
}

// work starts executions and does to them what clients do, some at a time.
func (v *victim) work(ctx context.Context, from, grow int) error {
	next := make(chan int)
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() {
			for n := range next {
				if err := v.one(ctx, n); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	go func() {
		defer close(next)
		for n := from; n < from+grow; n++ {
			next <- n
			if n > 0 && v.draw(4) == 0 {
				next <- v.draw(n) // an old key again
			}
		}
	}()
	for range cap(errs) {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

// one starts an execution, signals it, maybe twice, and maybe waits for its end.
func (v *victim) one(ctx context.Context, n int) error {
	key := fmt.Sprintf("k%d", n)
	items := make([]int, n%4)
	var run *pawl.Run
	err := patiently(ctx, func(ctx context.Context) (err error) {
		run, err = v.eng.Start(ctx, "crash", map[string]any{"n": n, "items": items}, pawl.Key(key))
		return err
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", key, err)
	}
	say("start %s %s", key, run.ID())
	for range 1 + v.draw(2) {
		if err := v.signal(ctx, run, key); err != nil {
			return err
		}
	}
	if v.draw(2) == 0 {
		return nil
	}
	return v.await(ctx, run, key)
}

// signal sends the one signal that the execution waits for. Sending it again must change nothing.
func (v *victim) signal(ctx context.Context, run *pawl.Run, key string) error {
	err := patiently(ctx, func(ctx context.Context) error {
		return run.Signal(ctx, "go", map[string]string{"from": key}, pawl.SignalID("s-"+key), pawl.RequestID("r-"+key))
	})
	if pawl.Code(err) == pawl.CodeClosed {
		return nil
	}
	if err != nil {
		return fmt.Errorf("signal %s: %w", key, err)
	}
	say("signal %s s-%s", key, key)
	return nil
}

func (v *victim) await(ctx context.Context, run *pawl.Run, key string) error {
	x, err := run.Wait(ctx)
	for away(err) { // the disk is slow, and who waits is told so, too
		x, err = run.Wait(ctx)
	}
	if err != nil {
		return fmt.Errorf("wait %s: %w", key, err)
	}
	say("end %s %s", key, x.Status)
	return nil
}

// patiently repeats a call that has no answer in time, or whose outcome nobody knows.
func patiently(ctx context.Context, f func(context.Context) error) error {
	for {
		short, cancel := context.WithTimeout(ctx, 3*time.Second)
		err := f(short)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) && !away(err) {
			return err
		}
		say("again")
	}
}

// finish signals and awaits everything that was ever started.
func (v *victim) finish(ctx context.Context, n int) error {
	for i := range n {
		key := fmt.Sprintf("k%d", i)
		var run *pawl.Run
		err := patiently(ctx, func(ctx context.Context) (err error) {
			run, err = v.eng.Start(ctx, "crash", map[string]any{"n": i, "items": make([]int, i%4)}, pawl.Key(key))
			return err
		})
		if err != nil {
			return fmt.Errorf("start %s: %w", key, err)
		}
		say("start %s %s", key, run.ID())
		if err := v.signal(ctx, run, key); err != nil {
			return err
		}
		if err := v.await(ctx, run, key); err != nil {
			return err
		}
	}
	return nil
}

// say prints one line in one write, so that a kill leaves no half of it that looks whole.
func say(format string, args ...any) { fmt.Fprintf(os.Stdout, format+"\n", args...) }

// away reports whether a call may be repeated because the store, or who owns the execution, did not answer.
func away(err error) bool {
	return pawl.Code(err) == pawl.CodeUnavailable || pawl.Code(err) == pawl.CodeStore
}

// insist lets a member that finds no store try again, as whoever starts it would.
func (o *orders) insist(f func() error) error {
	err := f()
	for began := time.Now(); o.mode == "member" && away(err) && time.Since(began) < time.Minute; err = f() {
		<-time.After(100 * time.Millisecond)
	}
	return err
}
