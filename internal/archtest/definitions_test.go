package archtest

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/node/standard"
)

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(workflow: .*?)^```$")

// TestDocsDefinitions checks every whole definition that a page or an example shows: no faults, no warnings.
func TestDocsDefinitions(t *testing.T) {
	root := os.DirFS("../..")
	seen := 0
	for _, page := range pages(t, root) {
		if path.Dir(page) == "docs/language" || page == "docs/cookbook.md" || page == "docs/coming-from.md" {
			continue // internal/pages checks them and plays their cases
		}
		for _, m := range yamlBlock.FindAllStringSubmatch(read(t, root, page), -1) {
			seen++
			check(t, page, m[1], nil)
		}
	}
	files, err := fs.Glob(root, "examples/*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if path.Dir(file) == "examples/broken" || strings.HasSuffix(file, ".test.yaml") {
			continue
		}
		seen++
		check(t, file, read(t, root, file), declared(root, file))
	}
	if seen < 5 {
		t.Errorf("only %d definitions found", seen)
	}
}

// declared are the node types that the file of cases beside a definition declares.
func declared(root fs.FS, file string) map[string]spec.NodeType {
	name := strings.TrimSuffix(file, ".yaml") + ".test.yaml"
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return nil // there is none
	}
	suite, _ := spec.ParseSuite(text, name)
	return suite.Types
}

func check(t *testing.T, name, text string, declared map[string]spec.NodeType) {
	t.Helper()
	for _, f := range faultsOf(name, text, declared) {
		t.Error(f)
	}
}

func faultsOf(name, text string, declared map[string]spec.NodeType) spec.Faults {
	_, faults := spec.CheckAll([]byte(text), spec.Options{File: name, Types: func(name string) (spec.NodeType, bool) {
		if t, ok := declared[name]; ok {
			return t, true
		}
		return standardType(name)
	}})
	return faults
}

// standardType finds a node type among those that come with Pawl.
func standardType(name string) (spec.NodeType, bool) {
	for _, d := range standard.Descriptors() {
		if d.Type == name {
			return spec.NodeType{Type: d.Type, Config: d.Config, Output: d.Output, Outcomes: d.Outcomes, Bad: d.Bad}, true
		}
	}
	return spec.NodeType{}, false
}

// TestDocsDefinitionsFail shows that a fault is seen.
func TestDocsDefinitionsFail(t *testing.T) {
	text := "workflow: x\nnodes:\n  - a: {httpp: {url: x}}\n"
	if m := yamlBlock.FindStringSubmatch("```yaml\n" + text + "```\n"); m == nil || m[1] != text {
		t.Errorf("the block is not found: %q", m)
	}
	if faults := faultsOf("x", text, nil); len(faults) == 0 || !strings.Contains(faults[0].Message, "httpp") {
		t.Errorf("faults: %v", faults)
	}
}
