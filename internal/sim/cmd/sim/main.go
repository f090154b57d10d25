// Command sim runs the seeded world.
//
//	sim --seeds 1000              run seeds 1 to 1000; the first violation ends it with exit code 1
//	sim --seed 17 --trace         run one seed and print everything that happens
//	sim --seed 17 --timeline      tell the story of a seed in sentences
//	sim --seed 17 --shrink        look for a smaller world in which the seed breaks the same law
//	sim --compare --seeds 50      play the same inputs in different worlds; they must end the same
//	sim --seeds 500 --members 5   with five members in each world
//	go run -tags simbugs ./internal/sim/cmd/sim --bugs     break the design on purpose; every mistake must be found
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/internal/sim"
	"github.com/pawl-dev/pawl/internal/sim/bug"
)

type options struct {
	seeds int
	from  uint64
	seed  uint64
	trace bool
	bugs  bool
	ten   bool
	bug   string
	jobs  int

	timeline, shrink, compare bool
	without                   string
	world                     sim.Options
}

func main() {
	var o options
	flag.IntVar(&o.seeds, "seeds", 0, "how many `seeds` to run, 1000 unless said; with --bugs, at most so many for each mistake, 5000 unless said")
	flag.Uint64Var(&o.from, "from", 1, "the first `seed` of --seeds")
	flag.Uint64Var(&o.seed, "seed", 0, "run this `seed` only")
	flag.BoolVar(&o.trace, "trace", false, "print everything that happens (with --seed)")
	flag.BoolVar(&o.bugs, "bugs", false, "seed every known mistake in turn and see each found (needs -tags simbugs)")
	flag.BoolVar(&o.ten, "ten", false, "with --bugs, only ten of them, for a quick look")
	flag.StringVar(&o.bug, "bug", "", "switch on one mistake by `name` (needs -tags simbugs)")
	flag.IntVar(&o.jobs, "jobs", runtime.GOMAXPROCS(0), "worlds that run side by side")
	flag.BoolVar(&o.timeline, "timeline", false, "tell what happens in sentences (with --seed)")
	flag.BoolVar(&o.shrink, "shrink", false, "look for a smaller world in which the seed breaks the same law (with --seed)")
	flag.BoolVar(&o.compare, "compare", false, "play plain definitions in several worlds; they must end the same in all of them")
	flag.StringVar(&o.world.Profile, "profile", "", "the `store`: "+strings.Join(sim.Profiles(), ", ")+"; the seed decides unless said")
	flag.IntVar(&o.world.Members, "members", 0, "how many members there are, `1 to 5`; the seed decides unless said")
	flag.IntVar(&o.world.Starts, "starts", 0, "at most so many `starts` by clients")
	flag.BoolVar(&o.world.Calm, "calm", false, "clients only start executions")
	flag.BoolVar(&o.world.Lies, "lies", false, "a store that forgets what it acknowledged when the power fails; violations must be found")
	flag.StringVar(&o.without, "without", "", "`kinds` of faults that do not happen, with commas between them")
	flag.Parse()
	if o.without != "" {
		o.world.Without = strings.Split(o.without, ",")
	}
	switch {
	case o.seeds > 0:
	case o.bugs:
		o.seeds = 5000
	default:
		o.seeds = 1000
	}
	os.Exit(run(o, os.Stdout, os.Stderr))
}

func run(o options, out, progress io.Writer) int {
	if (o.bugs || o.bug != "") && !bug.Enabled {
		fmt.Fprintln(progress, "sim: this binary cannot be broken on purpose; build it with -tags simbugs")
		return 2
	}
	if o.bug != "" {
		b, ok := bug.Named(o.bug)
		if !ok {
			fmt.Fprintf(progress, "sim: no mistake is called %q; there are %v\n", o.bug, bug.All())
			return 2
		}
		bug.Set(b)
	}
	switch {
	case o.bugs:
		return hunt(o, out, progress)
	case o.seed != 0 && o.compare:
		o.from, o.seeds = o.seed, 1
	case o.seed != 0:
		return one(o, out, progress)
	}
	return many(o, out, progress)
}

