package pawl

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/internal/catalog"
	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Source is where definitions come from: [File], [Text] or a [Builder].
type Source interface {
	// read gives the text and the name to show in faults.
	read() (name string, text []byte, err error)
}

type fileSource string

// File is a definition file, YAML or JSON.
func File(path string) Source { return fileSource(path) }

func (f fileSource) read() (string, []byte, error) {
	text, err := readFile(filepath.Clean(string(f)))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", nil, &Error{Code: CodeNotFound, Message: "reading the definition", Cause: err}
	case err != nil:
		return "", nil, &Error{Code: CodeInvalid, Message: "reading the definition", Cause: err}
	}
	return string(f), text, nil
}

// readFile reads as much as shows that a file is too large.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, spec.MaxFile+1))
}

type textSource struct {
	name string
	text []byte
}

// Text is the text of a definition file; name is shown in faults.
func Text(name string, text []byte) Source { return textSource{name, text} }

func (t textSource) read() (string, []byte, error) { return t.name, t.text, nil }

func (b *Builder) read() (string, []byte, error) {
	text, err := b.Definition()
	name, _ := b.doc.get("workflow").(string)
	return name + ".json", text, err
}

// Deployment is what a deploy did: the versions of the file in its order, and the warnings.
type Deployment struct {
	Versions []DeployedVersion `json:"versions"`
	Warnings Faults            `json:"warnings,omitempty"`
}

// DeployedVersion names one version.
type DeployedVersion struct {
	Workflow string `json:"workflow"`
	Version  string `json:"version"`
	Hash     string `json:"hash"`
	// Unchanged: the version was there already with the same content.
	Unchanged bool `json:"unchanged,omitempty"`
	// Active: starts use this version from now on.
	Active bool `json:"active"`
}

// DeployOption goes with [Engine.Deploy].
type DeployOption interface{ deploy(*deployOptions) }

type deployOptions struct {
	terms catalog.Terms
	// unscheduled leaves schedules alone.
	unscheduled bool
	by, why     string
	err         error
}

type deployOption func(*deployOptions)

func (o deployOption) deploy(d *deployOptions) { o(d) }

// Inactive adds the version without letting starts use it.
func Inactive() DeployOption { return deployOption(func(d *deployOptions) { d.terms.Inactive = true }) }

// Unscheduled adds the version without making, changing or retiring schedules.
func Unscheduled() DeployOption { return deployOption(func(d *deployOptions) { d.unscheduled = true }) }

// Force deploys a version that takes less input than one that it replaces. The reason is kept with the version.
func Force(why string) DeployOption {
	return deployOption(func(d *deployOptions) {
		d.terms.Force, d.why = true, why
		if strings.TrimSpace(why) == "" {
			d.err = invalid("force needs a reason")
		}
	})
}

// Narrows is why a deploy was refused with [CodeNarrows]: the version takes less input than one that it replaces.
// Orphans is why a version could not be retired, with [CodeDependents].
type (
	Narrows   = catalog.Narrows
	Orphans   = catalog.Orphans
	Dependent = catalog.Dependent
)

// Deploy checks every workflow of src and adds it as a version. A version never changes: the same content again is a
// no-op, other content under the same version is [CodeVersionExists]. A definition without a version gets the next
// patch version when its content is new. Starts use the new version unless it is lower than the active one; a version
// that was deployed before becomes active by [Engine.Activate] only.
//
// A version that claims to be compatible with an earlier one, by its number, and yet takes less input is
// [CodeNarrows], and so is any version that would take the place of one that another workflow starts and takes less
// than that. Without a version, and with nobody who depends on it, that is a warning.
//
// The triggers cron, every and after of a version that starts use become the [Schedules] of its workflow: they are made,
// or changed where a schedule of that name is there, and others are retired. A deploy that was interrupted is repeated.
//
// Faults of all workflows are reported together, as an error with [CodeFaults] that wraps [Faults]. With any refusal
// nothing is deployed.
func (e *Engine) Deploy(ctx context.Context, src Source, opts ...DeployOption) (*Deployment, error) {
	o := deployOptions{by: e.opts.By}
	for _, opt := range opts {
		opt.deploy(&o)
	}
	if o.err != nil {
		return nil, o.err
	}
	defs, faults, err := Check(src, e.nodeTypes()...)
	if err != nil {
		return nil, err
	}
	for _, def := range defs {
		if err := checkTriggers(def.Workflow); err != nil {
			return nil, err
		}
	}
	e.versions.changing.Lock()
	defer e.versions.changing.Unlock()
	for {
		d, err := e.deployAll(ctx, defs, &o)
		if d != nil {
			d.Warnings = append(slices.Clone(faults), d.Warnings...)
		}
		if !errors.Is(err, store.ErrMoved) {
			return d, err
		}
	}
}

