package sim

import "time"

// Result is what became of one seed.
type Result struct {
	Seed uint64
	// Profile is the store that the world had. Back: it lost what it had acknowledged, and Stopped processes said so.
	Profile    string
	Back       bool
	Stopped    int
	Violations []Violation
	// Faults counts what went wrong on purpose, Commits the durable batches, Events everything that happened.
	Faults, Commits, Events, Starts int
	// Simulated is the virtual time that passed.
	Simulated time.Duration
	// Hash identifies the run: equal seeds must give equal hashes.
	Hash uint64
}

// Run plays one seed to its end or to its first violation.
func Run(seed uint64, o Options) (Result, error) {
	w, err := newWorld(seed, o)
	if err != nil {
		return Result{Seed: seed}, err
	}
	w.note("setup", 0, 0, "%s", &w.setup)
	w.tell("the world: %s", &w.setup)
	if w.loss != nil {
		w.goBack()
	} else {
		w.runUntil(w.storm)
		w.heal()
		w.settle()
	}
	return Result{
		Seed: seed, Profile: w.profile.name, Back: w.loss != nil, Stopped: w.count.stopped, Violations: w.judge.violations, Faults: w.count.faults, Commits: w.count.commits,
		Events: w.count.events, Starts: w.count.starts, Simulated: time.Duration(w.now), Hash: w.hash,
	}, nil
}
