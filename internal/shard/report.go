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
	if t == nil || t.part != nil {
		c.judge(e, r.Ref, c.repeated(e, ref))
		return
	}
	if t.reported {
		c.judge(e, r.Ref, Again)
		return
	}
	t.reported = true
	in := input{origin: byReport, ref: r.Ref}
	in.Kind, in.Step, in.Attempt, in.Result = r.Kind, ref.Step, ref.Attempt, r.Result
	c.push(e, in)
}

// repeated judges a report of an attempt that is not outstanding: the same answer as long as the state knows the step.
func (c *Core) repeated(e *execution, ref kernel.TaskRef) Answer {
	if e.state == nil {
		return Again
	}
	for s := range kernel.Steps(e.state) {
		if s.Path != ref.Step {
			continue
		}
		if s.Attempt == ref.Attempt && (s.Status == model.StepCompleted || s.Status == model.StepFailed || s.Status == model.StepBackoff) {
			return Recorded
		}
		return Stale
	}
	return Stale
}

// Outstanding reports whether the attempt is one that the core waits for.
func (c *Core) Outstanding(a Attempt) bool {
	e := c.execs[a.Execution]
	return e != nil && e.tasks.find(kernel.TaskRef{Step: a.Step, Attempt: a.Attempt}) != nil
}
