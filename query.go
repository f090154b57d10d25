package pawl

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/query"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store"
)

// Query reads a filter from text, as in
//
//	status:failed workflow:order amount>100 started>-24h -error:"card declined"
//
// Times such as -24h count from now. docs/search.md describes the language; [Filter.Query] is the other direction. The
// error has [CodeInvalid] and a [*QueryError] as its cause.
func Query(text string) (Filter, error) { return queryAt(text, time.Now()) }

// QueryError says what is wrong with the text of a query, and where.
type QueryError struct {
	Text string
	// Offset is the place in bytes.
	Offset  int
	Message string
	// Hint says what to write instead; may be empty.
	Hint string
}

// Error tells the place as a character, counted from 1.
func (e *QueryError) Error() string {
	at := utf8.RuneCountInString(e.Text[:min(e.Offset, len(e.Text))]) + 1
	text := fmt.Sprintf("at character %d: %s", at, e.Message)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Caret is the line of the text in which the fault is, and under it a caret.
func (e *QueryError) Caret() string {
	return (&expr.Error{Source: e.Text, Offset: e.Offset}).Caret()
}

func queryAt(text string, now time.Time) (Filter, error) {
	q, err := query.Parse(text, now.UnixMilli())
	var fault *expr.Error
	if errors.As(err, &fault) {
		cause := &QueryError{Text: text, Offset: fault.Offset, Message: fault.Message, Hint: fault.Hint}
		return Filter{}, &Error{Code: CodeInvalid, Message: "the query", Cause: cause}
	}
	return filterOf(&q), err
}

func filterOf(q *query.Query) Filter {
	f := Filter{
		Error: q.Error, Fingerprints: q.Fingerprints, Waiting: q.Waiting, Key: q.Key, Parent: q.Parent, IDPrefix: q.ID,
		Since: momentOf(q.StartedFrom), Until: momentOf(q.StartedTo), EndedSince: momentOf(q.EndedFrom), EndedUntil: momentOf(q.EndedTo),
	}
	f.Workflow, f.Workflows = oneOrMore(q.Workflows)
	f.Version, f.Versions = oneOrMore(q.Versions)
	f.Outcome, f.Outcomes = oneOrMore(q.Outcomes)
	if q.Oldest {
		f.Order = Oldest
	}
	for _, s := range q.Statuses {
		f.Statuses = append(f.Statuses, model.Status(s))
	}
	for _, t := range q.Tags {
		w := TagTest{Tag: t.Name, Is: t.Is}
		for _, v := range t.Values {
			if v.IsNum {
				w.Values = append(w.Values, v.Num)
			} else {
				w.Values = append(w.Values, v.Text)
			}
		}
		f.Where = append(f.Where, w)
	}
	for i := range q.Except {
		f.Except = append(f.Except, filterOf(&q.Except[i]))
	}
	return f
}

// oneOrMore is a list, or its only text where that can stand alone.
func oneOrMore(all []string) (string, []string) {
	if len(all) == 1 && all[0] != "" {
		return all[0], nil
	}
	return "", all
}

// momentOf is a bound of a query as a time.
func momentOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Query writes f as [Query] reads it, without page and cursor. What was relative to a moment is absolute.
func (f *Filter) Query() string {
	q := f.query()
	return q.String()
}

func (f *Filter) query() query.Query {
	q := query.Query{
		Workflows: list(f.Workflow, f.Workflows), Versions: list(f.Version, f.Versions), Outcomes: list(f.Outcome, f.Outcomes),
		Error: f.Error, Fingerprints: f.Fingerprints, Waiting: f.Waiting, Key: f.Key, Parent: f.Parent, ID: f.IDPrefix,
		StartedFrom: millis(f.Since), StartedTo: millis(f.Until), EndedFrom: millis(f.EndedSince), EndedTo: millis(f.EndedUntil),
		Oldest: f.Order == Oldest,
	}
	for _, s := range f.Statuses {
		q.Statuses = append(q.Statuses, string(s))
	}
	for _, name := range sortedKeys(f.Tags) {
		q.Tags = append(q.Tags, queryTag(TagTest{Tag: name, Is: query.Equal, Values: []any{f.Tags[name]}}))
	}
	for _, w := range f.Where {
		q.Tags = append(q.Tags, queryTag(w))
	}
	for i := range f.Except {
		q.Except = append(q.Except, f.Except[i].query())
	}
	return q
}

func queryTag(w TagTest) query.Tag {
	t := query.Tag{Name: w.Tag, Is: w.Is}
	for _, raw := range w.Values {
		v, err := valueOf(w.Tag, raw)
		if err != nil {
			v = store.Value{Text: fmt.Sprint(raw)}
		}
		t.Values = append(t.Values, query.Value{Text: v.Text, Num: v.Num, IsNum: v.IsNum})
	}
	return t
}
