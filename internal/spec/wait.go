package spec

import (
	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
)

// forms are the keys of which a wait has exactly one.
var forms = []string{"for", "until", "when", "signal"}

// waitNode reads every form of wait into a list of arms: one without a name, or the named ones of first.
func (r *reader) waitNode(n *nodeIn, v *value) {
	if v.kind == isText || v.kind == isNumber {
		v = mapAt(v).with("for", v)
	}
	if !r.want(v, isMap, "wait", "such as {for: 2d}, {signal: payment} or {first: {...}}") {
		return
	}
	r.keys(v, &waitKeys)
	n.m.Timeout = r.duration(v.get("timeout"), "timeout")
	first := v.get("first")
	if first == nil {
		n.ends(model.Success)
		r.arms(n, v, []*value{r.arm(v, "", v)})
		return
	}
	for _, k := range append(forms, "match", "count", "fresh") {
		if v.get(k) != nil {
			r.fault(v.key(k), CodeTwice, "a wait has either first or "+k, "write it below a name in first")
		}
	}
	if !r.want(first, isMap, "first", "such as {got: {signal: payment}, late: {for: 2d}}") {
		return
	}
	if len(first.keys) == 0 {
		r.fault(first, CodeEmpty, "first names nothing to wait for", "such as {got: {signal: payment}, late: {for: 2d}}")
	}
	var arms []*value
	for i, k := range first.keys {
		name := r.outcomeWord(k, "an outcome")
		n.ends(name)
		arms = append(arms, r.namedArm(k, first.items[i]))
	}
	r.arms(n, v, arms)
}

func (r *reader) arms(n *nodeIn, v *value, arms []*value) {
	kept := arms[:0]
	for _, a := range arms {
		if a != nil {
			kept = append(kept, a)
		}
	}
	r.with(n, mapAt(v).with("arms", listAt(v, kept)))
}

func (r *reader) namedArm(k, v *value) *value {
	if v.kind == isText {
		v = mapAt(v).with("for", v)
	}
	if !r.want(v, isMap, "what is waited for", "such as {for: 2d} or {signal: payment}") {
		return nil
	}
	for _, key := range v.keys {
		if key.text == "first" || key.text == "timeout" || waitKeys.find(key.text) == nil {
			r.fault(key, CodeUnknownKey, "an arm of first has no key "+quote(key.text), r.meant(key.text, append(forms, "match", "count", "fresh")))
		}
	}
	return r.arm(v, k.text, k)
}

// arm reads one thing to wait for.
func (r *reader) arm(v *value, name string, at *value) *value {
	form := ""
	for _, k := range forms {
		switch {
		case v.get(k) == nil:
		case form != "":
			r.fault(v.key(k), CodeTwice, form+" and "+k+" cannot stand in one wait", "name both below first")
		default:
			form = k
		}
	}
	if form == "" {
		r.fault(at, CodeMissing, "there is nothing to wait for", "one of for, until, when and signal")
		return nil
	}
	out := mapAt(v)
	if form == "signal" {
		return r.signalArm(v, name, v.get("signal"))
	}
	for _, k := range []string{"match", "count", "fresh"} {
		if v.get(k) != nil {
			r.fault(v.key(k), CodeNotHere, k+" belongs to a wait on a signal", "remove it")
		}
	}
	x := v.get(form)
	switch form {
	case "for":
		if d := r.waitFor(x); d != "" {
			x = copyAt(x, string(d))
		}
	case "until":
		r.until(x)
	case "when":
		x = copyAt(x, r.expression(x, "when"))
	}
	return out.with(form, x).with("name", textAt(at, name))
}

// waitFor is a duration that may be nothing.
func (r *reader) waitFor(v *value) model.Text {
	if v.template() {
		return model.Text(v.text)
	}
	ms, ok := r.millis(v, "for")
	if !ok {
		return ""
	}
	return model.Text(expr.FormatDuration(int64(ms)))
}

func (r *reader) signalArm(v *value, name string, signal *value) *value {
	r.signalName(signal, true)
	out := mapAt(v).with("count", r.count(v.get("count"), "count"))
	if r.boolean(v.get("fresh"), "fresh") {
		out.with("fresh", v.get("fresh"))
	}
	if m := v.get("match"); m != nil {
		out.with("match", copyAt(m, r.expression(m, "match")))
	}
	return out.with("name", textAt(v, name)).with("signal", signal)
}

// signalNode reads the short form of a wait on one signal.
func (r *reader) signalNode(n *nodeIn, v *value) {
	if v.kind == isText {
		v = mapAt(v).with("name", v)
	}
	if !r.want(v, isMap, "signal", "the name of a signal, or {name: payment, match: ...}") {
		return
	}
	r.keys(v, &signalKeys)
	n.m.Timeout = r.duration(v.get("timeout"), "timeout")
	n.ends(model.Success)
	if r.must(v, &signalKeys) {
		r.arms(n, v, []*value{r.signalArm(v, "", v.get("name"))})
	}
}

// until reads a moment: an expression, or RFC 3339 text.
func (r *reader) until(v *value) {
	if !r.want(v, isText, "until", `a time such as "2030-01-01T09:00:00Z", or ${ } that gives one`) || v.template() {
		return
	}
	if !validTime(v.text) {
		r.fault(v, CodeValue, quote(v.text)+" is no time", "such as 2030-01-01T09:00:00Z; for a duration write for")
	}
}

