package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/record"
)

// Counting counts what a search would find.
type Counting interface {
	// Count counts the executions of a namespace that f selects, by what the facet says. Order, pages and cursor of f
	// are not used. Where the filter has nothing but workflows, statuses, ids and starts, and the count is by nothing,
	// workflow or status, it is exact however many there are: an index is read. Otherwise at most Facet.Look heads are
	// looked at, of each workflow and status the newest, or of what a key, a parent or a tag selects the newest; where
	// there are more the answer is Partial. [ErrFilter] for what cannot be counted.
	Count(ctx context.Context, namespace string, f Filter, by Facet) (Counts, error)
}

// Facet says by what executions are counted.
type Facet struct {
	By  By
	Tag string // the name, for ByTag
	// Step is the length of a bucket in milliseconds, for ByStart. Buckets begin at multiples of it.
	Step int64
	// Limit is how many buckets to return: 0 means 100, at most 1000. They are the largest, or the latest by start.
	Limit int
	// Look bounds how many heads are looked at; 0 means 200,000.
	Look int
}

// By is a column to count by.
type By int

// What can be counted by. ByNothing gives the total alone, ByStart a histogram of the times in the ids.
const (
	ByNothing By = iota
	ByStatus
	ByWorkflow
	ByVersion
	ByOutcome
	ByFingerprint
	ByWaiting
	ByTag
	ByStart
)

// Counts are the buckets: by start in order of time, otherwise the largest first, then by value.
type Counts struct {
	Buckets []Bucket
	// Total is all that was counted, Rest those in no bucket: in buckets beyond the limit, or without the tag.
	Total, Rest int64
	// Partial: there are more executions than were looked at.
	Partial bool
}

// Bucket is how many have one value. Start is the beginning of a bucket by start, Unix milliseconds.
type Bucket struct {
	Value Value
	Start int64
	Count int64
}

// Bounds of a count.
const (
	defaultBuckets = 100
	maxBuckets     = 1000
	defaultLook    = 200_000
)

// Buckets is the number of buckets that Limit asks for, within bounds.
func (c *Facet) Buckets() int {
	if c.Limit <= 0 {
		return defaultBuckets
	}
	return min(c.Limit, maxBuckets)
}

// Bound is the number of heads to look at.
func (c *Facet) Bound() int {
	if c.Look <= 0 {
		return defaultLook
	}
	return c.Look
}

// Check says why c cannot be used, as [ErrFilter].
func (c *Facet) Check() error {
	switch {
	case c.By < ByNothing || c.By > ByStart:
		return fmt.Errorf("%w: there is nothing to count by under %d", ErrFilter, c.By)
	case c.By == ByTag && (c.Tag == "" || unfit(c.Tag)):
		return fmt.Errorf("%w: no tag to count by", ErrFilter)
	case c.By == ByStart && (c.Step <= 0 || c.Step > maxMillis):
		return fmt.Errorf("%w: buckets of %d ms", ErrFilter, c.Step)
	}
	return nil
}

// Tally adds up one count.
type Tally struct {
	facet   *Facet
	byValue map[Value]int64
	byStart map[int64]int64
	total   int64
}

// NewTally begins a count.
func NewTally(by *Facet) *Tally {
	return &Tally{facet: by, byValue: map[Value]int64{}, byStart: map[int64]int64{}}
}

// Head adds one execution.
func (t *Tally) Head(h *record.Head) {
	if t.facet.By == ByStart {
		t.Start(h.Execution.Millis(), 1)
		return
	}
	v, ok := t.value(h)
	t.Value(v, ok, 1)
}

// value is what h counts as; ok is false where it has nothing to count by.
func (t *Tally) value(h *record.Head) (v Value, ok bool) {
	switch t.facet.By {
	case ByStatus:
		return Value{Text: h.Status}, true
	case ByWorkflow:
		return Value{Text: h.Workflow}, true
	case ByVersion:
		return Value{Text: h.Version}, true
	case ByOutcome:
		return Value{Text: h.Outcome}, true
	case ByFingerprint:
		return Value{Text: h.Fingerprint}, true
	case ByWaiting:
		return Value{Text: h.Waiting}, true
	case ByTag:
		for i := range h.Tags {
			if tag := &h.Tags[i]; tag.Name == t.facet.Tag {
				return Value{Text: tag.Text, Num: tag.Num, IsNum: tag.IsNum}, true
			}
		}
	}
	return Value{}, false
}

// Value adds n executions with a value; ok is false where they have none.
func (t *Tally) Value(v Value, ok bool, n int64) {
	t.total += n
	if ok && n > 0 {
		t.byValue[v] += n
	}
}

// Start adds n executions of one time in the ids.
func (t *Tally) Start(millis, n int64) {
	t.total += n
	if n > 0 {
		t.byStart[millis-millis%t.facet.Step] += n
	}
}

// Counts is the answer.
func (t *Tally) Counts(partial bool) Counts {
	c := Counts{Total: t.total, Rest: t.total, Partial: partial}
	//archtest:ordered sorted below
	for v, n := range t.byValue {
		c.Buckets = append(c.Buckets, Bucket{Value: v, Count: n})
	}
	//archtest:ordered sorted below
	for at, n := range t.byStart {
		c.Buckets = append(c.Buckets, Bucket{Start: at, Count: n})
	}
	slices.SortFunc(c.Buckets, func(a, b Bucket) int {
		return cmp.Or(cmp.Compare(b.Start, a.Start), cmp.Compare(b.Count, a.Count), compareValues(a.Value, b.Value))
	})
	c.Buckets = c.Buckets[:min(len(c.Buckets), t.facet.Buckets())]
	if t.facet.By == ByStart {
		slices.Reverse(c.Buckets)
	}
	for _, b := range c.Buckets {
		c.Rest -= b.Count
	}
	if t.facet.By == ByNothing {
		c.Rest = 0
	}
	return c
}

// compareValues orders numbers before text.
func compareValues(a, b Value) int {
	switch {
	case a.IsNum && !b.IsNum:
		return -1
	case b.IsNum && !a.IsNum:
		return 1
	}
	return cmp.Or(cmp.Compare(a.Num, b.Num), cmp.Compare(a.Text, b.Text))
}
