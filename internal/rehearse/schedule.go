package rehearse

import (
	"encoding/json"
	"fmt"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Schedule makes the schedules of a workflow, as its deploy does.
func (w *World) Schedule(def *model.Workflow) error {
	for _, t := range kernel.Schedules(def) {
		id := kernel.ScheduleID(Namespace, def.Name, t.Name)
		input, err := json.Marshal(map[string]any{"workflow": def.Name, "name": t.Name, "trigger": t.Raw})
		if err != nil {
			return err
		}
		w.schedules = append(w.schedules, id)
		r, ok := w.Do(engine.Command{Verb: shard.Start, Execution: id, Repeat: true, Start: &kernel.Start{
			ID: id, Namespace: Namespace, Workflow: kernel.ScheduleWorkflow, Version: FirstVersion, Input: input,
		}})
		if err := answered(r, ok, id); err != nil {
			return err
		}
	}
	return w.err
}

// PauseSchedules lets no more ticks come.
func (w *World) PauseSchedules() error {
	for _, id := range w.schedules {
		r, ok := w.Do(engine.Command{Verb: shard.Pause, Execution: id})
		if err := answered(r, ok, id); err != nil {
			return err
		}
	}
	return w.err
}

func answered(r engine.Reply, ok bool, schedule record.ID) error {
	switch {
	case !ok:
		return fmt.Errorf("the schedule %s does not answer", schedule)
	case r.Error != nil:
		return r.Error
	}
	return nil
}
