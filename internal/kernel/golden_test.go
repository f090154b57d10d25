package kernel_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
)

var freeze = flag.Bool("freeze", false, "write the journals of the scripts as those of the format in freezeAs")

// freezeAs is the released format that -freeze writes. Files of earlier formats are never written again.
const freezeAs = "testdata/journals/v5.jsonl"

// TestGoldenJournals folds the journals of every released format: what they gave when they were written they give
// for ever (K2).
func TestGoldenJournals(t *testing.T) {
	if *freeze {
		freezeJournals(t)
	}
	for _, g := range goldens(t) {
		again, err := g.Refold()
		if err != nil {
			t.Errorf("%s: %s: %v", g.file, g.Name, err)
			continue
		}
		if got, _ := json.Marshal(again); !bytes.Equal(got, g.line) {
			t.Errorf("%s: %s folds to something else now\nwas %s\nis  %s", g.file, g.Name, g.line, got)
		}
	}
}

// freezeJournals writes the journals of all scripts that no earlier format holds already.
func freezeJournals(t *testing.T) {
	known := map[string]bool{}
	for _, g := range goldens(t) {
		if g.file != freezeAs {
			known[entriesOf(t, g.Golden)] = true
		}
	}
	var out bytes.Buffer
	keep := func(g kernel.Golden) {
		if known[entriesOf(t, g)] || len(entriesOf(t, g)) > longJournal {
			return
		}
		known[entriesOf(t, g)] = true
		line, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(line, '\n'))
	}
	eachCase(t, "testdata/*.txt", func(t *testing.T, body string) string {
		text, script := playCase(t, body)
		if script != nil {
			keep(script.Golden(nameOf(t)))
		}
		return text
	})
	eachCase(t, "testdata/several/*.txt", func(t *testing.T, body string) string {
		text, town := playTown(t, body)
		for _, g := range town.Goldens(nameOf(t)) {
			keep(g)
		}
		return text
	})
	if err := os.WriteFile(freezeAs, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// longJournal is the size from which a journal is not frozen.
const longJournal = 64 << 10

// nameOf is the name of the case that is played.
func nameOf(t *testing.T) string { return t.Name()[strings.Index(t.Name(), "/")+1:] }

func entriesOf(t *testing.T, g kernel.Golden) string {
	body, err := json.Marshal(g.Entries)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

type frozen struct {
	kernel.Golden
	file string
	line []byte
}

// goldens reads the journals of every released format.
func goldens(t *testing.T) (all []frozen) {
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
			g := frozen{file: file, line: line}
			if err := json.Unmarshal(line, &g.Golden); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			all = append(all, g)
		}
	}
	return all
}

// neverSaid are fields that are read but not written any more, nor were in any released format.
var neverSaid = []string{"end output"}

// TestGoldenJournalsHoldEverything: what the format can say, some frozen journal says (K2). An operation or a field that
// is new comes with a further file of journals: raise freezeAs and run with -freeze.
func TestGoldenJournalsHoldEverything(t *testing.T) {
	said := map[string]bool{}
	for _, g := range goldens(t) {
		for _, e := range g.Entries {
			if err := kernel.Said(e.Body, said); err != nil {
				t.Fatalf("%s: %s: %v", g.file, g.Name, err)
			}
		}
	}
	for _, word := range kernel.Vocabulary() {
		if !said[word] && !slices.Contains(neverSaid, word) {
			t.Errorf("no golden journal holds %s", word)
		}
	}
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
