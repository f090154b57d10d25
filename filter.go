package pawl

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/query"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Filter selects executions; zero fields select everything. [Query] makes one of text such as "status:failed
// amount>100". Text is compared literally. Of a list one must fit, and a field with one value counts as one more of the
// list of its name.
type Filter struct {
	Workflow string         `json:"workflow,omitempty"`
	Version  string         `json:"version,omitempty"`
	Statuses []model.Status `json:"statuses,omitempty"`
	Outcome  string         `json:"outcome,omitempty"`
	Key      string         `json:"key,omitempty"`
	// Parent selects the children of an execution.
	Parent string `json:"parent,omitempty"`
	// Tags must all be there and equal: text, or a number.
	Tags map[string]any `json:"tags,omitempty"`
	// Since and Until bound the time in the id, Until exclusive. It is that of the start; what was started with a delay
	// counts from when that was asked for, a child from when its step was due, and a fork or rerun under a request id, as a
	// bulk makes them, from a millisecond after its original.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// IDPrefix selects ids that begin so.
	IDPrefix string `json:"id_prefix,omitempty"`

	Workflows []string `json:"workflows,omitempty"`
	Versions  []string `json:"versions,omitempty"`
	Outcomes  []string `json:"outcomes,omitempty"`
	// Error is part of the error; A to Z are as a to z.
	Error string `json:"error,omitempty"`
	// Fingerprints are those of errors, see [Execution.Fingerprint].
	Fingerprints []string `json:"fingerprints,omitempty"`
	// Waiting selects what rests and waits for something that begins so, see [Execution.WaitingFor].
	Waiting []string `json:"waiting,omitempty"`
	// Where compares tags; all must hold.
	Where []TagTest `json:"where,omitempty"`
	// EndedSince and EndedUntil bound the time of the end, Until exclusive; what is open is in no such range.
	EndedSince time.Time `json:"ended_since,omitzero"`
	EndedUntil time.Time `json:"ended_until,omitzero"`
	// Except leaves out what any of these selects. Its filters have no ids, starts, order, pages and exceptions.
	Except []Filter `json:"except,omitempty"`

	// Order is [Newest], which is also "", or [Oldest], by the time in the id.
	Order string `json:"order,omitempty"`
	// Limit is the size of a page: 100, at most 1,000.
	Limit int `json:"limit,omitempty"`
	// Cursor is [Page.Next] of the page before.
	Cursor string `json:"cursor,omitempty"`
}

// The orders of a list.
const (
	Newest = "newest"
	Oldest = "oldest"
)

// TagTest compares a tag. Where an execution has no such tag it does not hold.
type TagTest struct {
	Tag string `json:"tag"`
	// Is is =, !=, <, <=, >, >= or exists.
	Is string `json:"is"`
	// Values are texts or numbers, which are never equal, before or after each other: one; several with = (any of
	// them) and != (none of them); none with exists.
	Values []any `json:"values,omitempty"`
}

// comparisons are what [TagTest.Is] can be.
var comparisons = map[string]store.Comparison{
	query.Equal: store.Equal, query.NotEqual: store.NotEqual, query.Less: store.Less, query.LessEqual: store.LessEqual,
	query.Greater: store.Greater, query.GreaterEqual: store.GreaterEqual, query.Exists: store.Exists,
}

// Search is f as a store is asked that is opened without an engine, for package store/transfer.
func (f Filter) Search() (store.Filter, error) {
	sf, err := f.search()
	f.withoutEntities(&sf)
	return sf, err
}

// search is f as a store is asked.
func (f *Filter) search() (store.Filter, error) {
	sf := store.Filter{
		Workflows: list(f.Workflow, f.Workflows), Versions: list(f.Version, f.Versions), Outcomes: list(f.Outcome, f.Outcomes),
		Fingerprints: f.Fingerprints, Waiting: f.Waiting, ErrorText: f.Error, Key: f.Key, IDPrefix: f.IDPrefix,
		StartedFrom: millis(f.Since), StartedTo: millis(f.Until), EndedFrom: millis(f.EndedSince), EndedTo: millis(f.EndedUntil),
		Limit: f.Limit, Cursor: f.Cursor,
	}
	for _, s := range f.Statuses {
		sf.Statuses = append(sf.Statuses, string(s))
	}
	if len(f.Waiting) > 0 && len(f.Statuses) == 0 {
		sf.Statuses = statusesOf(false) // nothing else waits, and the store need not look at it
	}
	if f.Cursor != "" {
		if _, err := record.ParseID(f.Cursor); err != nil {
			return sf, invalid("Filter.Cursor is not one of a page: %v", err)
		}
	}
	if f.Parent != "" {
		id, err := record.ParseID(f.Parent)
		if err != nil {
			return sf, invalid("Filter.Parent: %v", err)
		}
		sf.Parent = id
	}
	switch f.Order {
	case "", Newest:
	case Oldest:
		sf.Order = store.Oldest
	default:
		return sf, invalid("Filter.Order is %q, neither newest nor oldest", f.Order)
	}
	for i := range f.Except {
		x, err := f.Except[i].search()
		if err != nil {
			return sf, err
		}
		sf.Except = append(sf.Except, x)
	}
	return sf, f.searchTags(&sf)
}

func (f *Filter) searchTags(sf *store.Filter) error {
	for _, name := range sortedKeys(f.Tags) {
		v, err := valueOf(name, f.Tags[name])
		if err != nil {
			return err
		}
		sf.Tags = append(sf.Tags, store.TagTest{Name: name, Values: []store.Value{v}})
	}
	for _, w := range f.Where {
		is, ok := comparisons[w.Is]
		if !ok {
			return invalid("Filter.Where: there is no comparison %q", w.Is)
		}
		t := store.TagTest{Name: w.Tag, Is: is}
		for _, raw := range w.Values {
			v, err := valueOf(w.Tag, raw)
			if err != nil {
				return err
			}
			t.Values = append(t.Values, v)
		}
		sf.Tags = append(sf.Tags, t)
	}
	if err := sf.Check(); err != nil {
		return &Error{Code: CodeInvalid, Message: "Filter", Cause: err}
	}
	return nil
}

// statusesOf lists the open or the closed statuses.
func statusesOf(closed bool) (out []string) {
	for _, s := range []model.Status{model.Pending, model.Running, model.Paused, model.Compensating, model.Parked,
		model.Completed, model.Failed, model.Cancelled, model.Terminated} {
		if s.Closed() == closed {
			out = append(out, string(s))
		}
	}
	return out
}

// list is a list with one text more, if there is one.
func list(one string, more []string) []string {
	if one == "" {
		return more
	}
	return append(slices.Clone(more), one)
}

// millis is a time as stores have it; 0 is none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	if ms := t.UnixMilli(); ms != 0 {
		return ms
	}
	return -1
}

// valueOf reads a value of a tag.
func valueOf(name string, v any) (store.Value, error) {
	out := store.Value{IsNum: true}
	switch v := v.(type) {
	case string:
		return store.Value{Text: v}, nil
	case int:
		out.Num = float64(v)
	case int64:
		out.Num = float64(v)
	case float64:
		out.Num = v
	case json.Number:
		n, err := v.Float64()
		if err != nil {
			return out, invalid("Filter.Tags: %q is no number", name)
		}
		out.Num = n
	default:
		return out, invalid("Filter.Tags: %q is neither text nor a number", name)
	}
	return out, nil
}
