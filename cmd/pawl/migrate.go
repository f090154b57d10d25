package main

import (
	"context"
	"errors"

	"github.com/pawl-dev/pawl"
)

type migrateCmd struct {
	storeFlags
	operatorFlags
	File    string            `arg:"" help:"Definition file of the other version, which is deployed without starts using it, or that version if it is deployed."`
	Renamed map[string]string `name:"map" help:"Node that is called otherwise now; repeatable." placeholder:"OLD=NEW"`
}

// Run lets an execution go on with another version of its workflow.
func (c *migrateCmd) Run(ctx context.Context, e *env) error {
	err := c.operate(ctx, e, &c.storeFlags, "It goes on with "+c.File, func(eng *pawl.Engine, id string, opts ...pawl.CommandOption) error {
		version, err := versionIn(ctx, eng, id, c.File)
		if err != nil {
			return err
		}
		return eng.Migrate(ctx, id, version, append(opts, pawl.Rename(c.Renamed))...)
	})
	return e.obstacles(err, c.File)
}

// obstacles tells what stands in the way of a version, where that is the error.
func (e *env) obstacles(err error, version string) error {
	var list pawl.Obstacles
	if !errors.As(err, &list) {
		return err
	}
	for _, o := range list {
		e.say("%s: %s", o.Code, o.Message)
	}
	return &exitError{code: exitConflict, text: "it cannot go on with " + version}
}

// versionIn deploys a file, without letting starts use it, and gives its version of the execution's workflow. What is no
// file is a version.
func versionIn(ctx context.Context, eng *pawl.Engine, id, file string) (string, error) {
	x, err := eng.Get(ctx, id)
	if err != nil {
		return "", err
	}
	d, err := eng.Deploy(ctx, pawl.File(file), pawl.Inactive())
	if pawl.Code(err) == pawl.CodeNotFound {
		return file, nil
	}
	if err != nil {
		return "", err
	}
	for _, v := range d.Versions {
		if v.Workflow == x.Workflow {
			return v.Version, nil
		}
	}
	return "", usage("%s has no workflow %s", file, x.Workflow)
}
