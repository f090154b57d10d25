package sim

import (
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// nominals is what the judge knows of the nominal times of one schedule.
type nominals struct {
	verdict map[int64]string // by nominal time; of ticks and what is caught up
	first   int64
	last    int64
}

// tick notes a verdict: each nominal time gets one (I11).
func (j *judge) tick(x *witness, e *record.Entry, f *fact) {
	if f.Verdict == "started" {
		x.sends[e.Seq] += 2 // the start, and the wish to hear of its end
	}
	if f.Verdict == "refused" {
		return
	}
	if string(f.How) == `"run"` || string(f.How) == `"backfill"` {
		x.byHandAt[f.Nominal]--
		return
	}
	if x.nominals == nil {
		x.nominals = &nominals{verdict: map[int64]string{}, first: f.Nominal}
	}
	n := x.nominals
	own := string(f.How) == `"paused"` || string(f.How) == `"overlap"`
	if f.Verdict == "skipped" && !own && x.byHandAt[f.Nominal] > 0 {
		x.byHandAt[f.Nominal]-- // it waited in the queue, and is no time of the schedule's own
		return
	}
	for i := range int64(max(f.Times, 1)) {
		at := f.Nominal + i*schedulePeriod
		if was, ok := n.verdict[at]; ok {
			j.fail("I11", "%s: nominal time %d is %s, and was %s", x.id, at, f.Verdict, was)
		}
		n.verdict[at] = f.Verdict
		n.first, n.last = min(n.first, at), max(n.last, at)
	}
}

// queued: a start by hand waits under the time at which it was asked for.
func (j *judge) queued(x *witness, f *fact) {
	if string(f.How) != `"run"` && string(f.How) != `"backfill"` {
		return
	}
	if x.byHandAt == nil {
		x.byHandAt = map[int64]int{}
	}
	x.byHandAt[f.Nominal]++
}

// accounted: when all is at rest no nominal time between the first and the last is without a verdict.
func (j *judge) accounted() {
	for _, x := range j.all() {
		v, ok := kernel.ViewSchedule(x.state)
		if !ok || x.nominals == nil || x.state.Status() == model.Parked {
			continue
		}
		if len(v.Queued) > 0 {
			j.fail("I11", "%s is retired and %d nominal times wait", x.id, len(v.Queued))
		}
		for at := x.nominals.first; at <= x.nominals.last; at += schedulePeriod {
			if x.nominals.verdict[at] == "" {
				j.fail("I11", "%s: nothing is said of nominal time %d", x.id, at)
			}
		}
	}
}
