package pawl

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/internal/zone"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Schedules reads and commands the schedules that the triggers of the active versions stand for. A deploy makes and
// changes them: see [Engine.Deploy].
type Schedules struct{ e *Engine }

// Schedules gives access to the schedules of the namespace.
func (e *Engine) Schedules() Schedules { return Schedules{e} }

// Schedule is one trigger of a workflow: what it starts when, and what became of each of its nominal times.
type Schedule struct {
	Workflow string `json:"workflow"`
	Name     string `json:"name"`
	// Execution is the id under which the journal of the schedule is kept.
	Execution string `json:"execution"`
	// Trigger is what the definition wrote.
	Trigger json.RawMessage `json:"trigger"`
	// Status is running, paused, parked (see Error) or retired: the active version has no such trigger any more, or is
	// retired itself.
	Status string   `json:"status"`
	Error  *Failure `json:"error,omitempty"`
	// Next is the nominal time that comes next, Due when it is acted on: later by the jitter. Zero where none comes.
	Next time.Time `json:"next,omitzero"`
	Due  time.Time `json:"due,omitzero"`
	// Zone is that of the trigger; Policy says what it does when clocks change.
	Zone   string `json:"zone"`
	Policy string `json:"policy,omitempty"`
	// Running are the executions that it has started and that have not ended; Queued nominal times that wait.
	Running []string    `json:"running,omitempty"`
	Queued  []time.Time `json:"queued,omitempty"`
	// Recent are the last verdicts, oldest first.
	Recent []Tick `json:"recent,omitempty"`
	// Started, Skipped and Missed count nominal times: each is one of them. Refused counts those that were started
	// and whose execution could not be made.
	Started int64 `json:"started"`
	Skipped int64 `json:"skipped"`
	Missed  int64 `json:"missed"`
	Refused int64 `json:"refused"`
}

// Tick is what became of a nominal time.
type Tick struct {
	Nominal time.Time `json:"nominal"`
	// To and Times are set where a row of nominal times got one verdict.
	To    time.Time `json:"to,omitzero"`
	Times int       `json:"times,omitempty"`
	// Verdict is started, skipped, missed or refused.
	Verdict string `json:"verdict"`
	// How is tick, catch_up, backfill or run for what was started; else why it was not: overlap, paused, late,
	// replaced, retired, queue_full or a code.
	How       string   `json:"how"`
	Execution string   `json:"execution,omitempty"`
	Error     *Failure `json:"error,omitempty"`
}

