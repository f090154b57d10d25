package spec

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// definitions are every definition without faults that the repository has.
func definitions(t *testing.T) []string {
	files := glob(t, "testdata/*/*.yaml")
	for _, p := range glob(t, "../../examples/*/*.yaml") {
		if filepath.Base(filepath.Dir(p)) != "broken" && !strings.HasSuffix(p, ".test.yaml") {
			files = append(files, p)
		}
	}
	return files
}

func hash(t *testing.T, d *Document) string {
	t.Helper()
	h, err := d.Workflow.Hash()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// one parses a file of one definition that must be without faults.
func one(t *testing.T, src, file string) *Document {
	t.Helper()
	docs, faults := Parse([]byte(src), testOptions(file))
	if faults.Bad() || len(docs) != 1 {
		t.Fatalf("%d documents, faults:\n%v\nin\n%s", len(docs), faults, src)
	}
	return docs[0]
}

func TestMarshalReadsBackEqual(t *testing.T) {
	for _, path := range definitions(t) {
		docs, faults := Parse(readTest(t, path), testOptions(path))
		if faults.Bad() {
			t.Fatal(faults)
		}
		for _, d := range docs {
			text, err := Marshal(d.Workflow)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			back := one(t, string(text), "back.yaml")
			if hash(t, back) != hash(t, d) {
				t.Errorf("%s: another workflow is read back\n%s\n--- got\n%s\n--- want\n%s", path, text, models(t, []*Document{back}), models(t, []*Document{d}))
			}
			again, err := Marshal(back.Workflow)
			if err != nil || !bytes.Equal(again, text) {
				t.Errorf("%s: written differently the second time (%v)", path, err)
			}
		}
	}
}

// TestJSONIsTheSameDocument reads every definition as YAML and, turned into JSON, as JSON.
func TestJSONIsTheSameDocument(t *testing.T) {
	for _, path := range definitions(t) {
		docs, _ := Parse(readTest(t, path), testOptions(path))
		for _, d := range docs {
			as := asJSON(t, d.Source)
			for _, name := range []string{"x.json", "x.yaml"} {
				if back := one(t, as, name); hash(t, back) != hash(t, d) {
					t.Errorf("%s as %s has another hash", path, name)
				}
			}
		}
	}
}

// asJSON turns YAML into JSON with keys in written order.
func asJSON(t *testing.T, src []byte) string {
	t.Helper()
	var n yaml.Node
	if err := yaml.Load(src, &n); err != nil {
		t.Fatal(err)
	}
	c := &collector{lines: newLines(src)}
	v := (&yamlReader{c: c, chunk: chunk{src, 1}, seen: map[*yaml.Node]*value{}}).value(n.Content[0], 0)
	out := v.appendAsIs(nil)
	if !json.Valid(out) {
		t.Fatalf("no JSON: %s", out)
	}
	return string(out)
}
