package spec

import (
	"encoding/json"
	"strings"

	"github.com/pawl-dev/pawl/internal/calendar"
)

// triggerKinds are the keys of which a trigger has exactly one.
var triggerKinds = []string{"cron", "every", "after", "webhook"}

// triggers reads what starts executions. They are kept as written.
func (r *reader) triggers(v *value) []json.RawMessage {
	var out []json.RawMessage
	names := map[string]bool{}
	for _, it := range r.list(v, "triggers", `such as [{cron: "0 2 * * *"}]`) {
		if r.want(it, isMap, "a trigger", `such as {cron: "0 2 * * *"}`) {
			r.trigger(it)
			r.triggerName(it, names)
			out = append(out, it.json())
		}
	}
	return out
}

func (r *reader) trigger(v *value) {
	r.keys(v, &triggerKeys)
	kind := ""
	for _, k := range triggerKinds {
		switch {
		case v.get(k) == nil:
		case kind != "":
			r.fault(v.key(k), CodeTwice, "a trigger is either "+kind+" or "+k, "write two triggers")
		default:
			kind = k
		}
	}
	if kind == "" {
		r.fault(v, CodeMissing, "a trigger needs cron, every, after or webhook", `such as cron: "0 2 * * *"`)
	}
	if c := v.get("cron"); c != nil {
		r.cron(c)
	}
	for _, k := range []string{"every", "after"} {
		if e := v.get(k); e != nil {
			if ms, ok := r.millis(e, k); ok && ms < 1000 {
				r.fault(e, CodeDuration, k+" is shorter than a second", "write 1s or more")
			}
		}
	}
	if w := v.get("webhook"); w != nil && r.want(w, isMap, "webhook", "such as {path: orders, verify: github}") {
		r.webhook(w)
	}
	if z := v.get("zone"); z != nil {
		r.zone(z)
	}
	r.word(v.get("overlap"), "overlap", "skip", "queue", "cancel", "allow")
	r.integer(v.get("catch_up"), "catch_up", 0, 1_000_000)
	r.span(v.get("jitter"), "jitter")
	r.gathers(v)
}

// triggerName checks the name of a trigger; names has those of the triggers before.
func (r *reader) triggerName(v *value, names map[string]bool) {
	n := v.get("name")
	if n == nil {
		return
	}
	name := r.workflowName(n, "the name of a trigger")
	if name != "" && names[name] {
		r.fault(n, CodeTwice, "two triggers have the name "+quote(name), "the name tells the schedules of a workflow apart")
	}
	names[name] = true
}

func (r *reader) webhook(v *value) {
	path := v.get("path")
	if path == nil {
		r.fault(v, CodeMissing, "webhook needs path", "such as path: orders")
		return
	}
	if r.want(path, isText, "path", "") && !safePath(path.text) {
		r.fault(path, CodeValue, "path cannot be "+quote(path.text), "letters, digits, - and _ in parts separated by /, such as shop/orders")
	}
}

func safePath(s string) bool {
	for _, part := range strings.Split(s, "/") {
		if part == "" || len(part) > 128 || strings.Trim(part, letters+digits+"-_") != "" {
			return false
		}
	}
	return len(s) <= 512
}

// zone checks the shape of a zone's name only; whether it exists is known where the clock is.
func (r *reader) zone(v *value) {
	if !r.want(v, isText, "zone", "such as Europe/Berlin") {
		return
	}
	for _, part := range strings.Split(v.text, "/") {
		if part == "" || len(part) > 64 || strings.IndexByte(letters, part[0]) < 0 || strings.Trim(part, letters+digits+"-_+") != "" {
			r.fault(v, CodeValue, quote(v.text)+" is no time zone", "a name of the IANA list, such as Europe/Berlin or UTC")
			return
		}
	}
}

// cron checks a cron line and marks the place at fault.
func (r *reader) cron(v *value) {
	if !r.want(v, isText, "cron", `such as "0 2 * * *"`) {
		return
	}
	if _, f := calendar.Parse(v.text); f != nil {
		line, col := v.offset(r.c.lines, f.Offset)
		r.c.add(line, col, f.Width, Fault{Code: CodeValue, Message: f.Message, Hint: f.Hint, Node: r.node, Field: r.field})
	}
}
