package spec

import (
	"os"
	"strings"
	"testing"
)

// TestCasesPage keeps the tables of docs/testing.md equal to the tables of keys.
func TestCasesPage(t *testing.T) {
	const file = "../../docs/testing.md"
	const mark = "<!-- Made from the table of keys: go test ./internal/spec -run TestCasesPage -update. Do not edit below. -->\n"
	head, old, ok := strings.Cut(string(readTest(t, file)), mark)
	if !ok {
		t.Fatalf("%s has no line %q", file, mark)
	}
	var b strings.Builder
	for _, s := range CaseSections() {
		b.WriteString("\n### " + s.title + "\n" + strings.TrimRight(keyTable(s), "\n") + "\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(head+mark+b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if b.String() != old {
		t.Errorf("%s is not what the table of keys says; run the command in it", file)
	}
}
