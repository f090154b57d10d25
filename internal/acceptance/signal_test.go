package acceptance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
)

const nobody = "01jd0000000000000000000000"

// TestF38_SignalsThatNobodyCanTake: to what is not there, and to what has ended; neither makes anything.
func TestF38_SignalsThatNobodyCanTake(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ctx := t.Context()
	h.deploy("workflow: w\nsignals: {go: {schema: {type: object, required: [n]}}}\nnodes: {a: {signal: go}}\n")
	ended := h.start("w", nil)
	if err := ended.Signal(ctx, "go", map[string]int{"n": 1}); err != nil {
		t.Fatal(err)
	}
	h.wait(ended)
	cancelled := h.start("w", nil)
	if err := cancelled.Cancel(ctx); err != nil {
		t.Fatal(err)
	}
	h.wait(cancelled)
	refuses(t, "nobody", h.eng.Signal(ctx, nobody, "go", nil), pawl.CodeNotFound)
	refuses(t, "no id", h.eng.Signal(ctx, "order-42", "go", nil), pawl.CodeInvalid)
	for _, run := range []*pawl.Run{ended, cancelled} {
		for range 2 { // from memory and from the file
			refuses(t, "an execution that has ended", h.run(run).Signal(ctx, "go", map[string]int{"n": 2}), pawl.CodeClosed)
			refuses(t, "cancelling it", h.run(run).Cancel(ctx), pawl.CodeClosed)
			refuses(t, "pausing it", h.eng.Pause(ctx, run.ID()), pawl.CodeClosed)
			h.reopen()
		}
	}
	open := h.start("w", nil)
	refuses(t, "a signal that is not declared", open.Signal(ctx, "og", nil), pawl.CodeUnknownSignal)
	refuses(t, "data that breaks the schema", open.Signal(ctx, "go", map[string]int{"m": 1}), pawl.CodeInvalid)
	for name, v := range hostile() {
		code := pawl.CodeInvalid
		if tooLarge(name) {
			code = pawl.CodePayload
		}
		refuses(t, "data: "+name, open.Signal(ctx, "go", v), code)
		refuses(t, "data without a schema: "+name, h.run(h.half.run).Signal(ctx, "other", v), code)
	}
	for _, sig := range []string{"og", "go"} {
		_, err := h.eng.Start(ctx, "w", nil, pawl.WithSignal(sig, "text"))
		if want := map[string]string{"og": pawl.CodeUnknownSignal, "go": pawl.CodeInvalid}[sig]; pawl.Code(err) != want {
			t.Errorf("starting with %s: %v", sig, err)
		}
	}
	if x, err := open.Get(ctx); err != nil || x.Seq != 1 {
		t.Errorf("the refused signals left %+v, %v", x, err)
	}
	if n := h.count("w"); n != 3 {
		t.Errorf("%d executions", n)
	}
	h.endures()
}

