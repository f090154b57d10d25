package pawl

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/model"
)

// FindingState says how bad a finding is.
type FindingState string

// The states of a finding.
const (
	FindingOK      FindingState = "ok"
	FindingWarning FindingState = "warning" // it works, but somebody should look at it
	FindingProblem FindingState = "problem" // something is stuck, or a promise does not hold
)

// Finding is what [Engine.Doctor] says of one thing that it looked at.
type Finding struct {
	// Check is engine, store, clock, executions, limits, schedules or definitions.
	Check string       `json:"check"`
	State FindingState `json:"state"`
	Text  string       `json:"text"`
	// Fix is what to do about it; "" where there is nothing to do.
	Fix string `json:"fix,omitempty"`
	// Executions are up to ten that it is about.
	Executions []string `json:"executions,omitempty"`
}

// mostNamed bounds the executions that a finding names.
const mostNamed = 10

// Doctor looks for what is wrong with the engine, the store, the clock and what is stored: what cannot be read, executions, limits and schedules that
// do not go on by themselves, and definitions that start what is not there. It changes nothing. Each thing that was
// looked at has a finding; those of one check stand together.
func (e *Engine) Doctor(ctx context.Context) ([]Finding, error) {
	d := &doctor{e: e, ctx: ctx, now: time.Now()}
	for _, look := range []func() error{d.engine, d.store, d.clock, d.executions, d.limits, d.schedules, d.definitions} {
		if err := look(); err != nil {
			return d.found, err
		}
	}
	return d.found, nil
}

// doctor is one examination.
type doctor struct {
	e     *Engine
	ctx   context.Context
	now   time.Time
	found []Finding
}

func (d *doctor) say(check string, state FindingState, fix string, executions []string, format string, args ...any) {
	d.found = append(d.found, Finding{check, state, fmt.Sprintf(format, args...), fix, executions[:min(len(executions), mostNamed)]})
}

// engine asks the running engine what keeps it from its work.
func (d *doctor) engine() error {
	if err := d.e.Err(); err != nil {
		d.say("engine", FindingProblem, "close it, mend the store and open it again", nil, "%s", err)
		return nil
	}
	var troubles []string
	err := d.e.loop.Inspect(d.ctx, func(m *engine.Machine) { troubles = m.Troubles() })
	if err != nil {
		return wrapEngine(err)
	}
	for _, t := range troubles {
		d.say("engine", FindingProblem, "see that the store can be reached; what is damaged comes back from a backup", nil, "%s", t)
	}
	if len(troubles) == 0 {
		d.say("engine", FindingOK, "", nil, "it reads and commits")
	}
	return nil
}

func (d *doctor) store() error {
	info := d.e.backend.Info()
	fix := "docs/stores.md says what it means"
	if !info.Durable {
		fix = "put the store where a power failure can't take commits back; docs/internals/stores.md says what it needs"
	}
	for _, w := range info.Warnings {
		d.say("store", FindingWarning, fix, nil, "%s", w)
	}
	if info.Durable {
		d.say("store", FindingOK, "", nil, "%s %s with %d shards; what is acknowledged is on the disk", info.Driver, info.Version, info.Shards)
	}
	return nil
}

// clock compares the wall clock with the newest execution: ids begin with the time of the start.
func (d *doctor) clock() error {
	p, err := d.e.List(d.ctx, Filter{Limit: 1})
	if err != nil {
		return err
	}
	if len(p.Executions) > 0 {
		newest := p.Executions[0]
		if ahead := newest.Started.Sub(d.now); ahead > time.Second {
			d.say("clock", FindingProblem, "set the clock right and let a time service keep it; timers wait until it has caught up", []string{newest.ID},
				"the clock stands at %s, and the newest execution was started %s later", d.now.UTC().Format(time.RFC3339), ahead.Round(time.Second))
			return nil
		}
	}
	d.say("clock", FindingOK, "", nil, "it stands at %s, later than everything that was started", d.now.UTC().Format(time.RFC3339))
	return nil
}

// executions looks for those that wait for an operator.
func (d *doctor) executions() error {
	for _, of := range []struct {
		status model.Status
		state  FindingState
		text   string
		fix    string
	}{
		{model.Parked, FindingProblem, "%s parked: nothing goes on before somebody decides", "pawl get ID says why; then pawl retry, skip, complete, route or resume, one by one or with pawl bulk"},
		{model.Paused, FindingWarning, "%s paused", "pawl resume ID lets it go on"},
	} {
		ids, many, err := d.those(of.status)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			d.say("executions", FindingOK, "", nil, "none is %s", of.status)
			continue
		}
		d.say("executions", of.state, of.fix, ids, of.text, amount(len(ids), many, "execution is", "executions are"))
	}
	return nil
}

