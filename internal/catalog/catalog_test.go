package catalog

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/record"
)

// of reads "order 1.0.0 active uses pay ^1, send" and the like, one version a line.
func of(t *testing.T, text string) Catalog {
	t.Helper()
	var c Catalog
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		head, uses, _ := strings.Cut(line, " uses ")
		words := strings.Fields(head)
		v := Version{Workflow: words[0], Version: words[1], Hash: line, Active: slices.Contains(words, "active"), Retired: slices.Contains(words, "retired")}
		for _, u := range strings.Split(uses, ", ") {
			if name, constraint, _ := strings.Cut(u, " "); name != "" {
				v.Uses = append(v.Uses, record.Use{Workflow: name, Constraint: constraint})
			}
		}
		c = append(c, v)
	}
	return c
}

func TestResolve(t *testing.T) {
	c := of(t, `
pay 1.9.0
pay 1.10.0 active
pay 1.11.0 retired
pay 2.0.0
pay 2.1.0-rc.1
old 1.0.0 active retired
idle 1.0.0`)
	for _, x := range []struct{ workflow, constraint, want, why string }{
		{"pay", "", "1.10.0", ""},
		{"pay", "^1", "1.10.0", ""},
		{"pay", "~1.9", "1.9.0", ""},
		{"pay", "*", "2.0.0", ""},
		{"pay", ">=2.1.0-0", "2.1.0-rc.1", ""},
		{"pay", "1.11.0", "", "no version of pay fits 1.11.0; there is 2.1.0-rc.1, 2.0.0, 1.11.0 (retired), 1.10.0, 1.9.0"},
		{"pay", "^3", "", "no version of pay fits ^3; there is 2.1.0-rc.1, 2.0.0, 1.11.0 (retired), 1.10.0, 1.9.0"},
		{"old", "", "", "old 1.0.0, the active version, is retired"},
		{"idle", "", "", "idle has no active version; there is 1.0.0"},
		{"none", "", "", "there is no workflow none"},
		{"none", "^1", "", "there is no workflow none"},
	} {
		got, ok := c.Resolve(x.workflow, x.constraint)
		if got.Version != x.want || ok != (x.want != "") {
			if !ok && x.want == "" {
				continue
			}
			t.Errorf("%s %q: got %q %v", x.workflow, x.constraint, got.Version, ok)
		}
		if why := c.Unresolved(x.workflow, x.constraint); !ok && why != x.why {
			t.Errorf("%s %q: %s", x.workflow, x.constraint, why)
		}
	}
}

func TestNamesAreBounded(t *testing.T) {
	var c Catalog
	for i := range 20 {
		c = append(c, Version{Workflow: "w", Version: fmt.Sprintf("1.0.%d", i)})
	}
	if got := c.Names(); !strings.HasPrefix(got, "1.0.19, ") || !strings.HasSuffix(got, "1.0.12, and others") {
		t.Error(got)
	}
}

func TestDependents(t *testing.T) {
	c := of(t, `
pay 1.0.0 active uses pay ^1
pay 2.0.0
order 1.0.0 retired uses pay ^1
order 2.0.0 active uses pay ^1, mail, pay ^3
report 1.0.0 uses pay
mail 1.0.0 active`)
	want := []Dependent{{"order", "2.0.0", "^1", "1.0.0"}, {"order", "2.0.0", "^3", ""}, {"report", "1.0.0", "", "1.0.0"}}
	if got := c.Dependents("pay"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if got := want[0].String() + "; " + want[2].String(); got != "order 2.0.0 (^1); report 1.0.0" {
		t.Error(got)
	}
}

func TestUses(t *testing.T) {
	docs, faults := spec.Parse([]byte(`
workflow: order
finally: {workflow: {name: clean-up}}
nodes:
  - pay: {workflow: {name: pay, version: ^1}}
  - each:
      foreach: {items: "${ [1] }", finally: {workflow: {name: tidy}}}
      do:
        - again: {workflow: {name: pay, version: ^1}}
        - other: {workflow: {name: pay, version: "~2"}}
  - both:
      parallel: {}
      branches:
        a: [{mail: {workflow: {name: mail, wait: false}}}]
        b: [{tell: {send: {to: {workflow: ledger, key: k}, signal: paid, start: true}}}]
        c: [{hint: {send: {to: {workflow: unseen, key: k}, signal: paid}}}]
`), spec.Options{})
	if faults.Bad() {
		t.Fatal(faults)
	}
	want := []record.Use{{Workflow: "pay", Constraint: "^1"}, {Workflow: "pay", Constraint: "~2"}, {Workflow: "tidy"}, {Workflow: "mail"}, {Workflow: "ledger"}, {Workflow: "clean-up"}}
	if got := Uses(docs[0].Workflow); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}