// List gives the schedules of a workflow, or all of them with "", by workflow and name.
func (s Schedules) List(ctx context.Context, workflow string) ([]Schedule, error) {
	var tags []record.Tag
	if workflow != "" {
		tags = []record.Tag{{Name: "workflow", Text: workflow}}
	}
	ids, err := s.e.entities(ctx, kernel.ScheduleWorkflow, tags)
	if err != nil {
		return nil, err
	}
	out := make([]Schedule, 0, len(ids))
	for _, id := range ids {
		one, err := s.read(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, *one)
	}
	slices.SortFunc(out, func(a, b Schedule) int {
		if a.Workflow != b.Workflow {
			return compareText(a.Workflow, b.Workflow)
		}
		return compareText(a.Name, b.Name)
	})
	return out, nil
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Get reads one schedule. Its name is that of the trigger, or else its kind: cron, cron-2, every, after.
func (s Schedules) Get(ctx context.Context, workflow, name string) (*Schedule, error) {
	return s.read(ctx, s.id(workflow, name))
}

func (s Schedules) id(workflow, name string) record.ID {
	return kernel.ScheduleID(s.e.opts.Namespace, workflow, name)
}

func (s Schedules) read(ctx context.Context, id record.ID) (*Schedule, error) {
	var out *Schedule
	_, err := s.e.do(ctx, engine.Command{Verb: shard.View, Execution: id, Look: func(st *kernel.State, _ *kernel.Definition) bool {
		if v, ok := kernel.ViewSchedule(st); ok {
			out = scheduleOf(&v)
			out.Execution = id.String()
			if !v.Retired {
				out.Status = string(st.Status())
			}
			for o := range kernel.Open(st) {
				if o.Kind == kernel.OpenParked {
					out.Error = cloneFailure(o.Error)
				}
			}
		}
		return true
	}})
	if err == nil && out == nil {
		err = notFound("%s is no schedule", id)
	}
	return out, err
}

func scheduleOf(v *kernel.ScheduleView) *Schedule {
	s := &Schedule{
		Workflow: v.Workflow, Name: v.Name, Trigger: v.Trigger, Status: "retired", Next: moment(v.Next), Due: moment(v.Due), Zone: "UTC",
		Started: v.Started, Skipped: v.Skipped, Missed: v.Missed, Refused: v.Refused,
	}
	var t struct{ Zone string }
	if json.Unmarshal(v.Trigger, &t) == nil && t.Zone != "" {
		s.Zone = t.Zone
	}
	_, s.Policy, _ = kernel.NextTimes(v.Trigger, 0, 0, zone.Find)
	for _, r := range v.Running {
		s.Running = append(s.Running, r.Execution.String())
	}
	for _, at := range v.Queued {
		s.Queued = append(s.Queued, moment(at))
	}
	for _, t := range v.Recent {
		k := Tick{Nominal: moment(t.Nominal), Verdict: t.Verdict, How: t.How, Execution: t.Execution, Error: cloneFailure(t.Error)}
		if t.Times > 1 {
			k.To, k.Times = moment(t.To), t.Times
		}
		s.Recent = append(s.Recent, k)
	}
	return s
}

// Next lists the next n nominal times of a schedule, in its zone. One that counts from the end of its executions, or is
// retired, has none.
func (s Schedules) Next(ctx context.Context, workflow, name string, n int) ([]time.Time, error) {
	one, err := s.Get(ctx, workflow, name)
	if err != nil || one.Status == "retired" {
		return nil, err
	}
	times, _, fault := kernel.NextTimes(one.Trigger, time.Now().UnixMilli(), min(max(n, 0), 1000), zone.Find)
	if fault != nil {
		return nil, refused(fault)
	}
	z, err := zone.Find(one.Zone)
	if err != nil {
		return nil, invalid("%v", err)
	}
	var out []time.Time
	for _, ms := range times {
		p := z.At(ms / 1000)
		out = append(out, time.UnixMilli(ms).In(time.FixedZone(one.Zone, int(p.Offset))))
	}
	return out, nil
}

// Pause lets a schedule start nothing; the nominal times that come meanwhile are skipped.
func (s Schedules) Pause(ctx context.Context, workflow, name string, opts ...CommandOption) error {
	return s.e.Pause(ctx, s.id(workflow, name).String(), opts...)
}

// Resume lets a paused schedule go on with the nominal times after now.
func (s Schedules) Resume(ctx context.Context, workflow, name string, opts ...CommandOption) error {
	return s.e.Resume(ctx, s.id(workflow, name).String(), opts...)
}

// Run starts an execution now, whatever else runs. The schedule goes on as planned.
func (s Schedules) Run(ctx context.Context, workflow, name string, opts ...CommandOption) error {
	return s.e.entityCommand(ctx, s.id(workflow, name), "run", nil, opts)
}

// Backfill starts an execution for each nominal time from from on and before to, oldest first, one after the other.
// Where there are more than limit (0: 1,000, which is the most), nothing is started and that is the error. What was
// started for such a time before is started again, unless it still runs.
func (s Schedules) Backfill(ctx context.Context, workflow, name string, from, to time.Time, limit int, opts ...CommandOption) error {
	return s.e.entityCommand(ctx, s.id(workflow, name), "backfill", map[string]int64{"from": from.UnixMilli(), "to": to.UnixMilli(), "limit": int64(limit)}, opts)
}

// checkTriggers refuses triggers that no schedule could follow.
func checkTriggers(w *model.Workflow) error {
	for _, t := range kernel.Schedules(w) {
		if err := kernel.CheckTrigger(t.Raw, zone.Find); err != nil {
			return &Error{Code: CodeInvalid, Message: "the trigger " + t.Name + " of " + w.Name + ": " + err.Message}
		}
	}
	return nil
}

// schedule makes, changes and retires the schedules of a workflow so that they are those of w, its active version. It
// may be repeated.
func (e *Engine) schedule(ctx context.Context, workflow string, w *model.Workflow) error {
	wanted := map[record.ID]bool{}
	if w != nil {
		for _, t := range kernel.Schedules(w) {
			id := kernel.ScheduleID(e.opts.Namespace, workflow, t.Name)
			wanted[id] = true
			if err := e.configure(ctx, id, workflow, &t); err != nil {
				return err
			}
		}
	}
	have, err := e.entities(ctx, kernel.ScheduleWorkflow, []record.Tag{{Name: "workflow", Text: workflow}})
	if err != nil {
		return err
	}
	for _, id := range have {
		if wanted[id] {
			continue
		}
		if err := e.entityCommand(ctx, id, "retire", nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// configure makes a schedule, or changes the one that is there.
func (e *Engine) configure(ctx context.Context, id record.ID, workflow string, t *kernel.Trigger) error {
	input, err := encode("the trigger", map[string]any{"workflow": workflow, "name": t.Name, "trigger": t.Raw})
	if err != nil {
		return err
	}
	r, err := e.do(ctx, engine.Command{
		Verb: shard.Start, Execution: id, By: e.opts.By, Repeat: true,
		Start: &kernel.Start{ID: id, Namespace: e.opts.Namespace, Workflow: kernel.ScheduleWorkflow, Version: "1.0.0", Input: input},
	})
	if err != nil || !r.Existing {
		return err
	}
	return e.entityCommand(ctx, id, "configure", t.Raw, nil)
}

// reschedule makes the schedules those of a deployed version.
func (e *Engine) reschedule(ctx context.Context, workflow, version string) error {
	v, err := e.version(ctx, workflow, version)
	if err != nil {
		return err
	}
	return e.schedule(ctx, workflow, v.workflow)
}