// deployAll decides about all definitions and then adds them.
func (e *Engine) deployAll(ctx context.Context, defs []Definition, o *deployOptions) (*Deployment, error) {
	all, err := e.catalog(ctx)
	if err != nil {
		return nil, err
	}
	news := make([]catalog.New, len(defs))
	for i, d := range defs {
		news[i] = catalog.New{Workflow: d.Workflow, Hash: d.Hash, Uses: catalog.Uses(d.Workflow)}
	}
	steps, refusals, err := all.Deploy(news, o.terms, func(workflow, version string) (json.RawMessage, error) {
		v, err := e.version(ctx, workflow, version)
		if err != nil {
			return nil, err
		}
		return v.workflow.Input, nil
	})
	if err != nil {
		return nil, err
	}
	if len(refusals) > 0 {
		return nil, refusedDeploy(refusals)
	}
	d := &Deployment{}
	for i := range steps {
		if err := e.put(ctx, &defs[i], &steps[i], news[i].Uses, o); err != nil {
			return d, err
		}
		d.Versions = append(d.Versions, DeployedVersion{
			Workflow: steps[i].Workflow, Version: steps[i].Version, Hash: defs[i].Hash, Unchanged: steps[i].Unchanged, Active: steps[i].Active,
		})
		if steps[i].Active && !o.unscheduled {
			if err := e.schedule(ctx, steps[i].Workflow, defs[i].Workflow); err != nil {
				return d, err
			}
		}
		for _, w := range steps[i].Warnings {
			d.Warnings = append(d.Warnings, Fault{File: defs[i].File, Line: defs[i].Line, Column: 1, Code: w.Code, Message: w.Message, Hint: w.Hint, Warn: true})
		}
	}
	return d, nil
}

// refusedDeploy is one error for all refusals; its code is that of the first.
func refusedDeploy(all []error) error {
	code := CodeNarrows
	var exists *catalog.Exists
	if errors.As(all[0], &exists) {
		code = CodeVersionExists
	}
	return &Error{Code: code, Cause: errors.Join(all...)}
}

// put does one step of a deploy.
func (e *Engine) put(ctx context.Context, def *Definition, s *catalog.Step, uses []record.Use, o *deployOptions) error {
	if s.Unchanged && !s.Moves {
		return nil
	}
	c := *def.Workflow
	c.Version = s.Version
	body, err := json.Marshal(&c)
	if err != nil {
		return &Error{Code: CodeInvalid, Message: "encoding the definition", Cause: err}
	}
	var move *store.Move
	if s.Moves {
		move = &store.Move{From: s.From}
	}
	err = e.backend.Put(ctx, store.Definition{
		Namespace: e.opts.Namespace, Workflow: s.Workflow, Version: s.Version, Hash: def.Hash,
		Body: body, Source: def.Source, At: time.Now().UnixMilli(), By: o.by, Why: o.why, Uses: uses,
	}, move)
	if err != nil {
		return wrapStore("deploying "+s.Workflow+" "+s.Version, err)
	}
	e.versions.forget(s.Workflow)
	return nil
}

// catalog is what is deployed in the namespace.
func (e *Engine) catalog(ctx context.Context) (catalog.Catalog, error) {
	all, err := e.backend.List(ctx, e.opts.Namespace, "")
	if err != nil {
		return nil, wrapStore("reading versions", err)
	}
	return engine.Catalog(all), nil
}

// Faults is everything wrong with a definition; Fault is one thing, with its place and a hint.
type (
	Faults = spec.Faults
	Fault  = spec.Fault
)
