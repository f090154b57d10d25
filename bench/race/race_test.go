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

// TestCompared checks that speed is a multiple of the first's, whichever way the unit runs.
func TestCompared(t *testing.T) {
	rows := func() []Row { return []Row{{Median: 10}, {Median: 5}, {Error: "no"}} }
	if got := compared(rows(), Case{}); got[1].Ratio != 0.5 || got[2].Ratio != 0 {
		t.Errorf("of a rate: %v", got)
	}
	if got := compared(rows(), Case{Less: true}); got[1].Ratio != 2 {
		t.Errorf("of a time: %v", got)
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
