// Package patterns holds the forty-three workflow control-flow patterns as definitions with cases.
package patterns

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/pawltest"
)

// heading is the first line of a pattern: its number, name and rating.
var heading = regexp.MustCompile(`^# WCP-(\d+) ([^:]+): (\+|\+/-|-)\n`)

// marks are the ratings as docs/patterns.md writes them.
var marks = map[string]string{"+": "+", "+/-": "±", "-": "−"}

// TestPatterns plays the cases of every pattern, with a crash before and after each commit unless the test is to be
// short, wants every node and edge of it gone through, and compares the ratings with those of the page.
func TestPatterns(t *testing.T) {
	page, err := os.ReadFile("../../docs/patterns.md")
	if err != nil {
		t.Fatal(err)
	}
	direct := 0
	for n := 1; n <= 43; n++ {
		name := fmt.Sprintf("wcp%02d", n)
		text, err := os.ReadFile(name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		m := heading.FindStringSubmatch(string(text))
		if m == nil || m[1] != fmt.Sprint(n) {
			t.Fatalf("%s.yaml does not begin with # WCP-%d NAME: RATING", name, n)
		}
		if m[3] == "+" {
			direct++
		}
		for _, row := range []string{
			fmt.Sprintf("| %d | %s | %s | ", n, m[2], marks[m[3]]),
			fmt.Sprintf("| %d | [%s](../examples/patterns/%s.yaml) | **%s** | ", n, m[2], name, marks[m[3]]),
		} {
			if !strings.Contains(string(page), row) {
				t.Errorf("docs/patterns.md has no row %q", row)
			}
		}
		t.Run(name, func(t *testing.T) {
			opts := []pawltest.CasesOption{pawltest.Covered()}
			if !testing.Short() {
				opts = append(opts, pawltest.Everywhere())
			}
			pawltest.RunCases(t, name+".test.yaml", opts...)
		})
	}
	files, err := filepath.Glob("wcp*.test.yaml")
	if err != nil || len(files) != 43 {
		t.Errorf("%d files of cases, %v", len(files), err)
	}
	t.Logf("patterns=%d direct=%d", len(files), direct)
	if direct < 38 {
		t.Errorf("only %d are direct", direct)
	}
}
