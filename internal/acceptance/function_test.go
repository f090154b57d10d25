package acceptance

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
)

// misbehaviour is a function that a step calls, and the code with which the step must end.
type misbehaviour struct {
	do   func(ctx context.Context) (any, error)
	code string
	// again: another attempt may help, so policies retry it.
	again bool
}

// mute is an error that cannot say anything.
type mute struct{ s *string }

func (m *mute) Error() string { return *m.s }

// bomb panics when it is written as JSON.
type bomb struct{}

// MarshalJSON implements json.Marshaler.
func (bomb) MarshalJSON() ([]byte, error) { panic("while writing JSON") }

func misbehaviours() map[string]misbehaviour {
	type ring struct{ Next *ring }
	loop := &ring{}
	loop.Next = loop
	long := strings.Repeat("x", 20<<20)
	out := func(v any) func(context.Context) (any, error) {
		return func(context.Context) (any, error) { return v, nil }
	}
	fail := func(err error) func(context.Context) (any, error) {
		return func(context.Context) (any, error) { return nil, err }
	}
	all := map[string]misbehaviour{
		"panics":                   {func(context.Context) (any, error) { panic("at the disco") }, "panic", true},
		"panics with nil":          {func(context.Context) (any, error) { panic(nil) }, "panic", true},
		"panics with an error":     {func(context.Context) (any, error) { panic(errors.New("oh")) }, "panic", true},
		"panics with 20 MB":        {func(context.Context) (any, error) { panic(long) }, "panic", true},
		"reads nothing":            {func(context.Context) (any, error) { var m *misbehaviour; return m.code, nil }, "panic", true},
		"reads beyond the end":     {func(context.Context) (any, error) { var l []int; return l[len(long)], nil }, "panic", true},
		"ends the goroutine":       {func(context.Context) (any, error) { runtime.Goexit(); return nil, nil }, "panic", true},
		"panics in its result":     {out(bomb{}), "panic", true},
		"panics in its error":      {fail(&mute{}), "panic", true},
		"typed nil as error":       {fail((*mute)(nil)), "panic", true},
		"a cycle":                  {out(loop), "bad_result", false},
		"an error of 20 MB":        {fail(errors.New(long)), "error", true},
		"an error of odd bytes":    {fail(errors.New("a\x00b\xff\x1b[31m")), "error", true},
		"an error without text":    {fail(errors.New("")), "error", true},
		"an odd code":              {fail(&pawl.Failure{Code: "no such code!\x00", Message: "x"}), "internal", true},
		"a code of 20 MB":          {fail(&pawl.Failure{Code: long, Message: long, Details: json.RawMessage(long)}), "internal", true},
		"broken details":           {fail(&pawl.Failure{Code: "x", Details: json.RawMessage("{\xff")}), "x", true},
		"an outcome of two words":  {fail(pawl.EndWith("a b", nil)), "bad_result", false},
		"an outcome of 20 MB":      {fail(pawl.EndWith(long, nil)), "bad_result", false},
		"an outcome with a result": {fail(pawl.EndWith("fine", long)), "payload_too_large", false},
		"an outcome with a chan":   {fail(pawl.EndWith("fine", make(chan int))), "bad_result", false},
	}
	for name, v := range hostile() {
		code := "bad_result"
		if tooLarge(name) {
			code = "payload_too_large"
		}
		all["returns "+name] = misbehaviour{out(v), code, false}
	}
	return all
}

