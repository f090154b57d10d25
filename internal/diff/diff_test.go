package diff

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
)

func parse(t *testing.T, text string) *model.Workflow {
	t.Helper()
	docs, faults := spec.Parse([]byte(text), spec.Options{})
	if faults.Bad() {
		t.Fatal(faults)
	}
	return docs[0].Workflow
}

func TestWorkflows(t *testing.T) {
	for _, file := range []string{"same", "order", "nested"} {
		t.Run(file, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join("testdata", file+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			parts := strings.Split(string(raw), "=====\n")
			if len(parts) != 3 {
				t.Fatalf("%d parts", len(parts))
			}
			a, b := parse(t, parts[0]), parse(t, parts[1])
			d := Workflows(a, b)
			if got := strings.Join(d.Words(), "\n") + "\n"; got != parts[2] {
				t.Errorf("got\n%s", got)
			}
			if _, err := json.Marshal(d); err != nil {
				t.Error(err)
			}
			x, err := a.Hash()
			if err != nil {
				t.Fatal(err)
			}
			y, err := b.Hash()
			if err != nil {
				t.Fatal(err)
			}
			if d.Same != (x == y) {
				t.Errorf("same is %v, the hashes are %s and %s", d.Same, x, y)
			}
			if back := Workflows(b, a); len(back.Nodes) != len(d.Nodes) || len(back.Edges) != len(d.Edges) || len(back.Rules) != len(d.Rules) {
				t.Errorf("backwards it is %+v", back)
			}
		})
	}
}

func TestLongValuesAreCut(t *testing.T) {
	long := strings.Repeat("é", 300)
	f := Field{Key: "log", To: json.RawMessage(`"` + long + `"`)}
	if got := f.words(); len([]rune(got)) > 150 || !strings.HasSuffix(got, "…") {
		t.Error(got)
	}
	if got := short(json.RawMessage(`" x"`)); got != `" x"` {
		t.Error(got)
	}
}
