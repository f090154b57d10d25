package query

import (
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/nearest"
	"github.com/pawl-dev/pawl/record"
)

// The fields of the language.
const (
	fStatus      = "status"
	fWorkflow    = "workflow"
	fVersion     = "version"
	fOutcome     = "outcome"
	fWaiting     = "waiting"
	fFingerprint = "fingerprint"
	fError       = "error"
	fKey         = "key"
	fParent      = "parent"
	fID          = "id"
	fStarted     = "started"
	fEnded       = "ended"
	fSort        = "sort"
)

// Fields are the names of all fields but tags, in the order in which they are printed.
var Fields = []string{fStatus, fWorkflow, fVersion, fOutcome, fError, fFingerprint, fWaiting, fKey, fParent, fID, fStarted, fEnded, fSort}

func isField(name string) bool { return slices.Contains(Fields, name) }

func fieldNames() []string { return append(slices.Clone(Fields), "tag") }

// lists are the fields of which one of several values must fit.
func (q *Query) list(name string) *[]string {
	switch name {
	case fStatus:
		return &q.Statuses
	case fWorkflow:
		return &q.Workflows
	case fVersion:
		return &q.Versions
	case fOutcome:
		return &q.Outcomes
	case fWaiting:
		return &q.Waiting
	case fFingerprint:
		return &q.Fingerprints
	}
	return nil
}

// single are the fields with one value.
func (q *Query) single(name string) *string {
	switch name {
	case fKey:
		return &q.Key
	case fError:
		return &q.Error
	case fParent:
		return &q.Parent
	case fID:
		return &q.ID
	}
	return nil
}

// bounds are the ends of a range of times.
func (q *Query) bounds(name string) (from, to *int64) {
	if name == fStarted {
		return &q.StartedFrom, &q.StartedTo
	}
	return &q.EndedFrom, &q.EndedTo
}

// empty reports whether q asks for nothing.
func (q *Query) empty() bool { return q.String() == "" }

// once is what may be in a query once; "" where it may come again.
func (t *term) once() string {
	if t.kind == aTag || t.name == fStarted || t.name == fEnded {
		return ""
	}
	return t.name
}

// apply puts a term where it belongs.
func (t *term) apply(q *Query) error {
	if t.kind == aTag {
		return t.tag(q)
	}
	if t.negated && (t.name == fID || t.name == fStarted || t.name == fSort) {
		return t.fail(t.begin, t.instead(), "%s cannot be negated", t.name)
	}
	if t.name == fStarted || t.name == fEnded {
		return t.times(q)
	}
	if t.op != ":" {
		return t.fail(t.opAt, "write "+t.name+":"+t.values[0].text, "%s has no order to be compared by", t.name)
	}
	if list := q.list(t.name); list != nil {
		return t.words(list)
	}
	if len(t.values) > 1 {
		return t.fail(t.values[1].at, `text with a comma goes in quotes`, "%s takes one value", t.name)
	}
	if t.name == fSort {
		return t.sort(q)
	}
	return t.one(q.single(t.name))
}

func (t *term) instead() string {
	if t.name == fStarted {
		return "turn the comparison round"
	}
	return ""
}

// words reads the values of a list.
func (t *term) words(into *[]string) error {
	for _, w := range t.values {
		if t.name == fStatus {
			some, err := t.statuses(w)
			if err != nil {
				return err
			}
			for _, s := range some {
				if !slices.Contains(*into, s) {
					*into = append(*into, s)
				}
			}
			continue
		}
		if err := t.fits(w); err != nil {
			return err
		}
		*into = append(*into, w.text)
	}
	return nil
}

// fits checks a value for what its field can be at all.
func (t *term) fits(w word) error {
	switch {
	case t.name == fFingerprint && w.text != "" && (len(w.text) != 16 || strings.Trim(w.text, "0123456789abcdef") != ""):
		return t.fail(w.at, "pawl count --by fingerprint shows them", "%s is no fingerprint, which has 16 digits from 0 to f", quote(w.text))
	case w.text == "" && (t.name == fWaiting || t.name == fWorkflow || t.name == fVersion):
		return t.fail(w.at, "", "%s cannot be empty", t.name)
	}
	return nil
}

// statuses are what one word of a status stands for.
func (t *term) statuses(w word) ([]string, error) {
	var all []string
	for _, g := range groups {
		if w.text == g.word {
			return g.statuses, nil
		}
		all = append(append(all, g.word), g.statuses...)
	}
	if !slices.Contains(all, w.text) {
		hint := nearest.Hint(w.text, all)
		if hint == "" {
			hint = "there are " + strings.Join(all, ", ")
		}
		return nil, t.fail(w.at, hint, "there is no status %s", quote(w.text))
	}
	return []string{w.text}, nil
}

