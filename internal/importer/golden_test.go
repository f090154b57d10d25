package importer

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/node/standard"
)

var update = flag.Bool("update", false, "write the golden files")

// sources are the definitions in testdata/<format>, written by us in the formats of others.
func sources(t testing.TB) map[string][]string {
	out := map[string][]string{}
	for _, format := range Formats() {
		files, err := filepath.Glob(filepath.Join("testdata", format, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.Contains(filepath.Base(f), ".golden.") && !strings.Contains(filepath.Base(f), ".cases.") && !strings.HasSuffix(f, ".txt") {
				out[format] = append(out[format], f)
			}
		}
		if len(out[format]) == 0 {
			t.Fatalf("no definitions of %s", format)
		}
	}
	return out
}

// TestGolden imports every definition of testdata; -update writes what comes out. READ it before committing.
func TestGolden(t *testing.T) {
	for _, format := range Formats() {
		for _, file := range sources(t)[format] {
			t.Run(format+"/"+filepath.Base(file), func(t *testing.T) {
				res, err := Import(format, read(t, file), Options{File: filepath.Base(file)})
				base := strings.TrimSuffix(file, filepath.Ext(file))
				if err != nil {
					same(t, base+".faults.txt", []byte(err.Error()+"\n"))
					return
				}
				same(t, base+".golden.yaml", res.Text)
				same(t, base+".report.txt", []byte(res.Report.Text()))
				wellFormed(t, res.Text)
			})
		}
	}
}

// wellFormed checks the definition with the node types that Pawl has; others may be to come.
func wellFormed(t *testing.T, text []byte) {
	t.Helper()
	_, faults := spec.CheckAll(text, spec.Options{File: "golden", Types: func(name string) (spec.NodeType, bool) {
		for _, d := range standard.Descriptors() {
			if d.Type == name {
				return spec.NodeType{Type: d.Type, Config: d.Config, Output: d.Output, Outcomes: d.Outcomes, Bad: d.Bad}, true
			}
		}
		planned := name == "service" || name == "lua" || name == "ai" || name == "grpc"
		return spec.NodeType{Type: name}, planned
	}})
	for _, f := range faults {
		if !f.Warn && f.Code != "unsupported" {
			t.Error(f.Pretty(false))
		}
	}
}

// TestEveryKeyIsImported: the definitions of testdata use every key that a format has.
func TestEveryKeyIsImported(t *testing.T) {
	for _, format := range Formats() {
		all := ""
		for _, f := range sources(t)[format] {
			all += string(read(t, f))
		}
		for _, key := range vocabulary[format] {
			if !strings.Contains(all, `"`+key+`"`) && !strings.Contains(all, key+":") && !strings.Contains(all, `\"`+key+`\"`) {
				t.Errorf("%s: no definition has the key %s", format, key)
			}
		}
	}
}

func read(t testing.TB, file string) []byte {
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func same(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := read(t, file); !bytes.Equal(want, got) {
		t.Errorf("%s is not what comes out:\n%s", file, got)
	}
}
