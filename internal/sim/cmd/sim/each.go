package main

import (
	"fmt"
	"sync"

	"github.com/pawl-dev/pawl/internal/sim"
)

// again is how often a seed is run twice to see that it gives the same run.
const again = 100

// each runs o.seeds seeds on o.jobs goroutines and hands the results to then, in order of seeds, until it returns
// false. Every hundredth seed runs twice.
func each(o options, then func(sim.Result, error) bool) {
	type answer struct {
		r   sim.Result
		err error
	}
	stop := make(chan struct{})
	answers := make([]chan answer, o.seeds)
	for i := range answers {
		answers[i] = make(chan answer, 1)
	}
	next := make(chan int)
	var wg sync.WaitGroup
	for range max(1, o.jobs) {
		wg.Go(func() {
			for i := range next {
				r, err := play(o.from+uint64(i), o)
				answers[i] <- answer{r, err}
			}
		})
	}
	go func() {
		defer close(next)
		for i := range o.seeds {
			select {
			case next <- i:
			case <-stop:
				return
			}
		}
	}()
	for i := range o.seeds {
		a := <-answers[i]
		if !then(a.r, a.err) {
			break
		}
	}
	close(stop)
	wg.Wait()
}

func play(seed uint64, o options) (sim.Result, error) {
	if !o.compare {
		return twice(seed, o.world)
	}
	bad, err := sim.Compare(seed)
	return sim.Result{Seed: seed, Violations: bad}, err
}

// twice runs a seed, and some seeds again.
func twice(seed uint64, o sim.Options) (sim.Result, error) {
	r, err := sim.Run(seed, o)
	r.Seed = seed
	if err != nil || seed%again != 0 {
		return r, err
	}
	s, err := sim.Run(seed, o)
	if err == nil && r.Hash != s.Hash {
		r.Violations = append(r.Violations, sim.Violation{Law: "determinism", Text: fmt.Sprintf("two runs of the seed differ: %016x and %016x", r.Hash, s.Hash)})
	}
	return r, err
}
