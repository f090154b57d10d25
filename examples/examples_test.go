// Package examples holds whole programs and definitions with cases.
package examples

import (
	"path/filepath"
	"testing"

	"github.com/pawl-dev/pawl/pawltest"
)

// TestCases plays the cases of every example, with a crash before and after each commit unless the test is to be short,
// and wants every node and edge gone through. Those of the patterns are played by their own test.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("*/*.test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		if filepath.Dir(file) == "patterns" {
			continue
		}
		seen++
		t.Run(filepath.Dir(file), func(t *testing.T) {
			opts := []pawltest.CasesOption{pawltest.Covered()}
			if !testing.Short() {
				opts = append(opts, pawltest.Everywhere())
			}
			pawltest.RunCases(t, file, opts...)
		})
	}
	if seen < 3 {
		t.Errorf("only %d files of cases", seen)
	}
}
