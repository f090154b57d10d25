package catalog

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/narrow"
	"github.com/pawl-dev/pawl/internal/semver"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// New is a definition to deploy; its version may be left out.
type New struct {
	Workflow *model.Workflow
	Hash     string
	Uses     []record.Use
}

// Terms are how a deploy is meant.
type Terms struct {
	// Inactive leaves the active version as it is.
	Inactive bool
	// Force deploys what breaks others.
	Force bool
}

// Schemas gives the input schema of a deployed version.
type Schemas func(workflow, version string) (json.RawMessage, error)

// Step is what a deploy does with one definition.
type Step struct {
	Workflow string
	Version  string
	// Unchanged: it is deployed already; nothing is to be done unless Moves.
	Unchanged bool
	// Moves: the active version becomes this one, until now it is From ("" for none).
	Moves bool
	From  string
	// Active: starts use it afterwards.
	Active bool
	// Warnings are what its author should know.
	Warnings []Warning
}

// Warning is something that a deploy does not refuse.
type Warning struct{ Code, Message, Hint string }

// The codes of warnings.
const (
	WarnNarrows    = "narrows_input"   // the version was left out or force was used, and it takes less than before
	WarnUnresolved = "no_such_version" // nothing deployed fits what a node asks for
)

// Deploy decides what happens to definitions that are deployed together, in their order. Refusals are all there are;
// with any of them nothing may be deployed. err is that of schemas.
func (c Catalog) Deploy(all []New, t Terms, schemas Schemas) (steps []Step, refusals []error, err error) {
	d := &deploy{now: slices.Clone(c), terms: t, stored: schemas, inputs: map[string]json.RawMessage{}}
	for i := range all {
		s, err := d.one(&all[i])
		if err != nil {
			return nil, nil, err
		}
		steps = append(steps, s)
	}
	for i := range all {
		d.unresolved(&all[i], &steps[i])
	}
	return steps, d.refusals, nil
}

// deploy is one decision under way; now is the catalog as it will be.
type deploy struct {
	now      Catalog
	terms    Terms
	stored   Schemas
	inputs   map[string]json.RawMessage // of versions that are deployed now
	refusals []error
}

func (d *deploy) input(workflow, version string) (json.RawMessage, error) {
	if raw, ok := d.inputs[workflow+" "+version]; ok {
		return raw, nil
	}
	return d.stored(workflow, version)
}

// one decides about one definition.
func (d *deploy) one(n *New) (Step, error) {
	name := n.Workflow.Name
	of := d.now.Of(name)
	s := Step{Workflow: name, Version: n.Workflow.Version}
	if s.Version == "" {
		s.Version = of.next(n.Hash)
	}
	active, hasActive := of.Find(name, "")
	if old, ok := of.Find(name, s.Version); ok {
		if old.Hash != n.Hash {
			d.refusals = append(d.refusals, &Exists{Workflow: name, Version: s.Version, Next: of.free(s.Version)})
			return s, nil
		}
		s.Unchanged = true
	}
	s.Moves = !d.terms.Inactive && (!hasActive || !s.Unchanged && semver.Compare(s.Version, active.Version) >= 0)
	s.From, s.Active = active.Version, s.Moves || active.Version == s.Version && hasActive
	before := d.now
	d.now = d.now.with(n, &s)
	if s.Unchanged {
		return s, nil
	}
	d.inputs[name+" "+s.Version] = n.Workflow.Input
	return s, d.narrows(before, n, &s)
}

// with is the catalog after s.
func (c Catalog) with(n *New, s *Step) Catalog {
	out := slices.Clone(c)
	if !s.Unchanged {
		out = append(out, Version{Workflow: s.Workflow, Version: s.Version, Hash: n.Hash, Uses: n.Uses})
	}
	if s.Moves {
		for i := range out {
			if out[i].Workflow == s.Workflow {
				out[i].Active = out[i].Version == s.Version
			}
		}
	}
	return out
}

// next is the version of a definition that names none: the active or the highest one where the content is the same,
// else the highest release with its patch raised; 1.0.0 is the first.
func (c Catalog) next(hash string) string {
	highest, release := -1, -1
	for i, v := range c {
		if v.Active && v.Hash == hash {
			return v.Version
		}
		if highest < 0 || semver.Compare(v.Version, c[highest].Version) >= 0 {
			highest = i
		}
		p, ok := semver.Parse(v.Version)
		if ok && len(p.Pre) == 0 && (release < 0 || semver.Compare(v.Version, c[release].Version) >= 0) {
			release = i
		}
	}
	switch {
	case highest < 0:
		return "1.0.0"
	case c[highest].Hash == hash:
		return c[highest].Version
	case release >= 0 && c[release].Hash == hash:
		return c[release].Version
	case release >= 0:
		return c.free(c[release].Version)
	}
	return c.free(c[highest].Version)
}

// free is the next patch version after v that nobody has.
func (c Catalog) free(version string) string {
	v, ok := semver.Parse(version)
	if !ok {
		return "1.0.0"
	}
	for {
		v = v.NextPatch()
		if !slices.ContainsFunc(c, func(o Version) bool { return semver.Compare(o.Version, v.String()) == 0 }) {
			return v.String()
		}
	}
}

