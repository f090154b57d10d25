package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"

	"github.com/pawl-dev/pawl/internal/importer"
	"github.com/pawl-dev/pawl/internal/spec"
)

// importCmd brings something in: executions of ours, or definitions of others.
type importCmd struct {
	Pawl       importPawlCmd  `cmd:"" help:"Executions that pawl export wrote. Everything is checked before anything is written."`
	Pocketflow importOtherCmd `cmd:"" help:"A definition of PocketFlowGo, turned into ours, with a report of what changed."`
	Parevo     importOtherCmd `cmd:"" help:"A definition of parevo/flow, turned into ours, with a report of what changed."`
	DagEngine  importOtherCmd `cmd:"" name:"dag-engine" help:"A definition of dag-engine, turned into ours, with a report of what changed."`
	Gofi       importOtherCmd `cmd:"" help:"A definition of gofi, turned into ours, with a report of what changed."`
}

type importOtherCmd struct {
	File   string `arg:"" help:"Definition of that engine, - for stdin."`
	Output string `short:"o" help:"Write the definition to FILE, and the report to stdout; without it they go to stdout and stderr." placeholder:"FILE"`
	Force  bool   `help:"Write over FILE where it exists."`
	Name   string `help:"Name of the workflow, instead of the one that the definition or its file has." placeholder:"NAME"`
	Report string `help:"text, json or none." enum:"text,json,none" default:"text"`
}

// Run turns a definition of another engine into one of ours and reports what became of each construct.
func (c *importOtherCmd) Run(k *kong.Context, e *env) error {
	src, err := readFile(e, c.File)
	if err != nil {
		return err
	}
	name := c.File
	if name != "-" {
		name = filepath.Base(name)
	}
	res, err := importer.Import(k.Selected().Name, src, importer.Options{File: name, Name: c.Name})
	var faults spec.Faults
	if errors.As(err, &faults) {
		for _, f := range faults {
			fmt.Fprint(e.err, f.Pretty(e.colour(e.errTTY)))
		}
		return quiet(exitFailed)
	}
	if err != nil {
		return err
	}
	if err := c.write(e, res.Text); err != nil {
		return err
	}
	to := e.out
	if c.Output == "" {
		to = e.err
	}
	if err := c.report(to, &res.Report); err != nil {
		return err
	}
	if res.Report.Faults.Bad() {
		return quiet(exitFailed)
	}
	return nil
}

func (c *importOtherCmd) write(e *env, text []byte) error {
	if c.Output == "" {
		_, err := e.out.Write(text)
		return err
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if !c.Force {
		flags |= os.O_EXCL
	}
	f, err := os.OpenFile(c.Output, flags, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		return &exitError{code: exitConflict, text: c.Output + " exists; write over it with --force"}
	case err != nil:
		return notFound("%v", err)
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

func (c *importOtherCmd) report(to io.Writer, r *importer.Report) error {
	switch c.Report {
	case "none":
		return nil
	case "json":
		enc := json.NewEncoder(to)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(r)
	}
	_, err := io.WriteString(to, r.Text())
	return err
}
