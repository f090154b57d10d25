package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pawl-dev/pawl"
)

// scheduleCmd groups the verbs on schedules, one file each.
type scheduleCmd struct {
	List     scheduleListCmd     `cmd:"" aliases:"ls" help:"List schedules: when each is due next, and what became of its nominal times."`
	Apply    scheduleApplyCmd    `cmd:"" help:"Deploy the workflows of a file together with the schedules of their triggers."`
	Next     scheduleNextCmd     `cmd:"" help:"Show the next nominal times of a schedule, and what it does when clocks change."`
	Pause    schedulePauseCmd    `cmd:"" help:"Skip the nominal times that come, until resumed."`
	Resume   scheduleResumeCmd   `cmd:"" help:"Go on with the nominal times after now."`
	Run      scheduleRunCmd      `cmd:"" help:"Start an execution now; the schedule goes on as planned."`
	Backfill scheduleBackfillCmd `cmd:"" help:"Start executions for nominal times of the past, one after the other."`
}

// scheduleArgs name one schedule.
type scheduleArgs struct {
	storeFlags
	Workflow string `arg:"" help:"Name of the workflow."`
	Name     string `arg:"" optional:"" help:"Name of the schedule; may be left out where the workflow has one only."`
}

// named finds the name of the schedule where it is left out.
func (a *scheduleArgs) named(ctx context.Context, eng *pawl.Engine) error {
	if a.Name != "" {
		return nil
	}
	all, err := eng.Schedules().List(ctx, a.Workflow)
	if err != nil {
		return err
	}
	var open []pawl.Schedule
	for _, s := range all {
		if s.Status != "retired" {
			open = append(open, s)
		}
	}
	switch len(open) {
	case 0:
		return notFound("the workflow %s has no schedule; pawl schedule apply FILE makes those of its triggers", a.Workflow)
	case 1:
		a.Name = open[0].Name
		return nil
	}
	return usage("the workflow %s has %d schedules; write the name of one, such as %s", a.Workflow, len(open), open[0].Name)
}

// on opens the store and does something to the schedule.
func (a *scheduleArgs) on(ctx context.Context, e *env, do func(pawl.Schedules) error) error {
	eng, err := a.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	if err := a.named(ctx, eng); err != nil {
		return err
	}
	return do(eng.Schedules())
}

func (a *scheduleArgs) title() string { return a.Workflow + " " + a.Name }

type scheduleListCmd struct {
	storeFlags
	Workflow string `arg:"" optional:"" help:"Only of this workflow."`
	Output   format `short:"o" help:"table, wide, json, jsonl, yaml or name." enum:"table,wide,json,jsonl,yaml,name" default:"table"`
}

// Run lists schedules.
func (c *scheduleListCmd) Run(ctx context.Context, e *env) error {
	eng, err := c.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	all, err := eng.Schedules().List(ctx, c.Workflow)
	if err != nil {
		return err
	}
	return e.print(c.Output, schedulesOf(all))
}

func schedulesOf(all []pawl.Schedule) *listing {
	l := &listing{
		columns: []column{{title: "WORKFLOW"}, {title: "SCHEDULE"}, {title: "STATUS"}, {title: "NEXT"}, {title: "ZONE", wide: true},
			{title: "STARTED", right: true}, {title: "SKIPPED", right: true}, {title: "MISSED", right: true}, {title: "RUNNING", right: true}, {title: "NOTE"}},
		empty: "No schedules. A deploy makes those of the triggers; here that is pawl schedule apply FILE.",
	}
	for _, s := range all {
		l.names = append(l.names, s.Workflow+" "+s.Name)
		l.values = append(l.values, s)
		l.rows = append(l.rows, []string{s.Workflow, s.Name, s.Status, when(s.Due), s.Zone, strconv.FormatInt(s.Started, 10),
			strconv.FormatInt(s.Skipped, 10), strconv.FormatInt(s.Missed, 10), strconv.Itoa(len(s.Running)), noteOfSchedule(&s)})
	}
	return l
}

// noteOfSchedule is why it is parked, or the last verdict that started nothing.
func noteOfSchedule(s *pawl.Schedule) string {
	if s.Error != nil {
		return s.Error.Error()
	}
	if n := len(s.Recent); n > 0 && s.Recent[n-1].Verdict != "started" {
		t := s.Recent[n-1]
		return fmt.Sprintf("%s %s (%s)", when(t.Nominal), t.Verdict, t.How)
	}
	return ""
}
