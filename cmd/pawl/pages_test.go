package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestPages runs every line of pages for operators: the commands of their console blocks, with the files of their yaml
// blocks, in order. What stands under a command must be in its output.
func TestPages(t *testing.T) {
	for name, least := range map[string]int{"operate": 20, "health": 7, "search": 14} {
		t.Run(name, func(t *testing.T) { playPage(t, name, least) })
	}
}

func playPage(t *testing.T, name string, least int) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", name+".md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script, commands := scriptOf(string(page))
	if commands < least {
		t.Fatalf("the page has %d commands only", commands)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".txtar"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("USER", "ada")
			e.Setenv("TZ", "UTC")
			return os.CopyFS(filepath.Join(e.WorkDir, "examples", "loan"), os.DirFS(filepath.Join("..", "..", "examples", "loan")))
		},
		Condition: onDisk(t),
		Cmds:      map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "shows": shows},
	})
}

var block = regexp.MustCompile("(?ms)^```(console|yaml) ?([\\w.-]*)\n(.*?)^```$")

// flushed is a line of a page that pawl does not say of a folder in memory.
const flushed = "what is acknowledged is on the disk"

// scriptOf turns a page into a script.
func scriptOf(page string) (script string, commands int) {
	var lines, files strings.Builder
	for _, m := range block.FindAllStringSubmatch(page, -1) {
		if m[1] == "yaml" {
			fmt.Fprintf(&files, "-- %s --\n%s", m[2], m[3])
			continue
		}
		for _, line := range strings.Split(strings.TrimRight(m[3], "\n"), "\n") {
			command, ok := strings.CutPrefix(line, "$ ")
			if !ok {
				if line == flushed {
					lines.WriteString("[disk] ")
				}
				fmt.Fprintf(&lines, "shows '%s'\n", strings.ReplaceAll(line, "'", "''"))
				continue
			}
			commands++
			command, code, fails := strings.Cut(command, "   # exits ")
			command = doubleQuoted.ReplaceAllString(command, "'$1'$2")
			if !fails {
				code = "0"
			}
			fmt.Fprintf(&lines, "exits %s %s\n", code, command)
		}
	}
	return lines.String() + files.String(), commands
}

// doubleQuoted is an argument in the quotes of a shell; testscript knows single ones only.
var doubleQuoted = regexp.MustCompile(`"([^"'{}:]*)"($| )`)

// shows TEXT fails unless the output of the last command has the text, on either end.
func shows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: shows TEXT")
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if !strings.Contains(squeeze(ts.ReadFile("stdout")+" "+ts.ReadFile("stderr")), squeeze(args[0])) {
		ts.Fatalf("the output does not show %q", args[0])
	}
}
