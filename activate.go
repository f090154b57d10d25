package pawl

import (
	"context"
	"errors"

	"github.com/pawl-dev/pawl/store"
)

// Activate makes a deployed version the one that starts use, up or down: it is how a bad version is rolled back. Open
// executions stay on the version that they were started with. Its triggers become the schedules of the workflow. A
// retired version is [CodeRetired].
func (e *Engine) Activate(ctx context.Context, workflow, version string) error {
	e.versions.changing.Lock()
	defer e.versions.changing.Unlock()
	for {
		all, err := e.catalog(ctx)
		if err != nil {
			return err
		}
		v, ok := all.Find(workflow, version)
		switch {
		case !ok || version == "":
			return e.noVersion(all, workflow, version)
		case v.Retired:
			return &Error{Code: CodeRetired, Message: workflow + " " + version + " is retired; let it take starts again first"}
		case v.Active:
			return e.reschedule(ctx, workflow, version)
		}
		active, _ := all.Find(workflow, "")
		err = e.backend.Activate(ctx, e.opts.Namespace, workflow, version, store.Move{From: active.Version})
		if errors.Is(err, store.ErrMoved) {
			continue
		}
		e.versions.forget(workflow)
		if err != nil {
			return wrapStore("activating "+workflow+" "+version, err)
		}
		return e.reschedule(ctx, workflow, version)
	}
}
