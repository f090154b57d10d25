package spec

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"
)

func TestValidateInput(t *testing.T) {
	d := one(t, `{workflow: w, input: {id: string, n: "integer?", day: "date = 2030-01-01", items: [{sku: string}], mail: "email?"}, nodes: {a: {call: a}}}`, "")
	s, err := CompileInput(d.Workflow.Input)
	if err != nil {
		t.Fatal(err)
	}
	for _, good := range []string{
		`{"id":"x","items":[]}`, `{"id":"x","items":[{"sku":"a","more":1}],"n":null,"day":"2031-12-31","mail":"a@b.c","extra":true}`, `{"id":"x","n":5.0,"items":[]}`,
	} {
		if fault := s.Validate([]byte(good)); fault != nil {
			t.Errorf("%s: %v", good, fault)
		}
	}
	for bad, want := range map[string]string{
		``:                              "must be a map, not null",
		`[]`:                            "must be a map, not a list",
		`{}`:                            "needs id, items",
		`{"id":5,"items":[]}`:           "/id: must be text, not a number",
		`{"id":"x","items":[{}]}`:       "/items/0: needs sku",
		`{"id":"x","items":[],"n":1.5}`: "/n: must be null or a whole number, not a number",
		`{"id":"x","items":[],"day":"yesterday"}`:     "/day:",
		`{"id":"x","items":[],"mail":"nobody"}`:       "/mail:",
		`{"id":1,"items":2,"n":"x"}`:                  "(and 2 more)",
		`{"id":"x","items":[{"sku":1},{"sku":null}]}`: "/items/0/sku",
	} {
		fault := s.Validate([]byte(bad))
		if fault == nil || fault.Code != CodeBadInput || !strings.Contains(fault.Message, want) {
			t.Errorf("%s: %v, want %s", bad, fault, want)
			continue
		}
		var problems []struct{ Path, Message string }
		if err := json.Unmarshal(fault.Details, &problems); err != nil || len(problems) == 0 {
			t.Errorf("%s: details %s: %v", bad, fault.Details, err)
		}
	}
}

func TestValidateInputAcceptsAnythingWithoutSchema(t *testing.T) {
	for _, good := range []string{``, `null`, `5`, ` {"a": [1, "x\u00e9", -0, 1e3]} `, `"\u202e"`} {
		if fault := ValidateInput(nil, []byte(good)); fault != nil {
			t.Errorf("%s: %v", good, fault)
		}
	}
}

// TestS20S21HostileInputs feeds JSON that kills or fools a naive reader. The bound is on bytes allocated.
func TestS20S21HostileInputs(t *testing.T) {
	rep := strings.Repeat
	keys := "{" + rep(`"k":1,`, 1_000_000) + `"l":1}`
	for name, c := range map[string]struct{ src, code string }{
		"100,000 deep":           {rep("[", 100_000) + rep("]", 100_000), CodeJSONComplex},
		"100,000 deep, open":     {rep(`{"a":`, 100_000), CodeJSONComplex},
		"1,000,000 equal keys":   {keys, CodeBadJSON},
		"a number of 10 MB":      {rep("9", 10<<20), CodeJSONComplex},
		"1e400":                  {"1e400", CodeJSONComplex},
		"1e999999999":            {"1e999999999", CodeJSONComplex},
		"2^63":                   {"[9223372036854775808]", CodeJSONComplex},
		"NaN":                    {"NaN", CodeBadJSON},
		"duplicate keys":         {`{"a":1,"a":2}`, CodeBadJSON},
		"duplicate keys escaped": {`{"a":1,"\u0061":2}`, CodeBadJSON},
		"text behind":            {`{} {}`, CodeBadJSON},
		"byte order mark":        {"\ufeff{}", CodeBadJSON},
		"comment":                {`{} // x`, CodeBadJSON},
		"trailing comma":         {`[1,]`, CodeBadJSON},
		"invalid UTF-8":          {"\"\xff\"", CodeBadJSON},
		"NUL":                    {"\"\x00\"", CodeBadJSON},
		"line break in text":     {"\"a\nb\"", CodeBadJSON},
		"half a surrogate":       {`"\ud800"`, CodeBadJSON},
		"leading zero":           {`01`, CodeJSONComplex},
		"single quotes":          {`{'a':1}`, CodeBadJSON},
		"open text":              {`"abc`, CodeBadJSON},
		"blanks only":            {"  \n ", CodeBadJSON},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			fault := ValidateInput(nil, []byte(c.src))
			runtime.ReadMemStats(&after)
			if fault == nil || fault.Code != c.code {
				t.Errorf("%.200v, want %s", fault, c.code)
			}
			if fault != nil && len(fault.Message) > 500 {
				t.Errorf("a message of %d bytes", len(fault.Message))
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20+400*uint64(len(c.src)) {
				t.Errorf("%d bytes allocated for %d", used, len(c.src))
			}
		})
	}
}

func TestUnknownSchemaIsRefused(t *testing.T) {
	for _, bad := range []string{`{"type":"money"}`, `{`, `{"$ref":"https://example.com/x"}`, `{"$ref":"file:///etc/passwd"}`, `{"pattern":"("}`} {
		if _, err := CompileInput(json.RawMessage(bad)); err == nil {
			t.Errorf("%s compiles", bad)
		}
	}
}
