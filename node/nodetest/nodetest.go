// Package nodetest is the suite that every node type passes: what the engine relies on and an executor can get wrong.
// A node type's own test is a [Case] and one call of [Run].
//
// It must not know any node type, nor how tasks are scheduled.
package nodetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.uber.org/goleak"
)

// Canary is a value to put into configurations where secrets go. It may appear nowhere but in outputs.
const Canary = "canary-81f3a9c27d"

// Key is the idempotency key of every task of the suite.
const Key = "06f00000000000000000000000/step"

// patience is how long an executor may take to come back after its context has ended.
const patience = 5 * time.Second

// Case describes a node type to the suite. Configurations are JSON objects as an executor gets them.
type Case struct {
	Type node.Type
	// Good succeeds, at once, any number of times.
	Good string
	// Slow does not end by itself within a minute. Begun, where set, is called in another goroutine and returns when
	// Slow has begun.
	Slow  string
	Begun func()
	// Bad configurations can never work: each must end in an error that is not retryable. The suite adds its own.
	Bad []string
	// SeenKey returns the idempotency key that reached the outside during the last run of Good; nil where the type
	// hands it to nobody.
	SeenKey func() string
	// Secret fails and holds [Canary] where secrets go; "" where the type takes none.
	Secret string
	// Large would give more than 8 MiB of output; "" where the type has no way to.
	Large string
}

// Run runs the suite.
func Run(t *testing.T, c Case) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Run("Descriptor", func(t *testing.T) { descriptor(t, c) })
	t.Run("Good", func(t *testing.T) { good(t, c) })
	t.Run("Parallel", func(t *testing.T) { parallel(t, c) })
	t.Run("Bad", func(t *testing.T) { bad(t, c) })
	t.Run("Cancel", func(t *testing.T) { cancelled(t, c) })
	t.Run("Deadline", func(t *testing.T) { deadline(t, c) })
	t.Run("Ended", func(t *testing.T) { ended(t, c) })
	t.Run("F17 Key", func(t *testing.T) { key(t, c) })
	t.Run("S48 Secret", func(t *testing.T) { secret(t, c) })
	t.Run("F22 Large", func(t *testing.T) { large(t, c) })
	if x, ok := c.Type.Executor.(interface{ Close() }); ok {
		x.Close()
	}
	if err := goleak.Find(before); err != nil {
		t.Errorf("goroutines are left: %v", err)
	}
}

// log collects what an executor writes while it works.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

// execute runs one task. A panic fails the test.
func execute(ctx context.Context, t *testing.T, c Case, with string) (res model.Result, written []string, err error) {
	t.Helper()
	var l log
	task := &node.Task{
		Namespace: "default", Workflow: "suite", Version: "1.0.0", Execution: Key[:26], Step: "step", Node: "step",
		Type: c.Type.Descriptor.Type, Attempt: 1, Key: Key, With: json.RawMessage(with),
		Heartbeat: func(any) {}, Log: l.add,
	}
	if at, ok := ctx.Deadline(); ok {
		task.Deadline = at
	}
	defer func() {
		if v := recover(); v != nil {
			t.Errorf("panic with %s: %v", with, v)
		}
	}()
	before := bytes.Clone(task.With)
	res, err = c.Type.Executor.Execute(ctx, task)
	if !bytes.Equal(before, task.With) {
		t.Errorf("the executor changed its configuration to %s", task.With)
	}
	return res, l.lines, err
}

func descriptor(t *testing.T, c Case) {
	d := c.Type.Descriptor
	if !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(d.Type) {
		t.Errorf("the type %q is no lower-case word", d.Type)
	}
	if d.Short == "" || strings.ContainsAny(d.Short, "\n") || strings.HasSuffix(d.Short, ".") {
		t.Errorf("the short description %q is not one line without a full stop", d.Short)
	}
	if len(d.Doc) < 200 {
		t.Error("the documentation is too short to explain anything")
	}
	for _, b := range d.Bad {
		if !contains(d.Outcomes, b) {
			t.Errorf("the bad outcome %q is not among the outcomes", b)
		}
	}
	config := compile(t, "config", d.Config)
	if config == nil {
		return
	}
	if config.AdditionalProperties != false {
		t.Error("the configuration's schema accepts unknown keys; typing errors would pass")
	}
	examples := examplesOf(t, d.Config)
	if len(examples) == 0 {
		t.Error("the configuration's schema has no examples")
	}
	for _, e := range append(examples, json.RawMessage(c.Good), json.RawMessage(c.Slow)) {
		if err := fits(config, e); err != nil {
			t.Errorf("the schema refuses %s: %v", e, err)
		}
	}
	if d.Output != nil {
		compile(t, "output", d.Output)
	}
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

func compile(t *testing.T, name string, schema json.RawMessage) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Errorf("the %s schema is not JSON: %v", name, err)
		return nil
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource("mem:///"+name+".json", doc); err != nil {
		t.Errorf("the %s schema: %v", name, err)
		return nil
	}
	s, err := compiler.Compile("mem:///" + name + ".json")
	if err != nil {
		t.Errorf("the %s schema: %v", name, err)
		return nil
	}
	return s
}

func fits(s *jsonschema.Schema, value json.RawMessage) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

