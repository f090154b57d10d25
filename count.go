package pawl

import (
	"context"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/internal/nearest"
	"github.com/pawl-dev/pawl/store"
)

// Facet says by what executions are counted.
type Facet struct {
	// By is status, workflow, version, outcome, fingerprint, waiting or tag.NAME; "" counts all together.
	By string `json:"by,omitempty"`
	// Limit is the number of buckets: 100, at most 1,000. They are the largest, of a histogram the latest.
	Limit int `json:"limit,omitempty"`
}

// Counts is how many executions a filter selects.
type Counts struct {
	Total int64 `json:"total"`
	// Buckets are the largest first; those of a histogram in order of time, without the empty ones.
	Buckets []Bucket `json:"buckets,omitempty"`
	// Rest are those in no bucket: in smaller ones beyond the limit, or without the tag.
	Rest int64 `json:"rest,omitempty"`
	// Partial: there are so many that only the newest were looked at.
	Partial bool `json:"partial,omitempty"`
}

// Bucket is how many executions have one value.
type Bucket struct {
	// Value is text, or of a tag also a float64; nil in a histogram.
	Value any `json:"value,omitempty"`
	// From is when a bucket of a histogram begins.
	From  time.Time `json:"from,omitzero"`
	Count int64     `json:"count"`
}

var facets = map[string]store.By{
	"": store.ByNothing, "status": store.ByStatus, "workflow": store.ByWorkflow, "version": store.ByVersion,
	"outcome": store.ByOutcome, "fingerprint": store.ByFingerprint, "waiting": store.ByWaiting,
}

// Count counts the executions that f selects, without limits, schedules and bulks. Counts by status and workflow of a
// filter with nothing but workflows, statuses and starts are exact; for others at most 200,000 executions are looked
// at, the newest of each workflow and status, and [Counts.Partial] says when there were more.
func (e *Engine) Count(ctx context.Context, f Filter, by Facet) (Counts, error) {
	facet := store.Facet{Limit: by.Limit}
	if name, ok := strings.CutPrefix(by.By, "tag."); ok {
		facet.By, facet.Tag = store.ByTag, name
	} else if facet.By, ok = facets[by.By]; !ok {
		hint := nearest.Hint(by.By, sortedKeys(facets))
		if hint == "" {
			hint = "count by status, workflow, version, outcome, fingerprint, waiting or tag.NAME"
		}
		return Counts{}, invalid("executions cannot be counted by %q; %s", by.By, hint)
	}
	return e.count(ctx, f, facet)
}

// Histogram counts the executions that f selects by when they started, in buckets of one length, which begin at
// multiples of it. The time of the start is that of [Filter.Since].
func (e *Engine) Histogram(ctx context.Context, f Filter, step time.Duration) (Counts, error) {
	if step < time.Millisecond || step%time.Millisecond != 0 {
		return Counts{}, invalid("a histogram of %s is not possible; its buckets are whole milliseconds", step)
	}
	return e.count(ctx, f, store.Facet{By: store.ByStart, Step: step.Milliseconds(), Limit: 1000})
}

func (e *Engine) count(ctx context.Context, f Filter, facet store.Facet) (Counts, error) {
	f.Limit, f.Cursor = 0, ""
	sf, err := f.search()
	if err != nil {
		return Counts{}, err
	}
	f.withoutEntities(&sf)
	c, err := e.backend.Count(ctx, e.opts.Namespace, sf, facet)
	if err != nil {
		return Counts{}, wrapStore("counting executions", err)
	}
	out := Counts{Total: c.Total, Rest: c.Rest, Partial: c.Partial}
	for _, b := range c.Buckets {
		bucket := Bucket{Count: b.Count}
		switch {
		case facet.By == store.ByStart:
			bucket.From = time.UnixMilli(b.Start).UTC()
		case b.Value.IsNum:
			bucket.Value = b.Value.Num
		default:
			bucket.Value = b.Value.Text
		}
		out.Buckets = append(out.Buckets, bucket)
	}
	return out, nil
}
