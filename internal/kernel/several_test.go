package kernel_test

import (
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
)

// TestSeveral runs testdata/several/*.txt: scripts with several executions that send messages to each other. A case
// begins with === and a name, then come definitions up to a line >>>, then verbs, each followed by what happens.
func TestSeveral(t *testing.T) { eachCase(t, "testdata/several/*.txt", runTown) }

func runTown(t *testing.T, body string) string {
	text, town := playTown(t, body)
	town.CheckTails()
	return text
}

func playTown(t *testing.T, body string) (string, *kernel.Town) {
	definitions, verbs, ok := strings.Cut(body, "\n>>>\n")
	if !ok {
		t.Fatal("the case has no >>> after its definitions")
	}
	docs, faults := spec.Parse([]byte(definitions), spec.Options{File: "case.yaml"})
	for _, f := range faults {
		if !f.Warn {
			t.Fatalf("%s", f)
		}
	}
	var ws []*model.Workflow
	for _, d := range docs {
		if d.Workflow.Version == "" {
			d.Workflow.Version = "1.0.0"
		}
		ws = append(ws, d.Workflow)
	}
	town := kernel.NewTown(t, ws)
	var out strings.Builder
	out.WriteString(definitions + "\n>>>\n")
	for _, line := range strings.Split(verbs, "\n") {
		if line == "" || strings.HasPrefix(line, "  ") {
			continue
		}
		out.WriteString(line + "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		said, err := town.Do(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		for _, l := range said {
			out.WriteString("  " + l + "\n")
		}
	}
	return out.String(), town
}
