package shard

import (
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
)

// Report takes the end of an attempt. One Verdict follows.
func (c *Core) Report(now int64, r Report) {
	c.now = now
	e := c.execs[r.Attempt.Execution]
	if e == nil || e.phase == held {
		// An execution with an outstanding task is in memory, so this task is not outstanding.
		c.judge(nil, r.Ref, Stale)
		return
	}
	ref := kernel.TaskRef{Step: r.Attempt.Step, Attempt: r.Attempt.Attempt}
	t := e.tasks.find(ref)
	if t == nil || t.part != nil && t.serial == 0 || t.serial != r.Attempt.Serial || !t.leased {
		c.judge(e, r.Ref, c.repeated(e, ref))
		return
	}
	if t.reported {
		c.judge(e, r.Ref, Again)
		return
	}
	t.reported = true
	e.joins = t.part != nil && t.part == c.building()
	in := input{origin: byReport, ref: r.Ref}
	in.Kind, in.Step, in.Attempt, in.Result = r.Kind, ref.Step, ref.Attempt, r.Result
	c.push(e, in)
}

// repeated judges a report of an attempt that is not outstanding: the same answer as long as the state shows that the
// step went on with the result of this attempt. What ended otherwise, or cannot be told apart from that, is stale.
func (c *Core) repeated(e *execution, ref kernel.TaskRef) Answer {
	if e.state == nil {
		return Again
	}
	for s := range kernel.Steps(e.state) {
		if s.Path == ref.Step {
			return judgeStep(&s, ref.Attempt)
		}
	}
	return Stale
}

func judgeStep(s *kernel.StepView, attempt int) Answer {
	switch {
	case s.Attempt != attempt || s.Lost == attempt:
		return Stale
	case s.Status == model.StepCompleted, s.Status == model.StepWaiting: // it waits for the answer to its token
		return Recorded
	case s.Status != model.StepFailed && s.Status != model.StepBackoff || s.Error == nil:
		return Stale
	case s.Error.Code == "lost" || s.Error.Code == "timeout":
		return Stale
	}
	return Recorded
}

// Lease hands an attempt of [Ready.Dispatch] to an executor. False: it is not wanted any more.
func (c *Core) Lease(a Attempt) bool {
	t := c.attempt(a)
	if t == nil || t.leased || t.reported {
		return false
	}
	t.leased = true
	return true
}

// Outstanding reports whether the core waits for the attempt, and whether that was asked to stop.
func (c *Core) Outstanding(a Attempt) (waits, cancelled bool) {
	t := c.attempt(a)
	if t == nil {
		return false, false
	}
	return true, t.cancelled
}

// Leased lists the attempts that executors have.
func (c *Core) Leased() []Attempt {
	var out []Attempt
	for _, e := range c.sorted() {
		for i := range e.tasks.list {
			if t := &e.tasks.list[i]; t.leased && !t.reported {
				out = append(out, Attempt{e.id, t.Step, t.Attempt, t.serial})
			}
		}
	}
	return out
}

func (c *Core) attempt(a Attempt) *attempt {
	e := c.execs[a.Execution]
	if e == nil {
		return nil
	}
	t := e.tasks.find(kernel.TaskRef{Step: a.Step, Attempt: a.Attempt})
	if t == nil || t.serial != a.Serial {
		return nil
	}
	return t
}

// cancel asks an attempt to stop. One that no executor has is given back at once.
func (c *Core) cancel(a Attempt) {
	t := c.attempt(a)
	switch {
	case t == nil:
		c.out.Cancel = append(c.out.Cancel, a)
	case t.leased:
		t.cancelled = true
		c.out.Cancel = append(c.out.Cancel, a)
	case !t.reported:
		t.reported = true
		in := input{}
		in.Kind, in.Step, in.Attempt = kernel.InReleased, a.Step, a.Attempt
		c.push(c.execs[a.Execution], in)
	}
}

// Lose journals an attempt that an executor has as lost: its result would not count any more.
func (c *Core) Lose(now int64, a Attempt) {
	c.now = now
	t := c.attempt(a)
	if t == nil || t.reported {
		return
	}
	t.reported = true
	in := input{}
	in.Kind, in.Step, in.Attempt = kernel.InLost, a.Step, a.Attempt
	c.push(c.execs[a.Execution], in)
}
