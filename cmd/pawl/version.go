package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the release build; otherwise the module's version is told.
var version = ""

type versionCmd struct {
	Output format `short:"o" help:"table or json." enum:"table,json" default:"table"`
}

// Run prints the version.
func (c *versionCmd) Run(_ context.Context, e *env) error {
	v := programVersion()
	if c.Output == asJSON {
		return printJSON(e.out, map[string]string{"version": v, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH}, true)
	}
	fmt.Fprintf(e.out, "pawl %s (%s, %s/%s)\n", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

func programVersion() string {
	if version != "" {
		return version
	}
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" {
		return b.Main.Version
	}
	return "devel"
}
