package kernel_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/spec"
)

var freeze = flag.Bool("freeze", false, "write the journals of the scripts as those of the format in freezeAs")

// freezeAs is the released format that -freeze writes. Files of earlier formats are never written again.
const freezeAs = "testdata/journals/v2.jsonl"

// TestGoldenJournals folds the journals of every released format: what they gave when they were written they give
// for ever (K2).
func TestGoldenJournals(t *testing.T) {
	if *freeze {
		freezeJournals(t)
	}
	files, err := filepath.Glob("testdata/journals/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden journals: %v", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range bytes.Split(bytes.TrimSpace(src), []byte("\n")) {
			var g kernel.Golden
			if err := json.Unmarshal(line, &g); err != nil {
				t.Fatal(err)
			}
			again, err := g.Refold()
			if err != nil {
				t.Errorf("%s: %s: %v", file, g.Name, err)
				continue
			}
			if got, _ := json.Marshal(again); !bytes.Equal(got, line) {
				t.Errorf("%s: %s folds to something else now\nwas %s\nis  %s", file, g.Name, line, got)
			}
		}
	}
}

func freezeJournals(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	var out bytes.Buffer
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(src), "=== ")
		for _, c := range strings.Split(rest, "\n=== ") {
			name, body, _ := strings.Cut(c, "\n")
			if g, ok := journalOf(t, name, body); ok {
				line, err := json.Marshal(g)
				if err != nil {
					t.Fatal(err)
				}
				out.Write(append(line, '\n'))
			}
		}
	}
	if err := os.MkdirAll(filepath.Dir(freezeAs), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(freezeAs, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// longJournal is the size from which a case is left out of the frozen journals.
const longJournal = 64 << 10

func journalOf(t *testing.T, name, body string) (kernel.Golden, bool) {
	definition, verbs, _ := strings.Cut(body, "\n---\n")
	definition, next, migrates := strings.Cut(definition, "\n#next\n")
	docs, faults := spec.Parse([]byte(definition), spec.Options{File: "case.yaml"})
	if fatal(faults) {
		return kernel.Golden{}, false
	}
	if _, compiled := kernel.Compile(docs[0].Workflow); len(compiled) > 0 && !compiled[0].Warn {
		return kernel.Golden{}, false
	}
	s := kernel.NewScript(t, docs[0].Workflow)
	if migrates {
		later, _ := spec.Parse([]byte(next), spec.Options{File: "next.yaml"})
		s.Next(later[0].Workflow)
	}
	for _, line := range strings.Split(verbs, "\n") {
		if line == "" || strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "#") {
			continue
		}
		if _, err := s.Do(line); err != nil {
			t.Fatal(err)
		}
	}
	g := s.Golden(name)
	size := 0
	for _, e := range g.Entries {
		size += len(e.Body)
		if bytes.Contains(e.Body, []byte(`"op":"base"`)) {
			return g, false // it holds a state, whose format still grows
		}
	}
	return g, size < longJournal
}

func FuzzDecodeEntry(f *testing.F) {
	f.Add([]byte(`{"v":1,"ops":[{"op":"done","step":"a","outcome":"success","output":{"x":[1,"}"]}},{"op":"more"}]}`))
	f.Add([]byte(`{"v":1,"ops":[{"op":"start","id":"00000000000000000000000001","namespace":"d","workflow":"w","version":"1"}]}`))
	f.Add([]byte(`{"v":2,"ops":[]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		ops, err := kernel.Decode(body)
		if err != nil {
			return
		}
		s := kernel.New()
		_ = kernel.Apply(s, 1, 1, ops) // an error is fine, a panic is not
		_ = kernel.Encode(nil, ops)
	})
}

func FuzzRestore(f *testing.F) {
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _ = kernel.Restore(body)
	})
}
