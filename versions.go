package pawl

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/semver"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
)

// version is a deployed version, ready to check inputs and signals.
type version struct {
	workflow *model.Workflow
	version  string
	hash     string
	retired  bool
	defaults *spec.Defaults
	input    *spec.InputSchema
	signals  map[string]*spec.InputSchema
}

// versions caches what the store has. A version never changes; which one is active may, by a deploy of this engine,
// which is the only one on the store.
type versions struct {
	// changing lets one deploy, activation or retirement decide at a time.
	changing sync.Mutex

	mu     sync.Mutex
	known  map[versionName]*version
	active map[string]*version
}

type versionName struct{ workflow, version string }

// version finds a deployed version; "" is the active one, and a constraint the highest that fits.
func (e *Engine) version(ctx context.Context, workflow, name string) (*version, error) {
	if v := e.versions.find(workflow, name); v != nil {
		return v, nil
	}
	if checkText("", workflow, maxName) != nil || checkText("", name, maxName) != nil {
		return nil, notFound("there is no workflow %s %s", short(workflow), short(name))
	}
	exact := name
	if name != "" && !semver.Valid(name) {
		d, err := engine.Choose(ctx, e.backend, e.opts.Namespace, workflow, name)
		if err != nil {
			return nil, wrapStore("version "+short(name), err)
		}
		exact = d.Version
	}
	d, err := e.backend.Get(ctx, e.opts.Namespace, workflow, exact)
	if err != nil {
		what := "the workflow " + workflow
		if name != "" {
			what += " " + name
		}
		return nil, wrapStore(what, err)
	}
	v := &version{workflow: &model.Workflow{}, version: d.Version, hash: d.Hash, retired: d.Retired}
	if err := json.Unmarshal(d.Body, v.workflow); err != nil {
		return nil, &Error{Code: CodeStore, Message: "the definition of " + workflow + " " + d.Version + " is damaged", Cause: err}
	}
	if err := v.compile(); err != nil {
		return nil, err
	}
	e.versions.keep(workflow, name, v)
	return v, nil
}

func (v *version) compile() (err error) {
	if v.defaults, err = spec.CompileDefaults(v.workflow.Input, v.workflow.InputDefaults); err != nil {
		return &Error{Code: CodeStore, Message: "the input defaults of " + v.workflow.Name, Cause: err}
	}
	if v.input, err = spec.CompileInput(v.workflow.Input); err != nil {
		return &Error{Code: CodeStore, Message: "the input schema of " + v.workflow.Name, Cause: err}
	}
	v.signals = map[string]*spec.InputSchema{}
	for name, s := range v.workflow.Signals {
		if v.signals[name], err = spec.CompileInput(s.Schema); err != nil {
			return &Error{Code: CodeStore, Message: "the schema of signal " + name + " of " + v.workflow.Name, Cause: err}
		}
	}
	return nil
}

// checkInput fills in defaults and refuses what breaks the schema.
func (v *version) checkInput(raw []byte, now time.Time) (input, trigger []byte, err error) {
	if !v.defaults.Empty() {
		if err := checkJSON("the input of "+v.workflow.Name, raw); err != nil {
			return nil, nil, err // filling in would hide it
		}
	}
	if input, trigger, err = v.defaults.Fill(raw, spec.ManualTrigger(now.UnixMilli()), now.UnixMilli(), rand.Uint64()); err != nil {
		return nil, nil, &Error{Code: CodeInvalid, Message: "the input of " + v.workflow.Name, Cause: err}
	}
	if bad := v.input.Validate(input); bad != nil {
		return nil, nil, &Error{Code: CodeInvalid, Message: "the input of " + v.workflow.Name, Cause: bad}
	}
	return input, trigger, nil
}

// checkSignal refuses data that breaks the schema of a declared signal; undeclared ones are the engine's to judge.
func (e *Engine) checkSignal(ctx context.Context, id, name string, raw []byte) error {
	return e.checkSignalBy(ctx, e.do, id, name, raw)
}

// checkSignalBy is checkSignal with what asks for the execution.
func (e *Engine) checkSignalBy(ctx context.Context, ask func(context.Context, engine.Command) (engine.Reply, error), id, name string, raw []byte) error {
	x, err := e.parseID(id)
	if err != nil {
		return err
	}
	var workflow, number string
	var declared bool
	_, err = ask(ctx, engine.Command{Verb: shard.View, Execution: x, Look: func(s *kernel.State, d *kernel.Definition) bool {
		_, workflow, number = s.Workflow()
		declared = d == nil || len(d.Workflow().Signals) > 0
		return true
	}})
	if err != nil {
		return err
	}
	v := &version{}
	if declared {
		if v, err = e.version(ctx, workflow, number); err != nil {
			return err
		}
	}
	return v.checkSignal(name, raw)
}

// checkSignal refuses data that is no JSON, or breaks the schema of a declared signal.
func (v *version) checkSignal(name string, raw []byte) error {
	if bad := v.signals[name].Validate(raw); bad != nil {
		return &Error{Code: CodeInvalid, Message: "the data of signal " + name, Cause: bad}
	}
	return nil
}

func (c *versions) find(workflow, name string) *version {
	c.mu.Lock()
	defer c.mu.Unlock()
	if name == "" {
		return c.active[workflow]
	}
	return c.known[versionName{workflow, name}]
}

func (c *versions) keep(workflow, name string, v *version) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known, c.active = map[versionName]*version{}, map[string]*version{}
	}
	c.known[versionName{workflow, v.version}] = v
	if name != "" {
		c.known[versionName{workflow, name}] = v
	} else {
		c.active[workflow] = v
	}
}

// forget makes the next start ask the store which versions there are, which of them are retired, and which is active.
func (c *versions) forget(workflow string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.active, workflow)
	for name := range c.known {
		if name.workflow == workflow {
			delete(c.known, name)
		}
	}
}

// startable refuses a start of a retired version, and says what to do.
func (e *Engine) startable(ctx context.Context, v *version) error {
	if !v.retired {
		return nil
	}
	all, err := e.catalog(ctx)
	if err != nil {
		return err
	}
	message := v.workflow.Name + " " + v.version + " is retired and takes no starts"
	switch active, ok := all.Find(v.workflow.Name, ""); {
	case ok && active.Version == v.version:
		message += "; it is the active version: activate another, or let it take starts again"
	case ok && !active.Retired:
		message += "; the active version is " + active.Version
	case ok:
		message += "; so is the active version, " + active.Version
	}
	return &Error{Code: CodeRetired, Message: message}
}
