package spec

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// effects are the node types of the tests, as a registry would give them.
var effects = map[string]NodeType{
	"function": {Type: "function", Short: "Calls a Go function.", Config: raw(`{"type":"object","properties":{
		"name":{"type":"string","description":"Name of the function."},"args":{"description":"Its argument."}},"required":["name"],"additionalProperties":false}`)},
	"http": {Type: "http", Short: "Makes an HTTP request.", Config: raw(`{"type":"object","properties":{
		"method":{"enum":["GET","POST","PUT","PATCH","DELETE","HEAD"],"default":"GET","description":"The method."},
		"url":{"type":"string","description":"Where to."},
		"headers":{"type":"object","additionalProperties":{"type":"string"},"description":"Header lines."},
		"json":{"description":"The body."},
		"accept":{"type":"array","items":{"type":"integer","minimum":100,"maximum":599},"description":"Status codes that are no errors."},
		"body_limit":{"type":"integer","minimum":1,"description":"Bytes of a body that are read."},
		"follow":{"type":"boolean","description":"Follow redirects."},
		"auth":{"oneOf":[{"type":"string"},{"type":"object","properties":{"user":{"type":"string"},"password":{"type":"string"}},"required":["user","password"]}]}},
		"required":["url"],"additionalProperties":false}`)},
	"notify":  {Type: "notify", Config: raw(`{"type":"object","properties":{"url":{"type":"string"},"message":{"type":"string"}},"required":["message"],"additionalProperties":false}`)},
	"sql":     {Type: "sql", Config: raw(`{"type":"object","required":["statement"]}`)},
	"ai":      {Type: "ai", Config: raw(`{"type":"object","required":["model"]}`), Outcomes: []string{"tools", "refused"}, Bad: []string{"refused"}},
	"service": {Type: "service", Config: raw(`{"type":"object","required":["name"]}`)},
}

func raw(s string) json.RawMessage { return json.RawMessage(s) }

func testOptions(file string) Options {
	return Options{
		File:  file,
		Types: func(name string) (NodeType, bool) { t, ok := effects[name]; return t, ok },
		TypeNames: func() []string {
			var names []string
			for n := range effects {
				names = append(names, n)
			}
			slices.Sort(names)
			return names
		},
	}
}

func readTest(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// golden compares got with a golden file.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := readTest(t, path); !bytes.Equal(got, want) {
		t.Errorf("%s differs; run with -update if that is desired\n--- got\n%s\n--- want\n%s", path, got, want)
	}
}

// models is the canonical JSON of every workflow of a file.
func models(t *testing.T, docs []*Document) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, d := range docs {
		b, err := json.MarshalIndent(d.Workflow, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
		out.WriteByte('\n')
	}
	return out.Bytes()
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files match %s: %v", pattern, err)
	}
	return files
}

// TestGolden reads every definition of testdata without faults and compares the model.
func TestGolden(t *testing.T) {
	for _, path := range glob(t, "testdata/*/*.yaml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			docs, faults := Parse(readTest(t, path), testOptions(filepath.Base(path)))
			for _, f := range faults {
				t.Errorf("%s", f.Pretty(false))
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".golden.json", models(t, docs))
		})
	}
}
