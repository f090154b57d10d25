package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/pawl-dev/pawl/bench/race"
)

// againstPeers builds the program of the peers, a module of its own, and lets all run the same work.
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
	peers := filepath.Join(tmp, "peers")
	fmt.Fprintln(os.Stderr, "building the peers ...")
	build := exec.Command("go", "build", "-o", peers, ".")
	build.Dir, build.Stdout, build.Stderr = "peers", os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the peers, from the directory bench: %w", err)
	}
	o.Dir, o.Programs, o.Progress = tmp, []string{self, peers}, os.Stderr
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
