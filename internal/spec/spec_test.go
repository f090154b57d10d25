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
	"function": {Type: "function", Short: "Calls a Go function.", Config: shipped("function")},
	"http":     {Type: "http", Short: "Makes an HTTP request.", Config: shipped("http")},
	"notify":   {Type: "notify", Config: raw(`{"type":"object","properties":{"url":{"type":"string"},"message":{"type":"string"}},"required":["message"],"additionalProperties":false}`)},
	"sql":      {Type: "sql", Config: raw(`{"type":"object","required":["statement"]}`)},
	"mail":     {Type: "mail", Config: raw(`{"type":"object"}`), Outcomes: []string{"bounced", "queued"}, Bad: []string{"bounced"}},
	"ai":       {Type: "ai", Config: raw(`{"type":"object","required":["model"]}`), Outcomes: []string{"tools"}},
	"service":  {Type: "service", Config: raw(`{"type":"object","required":["name"]}`)},
}

// shipped is the schema of a node type that Pawl comes with.
func shipped(name string) json.RawMessage {
	b, err := os.ReadFile("../../node/" + name + "/config.json")
	if err != nil {
		panic(err)
	}
	return b
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
	return globAll(t, pattern)
}

func globAll(t testing.TB, pattern string) []string {
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

// TestBroken reads the definitions of examples/broken as pawl validate does and compares what is told about them.
func TestBroken(t *testing.T) {
	codes := map[string]bool{}
	for _, path := range glob(t, "../../examples/broken/*") {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			_, faults := CheckAll(readTest(t, path), testOptions("examples/broken/"+name))
			if faults.Err() == nil {
				t.Errorf("no faults")
			}
			var out strings.Builder
			for _, f := range faults {
				codes[f.Code] = true
				out.WriteString(f.Pretty(false))
				if f.Code == "" || f.Message == "" || f.Hint == "" || f.Line < 1 || f.Column < 1 {
					t.Errorf("incomplete: %+v", f)
				}
			}
			golden(t, "testdata/broken/"+name+".txt", []byte(out.String()))
		})
	}
	if len(codes) < 30 {
		t.Errorf("only %d codes are shown by examples/broken", len(codes))
	}
}