// narrows refuses a version that takes less than those who start it rely on.
func (d *deploy) narrows(before Catalog, n *New, s *Step) error {
	r := &Narrows{Workflow: s.Workflow, Version: s.Version}
	if err := d.sinceTheLast(before, n, r); err != nil {
		return err
	}
	if err := d.forDependents(before, n, r); err != nil {
		return err
	}
	if len(r.Losses) == 0 {
		return nil
	}
	if v, ok := semver.Parse(s.Version); ok {
		r.Next = v.NextMajor().String()
	}
	if d.terms.Force || n.Workflow.Version == "" && len(r.Dependents) == 0 {
		s.Warnings = append(s.Warnings, Warning{WarnNarrows, r.Error(), "write version: " + r.Next + " to say that it is another contract"})
		return nil
	}
	d.refusals = append(d.refusals, r)
	return nil
}

// sinceTheLast compares with the version before it that it claims to be compatible with.
func (d *deploy) sinceTheLast(before Catalog, n *New, r *Narrows) error {
	v, ok := semver.Parse(r.Version)
	if !ok || len(v.Pre) > 0 {
		return nil // a pre-release promises nothing
	}
	last := -1
	of := before.Of(r.Workflow)
	for i, o := range of {
		w, ok := semver.Parse(o.Version)
		if !ok || len(w.Pre) > 0 || !v.Compatible(w) || w.Compare(v) > 0 {
			continue
		}
		if last < 0 || semver.Compare(o.Version, of[last].Version) >= 0 {
			last = i
		}
	}
	if last < 0 {
		return nil
	}
	r.Than = of[last].Version
	return d.compare(n, r.Than, r, Dependent{})
}

// forDependents compares with what each dependent has got until now, if it will get this version.
func (d *deploy) forDependents(before Catalog, n *New, r *Narrows) error {
	was := before.Dependents(r.Workflow)
	for _, old := range was {
		takes, ok := d.now.Resolve(r.Workflow, old.Constraint)
		if !ok || takes.Version != r.Version || old.Takes == "" || old.Takes == r.Version {
			continue
		}
		if _, ok := d.inputs[old.Workflow+" "+old.Version]; ok {
			continue // it came with this version, in one file
		}
		if err := d.compare(n, old.Takes, r, old); err != nil {
			return err
		}
	}
	return nil
}

// compare adds what n refuses and the version than took, and who would meet it.
func (d *deploy) compare(n *New, than string, r *Narrows, who Dependent) error {
	old, err := d.input(r.Workflow, than)
	if err != nil {
		return err
	}
	losses := narrow.Inputs(old, n.Workflow.Input)
	for _, l := range losses {
		if !slices.Contains(r.Losses, l) {
			r.Losses = append(r.Losses, l)
		}
	}
	if len(losses) > 0 && r.Than == "" {
		r.Than = than
	}
	if len(losses) > 0 && who.Workflow != "" {
		r.Dependents = append(r.Dependents, who)
	}
	return nil
}

// unresolved warns of nodes that would start nothing.
func (d *deploy) unresolved(n *New, s *Step) {
	for _, u := range n.Uses {
		if _, ok := d.now.Resolve(u.Workflow, u.Constraint); !ok {
			s.Warnings = append(s.Warnings, Warning{WarnUnresolved, d.now.Unresolved(u.Workflow, u.Constraint), "deploy it before " + s.Workflow + " is started"})
		}
	}
}

// Exists refuses other content under a version that is deployed.
type Exists struct{ Workflow, Version, Next string }

func (e *Exists) Error() string {
	return e.Workflow + " " + e.Version + " is deployed with other content; a version never changes: write " + e.Next + ", or leave the version out"
}

// Narrows refuses a version that takes less input than one that it replaces.
type Narrows struct {
	Workflow string `json:"workflow"`
	Version  string `json:"version"`
	// Than is the version that takes more.
	Than string `json:"than"`
	// Losses are what is taken no more.
	Losses []narrow.Loss `json:"losses"`
	// Dependents are the versions that would get this one in its place.
	Dependents []Dependent `json:"dependents,omitempty"`
	// Next is the version that promises nothing to those who use the old one.
	Next string `json:"next,omitempty"`
}

func (e *Narrows) Error() string {
	s := e.Workflow + " " + e.Version + " takes less input than " + e.Than + ": " + lossesIn(e.Losses)
	if len(e.Dependents) > 0 {
		s += ". It is started by " + listed(e.Dependents)
	}
	return s
}

func lossesIn(all []narrow.Loss) string {
	var out []string
	for _, l := range all {
		out = append(out, l.String())
	}
	return few(out, "; ")
}

func listed(all []Dependent) string {
	var out []string
	for _, d := range all {
		if s := d.String(); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return few(out, ", ")
}

// namesShown bounds how many of many a message names.
const namesShown = 8

// few joins the first of many.
func few(all []string, between string) string {
	if len(all) > namesShown {
		return strings.Join(all[:namesShown], between) + between + "and others"
	}
	return strings.Join(all, between)
}
