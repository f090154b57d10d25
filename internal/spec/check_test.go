package spec

import (
	"strings"
	"testing"
)

// TestCheckTellsTheRest: a document with faults of its own still has its expressions checked, and nothing that only
// follows from those faults is told.
func TestCheckTellsTheRest(t *testing.T) {
	_, faults := CheckAll([]byte("workflow: w\nnodes:\n  a: {call: a, next: nowhere}\n  b: {call: b, after: a, if: 1 +, args: \"${ 2 * }\"}\n"), testOptions(""))
	got := map[string]int{}
	for _, f := range faults {
		got[f.Code]++
	}
	if got[CodeUnknownNode] != 1 || got["expression_syntax"] != 2 || len(faults) != 3 {
		t.Errorf("%v", faults)
	}
}

// TestCheckSeveralDocuments: faults of the second document stand on its lines of the file.
func TestCheckSeveralDocuments(t *testing.T) {
	src := "workflow: one\nnodes:\n  - a: {call: a}\n---\nworkflow: two\nnodes:\n  - b: {call: b, if: nobody.x}\n"
	docs, faults := CheckAll([]byte(src), testOptions("f.yaml"))
	if len(docs) != 2 || docs[1].Line != 4 || !strings.HasPrefix(string(docs[1].Source), "---\nworkflow: two") {
		t.Fatalf("%+v", docs)
	}
	if len(faults) != 1 || faults[0].Line != 7 || faults[0].Column != 22 || !strings.Contains(faults[0].Pretty(false), "nobody.x") {
		t.Errorf("%v", faults)
	}
}
