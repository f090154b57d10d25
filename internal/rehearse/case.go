package rehearse

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Result is how a case went.
type Result struct {
	File string
	Case string
	Line int
	// Problems are what was not as expected; none: the case holds.
	Problems []Problem
	// Steps that ended, and the virtual time that passed, in milliseconds.
	Steps int
	Took  int64
	// Commits became durable.
	Commits int
	// Executions are all there were, with what happened to them.
	Executions []*Execution

	ends []end
}

// Problem is one thing that was not as expected. Text may have several lines.
type Problem struct {
	Line int
	Text string
}

// end is what must be the same however often the process died.
type end struct {
	Workflow, Status, Outcome, Output, Code string
	Path, Undelivered                       []string
}

// run is a case in progress.
type run struct {
	w  *World
	s  *Suite
	c  *spec.Case
	m  *Mocks
	id record.ID
	r  *Result
}

// Run plays one case and compares. crash is where the process dies in it.
func (s *Suite) Run(c *spec.Case, crash Crash) *Result {
	x := &run{s: s, c: c, m: NewMocks(slices.Concat(c.Mocks, s.Spec.Mocks))}
	x.r = &Result{File: s.File, Case: c.Name, Line: c.Line}
	if err := x.play(crash); err != nil {
		x.problem(c.Line, "%v", err)
	}
	for _, f := range x.m.faults {
		x.problem(c.Line, "%s", f)
	}
	if w := x.w; w != nil {
		x.r.Took, x.r.Commits, x.r.Executions = w.now-c.At, w.commits, w.order
		for _, e := range w.order {
			x.r.Steps += len(e.Path)
			if crash == (Crash{}) {
				s.Coverage.mark(e)
			}
		}
	}
	return x.r
}

func (x *run) problem(line int, format string, args ...any) {
	x.r.Problems = append(x.r.Problems, Problem{line, fmt.Sprintf(format, args...)})
}

func (x *run) play(crash Crash) error {
	values := map[string]any{}
	for name, raw := range x.c.Config {
		v, err := expr.Decode(raw)
		if err != nil {
			return err
		}
		values[name] = v
	}
	w, err := New(Config{Begin: x.c.At, Execute: x.m.Execute, Config: values, Secrets: x.c.Secrets, Crash: crash})
	if err != nil {
		return err
	}
	x.w = w
	if err := x.begin(); err != nil {
		return err
	}
	for i := range x.c.Then {
		if err := x.act(&x.c.Then[i]); err != nil {
			x.problem(x.c.Then[i].Line, "%v", err)
			break
		}
	}
	if err := w.PauseSchedules(); err != nil {
		return err
	}
	w.Run()
	if w.err != nil {
		return w.err
	}
	if x.main() == nil {
		return fmt.Errorf("no schedule has started %s; let time pass, such as then: [{after: 1d}]", x.workflow())
	}
	x.compareAll()
	x.limitsFree()
	for _, a := range w.Alarms {
		x.problem(x.c.Line, "the engine raised an alarm: %s: %s", a.Code, a.Text)
	}
	return x.signature()
}

// begin deploys the workflows, the first version of each for starts, and starts the execution of the case.
func (x *run) begin() error {
	w, active := x.w, map[string]*model.Workflow{}
	for _, def := range x.s.Workflows {
		deploy := w.Deploy
		if active[def.Name] != nil {
			deploy = w.Add
		} else {
			active[def.Name] = def
		}
		if err := deploy(def); err != nil {
			return fmt.Errorf("%s %s: %w", def.Name, def.Version, err)
		}
	}
	if x.c.Schedules {
		for _, def := range x.s.Workflows {
			if active[def.Name] != def {
				continue
			}
			if err := w.Schedule(def); err != nil {
				return err
			}
		}
		return nil
	}
	id, refused, err := w.Start(Start{Workflow: x.workflow(), Key: x.c.Key, By: x.c.By, Input: x.c.Input, Trigger: x.c.Trigger})
	if err != nil {
		return err
	}
	if refused != nil {
		return fmt.Errorf("the start was refused: %s: %s%s", refused.Code, refused.Message, details(refused))
	}
	x.id = id
	return nil
}

