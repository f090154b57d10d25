package pawl

import (
	"context"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/catalog"
	"github.com/pawl-dev/pawl/internal/semver"
)

// VersionInfo is one deployed version.
type VersionInfo struct {
	Workflow string    `json:"workflow"`
	Version  string    `json:"version"`
	Hash     string    `json:"hash"`
	Deployed time.Time `json:"deployed"`
	// By deployed it, and Why is the reason given, as with [Force].
	By  string `json:"by,omitempty"`
	Why string `json:"why,omitempty"`
	// Active: starts use it. Retired: it takes no starts.
	Active  bool `json:"active"`
	Retired bool `json:"retired"`
	// Uses are the workflows that its nodes start.
	Uses []Use `json:"uses,omitempty"`
}

// Use is a workflow that another one starts, with the constraint that it asks for; "" is the active version.
type Use struct {
	Workflow   string `json:"workflow"`
	Constraint string `json:"constraint,omitempty"`
}

// Versions lists the versions of a workflow, or with "" of all: by workflow, the highest version first.
func (e *Engine) Versions(ctx context.Context, workflow string) ([]VersionInfo, error) {
	all, err := e.backend.List(ctx, e.opts.Namespace, workflow)
	if err != nil {
		return nil, wrapStore("reading versions", err)
	}
	if workflow != "" && len(all) == 0 {
		return nil, notFound("there is no workflow %s", short(workflow))
	}
	out := make([]VersionInfo, len(all))
	for i, d := range all {
		out[i] = VersionInfo{
			Workflow: d.Workflow, Version: d.Version, Hash: d.Hash, Deployed: time.UnixMilli(d.At),
			By: d.By, Why: d.Why, Active: d.Active, Retired: d.Retired,
		}
		for _, u := range d.Uses {
			out[i].Uses = append(out[i].Uses, Use(u))
		}
	}
	slices.SortStableFunc(out, func(a, b VersionInfo) int {
		if a.Workflow != b.Workflow {
			return 0 // the store orders workflows
		}
		return semver.Compare(b.Version, a.Version)
	})
	return out, nil
}

// Dependents lists the versions of other workflows, retired ones apart, that start workflow. What they name by an
// expression, and what functions start, is not seen.
func (e *Engine) Dependents(ctx context.Context, workflow string) ([]Dependent, error) {
	all, err := e.catalog(ctx)
	if err != nil {
		return nil, err
	}
	if len(all.Of(workflow)) == 0 {
		return nil, e.noVersion(all, workflow, "")
	}
	return all.Dependents(workflow), nil
}

// noVersion is the error for a version that nobody has deployed; it names those there are.
func (e *Engine) noVersion(all catalog.Catalog, workflow, version string) error {
	of := all.Of(workflow)
	if len(of) == 0 {
		return notFound("there is no workflow %s", short(workflow))
	}
	return notFound("there is no version %s of %s; there is %s", short(version), short(workflow), of.Names())
}
