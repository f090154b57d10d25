package importer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/importer"
	"github.com/pawl-dev/pawl/internal/rehearse"
	"github.com/pawl-dev/pawl/node/standard"
)

// TestImportedDefinitionsRun plays testdata/<format>/<name>.cases.yaml on what the import of that definition gives: it
// takes the ways that the other engine takes.
func TestImportedDefinitionsRun(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.cases.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files of cases: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimPrefix(file, "testdata/"), func(t *testing.T) {
			format := filepath.Base(filepath.Dir(file))
			cases, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := rehearse.Load("w.test.yaml", standard.Descriptors(), func(path string) ([]byte, error) {
				if path == "w.test.yaml" {
					return cases, nil
				}
				return imported(format, file)
			})
			if err != nil {
				t.Fatal(err)
			}
			for i := range s.Spec.Cases {
				r := s.Run(&s.Spec.Cases[i], rehearse.Crash{})
				for _, p := range r.Problems {
					t.Errorf("%s:%d: %s: %s", file, p.Line, r.Case, p.Text)
				}
			}
		})
	}
}

// imported is what the import of the definition beside a file of cases gives.
func imported(format, cases string) ([]byte, error) {
	for _, ext := range []string{".yaml", ".json"} {
		name := strings.TrimSuffix(cases, ".cases.yaml") + ext
		src, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		res, err := importer.Import(format, src, importer.Options{File: filepath.Base(name)})
		if err != nil {
			return nil, err
		}
		return res.Text, nil
	}
	return nil, os.ErrNotExist
}