func (x *run) workflow() string { return cmp.Or(x.c.Workflow, x.s.First) }

// main is the execution of the case: the one that was started, or the first of its workflow that a schedule started;
// nil where there is none yet.
func (x *run) main() *Execution {
	for _, e := range x.w.order {
		if x.id.IsZero() && e.Workflow == x.workflow() {
			x.id = e.ID
		}
	}
	return x.w.executions[x.id]
}

func details(e *model.Error) string {
	if len(e.Details) == 0 {
		return ""
	}
	return " " + string(e.Details)
}

// compareAll checks the execution of the case and every other one at the end.
func (x *run) compareAll() {
	x.compare(&x.c.Expect, x.w.executions[x.id], x.c.Line, true)
	others := slices.DeleteFunc(slices.Clone(x.w.order), func(e *Execution) bool { return e.ID == x.id })
	for i := range x.c.Expect.Others {
		want := &x.c.Expect.Others[i]
		at := slices.IndexFunc(others, func(e *Execution) bool { return e.Workflow == want.Workflow })
		if at < 0 {
			x.problem(want.Line, "no execution of %s was started, beside those above", want.Workflow)
			continue
		}
		x.compare(want, others[at], want.Line, true)
		others = slices.Delete(others, at, at+1)
	}
	for _, e := range others {
		if !e.Closed {
			x.problem(x.c.Line, "%s has not ended: %s", e.Workflow, x.whyOpen(e))
		}
	}
}

// limitsFree checks that no execution that has ended holds a limit or stands in its line.
func (x *run) limitsFree() {
	limits, err := x.w.Limits()
	if err != nil {
		x.problem(x.c.Line, "%v", err)
	}
	for _, l := range limits {
		for _, p := range slices.Concat(l.Holders, l.Line) {
			if e := x.w.executions[p.Execution]; e == nil || e.Closed {
				x.problem(x.c.Line, "the limit %s is not given back by step %q of an execution that has ended", strings.TrimSpace(l.Name+" "+l.Key), p.Step)
			}
		}
	}
}

// signature notes what must be the same in every run of the case.
func (x *run) signature() error {
	for _, e := range x.w.order {
		v, err := x.w.View(e.ID)
		if err != nil {
			return err
		}
		s := end{Workflow: e.Workflow, Status: string(v.Status), Outcome: v.Outcome, Output: string(v.Output), Path: Comparable(e.Path), Undelivered: e.Undelivered}
		if v.Error != nil {
			s.Code = v.Error.Code
		}
		x.r.ends = append(x.r.ends, s)
	}
	return nil
}

// Comparable is a path in which steps that were cancelled together stand in the order of their names: a process that
// goes on after a crash gives its attempts up in another order than that in which their executors would have stopped.
func Comparable(path []string) []string {
	out := slices.Clone(path)
	for i := 0; i < len(out); {
		j := i
		for j < len(out) && strings.HasSuffix(out[j], ": "+model.Withdrawn) {
			j++
		}
		slices.Sort(out[i:j])
		i = max(j, i+1)
	}
	return out
}

// whyOpen explains what an execution waits for.
func (x *run) whyOpen(e *Execution) string {
	v, err := x.w.View(e.ID)
	if err != nil {
		return err.Error()
	}
	var why []string
	for _, o := range v.Open {
		why = append(why, kernel.Explain(o, x.w.now))
	}
	if why == nil {
		return "it is " + string(v.Status)
	}
	return strings.Join(why, " ")
}

// differ says how two ends of a case differ; "" where they do not.
func (a *end) differ(b *end) string {
	x, _ := json.MarshalIndent(a, "", " ") // plain text always marshals
	y, _ := json.MarshalIndent(b, "", " ")
	if string(x) == string(y) {
		return ""
	}
	return Difference(strings.Split(string(x), "\n"), strings.Split(string(y), "\n"))
}
