package kernel

import (
	"bytes"

	"github.com/pawl-dev/pawl/internal/calendar"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// ScheduleView is a schedule for people.
type ScheduleView struct {
	Workflow, Name string
	// Trigger is what the definition wrote, JSON.
	Trigger []byte
	Retired bool
	// Next is the nominal time that comes next, Due when it is acted on; 0 where there is none.
	Next, Due int64
	// Running are the executions that it has started and that have not ended.
	Running []ScheduleRun
	// Queued are nominal times that wait for their start.
	Queued []int64
	// Recent are the last verdicts, oldest first.
	Recent []ScheduleTick
	// How many nominal times got which verdict. Refused ones were started first.
	Started, Skipped, Missed, Refused int64
}

// ScheduleRun is an execution that a schedule has started.
type ScheduleRun struct {
	Execution record.ID
	Nominal   int64
	Since     int64
}

// ScheduleTick is what became of a nominal time, or, with Times above 1, of a row of them up to To.
type ScheduleTick struct {
	Nominal, To int64
	Times       int
	// Verdict is started, skipped, missed or refused; How is tick, catch_up, backfill or run, else why.
	Verdict, How string
	Execution    string
	Error        *model.Error
}

// ViewSchedule describes the schedule that s is; false where s is none.
func ViewSchedule(s *State) (ScheduleView, bool) {
	h := s.schedule
	if h == nil {
		return ScheduleView{}, false
	}
	v := ScheduleView{Workflow: h.workflow, Name: h.name, Trigger: bytes.Clone(h.raw), Retired: h.retired, Next: h.next, Due: h.due,
		Started: h.started, Skipped: h.skipped, Missed: h.missed, Refused: h.refused}
	for _, r := range h.running {
		v.Running = append(v.Running, ScheduleRun{r.execution, r.nominal, r.since})
	}
	for _, p := range h.queue {
		v.Queued = append(v.Queued, p.nominal)
	}
	for _, t := range h.recent {
		v.Recent = append(v.Recent, ScheduleTick{t.nominal, t.to, max(t.times, 1), t.verdict, t.how, t.execution, t.err})
	}
	return v, true
}

// NextTimes lists up to n nominal times of a trigger after the given moment, and what happens when clocks change. A
// trigger of kind after has none: they depend on when executions end.
func NextTimes(raw []byte, after int64, n int, zone func(string) (calendar.Zone, error)) (times []int64, policy string, err *model.Error) {
	x := &decider{env: Env{Zone: zone}}
	t, err := x.triggerOf(raw)
	if err != nil {
		return nil, "", err
	}
	for at := t.next(after); at > 0 && len(times) < n; at = t.next(at) {
		times = append(times, at)
	}
	switch {
	case t.cron != nil:
		policy = t.cron.Policy()
	case t.every > 0:
		policy = "it keeps its distance whatever clocks do"
	default:
		policy = "it counts from the end of the execution before"
	}
	return times, policy, nil
}

// CheckTrigger says what is wrong with a trigger that a definition may hold and no schedule can follow, such as a zone
// that does not exist.
func CheckTrigger(raw []byte, zone func(string) (calendar.Zone, error)) *model.Error {
	x := &decider{env: Env{Zone: zone}}
	_, err := x.triggerOf(raw)
	return err
}
