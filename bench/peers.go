package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/bench/race"
)

// programs are the modules with peers, each in a directory. Those with names are built only when one of these takes part.
var programs = []struct {
	dir   string
	names []string
}{
	{"peers", nil},
	{"peers/temporal", []string{"temporal"}}, // takes minutes to build
}

// takes says whether -only, a list of systems that is empty for all, needs a program that has these.
func takes(only string, names []string) bool {
	return only == "" || names == nil || slices.ContainsFunc(strings.Split(only, ","), func(name string) bool {
		return slices.Contains(names, name)
	})
}

// againstPeers builds the programs of the peers, which are modules of their own, and lets all run the same work.
func againstPeers(o race.Options, asJSON, write bool) error {
	tmp, err := os.MkdirTemp(o.Dir, "pawl-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	o.Programs = []string{self}
	for i, of := range programs {
		if !takes(o.Only, of.names) {
			continue
		}
		program := filepath.Join(tmp, fmt.Sprintf("peers%d", i))
		fmt.Fprintf(os.Stderr, "building %s ...\n", of.dir)
		build := exec.Command("go", "build", "-o", program, ".")
		build.Dir, build.Stdout, build.Stderr = filepath.FromSlash(of.dir), os.Stderr, os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build %s, from the directory bench: %w", of.dir, err)
		}
		o.Programs = append(o.Programs, program)
	}
	o.Dir, o.Progress = tmp, os.Stderr
	entries, rows, err := race.Run(context.Background(), o)
	if err != nil {
		return err
	}
	if write {
		if err := race.Write(filepath.Join("..", "docs"), entries, rows, o.Quick); err != nil {
			return err
		}
	}
	if asJSON {
		return race.PrintJSON(os.Stdout, rows)
	}
	return race.PrintTable(os.Stdout, rows)
}