// those lists the newest thousand of a status; many says that there are more.
func (d *doctor) those(status model.Status) (ids []string, many bool, err error) {
	p, err := d.e.List(d.ctx, Filter{Statuses: []model.Status{status}, Limit: 1000})
	for _, x := range p.Executions {
		ids = append(ids, x.ID)
	}
	return ids, p.Next != "", err
}

func amount(n int, many bool, one, more string) string {
	switch {
	case many:
		return fmt.Sprintf("more than %d %s", n, more)
	case n == 1:
		return "one " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// longLine is a line of a limit that somebody should look at.
const longLine = 1000

// limits looks for holders that have ended, lines that are long, and limits that let nobody in.
func (d *doctor) limits() error {
	all, err := d.e.Limits().List(d.ctx)
	if err != nil {
		return err
	}
	before := len(d.found)
	for i := range all {
		l := &all[i]
		name := strings.TrimSpace(l.Name + " " + l.Key)
		if l.Paused {
			d.say("limits", FindingWarning, "pawl resume "+l.Execution+" lets somebody in again", nil, "the limit %s is paused", name)
		}
		if l.Waiting > longLine {
			d.say("limits", FindingWarning, "raise it with pawl limits "+name+" --concurrency N, or start less", nil, "%d wait for the limit %s", l.Waiting, name)
		}
		gone, err := d.gone(l)
		if err != nil {
			return err
		}
		if len(gone) > 0 {
			d.say("limits", FindingProblem, "pawl limits "+name+" --release ID takes it off the limit", gone, "the limit %s is held by %s that ended", name, amount(len(gone), false, "execution", "executions"))
		}
	}
	if len(d.found) == before {
		d.say("limits", FindingOK, "", nil, "%d limits; nobody holds one that has ended", len(all))
	}
	return nil
}

// gone are the holders of l that have ended or do not exist.
func (d *doctor) gone(l *Limit) (ids []string, err error) {
	for _, h := range l.Holders {
		x, err := d.e.List(d.ctx, Filter{IDPrefix: h.Execution, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(x.Executions) == 0 || x.Executions[0].Closed() {
			ids = append(ids, h.Execution)
		}
	}
	return ids, nil
}

// schedules looks for those that do not start what they are to start.
func (d *doctor) schedules() error {
	all, err := d.e.Schedules().List(d.ctx, "")
	if err != nil {
		return err
	}
	before := len(d.found)
	for i := range all {
		s := &all[i]
		name := s.Workflow + " " + s.Name
		switch {
		case s.Status == string(model.Parked):
			d.say("schedules", FindingProblem, "pawl get "+s.Execution+" says why; deploy a trigger that works, or pawl schedule resume "+name, nil, "the schedule %s is parked", name)
		case s.Status == string(model.Paused):
			d.say("schedules", FindingWarning, "pawl schedule resume "+name, nil, "the schedule %s is paused", name)
		case len(s.Recent) > 0 && s.Recent[len(s.Recent)-1].Verdict == "refused":
			last := s.Recent[len(s.Recent)-1]
			why := ""
			if last.Error != nil {
				why = ": " + last.Error.Message
			}
			d.say("schedules", FindingProblem, "deploy a version that it can start, or retire the trigger", nil, "the last start of the schedule %s, of %s, was refused%s", name, last.Nominal.Format(time.RFC3339), why)
		}
	}
	if len(d.found) == before {
		d.say("schedules", FindingOK, "", nil, "%d schedules; each can start its workflow", len(all))
	}
	return nil
}

// definitions looks for active versions whose nodes start workflows that are not deployed.
func (d *doctor) definitions() error {
	list, err := d.e.backend.List(d.ctx, d.e.opts.Namespace, "")
	if err != nil {
		return wrapStore("reading the definitions", err)
	}
	active := map[string]bool{}
	for i := range list {
		if list[i].Active && !list[i].Retired {
			active[list[i].Workflow] = true
		}
	}
	before := len(d.found)
	for i := range list {
		if !list[i].Active {
			continue
		}
		for _, u := range list[i].Uses {
			if !active[u.Workflow] {
				d.say("definitions", FindingProblem, "deploy "+u.Workflow+", or pawl activate one of its versions", nil, "%s %s starts the workflow %s, of which no version is active", list[i].Workflow, list[i].Version, u.Workflow)
			}
		}
	}
	if len(d.found) == before {
		d.say("definitions", FindingOK, "", nil, "%d active workflows; all that they start is there", len(active))
	}
	return nil
}
