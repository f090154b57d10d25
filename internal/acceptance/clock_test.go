package acceptance

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
)

// clockEnv tells a process where the file is that it shares with the ones before it.
const clockEnv = "PAWL_ACCEPTANCE_CLOCK"

const day = 24 * time.Hour

// sleepers wait for a minute, each in another way. The wait until a moment is for the clock of the first process.
var sleepers = map[string]string{
	"nap":     "nodes: {a: {wait: {for: 1m}}}",
	"until":   "nodes: {a: {wait: {until: '2000-01-10T00:01:00Z'}}}",
	"timeout": "nodes: {a: {signal: never, timeout: 1m, next: {timeout: b}}, b: {set: {}}}",
	"backoff": "nodes: {a: {call: flaky, retry: {max_attempts: 2, initial_interval: 1m, jitter: 0}}}",
	"delayed": "nodes: {a: {set: {}}}",
	"held":    "nodes: [{a: {signal: {name: s, count: 3}}}]",
}

// TestF12_I8_ClockSteps: three processes on one file, between which the wall clock steps: the first lives on the
// 10th, the second believes it is the 1st, the third the 20th. Nothing fires early by the clock that is asked,
// nothing is lost, nothing fires twice, and no entry is older than the one before it.
func TestF12_I8_ClockSteps(t *testing.T) {
	t.Parallel()
	path := os.Getenv(clockEnv)
	if path == "" {
		path = filepath.Join(t.TempDir(), "pawl.db")
	}
	for _, life := range []struct {
		name string
		do   func(*testing.T, string)
	}{{"before", beforeTheStep}, {"back", steppedBack}, {"on", steppedOn}} {
		t.Run(life.name, func(t *testing.T) {
			alone(t, func(t *testing.T) { life.do(t, path) }, clockEnv+"="+path)
		})
	}
}

// flaky fails where it has an attempt left.
func flaky(eng *pawl.Engine) error {
	return pawl.Register(eng, "flaky", func(ctx context.Context, _ struct{}) (int, error) {
		if n := pawl.TaskFrom(ctx).Attempt; n > 1 {
			return n, nil
		}
		return 0, errors.New("try again")
	})
}

// beforeTheStep is the first life. In a bubble.
func beforeTheStep(t *testing.T, path string) {
	time.Sleep(9 * day)
	h := buildAt(t, path, flaky)
	for name, text := range sleepers {
		h.deploy("workflow: " + name + "\n" + text)
		if name == "delayed" {
			h.start(name, nil, pawl.Delay(time.Minute))
			continue
		}
		run := h.start(name, nil)
		if name == "backoff" {
			h.comesTo(run, "retry_scheduled")
		}
	}
	if err := h.the("held").Signal(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	h.undisturbed()
}

// steppedBack is the second life. In a bubble.
func steppedBack(t *testing.T, path string) {
	h := buildAt(t, path, flaky)
	for range 2 {
		time.Sleep(time.Minute)
		for name := range sleepers {
			if x := h.get(name); x.Closed() {
				t.Errorf("%s ended %s before it was due", name, x.Status)
			}
		}
		h.undisturbed()
	}
	if err := h.the("held").Signal(t.Context(), "s", 2); err != nil {
		t.Fatal(err)
	}
	// What begins now goes by the clock of now.
	began := time.Now()
	x := h.wait(h.start("nap", nil, pawl.Key("young")))
	if took := time.Since(began); took < time.Minute || took > 2*time.Minute || x.Status != model.Completed {
		t.Errorf("a new nap took %s: %+v", took, x)
	}
	h.inOrder()
}

// steppedOn is the third life. In a bubble.
func steppedOn(t *testing.T, path string) {
	time.Sleep(19 * day)
	began := time.Now()
	h := buildAt(t, path, flaky)
	if err := h.the("held").Signal(t.Context(), "s", 3); err != nil {
		t.Fatal(err)
	}
	for name := range sleepers {
		x := h.wait(h.the(name))
		if x.Status != model.Completed || x.Ended.Before(began) {
			t.Errorf("%s ended %s at %s: %+v", name, x.Status, x.Ended, x.Error)
		}
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("what was overdue took %s", took)
	}
	h.inOrder()
	h.endures()
}

// the is the one execution of a workflow without a key.
func (h *house) the(workflow string) *pawl.Run {
	h.t.Helper()
	p, err := h.eng.List(h.t.Context(), pawl.Filter{Workflow: workflow})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, x := range p.Executions {
		if x.Key == "" {
			run, err := h.eng.Run(x.ID)
			if err != nil {
				h.t.Fatal(err)
			}
			return run
		}
	}
	h.t.Fatalf("%s is lost", workflow)
	return nil
}

func (h *house) get(workflow string) *pawl.Execution {
	h.t.Helper()
	x, err := h.the(workflow).Get(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return x
}

// inOrder checks that time never goes back in a journal, and that no timer fired twice.
func (h *house) inOrder() {
	h.t.Helper()
	p, err := h.eng.List(h.t.Context(), pawl.Filter{Limit: 1000})
	if err != nil || p.Next != "" {
		h.t.Fatalf("%d executions, %v", len(p.Executions), err)
	}
	for _, x := range p.Executions {
		run, err := h.eng.Run(x.ID)
		if err != nil {
			h.t.Fatal(err)
		}
		var last time.Time
		ends := map[string]int{}
		for _, ev := range h.history(run) {
			if ev.At.Before(last) {
				h.t.Errorf("%s: entry %d at %s is older than the one before, at %s", x.Workflow, ev.Seq, ev.At, last)
			}
			last = ev.At
			if ev.Type == "step_completed" || ev.Type == "step_failed" {
				if ends[ev.Step]++; ends[ev.Step] > 1 {
					h.t.Errorf("%s: the step %s ended twice", x.Workflow, ev.Step)
				}
			}
		}
	}
}