func examplesOf(t *testing.T, schema json.RawMessage) []json.RawMessage {
	t.Helper()
	var s struct {
		Examples []json.RawMessage `json:"examples"`
	}
	if err := json.Unmarshal(schema, &s); err != nil {
		t.Error(err)
	}
	return s.Examples
}

func good(t *testing.T, c Case) {
	res, _, err := execute(t.Context(), t, c, c.Good)
	if err := verdict(res, err); err != nil {
		t.Fatal(err)
	}
	if len(res.Output) > 0 && !json.Valid(res.Output) {
		t.Fatalf("the output is not JSON: %q", res.Output)
	}
	if out := c.Type.Descriptor.Output; out != nil {
		if s := compile(t, "output", out); s != nil {
			if err := fits(s, res.Output); err != nil {
				t.Errorf("the output %s does not fit its schema: %v", res.Output, err)
			}
		}
	}
	if words := c.Type.Descriptor.Outcomes; res.Outcome != "" && res.Outcome != model.Success && len(words) > 0 && !contains(words, res.Outcome) {
		t.Errorf("the outcome %q is not declared", res.Outcome)
	}
}

// verdict is nil for a good result.
func verdict(res model.Result, err error) error {
	if err != nil {
		return err
	}
	if res.Error != nil {
		return res.Error
	}
	return nil
}

// parallel runs Good from many goroutines: an executor serves all workers at once.
func parallel(t *testing.T, c Case) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			res, _, err := execute(t.Context(), t, c, c.Good)
			if err := verdict(res, err); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func bad(t *testing.T, c Case) {
	odd := []string{``, `null`, `[]`, `1`, `"x"`, `{}`, `{"no such key": 1}`, `{`, strings.Repeat(`{"a":`, 2000) + `1` + strings.Repeat(`}`, 2000)}
	for _, with := range append(odd, c.Bad...) {
		res, _, err := execute(t.Context(), t, c, with)
		switch {
		case err != nil:
			t.Errorf("%.80s: a Go error instead of a result: %v", with, err)
		case res.Error == nil:
			t.Errorf("%.80s: accepted, with %s", with, res.Output)
		case res.Error.Code == "" || res.Error.Message == "":
			t.Errorf("%.80s: the error has no code or no message: %+v", with, res.Error)
		case res.Error.Retryable == nil || *res.Error.Retryable:
			t.Errorf("%.80s: %s is retryable, and can never work", with, res.Error.Code)
		}
	}
}

// ending runs Slow under ctx and returns what it came back with.
func ending(ctx context.Context, t *testing.T, c Case, begun func()) (model.Result, error) {
	t.Helper()
	type end struct {
		res model.Result
		err error
	}
	done := make(chan end, 1)
	go func() {
		res, _, err := execute(ctx, t, c, c.Slow)
		done <- end{res, err}
	}()
	if begun != nil {
		go begun()
	}
	<-ctx.Done()
	select {
	case e := <-done:
		return e.res, e.err
	case <-time.After(patience):
		t.Fatalf("the executor goes on %s after its context has ended", patience)
		return model.Result{}, nil
	}
}

func cancelled(t *testing.T, c Case) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	begun := func() {
		if c.Begun != nil {
			c.Begun()
		}
		cancel(errors.New("the step was cancelled"))
	}
	if res, err := ending(ctx, t, c, begun); verdict(res, err) == nil {
		t.Errorf("a cancelled task ended well, with %s", res.Output)
	}
}

func deadline(t *testing.T, c Case) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if res, err := ending(ctx, t, c, c.Begun); verdict(res, err) == nil {
		t.Errorf("a task that was out of time ended well, with %s", res.Output)
	}
}

// ended runs Slow under a context that has ended already: nothing may begin.
func ended(t *testing.T, c Case) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if res, err := ending(ctx, t, c, nil); verdict(res, err) == nil {
		t.Errorf("a task without time ended well, with %s", res.Output)
	}
}

func key(t *testing.T, c Case) {
	if c.SeenKey == nil {
		t.Skip("this type hands the key to nobody")
	}
	for range 2 { // two attempts of one step
		res, _, err := execute(t.Context(), t, c, c.Good)
		if err := verdict(res, err); err != nil {
			t.Fatal(err)
		}
		if got := c.SeenKey(); got != Key {
			t.Errorf("the key that arrived is %q, want %q", got, Key)
		}
	}
}

func secret(t *testing.T, c Case) {
	if c.Secret == "" {
		t.Skip("this type takes no secrets")
	}
	if !strings.Contains(c.Secret, Canary) {
		t.Fatalf("the configuration does not hold %s", Canary)
	}
	res, lines, err := execute(t.Context(), t, c, c.Secret)
	if err == nil && res.Error == nil {
		t.Fatal("the configuration was to fail")
	}
	said := fmt.Sprint(err, " ", strings.Join(lines, "\n"))
	if res.Error != nil {
		said += res.Error.Code + " " + res.Error.Message
	}
	if strings.Contains(said, Canary) {
		t.Errorf("the secret is told: %s", said)
	}
}

func large(t *testing.T, c Case) {
	if c.Large == "" {
		t.Skip("this type has no large outputs")
	}
	res, _, err := execute(t.Context(), t, c, c.Large)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Output) > 8<<20 {
		t.Errorf("the output has %d bytes", len(res.Output))
	}
	if res.Error == nil || res.Error.Code != "payload_too_large" {
		t.Errorf("want the error payload_too_large, got %+v", res.Error)
	}
}