// one runs a single seed and says all about it.
func one(o options, out, progress io.Writer) int {
	w := o.world
	if o.trace {
		w.Trace = out
	}
	if o.timeline {
		w.Timeline = out
	}
	began := time.Now()
	r, err := sim.Run(o.seed, w)
	if err != nil {
		fmt.Fprintln(progress, "sim:", err)
		return 2
	}
	for _, v := range r.Violations {
		fmt.Fprintf(out, "violation %s\n", v)
	}
	fmt.Fprintf(out, "hash=%016x commits=%d events=%d starts=%d\n", r.Hash, r.Commits, r.Events, r.Starts)
	t := total{seeds: 1}
	t.add(r)
	t.print(out, began)
	if len(r.Violations) > 0 {
		fmt.Fprintln(out, "reproduce:", reproduce(o, r.Seed))
		if o.shrink {
			return shrink(o, r, out, progress)
		}
		return 1
	}
	return 0
}

// shrink makes the world of a failing seed smaller and says how to see what is left.
func shrink(o options, r sim.Result, out, progress io.Writer) int {
	tries := 0
	small, err := sim.Shrink(r.Seed, r.Violations[0].Law, o.world, func(try sim.Options, kept bool) {
		if tries++; kept {
			fmt.Fprintf(progress, "%d worlds tried; still there with%s\n", tries, try.String())
		}
	})
	if err != nil {
		fmt.Fprintln(progress, "sim:", err)
		return 2
	}
	o.world = small
	fmt.Fprintln(out, "smaller:", strings.Replace(reproduce(o, r.Seed), "--trace", "--timeline", 1))
	return 1
}

// many runs seeds side by side until one fails.
func many(o options, out, progress io.Writer) int {
	began := time.Now()
	t := total{}
	code := 0
	each(o, func(r sim.Result, err error) bool {
		if err != nil {
			fmt.Fprintf(out, "seed %d: %v\n", r.Seed, err)
			code = 2
			return false
		}
		t.seeds++
		t.add(r)
		if t.seeds%50 == 0 {
			fmt.Fprintf(progress, "%d/%d seeds, %d faults, %s simulated, %.0f s\n", t.seeds, o.seeds, t.faults, t.simulated.Round(time.Minute), time.Since(began).Seconds())
		}
		if len(r.Violations) == 0 {
			return true
		}
		fmt.Fprintf(out, "seed %d: %s\nreproduce: %s\n", r.Seed, r.Violations[0], reproduce(o, r.Seed))
		code = 1
		return false
	})
	t.print(out, began)
	return code
}

func reproduce(o options, seed uint64) string {
	tags, name, how := "", "", "--trace"
	if o.compare {
		how = "--compare"
	}
	if bug.Enabled {
		tags = "-tags simbugs "
	}
	if o.bug != "" {
		name = " --bug " + o.bug
	}
	return fmt.Sprintf("go run %s./internal/sim/cmd/sim --seed %d %s%s%s", tags, seed, how, o.world.String(), name)
}

// total adds up results.
type total struct {
	seeds, violations, faults, back, stopped int
	simulated                                time.Duration
	profiles                                 map[string]int
}

func (t *total) add(r sim.Result) {
	t.violations += len(r.Violations)
	t.faults += r.Faults
	t.simulated += r.Simulated
	if t.profiles == nil {
		t.profiles = map[string]int{}
	}
	t.profiles[r.Profile]++
	t.stopped += r.Stopped
	if r.Back {
		t.back++
	}
}

func (t *total) print(out io.Writer, began time.Time) {
	var stores []string
	for _, name := range sim.Profiles() {
		if n := t.profiles[name]; n > 0 {
			stores = append(stores, fmt.Sprintf("%s:%d", name, n))
		}
	}
	fmt.Fprintf(out, "seeds=%d violations=%d faults=%d simulated=%s rate=%.1f/s",
		t.seeds, t.violations, t.faults, t.simulated.Round(time.Second), float64(t.seeds)/time.Since(began).Seconds())
	if len(stores) > 0 { // worlds that are compared have several
		fmt.Fprintf(out, " stores=%s back=%d stopped=%d", strings.Join(stores, ","), t.back, t.stopped)
	}
	fmt.Fprintln(out)
}
