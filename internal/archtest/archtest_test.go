package archtest

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestHouse is the rule of this repository.
func TestHouse(t *testing.T) {
	tree, err := Load("../..")
	if err != nil {
		t.Fatal(err)
	}
	found, err := Pawl.Check(tree)
	if err != nil {
		t.Error(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

// small is the rule of the module in testdata/house, which breaks each part of it.
var small = House{
	Places: []Place{
		{Path: "words", Ring: 0, Role: Words},
		{Path: "laws", Ring: 1, Role: Laws, May: []string{"words"}},
		{Path: "contract", Ring: 2, Role: Contract, May: []string{"words"}},
		{Path: "contract/contracttest", Ring: 2, Role: Suite, May: []string{"contract"}},
		{Path: "machinery/...", Ring: 3, Role: Machinery, May: []string{"contract", "adapter"}},
		{Path: "adapter", Ring: 3, Role: Adapter, May: []string{"contract", "words"}, Mods: []string{"example.com/driver"}},
		{Path: "door", Ring: 4, Role: Door, May: []string{"adapter"}},
		{Path: "wiring/...", Ring: 5, Role: Wiring, May: []string{"door"}},
		{Path: "util", Ring: 5, Role: Wiring, May: []string{"nothing"}},
		{Path: "nowhere", Ring: 5, Role: Wiring},
	},
	Pure:      []string{"laws", "lost"},
	PureFiles: []string{"machinery/*.go"},
	Impure:    []string{"machinery/loop.go", "machinery/past.go"},
	Tags:      []string{"bugs"},
	Lean:      map[string][]string{"door": nil, "words": nil, "gone": nil},
	Budget: Budget{
		Methods: 2, Lines: 60, TestLines: 16, Func: 50,
		Files: map[string]int{"machinery/loop.go": 8, "machinery/lost.go": 1},
		Names: []string{"util"},
	},
	Except: []Exception{
		{"machinery/mach*.go", "imports time", "durations are plain numbers"},
		{"machinery/machine.go", "imports os", "excuses nothing"},
		{"orphan", "has no line", ""},
	},
}

// elsewhere are the findings that have no line of source to stand on.
var elsewhere = []string{
	`gone:0: is listed as lean but not in the tree`,
	`lost:0: is listed as pure but not in the tree`,
	`machinery/...:0: may import adapter: machinery and adapters never import each other`,
	`machinery/lost.go:0: has a budget but is not in the tree`,
	`machinery/machine.go:0: the exception for imports os excuses nothing; remove it`,
	`machinery/past.go:0: is listed as impure but not in the tree`,
	`nowhere:0: is in the table but not in the tree; remove the line`,
	`orphan:0: the exception for has no line has no reason`,
	`util:0: may import nothing, which has no line of its own`,
}

// TestFindsViolations compares the findings in testdata/house with the want comments there: each finding is wanted
// and each want is found, so no rule can go blind unnoticed.
func TestFindsViolations(t *testing.T) {
	tree, err := Load("testdata/house")
	if err != nil {
		t.Fatal(err)
	}
	found, err := small.Check(tree)
	if err != nil {
		t.Fatal(err)
	}
	wanted := wants(tree)
	for _, f := range found {
		i := slices.IndexFunc(wanted, func(w Finding) bool {
			return w.Path == f.Path && w.Line == f.Line && strings.Contains(f.Text, w.Text)
		})
		if i < 0 {
			t.Errorf("not wanted: %v", f)
			continue
		}
		wanted = slices.Delete(wanted, i, i+1)
	}
	for _, w := range wanted {
		t.Errorf("not found: %v", w)
	}
}

var quoted = regexp.MustCompile(`"([^"]+)"`)

// wants collects the want comments of tree, and elsewhere.
func wants(tree *Tree) []Finding {
	var wanted []Finding
	for _, p := range tree.Packages {
		for _, f := range p.Files {
			for _, group := range f.AST.Comments {
				for _, c := range group.List {
					_, list, _ := strings.Cut(c.Text, "// want ")
					for _, m := range quoted.FindAllStringSubmatch(list, -1) {
						wanted = append(wanted, tree.at(f, c.Pos(), "%s", m[1]))
					}
				}
			}
		}
	}
	for _, line := range elsewhere {
		path, text, _ := strings.Cut(line, ":0: ")
		wanted = append(wanted, Finding{Path: path, Text: text})
	}
	return wanted
}

// TestBrokenTreeIsAnError: source that cannot be checked is an error, never a tree without findings.
func TestBrokenTreeIsAnError(t *testing.T) {
	if _, err := Load("testdata/nowhere"); err == nil {
		t.Error("a folder that is not there loads")
	}
	tree, err := Load("testdata/broken")
	if err != nil {
		t.Fatal(err)
	}
	house := House{Places: []Place{{Path: ".", Role: Laws}}, Pure: []string{"."}}
	if found, err := house.Check(tree); err == nil {
		t.Errorf("source that does not compile gives only %v", found)
	}
}
