package spec

import (
	"strings"

	"github.com/pawl-dev/pawl/model"
)

// actVerbs are the keys of an act that do something, in the order of the documentation.
var actVerbs = []string{"signal", "decide", "callback", "start", "cancel", "terminate", "pause", "resume", "retry", "skip", "complete", "fail", "route", "move", "vars", "migrate", "rerun", "fork", "crash"}

// bareVerbs take true in place of a name.
var bareVerbs = []string{"cancel", "terminate", "pause", "resume", "vars", "rerun", "fork", "crash"}

func (r *reader) act(v *value) (a Act) {
	a.Line = v.line
	if !r.want(v, isMap, "an act", "such as {signal: paid, data: {amount: 10}} or {after: 2d}") {
		return a
	}
	r.keys(v, &actKeys)
	var first *value
	for _, verb := range actVerbs {
		of := v.get(verb)
		if of == nil {
			continue
		}
		if first != nil {
			r.fault(v.key(verb), CodeTwice, "an act does one thing, this one does "+a.Verb+" and "+verb, "write two acts")
			continue
		}
		first, a.Verb, a.Of = v.key(verb), verb, r.verbValue(of, verb)
	}
	a.After = r.span(v.get("after"), "after")
	a.Until = r.text(v.get("until"), "until")
	a.To = r.text(v.get("to"), "to")
	a.ID, a.Key = r.text(v.get("id"), "id"), r.text(v.get("key"), "key")
	a.By, a.Why = r.text(v.get("by"), "by"), r.text(v.get("why"), "why")
	a.Groups = r.texts(v.get("groups"), "groups", "such as [underwriters]")
	a.Data, a.Output = v.get("data").json(), v.get("output").json()
	a.Outcome, a.From = r.text(v.get("outcome"), "outcome"), r.text(v.get("from"), "from")
	a.Error = r.fails(v.get("error"), "error")
	a.Shift = r.boolean(v.get("shift"), "shift")
	a.Version, a.Renames = r.text(v.get("version"), "version"), r.renames(v.get("map"))
	a.Refused = r.text(v.get("refused"), "refused")
	if e := v.get("expect"); e != nil {
		x := r.expectation(e, false)
		a.Expect = &x
	}
	if a.Verb == "vars" {
		a.Vars = r.assigned(first, v.get("data"))
	}
	if idle(v) {
		r.fault(v, CodeMissing, "the act does nothing", "one of after, until, expect, "+strings.Join(actVerbs, ", "))
	}
	if a.Refused != "" && a.Verb == "" {
		r.fault(v.get("refused"), CodeNotHere, "only what is done can be refused", "add "+strings.Join(actVerbs, ", "))
	}
	return a
}

// renames reads what nodes are called in another version.
func (r *reader) renames(v *value) map[string]string {
	const hint = "old ids to new ones, such as map: {charge: pay}"
	if v == nil || !r.want(v, isMap, "map", hint) {
		return nil
	}
	out := map[string]string{}
	for i, k := range v.keys {
		if r.want(v.items[i], isText, "the new id of "+k.text, hint) {
			out[k.text] = v.items[i].text
		}
	}
	return out
}

// assigned reads the variables that an act sets.
func (r *reader) assigned(verb, data *value) (vars []model.Assign) {
	const hint = "variables by name, such as data: {carrier: fast}"
	if data == nil {
		r.fault(verb, CodeMissing, "vars needs data", hint)
		return nil
	}
	if !r.want(data, isMap, "the data of vars", hint) {
		return nil
	}
	for i, k := range data.keys {
		vars = append(vars, model.Assign{Var: k.text, Value: data.items[i].json()})
	}
	return vars
}

// idle reports whether an act has nothing but known keys that say how something is to be done.
func idle(v *value) bool {
	for _, k := range v.keys {
		switch k.text {
		case "after", "until", "expect":
			return false
		}
		if contains(actVerbs, k.text) || actKeys.find(k.text) == nil {
			return false
		}
	}
	return true
}

func (r *reader) verbValue(v *value, verb string) string {
	if contains(bareVerbs, verb) && v.kind == isBool && v.text == "true" {
		return ""
	}
	if contains(bareVerbs, verb) {
		return r.text(v, verb+" is true or")
	}
	return r.text(v, verb)
}

// expectation reads what is expected; nested ones are of other executions. whole: of the end, not of a moment.
func (r *reader) expectation(v *value, whole bool) (e Expectation) {
	e.Line, e.Took = v.line, -1
	if !r.want(v, isMap, "expect", "such as {outcome: shipped, path: [reserve, ship]}") {
		return e
	}
	r.keys(v, &expectKeys)
	e.Workflow = r.workflowName(v.get("workflow"), "workflow")
	e.Status = r.word(v.get("status"), "status", statuses...)
	e.Outcome = r.text(v.get("outcome"), "outcome")
	e.Output = v.get("output").json()
	e.Error = r.fails(v.get("error"), "error")
	e.Path = r.steps(v.get("path"), "path")
	e.Passes = r.steps(v.get("passes"), "passes")
	e.Open = r.texts(v.get("open"), "open", "node ids, such as [review]")
	e.Undelivered = r.texts(v.get("undelivered"), "undelivered", "names of signals, such as [payment]")
	e.Calls = r.counts(v.get("calls"))
	if took := v.get("took"); took != nil {
		if ms, ok := r.millis(took, "took"); ok {
			e.Took = ms
		}
	}
	for _, it := range r.list(v.get("others"), "others", "such as [{workflow: verify-income, outcome: success}]") {
		o := r.expectation(it, whole)
		if o.Workflow == "" {
			r.fault(it, CodeMissing, "another execution needs workflow", "such as workflow: verify-income")
		}
		e.Others = append(e.Others, o)
	}
	return e
}

var statuses = []string{
	string(model.Pending), string(model.Running), string(model.Paused), string(model.Compensating), string(model.Parked),
	string(model.Completed), string(model.Failed), string(model.Cancelled), string(model.Terminated),
}

// steps reads a list of steps: "charge", or {charge: declined}.
func (r *reader) steps(v *value, what string) []string {
	if v == nil {
		return nil
	}
	out := []string{}
	for _, it := range r.list(v, what, "such as [reserve, {charge: declined}, release]") {
		switch {
		case it.kind == isMap && len(it.keys) == 1 && it.items[0].kind == isText:
			out = append(out, StepEnd(it.keys[0].text, it.items[0].text))
		case r.want(it, isText, "a step of "+what, "its path, or {charge: declined} for another outcome than success"):
			out = append(out, it.text)
		}
	}
	return out
}

// StepEnd writes a step that ended with an outcome as paths of cases do.
func StepEnd(path, outcome string) string {
	if outcome == model.Success {
		return path
	}
	return path + ": " + outcome
}

func (r *reader) counts(v *value) map[string]int {
	if v == nil || !r.want(v, isMap, "calls", "such as {charge: 2}") {
		return nil
	}
	out := map[string]int{}
	for i, k := range v.keys {
		out[k.text] = int(r.integer(v.items[i], "calls."+k.text, 0, 1_000_000))
	}
	return out
}
