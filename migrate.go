package pawl

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
)

// CodeCannotMigrate refuses a migration; the cause is [Obstacles].
const CodeCannotMigrate = "cannot_migrate"

type renameOption map[string]string

func (o renameOption) command(c *commandOptions) {
	if c.renames == nil {
		c.renames = map[string]string{}
	}
	for old, now := range o {
		c.renames[old] = now
	}
}

// Rename tells [Engine.Migrate], and a fork or rerun with a [Version], the new ids of nodes that are called otherwise in
// the new version.
func Rename(nodes map[string]string) CommandOption { return renameOption(nodes) }

// Migrate lets the open execution id go on with another deployed version of its workflow. Steps that run go on with what
// they were given, later ones use the new version; an edge that is in both versions keeps its state, a new edge of a
// node that has ended is dead. Where that would change what has happened it is refused with [CodeCannotMigrate]: a live
// step without a counterpart of the same type and scope, a join that holds a token and changes its edges, a live cycle
// that would be split, a variable or a pending compensation that is gone. Nodes are the same by id, or by [Rename].
func (e *Engine) Migrate(ctx context.Context, id, version string, opts ...CommandOption) error {
	x, err := e.Get(ctx, id)
	if err != nil {
		return err
	}
	o := e.commandOptions(opts)
	m, err := e.migration(ctx, x.Workflow, version, o.renames)
	if err != nil {
		return err
	}
	return e.operate(ctx, id, kernel.Input{Kind: kernel.InMigrate, Migration: m}, opts)
}

// migration is what it takes to go on with a deployed version.
func (e *Engine) migration(ctx context.Context, workflow, version string, renames map[string]string) (*kernel.Migration, error) {
	d, err := e.backend.Get(ctx, e.opts.Namespace, workflow, version)
	if err != nil {
		return nil, wrapStore("the workflow "+workflow+" "+version, err)
	}
	def, err := engine.Compile(d.Body)
	if err != nil {
		return nil, &Error{Code: CodeStore, Message: "the definition of " + workflow + " " + d.Version, Cause: err}
	}
	return &kernel.Migration{Definition: def, Version: d.Version, Hash: d.Hash, Map: renames}, nil
}

// Obstacle is one reason why an execution cannot go on with another version.
type Obstacle = kernel.Obstacle

// Obstacles are all of them: the cause of an error with [CodeCannotMigrate].
type Obstacles []Obstacle

// Error lists them.
func (o Obstacles) Error() string {
	var lines []string
	for _, x := range o {
		lines = append(lines, x.Code+": "+x.Message)
	}
	return strings.Join(lines, "; ")
}

// refusedBy gives the details of a refusal as the cause of an error.
func refusedBy(e *model.Error) error {
	var list Obstacles
	if e.Code == CodeCannotMigrate && json.Unmarshal(e.Details, &list) == nil {
		return list
	}
	return errors.New(string(e.Details))
}
