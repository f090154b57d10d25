package rehearse

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
)

// compare checks an execution against what is expected of it: at the end, or at a moment, where only what is written
// counts.
func (x *run) compare(want *spec.Expectation, e *Execution, line int, atEnd bool) {
	if want.Line > 0 {
		line = want.Line
	}
	if e == nil {
		x.problem(line, "there is no such execution")
		return
	}
	v, err := x.w.View(e.ID)
	if err != nil {
		x.problem(line, "%v", err)
		return
	}
	x.status(want, e, &v, line, atEnd)
	if want.Outcome != "" && want.Outcome != v.Outcome {
		x.problem(line, "outcome: want %s, got %s", want.Outcome, orNone(v.Outcome))
	}
	if want.Output != nil {
		x.output(want, &v, line)
	}
	x.failure(want, &v, line)
	if want.Path != nil && !slices.Equal(want.Path, e.Path) {
		x.problem(line, "path:\n%s", Difference(want.Path, e.Path))
	}
	if rest := missing(want.Passes, e.Path); rest != "" {
		x.problem(line, "passes: %s did not end there; the path is\n%s", rest, indent(e.Path))
	}
	if atEnd || want.Open != nil {
		x.open(want, e, &v, line)
	}
	if (atEnd && e.Closed || want.Undelivered != nil) && !slices.Equal(want.Undelivered, e.Undelivered) {
		x.problem(line, "undelivered signals: want %s, got %s", list(want.Undelivered), list(e.Undelivered))
	}
	for _, name := range sortedKeys(want.Calls) {
		if got := e.Answered[name]; got != want.Calls[name] {
			x.problem(line, "calls of %s: want %d, got %d", name, want.Calls[name], got)
		}
	}
	x.took(want, e, line)
}

func (x *run) status(want *spec.Expectation, e *Execution, v *View, line int, atEnd bool) {
	status := want.Status
	switch {
	case status != "" || !atEnd:
	case want.Error != nil:
		status = string(model.Failed)
	case len(want.Open) > 0:
		status = string(model.Running)
	default:
		status = string(model.Completed)
	}
	if status == "" || status == string(v.Status) {
		return
	}
	why := ""
	switch {
	case v.Error != nil:
		why = ": " + v.Error.Error()
	case !v.Status.Closed():
		why = ": " + x.whyOpen(e)
	}
	x.problem(line, "status: want %s, got %s%s", status, v.Status, why)
}

func (x *run) output(want *spec.Expectation, v *View, line int) {
	a, b := canonical(want.Output), canonical(v.Output)
	if a != b {
		x.problem(line, "output:\n%s", Difference(strings.Split(pretty(a), "\n"), strings.Split(pretty(b), "\n")))
	}
}

func (x *run) failure(want *spec.Expectation, v *View, line int) {
	if want.Error == nil {
		return
	}
	got := v.Error
	if got == nil {
		for _, o := range v.Open {
			if o.Kind == kernel.OpenParked {
				got = o.Error
			}
		}
	}
	switch {
	case got == nil:
		x.problem(line, "error: want %s, got none", want.Error.Code)
	case want.Error.Code != got.Code || want.Error.Message != "" && want.Error.Message != got.Message:
		x.problem(line, "error: want %s, got %s", want.Error.Error(), got.Error())
	case want.Error.Step != "" && want.Error.Step != got.Step:
		x.problem(line, "error: want it from %s, got it from %s", want.Error.Step, orNone(got.Step))
	}
}

// open compares what is outstanding, by node.
func (x *run) open(want *spec.Expectation, e *Execution, v *View, line int) {
	var got []string
	for _, o := range v.Open {
		if o.Node != "" && o.Kind != kernel.OpenScope && o.Kind != kernel.OpenTimeout && !slices.Contains(got, o.Node) {
			got = append(got, o.Node)
		}
	}
	a, b := slices.Sorted(slices.Values(want.Open)), slices.Sorted(slices.Values(got))
	if !slices.Equal(a, b) {
		why := ""
		if len(b) > 0 {
			why = ": " + x.whyOpen(e)
		}
		x.problem(line, "outstanding: want %s, got %s%s", list(a), list(b), why)
	}
}

func (x *run) took(want *spec.Expectation, e *Execution, line int) {
	until := x.w.now
	if e.Closed {
		until = e.Last
	}
	if got := until - e.Began; want.Took >= 0 && int64(want.Took) != got {
		x.problem(line, "took: want %s, got %s", expr.FormatDuration(int64(want.Took)), expr.FormatDuration(got))
	}
}

// missing gives the first of want that does not follow in got; "" where all do.
func missing(want, got []string) string {
	for _, w := range want {
		i := slices.Index(got, w)
		if i < 0 {
			return w
		}
		got = got[i+1:]
	}
	return ""
}

// canonical is JSON in key order and without blanks; nothing is null.
func canonical(raw []byte) string {
	if len(raw) == 0 {
		return "null"
	}
	v, err := expr.Decode(raw)
	if err != nil {
		return string(raw)
	}
	out, err := expr.Append(nil, v)
	if err != nil {
		return string(raw)
	}
	return string(out)
}

func pretty(raw string) string {
	var v any
	d := json.NewDecoder(strings.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return raw
	}
	var b strings.Builder
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	w.SetIndent("", "  ")
	if w.Encode(v) != nil {
		return raw
	}
	return strings.TrimRight(b.String(), "\n")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func list(of []string) string {
	if len(of) == 0 {
		return "nothing"
	}
	return strings.Join(of, ", ")
}

func indent(lines []string) string { return "    " + strings.Join(lines, "\n    ") }
