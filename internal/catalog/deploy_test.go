package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/spec"
)

// stage deploys texts one after the other, as an engine does.
type stage struct {
	t       *testing.T
	catalog Catalog
	inputs  map[string]json.RawMessage
}

func (s *stage) deploy(text string, terms Terms) ([]Step, []error) {
	s.t.Helper()
	docs, faults := spec.Parse([]byte(text), spec.Options{})
	if faults.Bad() {
		s.t.Fatal(faults)
	}
	var all []New
	for _, d := range docs {
		hash, err := d.Workflow.Hash()
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, New{Workflow: d.Workflow, Hash: hash, Uses: Uses(d.Workflow)})
	}
	steps, refusals, err := s.catalog.Deploy(all, terms, func(workflow, version string) (json.RawMessage, error) {
		raw, ok := s.inputs[workflow+" "+version]
		if !ok {
			return nil, fmt.Errorf("nobody deployed %s %s", workflow, version)
		}
		return raw, nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if len(refusals) > 0 {
		return nil, refusals
	}
	for i := range steps {
		s.catalog = s.catalog.with(&all[i], &steps[i])
		s.inputs[steps[i].Workflow+" "+steps[i].Version] = all[i].Workflow.Input
	}
	return steps, nil
}

// say is what a deploy did in words.
func say(steps []Step, refusals []error) string {
	var out []string
	for _, s := range steps {
		w := s.Workflow + " " + s.Version
		if s.Unchanged {
			w += " unchanged"
		}
		if s.Moves {
			w += " moves"
		}
		if s.Active {
			w += " active"
		}
		for _, x := range s.Warnings {
			w += " warns " + x.Code
		}
		out = append(out, w)
	}
	for _, r := range refusals {
		out = append(out, "refused: "+r.Error())
	}
	return strings.Join(out, "; ")
}

func text(workflow, version, input, more string) string {
	s := "workflow: " + workflow + "\n"
	if version != "" {
		s += "version: " + version + "\n"
	}
	if input != "" {
		s += "input: " + input + "\n"
	}
	if more == "" {
		more = "a: {set: {}}"
	}
	return s + "nodes: {" + more + "}\n"
}

func TestDeploy(t *testing.T) {
	type act struct {
		text, terms, want string
	}
	calls := func(name, constraint string) string {
		if constraint != "" {
			constraint = `, version: "` + constraint + `"`
		}
		return "c: {workflow: {name: " + name + constraint + "}}"
	}
	set := func(n int) string { return fmt.Sprintf("a: {set: {}, output: %d}", n) }
	for _, c := range []struct {
		name string
		acts []act
	}{
		{"left out", []act{
			{text("w", "", "", set(1)), "", "w 1.0.0 moves active"},
			{text("w", "", "", set(1)), "", "w 1.0.0 unchanged active"},
			{text("w", "", "", set(2)), "", "w 1.0.1 moves active"},
			{text("w", "1.9.0", "", set(3)), "", "w 1.9.0 moves active"},
			{text("w", "", "", set(4)), "", "w 1.9.1 moves active"},
			{text("w", "1.10.0-rc.1", "", set(5)), "", "w 1.10.0-rc.1 moves active"},
			{text("w", "", "", set(6)), "", "w 1.9.2"}, // below the active pre-release, so not active
			{text("w", "", "", set(1)), "", "w 1.9.3"}, // old content is new again
		}},
		{"numeric", []act{
			{text("w", "1.9.0", "", set(1)), "", "w 1.9.0 moves active"},
			{text("w", "1.10.0", "", set(2)), "", "w 1.10.0 moves active"},
			{text("w", "1.9.9", "", set(3)), "", "w 1.9.9"},
		}},
		{"never changes", []act{
			{text("w", "1.0.0", "", set(1)), "", "w 1.0.0 moves active"},
			{text("w", "1.0.0", "", set(1)), "", "w 1.0.0 unchanged active"},
			{text("w", "1.0.0", "", set(2)), "", "refused: w 1.0.0 is deployed with other content; a version never changes: write 1.0.1, or leave the version out"},
			{text("w", "1.0.1", "", set(2)), "inactive", "w 1.0.1"},
			{text("w", "1.0.1", "", set(2)), "", "w 1.0.1 unchanged"}, // activate moves it
			{text("w", "1.0.0+b", "", set(1)), "", "w 1.0.0+b moves active"},
		}},
		{"inactive first", []act{
			{text("w", "1.0.0", "", set(1)), "inactive", "w 1.0.0"},
			{text("w", "1.0.0", "", set(1)), "", "w 1.0.0 unchanged moves active"},
		}},
		{"narrows in a minor version", []act{
			{text("w", "1.0.0", "{a: string}", ""), "", "w 1.0.0 moves active"},
			{text("w", "1.1.0", "{a: string, b: string}", ""), "", "refused: w 1.1.0 takes less input than 1.0.0: b is required now"},
			{text("w", "1.1.0", "{a: string, b: string?}", ""), "", "w 1.1.0 moves active"},
			{text("w", "1.2.0-rc.1", "{a: string, b: string}", ""), "inactive", "w 1.2.0-rc.1"},
			{text("w", "1.0.1", "{a: string}", set(2)), "", "w 1.0.1"}, // compared with 1.0.0, not with 1.1.0
			{text("w", "1.2.0", "{a: integer, b: string?}", ""), "", "refused: w 1.2.0 takes less input than 1.1.0: a was string, is integer"},
			{text("w", "1.2.0", "{a: integer, b: string?}", ""), "force", "w 1.2.0 moves active warns narrows_input"},
			{text("w", "2.0.0", "{a: boolean, b: integer}", ""), "", "w 2.0.0 moves active"},
			{text("w", "", "{a: integer, b: integer}", ""), "", "w 2.0.1 moves active warns narrows_input"},
		}},
		{"before 1.0.0 minors may break", []act{
			{text("w", "0.1.0", "{a: string}", ""), "", "w 0.1.0 moves active"},
			{text("w", "0.1.1", "{a: integer}", ""), "", "refused: w 0.1.1 takes less input than 0.1.0: a was string, is integer"},
			{text("w", "0.2.0", "{a: integer}", ""), "", "w 0.2.0 moves active"},
		}},
		{"breaks a dependent", []act{
			{text("pay", "1.0.0", "{a: string}", ""), "", "pay 1.0.0 moves active"},
			{text("order", "1.0.0", "", calls("pay", ">=1")), "", "order 1.0.0 moves active"},
			{text("report", "1.0.0", "", calls("pay", "")), "", "report 1.0.0 moves active"},
			{text("safe", "1.0.0", "", calls("pay", "^1")), "", "safe 1.0.0 moves active"},
			{text("pay", "2.0.0", "{a: integer}", ""), "", "refused: pay 2.0.0 takes less input than 1.0.0: a was string, is integer. It is started by order 1.0.0 (>=1), report 1.0.0"},
			{text("pay", "2.0.0", "{a: integer}", ""), "inactive", "refused: pay 2.0.0 takes less input than 1.0.0: a was string, is integer. It is started by order 1.0.0 (>=1)"},
			{text("pay", "2.0.0", "{a: any}", ""), "", "pay 2.0.0 moves active"},
			{text("pay", "", "{a: any, b: any}", ""), "", "refused: pay 2.0.1 takes less input than 2.0.0: b is required now. It is started by order 1.0.0 (>=1), report 1.0.0"},
		}},
		{"comes with its dependent", []act{
			{text("pay", "1.0.0", "{a: string}", ""), "", "pay 1.0.0 moves active"},
			{text("order", "2.0.0", "", calls("pay", "")) + "---\n" + text("pay", "2.0.0", "{a: integer}", ""), "", "order 2.0.0 moves active; pay 2.0.0 moves active"},
		}},
		{"asks for what is not there", []act{
			{text("order", "1.0.0", "", calls("pay", "^2")), "", "order 1.0.0 moves active warns no_such_version"},
			{text("order", "1.0.1", "", calls("pay", "^1")) + "---\n" + text("pay", "1.0.0", "", ""), "", "order 1.0.1 moves active; pay 1.0.0 moves active"},
		}},
		{"all refusals at once, and nothing is deployed", []act{
			{text("a", "1.0.0", "", set(1)) + "---\n" + text("b", "1.0.0", "{x: any}", ""), "", "a 1.0.0 moves active; b 1.0.0 moves active"},
			{text("a", "1.0.0", "", set(2)) + "---\n" + text("b", "1.0.1", "{x: any, y: any}", "") + "---\n" + text("c", "", "", ""), "",
				"refused: a 1.0.0 is deployed with other content; a version never changes: write 1.0.1, or leave the version out; refused: b 1.0.1 takes less input than 1.0.0: y is required now"},
			{text("c", "", "", ""), "", "c 1.0.0 moves active"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stage{t: t, inputs: map[string]json.RawMessage{}}
			for _, a := range c.acts {
				got := say(s.deploy(a.text, Terms{Inactive: a.terms == "inactive", Force: a.terms == "force"}))
				if got != a.want {
					t.Errorf("\n%sgot  %s\nwant %s", a.text, got, a.want)
				}
			}
		})
	}
}

func TestRetire(t *testing.T) {
	c := of(t, `
pay 1.0.0
pay 1.1.0 active
pay 2.0.0
order 1.0.0 active uses pay ^1
old 1.0.0 retired uses pay ~2
report 1.0.0 active uses pay
lost 1.0.0 active uses pay ^9`)
	for version, want := range map[string]string{
		"1.0.0": "",
		"2.0.0": "",
		"1.1.0": "pay 1.1.0 is the last version that fits report 1.0.0",
	} {
		got := ""
		if err := c.Retire("pay", version); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s", version, got)
		}
	}
	c[0].Retired = true
	var orphans *Orphans
	if err := c.Retire("pay", "1.1.0"); !errors.As(err, &orphans) || len(orphans.Dependents) != 2 || orphans.Dependents[0].Workflow != "order" {
		t.Errorf("got %v", err)
	}
}
