package acceptance

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
)

// TestF39_I14_I15_CancelAgainstTheEnd lets a cancel race with the last result of an execution: there is one end, the
// answer to the cancel says which, and nothing begins after a cancel that was acknowledged.
func TestF39_I14_I15_CancelAgainstTheEnd(t *testing.T) {
	t.Parallel()
	races := 10_000
	if testing.Short() || raced {
		races = 500
	}
	const side = 50
	gates := make(chan chan struct{}, side)
	h := build(t, func(eng *pawl.Engine) error {
		return pawl.Register(eng, "last", func(ctx context.Context, _ struct{}) (int, error) {
			gate := make(chan struct{})
			gates <- gate
			<-gate
			return 1, nil
		})
	})
	h.deploy("workflow: race\nnodes:\n  - a: {call: last}\n  - b: {set: {done: true}}\nvars: {done: false}\n")
	ends := map[model.Status]int{}
	lead := time.Millisecond // of the last result over the cancel, at most: as long as this machine needs for both to happen
	for range races / side {
		runs := make([]*pawl.Run, side)
		open := make([]chan struct{}, side)
		for i := range runs {
			run, err := h.eng.Start(t.Context(), "race", nil)
			if err != nil {
				t.Fatal(err)
			}
			runs[i] = run
		}
		for i := range open {
			open[i] = <-gates
		}
		refused := make([]error, side)
		var race sync.WaitGroup
		for i, run := range runs {
			race.Go(func() { close(open[i]) })
			race.Go(func() {
				<-time.After(lead * time.Duration(i) / side)
				refused[i] = run.Cancel(t.Context())
			})
		}
		race.Wait()
		completed := 0
		for i, run := range runs {
			x := h.wait(run)
			ends[x.Status]++
			if x.Status == model.Completed {
				completed++
			}
			h.oneEnd(run, x, refused[i])
		}
		switch {
		case completed < side/4:
			lead *= 2
		case completed > 3*side/4:
			lead /= 2
		}
	}
	t.Logf("%v", ends)
	if ends[model.Completed]+ends[model.Cancelled] != races/side*side || ends[model.Completed] == 0 || ends[model.Cancelled] == 0 {
		t.Errorf("no race: %v", ends)
	}
	h.endures()
}

// oneEnd checks the history of an execution that ended in a race with a cancel, which was answered so.
func (h *house) oneEnd(run *pawl.Run, x *pawl.Execution, refused error) {
	h.t.Helper()
	cancelled, ends := false, 0
	for _, ev := range h.history(run) {
		switch {
		case ends > 0:
			h.t.Errorf("%s: %s after the end", run.ID(), ev.Type)
		case ev.Type == "command" && ev.Name == "cancel":
			cancelled = true
		case cancelled && ev.Type == "step_scheduled":
			h.t.Errorf("%s: step %s begins after the cancel", run.ID(), ev.Step)
		case ev.Type == "completed" || ev.Type == "cancelled":
			ends++
		}
	}
	switch {
	case ends != 1:
		h.t.Errorf("%s: %d ends", run.ID(), ends)
	case refused == nil && x.Status != model.Cancelled:
		h.t.Errorf("%s: the cancel was acknowledged and it is %s", run.ID(), x.Status)
	case refused != nil && (x.Status != model.Completed || !errors.Is(refused, pawl.ErrClosed)):
		h.t.Errorf("%s: the cancel was refused with %v and it is %s", run.ID(), refused, x.Status)
	}
}
