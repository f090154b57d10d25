package spec

import (
	"encoding/json"
	"strconv"
	"strings"
)

// triggerKinds are the keys of which a trigger has exactly one.
var triggerKinds = []string{"cron", "every", "webhook"}

// triggers reads what starts executions. They are kept as written.
func (r *reader) triggers(v *value) []json.RawMessage {
	var out []json.RawMessage
	for _, it := range r.list(v, "triggers", `such as [{cron: "0 2 * * *"}]`) {
		if r.want(it, isMap, "a trigger", `such as {cron: "0 2 * * *"}`) {
			r.trigger(it)
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
		r.fault(v, CodeMissing, "a trigger needs cron, every or webhook", `such as cron: "0 2 * * *"`)
	}
	if c := v.get("cron"); c != nil {
		r.cron(c)
	}
	if e := v.get("every"); e != nil {
		if ms, ok := r.millis(e, "every"); ok && ms < 1000 {
			r.fault(e, CodeDuration, "every is shorter than a second", "write 1s or more")
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
	r.span(v.get("debounce"), "debounce")
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

// cronFields are the fields of a cron line with their bounds and names.
var cronFields = []struct {
	name        string
	least, most int
	words       []string
}{
	{"minute", 0, 59, nil},
	{"hour", 0, 23, nil},
	{"day of month", 1, 31, nil},
	{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{"day of week", 0, 7, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

// cron checks a cron line: five fields of *, numbers, names, ranges, steps and lists of these, or an @word.
func (r *reader) cron(v *value) {
	if !r.want(v, isText, "cron", `such as "0 2 * * *"`) {
		return
	}
	if contains([]string{"@hourly", "@daily", "@weekly", "@monthly", "@yearly"}, v.text) {
		return
	}
	fields := strings.Fields(v.text)
	if len(fields) != len(cronFields) {
		r.fault(v, CodeValue, "a cron line has five fields, this one "+decimal(len(fields)), "minute, hour, day of month, month, day of week, such as 0 2 * * *")
		return
	}
	for i, f := range fields {
		if problem := cronField(f, i); problem != "" {
			r.fault(v, CodeValue, "the "+cronFields[i].name+" of the cron line cannot be "+quote(f)+": "+problem, "from "+decimal(cronFields[i].least)+" to "+decimal(cronFields[i].most)+", such as *, 5, 1-5, */15 or 1,15")
			return
		}
	}
	if neverComes(fields[2], fields[3]) {
		r.fault(v, CodeValue, "the date of the cron line never comes", "no month named has that day")
	}
}

// cronField returns what is wrong with a field, "" where nothing is.
func cronField(s string, i int) string {
	for _, part := range strings.Split(s, ",") {
		span, step, stepped := strings.Cut(part, "/")
		if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1 || n > cronFields[i].most) {
			return "no such step"
		}
		if span == "*" {
			continue
		}
		from, to, ranged := strings.Cut(span, "-")
		a, ok := cronNumber(from, i)
		if !ok {
			return quote(from) + " is out of range"
		}
		if !ranged {
			continue
		}
		b, ok := cronNumber(to, i)
		if !ok || b < a {
			return "the range ends before it begins, or out of range"
		}
	}
	return ""
}

func cronNumber(s string, i int) (int, bool) {
	f := &cronFields[i]
	for n, w := range f.words {
		if strings.EqualFold(s, w) {
			return n + f.least, true
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && allDigits(s, 10) && n >= f.least && n <= f.most
}

// neverComes: single days of month that none of the single months has.
func neverComes(day, month string) bool {
	d, ok := cronNumber(day, 2)
	if !ok || d < 30 {
		return false
	}
	for _, m := range strings.Split(month, ",") {
		n, ok := cronNumber(m, 3)
		long := n != 2 && (d == 30 || n != 4 && n != 6 && n != 9 && n != 11)
		if !ok || long {
			return false
		}
	}
	return true
}
