package race

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fake ends each execution a hundredth of a second after its start, or when its timer is due.
type fake struct {
	env   *Env
	lost  int64         // so many are never in the store
	early time.Duration // timers fire before they are due
	done  atomic.Int64
}

func (f *fake) Open(_ context.Context, env *Env) error  { f.env = env; return nil }
func (f *fake) Done(context.Context) (int, error)       { return int(f.done.Load() - f.lost), nil }
func (f *fake) Durable(context.Context) (string, error) { return "never", nil }
func (f *fake) Close() error                            { return nil }
func (f *fake) after(e Execution, d time.Duration) *time.Timer {
	return time.AfterFunc(d, func() {
		f.done.Add(1)
		f.env.Ended(e.ID)
		f.env.Ended(e.ID) // twice: code may run again
	})
}

func (f *fake) Start(_ context.Context, e Execution) error {
	d := 10 * time.Millisecond
	if e.Kind == Nap {
		d = max(time.Until(e.Until)-f.early, d) // never at once, or virtual time would stand still
	}
	f.after(e, d)
	return nil
}

// TestRepetition runs every case on virtual time, where what comes out is known.
func TestRepetition(t *testing.T) {
	want := map[string]float64{"chain3": 100 / 0.01, "latency3": 10, "chain1": 100 / 0.01, "fan100": 10, "timers10k": 0}
	for _, c := range Cases {
		synctest.Test(t, func(t *testing.T) {
			r, err := repetition(&fake{}, c, time.Second, 1000, "")
			if err != nil || r.Value < want[c.Name]*0.98 || r.Value > want[c.Name]*1.02+0.01 {
				t.Errorf("%s: %v %s, want %v; %v", c.Name, r.Value, c.Unit, want[c.Name], err)
			}
		})
	}
}

// TestRepetitionCounts sees a system that says more, or earlier, than it has done.
func TestRepetitionCounts(t *testing.T) {
	for _, c := range []struct {
		system *fake
		name   string
		want   string
	}{
		{&fake{lost: 1}, "chain1", "executions were started"},
		{&fake{lost: -1}, "chain1", "executions were started"},
		{&fake{early: time.Second}, "timers10k", "fired early"},
	} {
		synctest.Test(t, func(t *testing.T) {
			of, err := caseOf(c.name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = repetition(c.system, of, time.Second, 100, ""); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want an error with %q", c.name, err, c.want)
			}
		})
	}
}

// TestCompared checks that speed is a multiple of Pawl's on the same store, whichever way the unit runs.
func TestCompared(t *testing.T) {
	rows := func() []Row {
		return []Row{
			{System: "pawl", Store: "sqlite", Median: 10}, {System: "pawl", Store: "redis", Median: 20},
			{System: "other", Store: "sqlite", Median: 5}, {System: "other", Store: "redis", Median: 5},
			{System: "other", Store: "redis-everysec", Median: 5}, {System: "other", Store: "oracle", Median: 5},
			{System: "other", Store: "mysql", Error: "no"},
		}
	}
	for less, want := range map[bool][]float64{false: {1, 1, 0.5, 0.25, 0.25, 0.5, 0}, true: {1, 1, 2, 4, 4, 2, 0}} {
		for i, r := range compared(rows(), Case{Less: less}) {
			if r.Ratio != want[i] {
				t.Errorf("%s on %s, less is better: %v: %v, want %v", r.System, r.Store, less, r.Ratio, want[i])
			}
		}
	}
}

// TestTheFastestComesFirst whatever its store, and who has no number last.
func TestTheFastestComesFirst(t *testing.T) {
	slow, fast, none := Row{Median: 1}, Row{Median: 2}, Row{Error: "no"}
	for _, c := range []struct {
		x, y Row
		less bool
		want int
	}{{fast, slow, false, -1}, {fast, slow, true, 1}, {none, slow, false, 1}, {slow, none, true, -1}, {slow, slow, true, 0}} {
		if got := faster(c.x, c.y, c.less); got != c.want {
			t.Errorf("%v %v, less is better: %v: %d", c.x, c.y, c.less, got)
		}
	}
}

// TestPage checks that a page has every system, the errors, and a chart with the rows of the first case.
func TestPage(t *testing.T) {
	rows := []Row{{Case: "chain3", System: "pawl", Store: "sqlite", Median: 12345}, {Case: "chain3", System: "other", Error: errors.New("a | b").Error()}}
	text := string(page([]Entry{{System: "pawl"}, {System: "other", Note: "less"}}, rows, false))
	for _, want := range []string{"| **pawl** | sqlite | 12345 |", `a \| b`, "less"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if svg := chart(rows); !bytes.Contains(svg, []byte("12,345")) || bytes.Contains(svg, []byte("other")) {
		t.Errorf("the chart: %s", svg)
	}
}