// TestF38_I12_SignalsThatComeEarly: before the start is due, before the wait, while paused, before a restart. Each is
// consumed once, in order of arrival; what is left at the end is told.
func TestF38_I12_SignalsThatComeEarly(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ctx := t.Context()
	h.deploy(`
workflow: early
nodes:
  - first: {signal: {name: s, count: 3}}
  - hold: {signal: go}
  - second: {signal: s}
output: {first: "${ nodes.first.output }", second: "${ nodes.second.output }"}
`)
	for name, c := range map[string]struct {
		opts   []pawl.StartOption
		before func(*pawl.Run) error
		after  func(*pawl.Run) error
	}{
		"at once": {},
		"pending": {opts: []pawl.StartOption{pawl.Delay(300 * time.Millisecond)}},
		"paused": {
			before: func(r *pawl.Run) error { return h.eng.Pause(ctx, r.ID()) },
			after:  func(r *pawl.Run) error { return h.eng.Resume(ctx, r.ID()) },
		},
		"restart": {after: func(*pawl.Run) error { h.reopen(); return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			run := h.start("early", nil, append(c.opts, pawl.WithSignal("s", 0))...)
			if c.before != nil {
				if err := c.before(run); err != nil {
					t.Fatal(err)
				}
			}
			for i := 1; i <= 6; i++ {
				for range 2 { // a repeat of the same signal is ignored
					if err := run.Signal(ctx, "s", i, pawl.SignalID(fmt.Sprint("id", i))); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := run.Signal(ctx, "unwanted", "u"); err != nil {
				t.Fatal(err)
			}
			if c.after != nil {
				if err := c.after(run); err != nil {
					t.Fatal(err)
				}
			}
			run = h.run(run)
			if err := run.Signal(ctx, "go", nil); err != nil {
				t.Fatal(err)
			}
			got, err := pawl.Result[struct {
				First  []int
				Second int
			}](ctx, run)
			if err != nil || !slices.Equal(got.First, []int{0, 1, 2}) || got.Second != 3 {
				t.Errorf("%+v, %v", got, err)
			}
			h.accountsFor(run, []string{"s", "s", "s", "unwanted"})
		})
	}
	h.endures()
}

// accountsFor checks I12: every signal received was consumed, or is named as undelivered at the end.
func (h *house) accountsFor(run *pawl.Run, undelivered []string) {
	h.t.Helper()
	received, consumed := 0, 0
	var left []string
	for _, ev := range h.history(run) {
		switch ev.Type {
		case "signal_received":
			received++
		case "signal_consumed":
			consumed++
		case "signal_undelivered":
			left = append(left, ev.Name)
		}
	}
	if received != consumed+len(left) || !slices.Equal(left, undelivered) {
		h.t.Errorf("%d received, %d consumed, undelivered %q instead of %q", received, consumed, left, undelivered)
	}
}

// TestF42_InboxFull: the one too many is refused, nothing that was acknowledged is dropped, and the rest still fits
// once there is room.
func TestF42_InboxFull(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ctx := t.Context()
	h.deploy("workflow: full\nnodes:\n  - hold: {signal: go}\n  - take: {signal: {name: s, count: 999}}\noutput: \"${ sum(nodes.take.output) }\"\n")
	run := h.start("full", nil)
	var send sync.WaitGroup
	for part := range 4 {
		send.Go(func() {
			for i := range 250 {
				if err := run.Signal(ctx, "s", part*250+i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	send.Wait()
	for range 3 {
		refuses(t, "one too many", run.Signal(ctx, "s", 5000), pawl.CodeInboxFull)
	}
	refuses(t, "the one that would make room", run.Signal(ctx, "go", nil), pawl.CodeInboxFull)
	h.reopen()
	run = h.run(run)
	refuses(t, "after a restart", run.Signal(ctx, "go", nil), pawl.CodeInboxFull)
	if err := run.Cancel(ctx); err != nil {
		t.Fatal(err)
	}
	if x := h.wait(run); x.Status != model.Cancelled {
		t.Errorf("%+v", x)
	}
	h.accountsFor(run, slices.Repeat([]string{"s"}, 1000))
	h.endures()
}

// TestF39_SignalAgainstTheEnd: a signal that races with the end of its execution is consumed, told as undelivered, or
// refused; the sender knows which of the last two it was not.
func TestF39_SignalAgainstTheEnd(t *testing.T) {
	t.Parallel()
	h := build(t, func(eng *pawl.Engine) error {
		return pawl.Register(eng, "one", func(context.Context, struct{}) (int, error) { return 1, nil })
	})
	ctx := t.Context()
	h.deploy("workflow: race\nnodes:\n  - a: {call: one}\n  - b: {signal: last}\n")
	for range 30 {
		run := h.start("race", nil)
		var accepted sync.Map
		var send sync.WaitGroup
		for i := range 4 {
			send.Go(func() {
				err := run.Signal(ctx, "last", i)
				if err != nil && !errors.Is(err, pawl.ErrClosed) {
					t.Error(err)
				}
				accepted.Store(i, err == nil)
			})
		}
		send.Wait()
		h.wait(run)
		n, seen := 0, 0
		accepted.Range(func(_, ok any) bool {
			if ok.(bool) {
				n++
			}
			return true
		})
		for _, ev := range h.history(run) {
			if ev.Type == "signal_received" {
				seen++
			}
		}
		if n != seen {
			t.Errorf("%d signals were acknowledged, %d are in the journal", n, seen)
		}
		h.accountsFor(run, slices.Repeat([]string{"last"}, max(n-1, 0)))
	}
	h.endures()
}

// TestI7_RepeatedCommands: the same request again changes nothing and gets the first answer, also after a restart.
func TestI7_RepeatedCommands(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ctx := t.Context()
	h.deploy("workflow: w\nnodes:\n  - a: {signal: {name: s, count: 2}}\n  - b: {signal: go}\n")
	in := json.RawMessage(`{"a":1,"b":2}`)
	run := h.start("w", in, pawl.RequestID("start"))
	for range 3 {
		again, err := h.eng.Start(ctx, "w", json.RawMessage(` {"b":2, "a":1}`), pawl.RequestID("start"))
		if err != nil || again.ID() != run.ID() {
			t.Errorf("starting again: %v, %v", again, err)
		}
		_, err = h.eng.Start(ctx, "w", json.RawMessage(`{"a":2}`), pawl.RequestID("start"))
		refuses(t, "another input", err, pawl.CodeKeyConflict)
		for range 2 {
			if err := h.run(run).Signal(ctx, "s", 1, pawl.RequestID("one")); err != nil {
				t.Fatal(err)
			}
		}
		h.reopen()
	}
	if x, err := h.run(run).Get(ctx); err != nil || len(x.Waiting) != 1 || x.Waiting[0].Node != "a" {
		t.Errorf("one signal was counted more than once: %+v, %v", x, err)
	}
	h.endures()
}
