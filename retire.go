package pawl

import (
	"context"

	"github.com/pawl-dev/pawl/internal/catalog"
)

// RetireOption goes with [Engine.Retire]; a [DeployOption] made by [Force] is one.
type RetireOption = DeployOption

// Retire stops starts of a version; open executions go on. Where a version of another workflow that starts it would be
// left without one, it is refused with [CodeDependents], unless it is forced. Retiring the active version stops starts
// of the workflow until another becomes active; its schedules are retired with it.
func (e *Engine) Retire(ctx context.Context, workflow, version string, opts ...RetireOption) error {
	var o deployOptions
	for _, opt := range opts {
		opt.deploy(&o)
	}
	if o.err != nil {
		return o.err
	}
	return e.retire(ctx, workflow, version, true, func(all catalog.Catalog) error {
		if err := all.Retire(workflow, version); err != nil && !o.terms.Force {
			return &Error{Code: CodeDependents, Cause: err}
		}
		return nil
	})
}

// Unretire lets a retired version take starts again; those of the active version's schedules go on, too.
func (e *Engine) Unretire(ctx context.Context, workflow, version string) error {
	return e.retire(ctx, workflow, version, false, func(catalog.Catalog) error { return nil })
}

func (e *Engine) retire(ctx context.Context, workflow, version string, retired bool, check func(catalog.Catalog) error) error {
	e.versions.changing.Lock()
	defer e.versions.changing.Unlock()
	all, err := e.catalog(ctx)
	if err != nil {
		return err
	}
	v, ok := all.Find(workflow, version)
	if !ok || version == "" {
		return e.noVersion(all, workflow, version)
	}
	if err := check(all); err != nil {
		return err
	}
	err = e.backend.Retire(ctx, e.opts.Namespace, workflow, version, retired)
	e.versions.forget(workflow)
	switch {
	case err != nil:
		return wrapStore("retiring "+workflow+" "+version, err)
	case !v.Active:
		return nil
	case retired: // a schedule starts the active version, and there is none now
		return e.schedule(ctx, workflow, nil)
	}
	return e.reschedule(ctx, workflow, version)
}
