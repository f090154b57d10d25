package pawl

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/pawl-dev/pawl/internal/spec"
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

type deployOptions struct{ inactive bool }

type deployOption func(*deployOptions)

func (o deployOption) deploy(d *deployOptions) { o(d) }

// Inactive adds the version without letting starts use it.
func Inactive() DeployOption { return deployOption(func(d *deployOptions) { d.inactive = true }) }

// Deploy checks every workflow of src and adds it as a version. A version never changes: the same content again is a
// no-op, other content under the same version is [CodeVersionExists]. A definition without a version gets the next
// patch version when its content is new. Starts use the new version unless it is lower than the active one.
//
// Faults of all workflows are reported together, as an error with [CodeFaults] that wraps [Faults]; then nothing is
// deployed.
func (e *Engine) Deploy(ctx context.Context, src Source, opts ...DeployOption) (*Deployment, error) {
	var o deployOptions
	for _, opt := range opts {
		opt.deploy(&o)
	}
	defs, faults, err := Check(src, e.nodeTypes()...)
	if err != nil {
		return nil, err
	}
	d := &Deployment{Warnings: faults}
	for _, def := range defs {
		v, err := e.put(ctx, def, o)
		if err != nil {
			return d, err
		}
		d.Versions = append(d.Versions, v)
	}
	return d, nil
}

// put adds one version.
func (e *Engine) put(ctx context.Context, def Definition, o deployOptions) (DeployedVersion, error) {
	w := def.Workflow
	out := DeployedVersion{Workflow: w.Name, Version: w.Version, Hash: def.Hash}
	old, err := e.backend.List(ctx, e.opts.Namespace, w.Name)
	if err != nil {
		return out, wrapStore("reading versions", err)
	}
	latest := store.Definition{}
	for _, v := range old {
		if latest.Version == "" || compareVersions(v.Version, latest.Version) > 0 {
			latest = v
		}
	}
	if out.Version == "" {
		out.Version = latest.Version
		if latest.Hash != def.Hash {
			out.Version = nextPatch(latest.Version)
		}
	}
	for _, v := range old {
		out.Unchanged = out.Unchanged || v.Version == out.Version && v.Hash == def.Hash
	}
	active, err := e.activeVersion(ctx, w.Name)
	if err != nil {
		return out, err
	}
	out.Active = active == out.Version || !o.inactive && (active == "" || compareVersions(out.Version, active) >= 0)
	c := *w
	c.Version = out.Version
	body, err := json.Marshal(&c)
	if err != nil {
		return out, &Error{Code: CodeInvalid, Message: "encoding the definition", Cause: err}
	}
	err = e.backend.Put(ctx, store.Definition{
		Namespace: e.opts.Namespace, Workflow: w.Name, Version: out.Version, Hash: def.Hash,
		Body: body, Source: def.Source, At: time.Now().UnixMilli(),
	}, out.Active)
	if err != nil {
		return out, wrapStore("deploying "+w.Name+" "+out.Version, err)
	}
	e.versions.forget(w.Name)
	return out, nil
}

// activeVersion is the version that starts use, "" where there is none.
func (e *Engine) activeVersion(ctx context.Context, workflow string) (string, error) {
	d, err := e.backend.Get(ctx, e.opts.Namespace, workflow, "")
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return d.Version, wrapStore("reading the active version", err)
}

// Faults is everything wrong with a definition; Fault is one thing, with its place and a hint.
type (
	Faults = spec.Faults
	Fault  = spec.Fault
)
