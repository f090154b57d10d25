package kernel_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/spec"
)

var rewrite = flag.Bool("rewrite", false, "write what happens into the scripts; read the difference before committing it")

// TestScripts runs testdata/*.txt. A script is a list of cases; a case begins with === and a name, then comes a
// definition up to a line ---, then verbs, each followed by what happens, indented.
func TestScripts(t *testing.T) { eachCase(t, "testdata/*.txt", runCase) }

// eachCase plays the cases of the scripts and wants each to say what it says.
func eachCase(t *testing.T, pattern string, play func(*testing.T, string) string) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		head, rest, _ := strings.Cut(string(src), "=== ")
		out.WriteString(head)
		for _, c := range strings.Split(rest, "\n=== ") {
			name, body, _ := strings.Cut(c, "\n")
			got := body
			t.Run(filepath.Base(file)+"/"+name, func(t *testing.T) {
				got = play(t, body)
				if strings.TrimSpace(got) != strings.TrimSpace(body) && !*rewrite {
					t.Errorf("something else happens (-rewrite writes it):\n%s", diff(body, got))
				}
			})
			if out.Len() > len(head) {
				out.WriteString("\n")
			}
			out.WriteString("=== " + name + "\n" + strings.TrimRight(got, "\n") + "\n")
		}
		if *rewrite {
			if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func runCase(t *testing.T, body string) string {
	text, s := playCase(t, body)
	if s != nil {
		s.CheckTails()
	}
	return text
}

// playCase plays a case and returns its execution; nil where its definition has faults.
func playCase(t *testing.T, body string) (string, *kernel.Script) {
	definition, verbs, ok := strings.Cut(body, "\n---\n")
	if !ok {
		t.Fatal("the case has no --- after its definition")
	}
	var out strings.Builder
	out.WriteString(definition + "\n---\n")
	definition, next, migrates := strings.Cut(definition, "\n#next\n") // what the verb migrate goes on with
	docs, faults := spec.Parse([]byte(definition), spec.Options{File: "case.yaml"})
	if len(docs) > 0 && !fatal(faults) {
		_, compiled := kernel.Compile(docs[0].Workflow)
		for _, f := range compiled {
			kind := "fault"
			if f.Warn {
				kind = "warning"
			}
			out.WriteString("  " + kind + " " + f.Code + " at " + f.Node + " " + f.Field + ": " + f.Message + "\n")
		}
		for _, f := range compiled {
			if !f.Warn {
				return out.String(), nil
			}
		}
	}
	for _, f := range faults {
		if !f.Warn {
			t.Fatalf("%s", f)
		}
	}
	s := kernel.NewScript(t, docs[0].Workflow)
	if migrates {
		later, faults := spec.Parse([]byte(next), spec.Options{File: "next.yaml"})
		if fatal(faults) {
			t.Fatal(faults)
		}
		s.Next(later[0].Workflow)
	}
	for _, line := range strings.Split(verbs, "\n") {
		if line == "" || strings.HasPrefix(line, "  ") {
			continue
		}
		out.WriteString(line + "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		said, err := s.Do(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		for _, l := range said {
			out.WriteString("  " + l + "\n")
		}
	}
	return out.String(), s
}

func diff(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	var out strings.Builder
	for i := range max(len(a), len(b)) {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			out.WriteString("- " + x + "\n+ " + y + "\n")
		}
	}
	return out.String()
}

func fatal(faults spec.Faults) bool {
	for _, f := range faults {
		if !f.Warn {
			return true
		}
	}
	return false
}
