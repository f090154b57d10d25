package importer

import (
	"errors"
	"testing"

	"github.com/pawl-dev/pawl/internal/spec"
)

// tolerated are faults that a source may lead to because it asks for what a graph of ours cannot be, or names what is
// not there. Every other fault is ours: the importer wrote what it should not have written.
var tolerated = map[string]bool{
	"unsupported": true, "fork_in_cycle": true, "unreachable_node": true, "several_starts": true, "not_before": true, "two_entries": true,
	"too_complex": true, "too_large": true, "too_deep": true, "too_many": true, "bad_version": true, "bad_value": true, "empty": true,
	"self_edge": true, "tail_entered": true, "unused": true, "unnamed": true, "open_choice": true, "split_in_cycle": true, "no_start": true, "missing": true,
	"expression_too_complex": true, "expression_literal": true,
}

func fuzz(f *testing.F, format string) {
	for _, file := range sources(f)[format] {
		f.Add(read(f, file))
	}
	f.Fuzz(func(t *testing.T, src []byte) { holds(t, format, src, "") })
}

// holds imports src and checks what must hold for every source. It reports whether there was a definition.
func holds(t *testing.T, format string, src []byte, what string) bool {
	t.Helper()
	res, err := Import(format, src, Options{File: "fuzz"})
	if err != nil {
		var faults spec.Faults
		if !errors.As(err, &faults) || len(faults) == 0 || faults[0].Line < 1 || faults[0].Column < 1 {
			t.Fatalf("%s: a fault without a place: %#v", what, err)
		}
		return false
	}
	if len(res.Text) > MaxText+spec.MaxDocument {
		t.Fatalf("%s: %d bytes of source became %d", what, len(src), len(res.Text))
	}
	for _, fault := range res.Report.Faults {
		if !fault.Warn && !tolerated[fault.Code] {
			t.Errorf("%s: %s\n%s", what, fault.Pretty(false), src)
		}
	}
	again, err := Import(format, src, Options{File: "fuzz"})
	if err != nil || string(again.Text) != string(res.Text) || again.Report.Text() != res.Report.Text() {
		t.Fatalf("%s: the same source gave something else\n%s", what, src)
	}
	return true
}

func FuzzPocketFlow(f *testing.F) { fuzz(f, "pocketflow") }
func FuzzParevo(f *testing.F)     { fuzz(f, "parevo") }
func FuzzDagEngine(f *testing.F)  { fuzz(f, "dag-engine") }
func FuzzGofi(f *testing.F)       { fuzz(f, "gofi") }