// validTime reports whether s is RFC 3339: date, T, time, optional fraction, and Z or an offset.
func validTime(s string) bool {
	const shape = "0000-00-00T00:00:00"
	if len(s) <= len(shape) || len(s) > 40 {
		return false
	}
	for i := range len(shape) {
		if shape[i] == '0' && (s[i] < '0' || s[i] > '9') || shape[i] != '0' && s[i] != shape[i] {
			return false
		}
	}
	if !inRange(s[5:7], 1, 12) || !inRange(s[8:10], 1, monthDays(s[:4], s[5:7])) || !inRange(s[11:13], 0, 23) || !inRange(s[14:16], 0, 59) || !inRange(s[17:19], 0, 59) {
		return false
	}
	return validOffset(s[len(shape):])
}

func validOffset(s string) bool {
	if s[0] == '.' {
		rest := s[1:]
		for rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			rest = rest[1:]
		}
		if len(rest) == len(s)-1 || rest == "" {
			return false
		}
		s = rest
	}
	if s == "Z" {
		return true
	}
	return len(s) == 6 && (s[0] == '+' || s[0] == '-') && s[3] == ':' && inRange(s[1:3], 0, 23) && inRange(s[4:6], 0, 59)
}

func inRange(s string, least, most int) bool {
	n, ok := 0, allDigits(s, 10)
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return ok && n >= least && n <= most
}

func monthDays(year, month string) int {
	switch month {
	case "04", "06", "09", "11":
		return 30
	case "02":
		y := int(year[0]-'0')*1000 + int(year[1]-'0')*100 + int(year[2]-'0')*10 + int(year[3]-'0')
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// approvalNode reads a wait on a decision.
func (r *reader) approvalNode(n *nodeIn, v *value) {
	if !r.want(v, isMap, "approval", "such as {title: Pay this, assignees: [finance]}") {
		return
	}
	r.keys(v, &approvalKeys)
	r.must(v, &approvalKeys)
	r.text(v.get("title"), "title")
	r.text(v.get("description"), "description")
	r.count(v.get("quorum"), "quorum")
	r.count(v.get("veto"), "veto")
	n.m.Timeout = r.duration(v.get("timeout"), "timeout")
	for _, k := range []string{"assignees", "exclude"} {
		if x := v.get(k); x != nil && x.kind != isList && !x.template() {
			r.want(x, isList, k, "such as [finance]")
		}
	}
	if o := v.get("outcomes"); o == nil {
		n.m.Outcomes = []string{"approved", model.Rejected}
	} else {
		r.decisions(n, o)
	}
	out := mapAt(v)
	for i, k := range v.keys {
		if k.text != "timeout" {
			out.keys, out.items = append(out.keys, k), append(out.items, v.items[i])
		}
	}
	r.escalate(v.get("escalate"))
	if f := v.get("form"); f != nil && r.want(f, isMap, "form", "such as {schema: {type: object}}") {
		if s := f.get("schema"); s != nil {
			r.schema(s)
		}
	}
	r.with(n, out)
}

// decisions reads the words people choose from.
func (r *reader) decisions(n *nodeIn, o *value) {
	words := r.list(o, "outcomes", "such as [approved, rejected]")
	if o.kind == isList && len(words) == 0 {
		r.fault(o, CodeEmpty, "outcomes names nothing to choose", "such as [approved, rejected]")
	}
	for i, it := range words {
		word := r.outcomeWord(it, "an outcome")
		switch word {
		case model.OutcomeErr, model.TimedOut, model.Withdrawn, model.Exhausted, model.Unreachable:
			r.fault(it, CodeReserved, word+" is how the engine ends steps, nobody can choose it", "choose another word")
		}
		for _, before := range words[:i] {
			if word != "" && before.text == word {
				r.fault(it, CodeTwice, word+" stands twice in outcomes", "remove one")
			}
		}
		n.ends(word)
	}
}

func (r *reader) escalate(v *value) {
	for _, it := range r.list(v, "escalate", "such as [{after: 1d, add: [managers]}]") {
		if !r.want(it, isMap, "an escalation", "such as {after: 1d, add: [managers]}") {
			continue
		}
		for _, k := range it.keys {
			if k.text != "after" && k.text != "add" && k.text != "notify" {
				r.fault(k, CodeUnknownKey, "an escalation has no key "+quote(k.text), r.meant(k.text, []string{"after", "add", "notify"}))
			}
		}
		if it.get("after") == nil {
			r.fault(it, CodeMissing, "an escalation needs after", "such as after: 1d")
		}
		r.duration(it.get("after"), "after")
	}
}

// sendNode reads a signal to another execution.
func (r *reader) sendNode(n *nodeIn, v *value) {
	if !r.want(v, isMap, "send", "such as {to: parent, signal: done}") {
		return
	}
	r.keys(v, &sendKeys)
	if !r.must(v, &sendKeys) {
		return
	}
	r.signalName(v.get("signal"), false)
	r.boolean(v.get("start"), "start")
	to := v.get("to")
	switch to.kind {
	case isText:
		if to.text != "parent" && to.text == "" {
			r.fault(to, CodeValue, "to names no execution", "an id, {workflow, key}, or parent")
		}
	case isMap:
		for _, k := range to.keys {
			if k.text != "workflow" && k.text != "key" {
				r.fault(k, CodeUnknownKey, "to has no key "+quote(k.text), r.meant(k.text, []string{"workflow", "key"}))
			}
		}
		if to.get("workflow") == nil || to.get("key") == nil {
			r.fault(to, CodeMissing, "to needs workflow and key", "such as {workflow: order, key: order-42}")
		}
	default:
		r.want(to, isText, "to", "an id, {workflow, key}, or parent")
	}
	n.m.Outcomes = []string{model.Success, "not_found"}
	r.with(n, v)
}
