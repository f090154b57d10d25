package store

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/record"
)

// Page sizes of a search.
const (
	defaultPage = 100
	maxPage     = 1000
)

// Size is the page size that Limit asks for, within bounds.
func (f *Filter) Size() int {
	if f.Limit <= 0 {
		return defaultPage
	}
	return min(f.Limit, maxPage)
}

// Match reports whether f selects h. What is a range of ids is left aside: see [Filter.Range]. It is the meaning of a
// filter in code, for drivers that cannot ask a database.
func (f *Filter) Match(h *record.Head) bool {
	return (f.Workflow == "" || f.Workflow == h.Workflow) &&
		(f.Version == "" || f.Version == h.Version) &&
		(len(f.Statuses) == 0 || slices.Contains(f.Statuses, h.Status)) &&
		(f.Outcome == "" || f.Outcome == h.Outcome) &&
		(f.Key == "" || f.Key == h.Key) &&
		(f.Parent.IsZero() || f.Parent == h.Parent) &&
		within(h.Ended, f.EndedFrom, f.EndedTo) &&
		f.matchTags(h)
}

func (f *Filter) matchTags(h *record.Head) bool {
	for _, want := range f.Tags {
		if !slices.Contains(h.Tags, want) {
			return false
		}
	}
	return true
}

// within compares a time with [from, to). What has not happened (0) is in no range that is bounded at all.
func within(at, from, to int64) bool {
	if from == 0 && to == 0 {
		return true
	}
	return at != 0 && at >= from && (to == 0 || at < to)
}

// Range is the range of ids, both ends included, that IDPrefix, StartedFrom, StartedTo and Cursor leave. It is empty
// (lo > hi) where there is no such id. A cursor that no page gave is an error.
func (f *Filter) Range() (lo, hi record.ID, err error) {
	lo, hi = prefixRange(f.IDPrefix)
	if f.StartedFrom > maxMillis || f.StartedTo < 0 {
		return record.ID{1}, record.ID{}, nil
	}
	if from := record.NewID(max(f.StartedFrom, 0), 0, 0); bytes.Compare(lo[:], from[:]) < 0 {
		lo = from
	}
	if f.StartedTo > 0 && f.StartedTo <= maxMillis {
		if to := previous(record.NewID(f.StartedTo, 0, 0)); bytes.Compare(to[:], hi[:]) < 0 {
			hi = to
		}
	}
	if f.Cursor == "" {
		return lo, hi, nil
	}
	last, err := record.ParseID(f.Cursor)
	if err != nil {
		return lo, hi, fmt.Errorf("cursor %.40q: %w", f.Cursor, err)
	}
	if last.IsZero() {
		return record.ID{1}, record.ID{}, nil
	}
	if last = previous(last); bytes.Compare(last[:], hi[:]) < 0 {
		hi = last
	}
	return lo, hi, nil
}

// maxMillis is the last time that an id can have.
const maxMillis = 1<<48 - 1

// idText is the length of an id as text.
const idText = 26

func prefixRange(prefix string) (lo, hi record.ID) {
	for i := range hi {
		hi[i] = 0xff
	}
	if prefix == "" {
		return lo, hi
	}
	pad := max(0, idText-len(prefix))
	first, err := record.ParseID(prefix + strings.Repeat("0", pad))
	if err != nil {
		return hi, lo
	}
	last, err := record.ParseID(prefix + strings.Repeat("z", pad))
	if err != nil {
		return hi, lo
	}
	return first, last
}

// previous is the id before id, which is not zero.
func previous(id record.ID) record.ID {
	for i := len(id) - 1; i >= 0; i-- {
		id[i]--
		if id[i] != 0xff {
			break
		}
	}
	return id
}
