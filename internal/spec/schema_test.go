package spec

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// editorSchema compiles what editors get.
func editorSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema(testOptions(""))))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(nowhere{})
	if err := c.AddResource("https://pawl.dev/schema/workflow.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("https://pawl.dev/schema/workflow.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSchemaTakesEveryDefinition(t *testing.T) {
	s := editorSchema(t)
	for _, path := range definitions(t) {
		docs, _ := Parse(readTest(t, path), testOptions(path))
		for _, d := range docs {
			v, fault, _ := readJSON([]byte(asJSON(t, d.Source)), MaxDepth)
			if fault != nil {
				t.Fatal(fault)
			}
			if err := s.Validate(v.plain()); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

func TestSchemaRefusesWhatIsNoDefinition(t *testing.T) {
	s := editorSchema(t)
	for _, src := range []string{
		`{}`,
		`{"workflow":"Up","nodes":{"a":{"call":"x"}}}`,
		`{"workflow":"w","nodes":{"a":{"call":"x","http":{"url":"u"}}}}`,
		`{"workflow":"w","nodes":{"a":{"retry":3}}}`,
		`{"workflow":"w","nodes":{"a":{"http":{}}}}`,
		`{"workflow":"w","nodes":{"a":{"http":{"url":"u","methd":"GET"}}}}`,
		`{"workflow":"w","nodes":{"a":{"http":{"url":"u","method":"FETCH"}}}}`,
		`{"workflow":"w","nodes":{"a":{"call":"x","timeout":30}}}`,
		`{"workflow":"w","nodes":[{"a":{"call":"x"},"b":{"call":"x"}}]}`,
		`{"workflow":"w","nodes":{"a":{"foreach":{"do":[{"b":{"call":"x"}}]}}}}`,
		`{"workflow":"w","nodes":{"a":{"wait":{"fro":"2d"}}}}`,
		`{"workflow":"w","version":"1.2","nodes":{"a":{"call":"x"}}}`,
		`{"workflow":"w","nodes":{"a":{"call":"x","next":{"yes":"a"}}}}`,
		`{"workflow":"w","retries":3,"nodes":{"a":{"call":"x"}}}`,
	} {
		v, fault, _ := readJSON([]byte(src), MaxDepth)
		if fault != nil {
			t.Fatal(src, fault)
		}
		if s.Validate(v.plain()) == nil {
			t.Errorf("accepted: %s", src)
		}
	}
}

func TestSchemaNamesEveryShape(t *testing.T) {
	defined := map[string]bool{"sections": true}
	for _, d := range schemaDefs {
		if defined[d.name] {
			t.Errorf("%s is defined twice", d.name)
		}
		defined[d.name] = true
		if _, fault, _ := readJSON([]byte(d.schema), MaxDepth); fault != nil {
			t.Errorf("%s: %v", d.name, fault)
		}
	}
	text := string(Schema(testOptions("")))
	for _, s := range sections() {
		for _, k := range s.keys {
			if k.shape == "" {
				t.Errorf("%s.%s has no shape", s.name, k.name)
				continue
			}
			if k.shape[0] != '{' && !strings.Contains(text, `"`+k.shape+`": `) {
				t.Errorf("%s.%s: there is no shape %s", s.name, k.name, k.shape)
			}
		}
	}
}

func TestExplain(t *testing.T) {
	o := testOptions("")
	for path, want := range map[string][]string{
		"":                 {"Control nodes:", "Effect nodes:", "foreach"},
		"node.retry":       {"node.retry:", "Default: one attempt", "retry: 5"},
		"http.url":         {"http.url: text", "Required."},
		"http.auth.basic":  {"http.auth.basic: a map", "password"},
		"foreach.tolerate": {"How many instances may fail", "2%"},
		"foreach.items":    {"Required."},
		"http":             {"an effect node", "method", "url (required)"},
		"wait":             {"Takes one of for, until, when, signal and first"},
		"input":            {"What an execution is started with", "JSON Schema"},
		"workflow":         {"a child execution", "unique in its namespace"},
		"workflow.version": {"never changes", "Resolved once"},
		"http.retry":       {"node.retry"},
		"policy.jitter":    {"0.2"},
	} {
		text, err := Explain(path, o)
		if err != nil {
			t.Errorf("%q: %v", path, err)
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%q does not say %q:\n%s", path, w, text)
			}
		}
	}
	for path, hint := range map[string]string{"node.rety": "node.retry", "htpp": "http", "http.ulr": "http.url", "nonsense.at.all": "everything is listed"} {
		if _, err := Explain(path, o); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: error %v does not name %s", path, err, hint)
		}
	}
}