// TestF22_F23_Misbehaviour: whatever a function does, its step ends with a code, policies decide about another
// attempt, and the text is fit to be read.
func TestF22_F23_Misbehaviour(t *testing.T) {
	t.Parallel()
	all := misbehaviours()
	var calls sync.Map
	h := build(t, func(eng *pawl.Engine) error {
		return pawl.Register(eng, "misbehave", func(ctx context.Context, name string) (any, error) {
			n, _ := calls.LoadOrStore(name, new(atomic.Int64))
			n.(*atomic.Int64).Add(1)
			if name == "good" {
				return 42, nil
			}
			return all[name].do(ctx)
		})
	})
	h.deploy(`
workflow: odd
input: {schema: {type: string}}
policies: {thrice: {max_attempts: 3, initial_interval: 1ms}}
nodes:
  - do: {call: misbehave, args: "${ input }", retry: thrice, next: {error: clean, any: clean}}
  - clean: {call: misbehave, args: good, output: {code: "${ nodes.do.error.code }", then: "${ result }"}}
`)
	runs := map[string]*pawl.Run{}
	for name := range all {
		runs[name] = h.start("odd", name)
	}
	for name, run := range runs {
		m := all[name]
		got, err := pawl.Result[struct {
			Code string
			Then int
		}](t.Context(), run)
		if err != nil || got.Code != m.code || got.Then != 42 {
			t.Errorf("%s: %+v, %v; want %s", name, got, err, m.code)
		}
		want := int64(1)
		if m.again {
			want = 3
		}
		n, _ := calls.Load(name)
		if n := n.(*atomic.Int64).Load(); n != want {
			t.Errorf("%s: %d attempts instead of %d", name, n, want)
		}
		for _, ev := range h.history(run) {
			e := ev.Error
			if e != nil && (len(e.Message) > 4<<10 || e.Message == "" || !utf8.ValidString(e.Message) || strings.ContainsAny(e.Message, "\x00\x1b")) {
				t.Errorf("%s: a message of %d bytes: %.100q", name, len(e.Message), e.Message)
			}
		}
	}
	h.endures()
}

// TestF22_WhatIsHandedOverStays: a function that goes on using what it returned or was given changes nothing.
func TestF22_WhatIsHandedOverStays(t *testing.T) {
	t.Parallel()
	shared := []byte(`"1111"`)
	h := build(t, func(eng *pawl.Engine) error {
		return errors.Join(
			pawl.Register(eng, "first", func(context.Context, struct{}) (json.RawMessage, error) { return shared, nil }),
			pawl.Register(eng, "second", func(_ context.Context, in json.RawMessage) (json.RawMessage, error) {
				copy(shared, `"2222"`)
				for i := range in {
					in[i] = 'x'
				}
				return nil, nil
			}),
		)
	})
	h.deploy(`
workflow: shared
nodes:
  - a: {call: first}
  - b: {call: second, args: "${ nodes.a.output }"}
output: "${ nodes.a.output }"
`)
	if got, err := pawl.Result[string](t.Context(), h.start("shared", nil)); err != nil || got != "1111" {
		t.Errorf("the output of the first step became %q, %v", got, err)
	}
	h.endures()
}

// TestI4_WhatCallersAreGivenIsTheirs: a caller may do with it what he likes.
func TestI4_WhatCallersAreGivenIsTheirs(t *testing.T) {
	t.Parallel()
	h := build(t, func(eng *pawl.Engine) error {
		return pawl.Register(eng, "fail", func(context.Context, struct{}) (struct{}, error) {
			return struct{}{}, pawl.Permanent(&pawl.Failure{Code: "x", Message: "said", Details: json.RawMessage(`{"a":"b"}`)})
		})
	})
	h.deploy(`
workflow: given
nodes:
  - a: {call: fail, next: {error: b}}
  - b: {set: {}, output: "${ input }"}
  - hold: {signal: go}
output: {in: "${ input }", b: "${ nodes.b.output }", why: "${ nodes.a.error.details.a }"}
`)
	run := h.start("given", "abc")
	spoil := func(data []byte, f *pawl.Failure) {
		clear(data)
		if f != nil {
			clear(f.Details)
			f.Code, f.Message = "spoiled", "spoiled"
			if f.Retryable != nil {
				*f.Retryable = true
			}
		}
	}
	for ev, err := range run.Watch(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if spoil(ev.Data, ev.Error); ev.Type == "wait_started" {
			break
		}
	}
	for range 2 {
		x, err := run.Get(t.Context())
		if err != nil || string(x.Input) != `"abc"` || x.Steps[0].Error == nil || x.Steps[0].Error.Code != "x" {
			t.Fatalf("%+v, %v", x, err)
		}
		spoil(x.Input, x.Error)
		for _, s := range x.Steps {
			spoil(s.Output, s.Error)
		}
	}
	if err := run.Signal(t.Context(), "go", nil); err != nil {
		t.Fatal(err)
	}
	got, err := pawl.Result[map[string]string](t.Context(), run)
	if err != nil || got["in"] != "abc" || got["b"] != "abc" || got["why"] != "b" {
		t.Errorf("%v, %v", got, err)
	}
	h.endures()
}

