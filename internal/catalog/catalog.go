package catalog

import (
	"slices"

	"github.com/pawl-dev/pawl/internal/semver"
	"github.com/pawl-dev/pawl/record"
)

// Version is one deployed version.
type Version struct {
	Workflow string
	Version  string
	Hash     string
	// Uses are the workflows that it starts.
	Uses    []record.Use
	Retired bool
	// Active: starts use it.
	Active bool
}

// Catalog is every version of a namespace, those of one workflow in the order in which they were deployed.
type Catalog []Version

// Find gives a version; "" is the active one.
func (c Catalog) Find(workflow, version string) (Version, bool) {
	for _, v := range c {
		if v.Workflow == workflow && (v.Version == version || version == "" && v.Active) {
			return v, true
		}
	}
	return Version{}, false
}

// Of gives the versions of one workflow.
func (c Catalog) Of(workflow string) Catalog {
	var out Catalog
	for _, v := range c {
		if v.Workflow == workflow {
			out = append(out, v)
		}
	}
	return out
}

// Resolve gives the version that a start gets: of those that fit the constraint and are not retired the highest, or
// without a constraint the active one, unless it is retired.
func (c Catalog) Resolve(workflow, constraint string) (Version, bool) {
	if constraint == "" {
		v, ok := c.Find(workflow, "")
		return v, ok && !v.Retired
	}
	k, ok := semver.ParseConstraint(constraint)
	if !ok {
		return Version{}, false
	}
	var fit Catalog
	var names []string
	for _, v := range c {
		if v.Workflow == workflow && !v.Retired {
			fit, names = append(fit, v), append(names, v.Version)
		}
	}
	if i := k.Highest(names); i >= 0 {
		return fit[i], true
	}
	return Version{}, false
}

// Unresolved says why [Catalog.Resolve] found nothing.
func (c Catalog) Unresolved(workflow, constraint string) string {
	all := c.Of(workflow)
	if len(all) == 0 {
		return "there is no workflow " + workflow
	}
	if constraint != "" {
		return "no version of " + workflow + " fits " + constraint + "; there is " + all.Names()
	}
	if v, ok := c.Find(workflow, ""); ok {
		return workflow + " " + v.Version + ", the active version, is retired"
	}
	return workflow + " has no active version; there is " + all.Names()
}

// Names lists the highest versions of c in words.
func (c Catalog) Names() string {
	sorted := slices.Clone(c)
	slices.SortStableFunc(sorted, func(a, b Version) int { return semver.Compare(b.Version, a.Version) })
	var out []string
	for _, v := range sorted {
		name := v.Version
		if v.Retired {
			name += " (retired)"
		}
		out = append(out, name)
	}
	return few(out, ", ")
}

// Dependent is a version that starts another workflow.
type Dependent struct {
	Workflow string `json:"workflow"`
	Version  string `json:"version"`
	// Constraint is what it asks for; "" is the active version.
	Constraint string `json:"constraint,omitempty"`
	// Takes is the version that it gets now; "" where none fits.
	Takes string `json:"takes,omitempty"`
}

// String names it with its constraint.
func (d Dependent) String() string {
	s := d.Workflow + " " + d.Version
	if d.Constraint != "" {
		s += " (" + d.Constraint + ")"
	}
	return s
}

// Dependents are the versions of other workflows, retired ones apart, that start workflow.
func (c Catalog) Dependents(workflow string) []Dependent {
	var out []Dependent
	for _, v := range c {
		if v.Workflow == workflow || v.Retired {
			continue
		}
		for _, u := range v.Uses {
			if u.Workflow != workflow {
				continue
			}
			takes, _ := c.Resolve(workflow, u.Constraint)
			out = append(out, Dependent{Workflow: v.Workflow, Version: v.Version, Constraint: u.Constraint, Takes: takes.Version})
		}
	}
	return out
}