// one reads the value of a field that has one.
func (t *term) one(into *string) error {
	w := t.values[0]
	*into = w.text
	if w.text == "" {
		return t.fail(w.at, "", "%s cannot be empty", t.name)
	}
	switch t.name {
	case fParent:
		if _, err := record.ParseID(w.text); err != nil {
			return t.fail(w.at, "write all 26 characters", "%s is no id", quote(w.text))
		}
	case fID:
		padded := w.text + strings.Repeat("0", max(0, 26-len(w.text)))
		if _, err := record.ParseID(padded); err != nil {
			return t.fail(w.at, "ids have 26 of 0-9 and a-z without i, l, o, u", "%s begins no id", quote(w.text))
		}
	}
	return nil
}

func (t *term) sort(q *Query) error {
	w := t.values[0]
	if w.text != "oldest" && w.text != "newest" {
		return t.fail(w.at, "write sort:oldest or sort:newest, which is by start", "cannot sort by %s", quote(w.text))
	}
	q.Oldest = w.text == "oldest"
	return nil
}

// tag reads a comparison of a tag.
func (t *term) tag(q *Query) error {
	g := Tag{Name: t.name, Is: t.op}
	if t.op == ":" {
		g.Is = Equal
	}
	if w := t.values[0]; g.Is == Equal && w.text == "*" && !w.quoted && len(t.values) == 1 {
		q.Tags = append(q.Tags, Tag{Name: t.name, Is: Exists})
		return nil
	}
	if g.Is != Equal && g.Is != NotEqual && len(t.values) > 1 {
		return t.fail(t.values[1].at, "", "the tag %s can be compared with one value", t.name)
	}
	for _, w := range t.values {
		v := Value{Text: w.text}
		if n, ok := w.number(); ok {
			v = Value{Num: n, IsNum: true}
		}
		g.Values = append(g.Values, v)
	}
	q.Tags = append(q.Tags, g)
	return nil
}

// day is the length of a date, lastTime the end of the year 9999, in milliseconds.
const (
	day      = 24 * 60 * 60 * 1000
	lastTime = 253_402_300_799_999
)

// times narrows a range of times. A date is the whole day, in UTC.
func (t *term) times(q *Query) error {
	if len(t.values) > 1 {
		return t.fail(t.values[1].at, "", "%s takes one time", t.name)
	}
	w := t.values[0]
	from, to := q.bounds(t.name)
	if t.name == fEnded && t.op == ":" && w.text == "*" && !w.quoted {
		later(from, 1)
		return nil
	}
	at, span, err := t.moment(w)
	if err != nil {
		return err
	}
	end := min(at+max(span, 1), lastTime)
	switch t.op {
	case GreaterEqual:
		later(from, at)
	case Greater:
		later(from, end)
	case Less:
		sooner(to, at)
	case LessEqual:
		sooner(to, end)
	default:
		if span == 0 {
			return t.fail(t.opAt, "write "+t.name+">"+w.text+" for later ones, or a date for a day", "%s is a moment, at which hardly anything %s", w.text, t.name)
		}
		later(from, at)
		sooner(to, end)
	}
	return nil
}

// later and sooner narrow one end. 0 is no end; what has no time is in no range, so nothing is lost before 1.
func later(end *int64, at int64) { *end = max(*end, at, 1) }

func sooner(end *int64, at int64) {
	if at <= 0 {
		at = -1
	}
	if *end == 0 || at < *end {
		*end = at
	}
}

// moment reads a time: a date, an RFC 3339 time, now, or a distance from now such as -24h.
func (t *term) moment(w word) (at, span int64, err error) {
	if w.text == "now" {
		return t.now, 0, nil
	}
	if sign := strings.IndexByte("-+", first1(w.text)); sign >= 0 {
		d, err := expr.ParseDuration(w.text[1:])
		if err != nil {
			return 0, 0, t.fail(w.at, "write -24h, -7d or 2026-01-31T12:00:00Z", "%s is no time", quote(w.text))
		}
		if sign == 0 {
			d = -d
		}
		if at = t.now + d; d > 0 && at < t.now || at > lastTime {
			return 0, 0, t.fail(w.at, "", "%s is too far away", w.text)
		}
		return at, 0, nil
	}
	at, err = expr.ParseTime(w.text)
	if err != nil {
		hint := "write -24h, 2026-01-31 or 2026-01-31T12:00:00Z"
		if _, err := expr.ParseDuration(w.text); err == nil {
			hint = "write -" + w.text + " for that long ago"
		}
		return 0, 0, t.fail(w.at, hint, "%s is no time", quote(w.text))
	}
	if len(w.text) == len("2026-01-31") {
		span = day
	}
	return at, span, nil
}

func first1(s string) byte {
	if s == "" {
		return 0
	}
	return s[0]
}