// TestF22_LogsAndBeats: what a function says beside its result is bounded, too.
func TestF22_LogsAndBeats(t *testing.T) {
	t.Parallel()
	h := build(t, func(eng *pawl.Engine) error {
		return pawl.Register(eng, "chatter", func(ctx context.Context, _ struct{}) (string, error) {
			task := pawl.TaskFrom(ctx)
			for range 10_000 {
				task.Log("a\x00b\xff\n\x1b[31m" + strings.Repeat("x", 1000))
			}
			task.Log(strings.Repeat("y", 20<<20))
			for _, v := range hostile() {
				task.Heartbeat(v)
			}
			return "said", nil
		})
	})
	h.deploy("workflow: loud\nnodes: {a: {call: chatter}}\n")
	run := h.start("loud", nil)
	if got, err := pawl.Result[string](t.Context(), run); err != nil || got != "said" {
		t.Fatalf("%q, %v", got, err)
	}
	size := 0
	for _, ev := range h.history(run) {
		size += len(ev.Text)
		if !utf8.ValidString(ev.Text) || strings.ContainsAny(ev.Text, "\x00\x1b") {
			t.Errorf("a line of the log: %.100q", ev.Text)
		}
	}
	if size == 0 || size > 100_000 {
		t.Errorf("the log has %d bytes", size)
	}
	h.endures()
}

// TestF23_HangingFunctions: one that heeds its context, and one that never comes back, end at their bound; others run
// meanwhile, in the slots that are left, and the late result counts for nothing.
func TestF23_HangingFunctions(t *testing.T) {
	t.Parallel()
	alone(t, func(t *testing.T) {
		free := make(chan struct{})
		h := build(t, func(eng *pawl.Engine) error {
			return errors.Join(
				pawl.Register(eng, "heed", func(ctx context.Context, _ struct{}) (string, error) { <-ctx.Done(); return "", ctx.Err() }),
				pawl.Register(eng, "ignore", func(context.Context, struct{}) (string, error) { <-free; return "too late", nil }),
			)
		})
		h.opts.Workers = 3
		h.reopen()
		codes := map[string]string{}
		for _, fn := range []string{"heed", "ignore"} {
			for bound, code := range map[string]string{"timeout": "timeout", "attempt_timeout": "timeout", "heartbeat": "heartbeat"} {
				name := fn + "-" + strings.ReplaceAll(bound, "_", "-")
				codes[name] = code
				h.deploy("workflow: " + name + "\nnodes: {a: {call: " + fn + ", " + bound + ": 50ms}}\n")
			}
		}
		runs := map[string]*pawl.Run{}
		for name := range codes {
			runs[name] = h.start(name, nil)
		}
		for name, run := range runs {
			x := h.wait(run)
			if x.Status != model.Failed || x.Error == nil || x.Error.Code != codes[name] {
				t.Errorf("%s: %s %+v", name, x.Status, x.Error)
			}
		}
		before := h.remember()
		h.undisturbed()
		close(free)
		h.undisturbed()
		for id, want := range before {
			if got := h.story(id); id != h.half.run.ID() && !strings.Contains(want, "bystander") && got != want {
				t.Errorf("a late result changed %s:\n%s\n%s", id, want, got)
			}
		}
		h.endures()
	})
}
