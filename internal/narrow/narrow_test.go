package narrow

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestInputs: each row is what was taken, what is taken, and what is lost, "" for nothing and ? for a doubt.
func TestInputs(t *testing.T) {
	obj := func(props string, more ...string) string {
		return `{"type":"object","properties":{` + props + `}` + strings.Join(append([]string{""}, more...), ",") + `}`
	}
	for _, c := range []struct{ name, before, after, want string }{
		{"the same", obj(`"a":{"type":"string"}`, `"required":["a"]`), obj(`"a":{"type":"string"}`, `"required":["a"]`), ""},
		{"nothing said", ``, ``, ""},
		{"anything to something", ``, `{"type":"object"}`, "takes only object now"},
		{"true to false", `true`, `false`, "is no longer taken"},
		{"false to anything", `false`, `{"type":"string","minLength":9}`, ""},
		{"words only", `{"type":"string"}`, `{"type":"string","title":"A","description":"b","default":"c","examples":["d"],"x-ours":1}`, ""},

		{"new required property", obj(``), obj(`"a":{"type":"string"}`, `"required":["a"]`), "a is required now"},
		{"new optional property", obj(``), obj(`"a":{"type":"string","minLength":4}`), ""},
		{"new optional property where any text was taken", obj(``, `"additionalProperties":{"type":"string"}`), obj(`"a":{"type":"integer"}`, `"additionalProperties":{"type":"string"}`), "a was string, is integer"},
		{"optional made required", obj(`"a":{}`), obj(`"a":{}`, `"required":["a"]`), "a is required now"},
		{"required made optional", obj(`"a":{}`, `"required":["a"]`), obj(`"a":{}`), ""},
		{"property dropped, open", obj(`"a":{"type":"string"}`), obj(``), ""},
		{"property dropped, closed", obj(`"a":{"type":"string"}`, `"additionalProperties":false`), obj(``, `"additionalProperties":false`), "a is no longer taken"},
		{"closed", obj(`"a":{}`), obj(`"a":{}`, `"additionalProperties":false`), "takes no other properties now"},
		{"opened", obj(`"a":{}`, `"additionalProperties":false`), obj(`"a":{}`), ""},
		{"closed stays closed, a property more", obj(`"a":{}`, `"additionalProperties":false`), obj(`"a":{},"b":{"type":"string"}`, `"additionalProperties":false`), ""},
		{"others checked", obj(``), obj(``, `"additionalProperties":{"type":"string"}`), "* takes only string now"},
		{"others narrower", obj(``, `"additionalProperties":{"type":"number"}`), obj(``, `"additionalProperties":{"type":"integer"}`), "* was number, is integer"},
		{"unevaluated closed", obj(``), obj(``, `"unevaluatedProperties":false`), "may take no other properties now ?"},
		{"closed by pattern", obj(``, `"patternProperties":{"^x-":{"type":"string"}}`), obj(``, `"patternProperties":{"^x-":{"type":"string","maxLength":3}}`), "/^x-/ must have at most 3 characters"},
		{"new pattern", obj(``), obj(``, `"patternProperties":{"^x-":{"type":"string"}}`), "checks properties that match ^x- now ?"},
		{"new pattern where closed", obj(`"a":{}`, `"additionalProperties":false`), obj(`"a":{}`, `"additionalProperties":false`, `"patternProperties":{"^x-":{}}`), ""},
		{"a pattern catches a property", obj(`"ab":{"type":"string"}`, `"additionalProperties":false`), obj(`"ab":{}`, `"patternProperties":{"^a":{"type":"integer"}}`), "ab was string, is integer"},
		{"pattern dropped where closed", obj(``, `"patternProperties":{"^x-":{}}`, `"additionalProperties":false`), obj(``, `"additionalProperties":false`), "says nothing of properties that match ^x- any more ?"},
		{"fewer properties", obj(``), obj(``, `"maxProperties":3`), "must have at most 3 properties"},
		{"names", obj(``), obj(``, `"propertyNames":{"maxLength":3}`), "(names) must have at most 3 characters"},
		{"required together", obj(`"a":{},"b":{}`), obj(`"a":{},"b":{}`, `"dependentRequired":{"a":["b"]}`), "b is required with a now"},
		{"required together, required anyway", obj(`"a":{},"b":{}`, `"required":["b"]`), obj(`"a":{},"b":{}`, `"required":["b"]`, `"dependentRequired":{"a":["b"]}`), ""},
		{"nested", obj(`"a":` + obj(`"b":{"type":["string","null"]}`)), obj(`"a":` + obj(`"b":{"type":"string"}`)), "a.b was null or string, is string"},

		{"type changed", obj(`"a":{"type":"string"}`), obj(`"a":{"type":"integer"}`), "a was string, is integer"},
		{"type added", obj(`"a":{"type":"string"}`), obj(`"a":{"type":["string","integer"]}`), ""},
		{"type let go", obj(`"a":{"type":"string"}`), obj(`"a":{}`), ""},
		{"integer to number", `{"type":"integer"}`, `{"type":"number"}`, ""},
		{"number to integer", `{"type":"number"}`, `{"type":"integer"}`, "was number, is integer"},

		{"value removed", `{"enum":["a","b","c"]}`, `{"enum":["a"]}`, `no longer takes "b", "c"`},
		{"value added", `{"enum":["a"]}`, `{"enum":["a","b"]}`, ""},
		{"values from type", `{"type":"string"}`, `{"enum":["a"]}`, `takes only "a" now`},
		{"values to type", `{"enum":["a","b"]}`, `{"type":"string"}`, ""},
		{"values to shorter text", `{"enum":["a","bbbb"]}`, `{"type":"string","maxLength":2}`, `no longer takes "bbbb"`},
		{"values to a pattern", `{"enum":["a"]}`, `{"type":"string","pattern":"^a"}`, `may no longer take "a" ?`},
		{"equal numbers", `{"enum":[1,2]}`, `{"enum":[1.0,2e0,3]}`, ""},
		{"const", `{"const":"a"}`, `{"const":"b"}`, `no longer takes "a"`},
		{"const to values", `{"const":"a"}`, `{"enum":["a","b"]}`, ""},
		{"boolean to true", `{"type":"boolean"}`, `{"const":true}`, "no longer takes false"},
		{"both booleans", `{"type":"boolean"}`, `{"enum":[true,false]}`, ""},
		{"values in bounds", `{"enum":[1,5]}`, `{"minimum":2}`, "no longer takes 1"},
		{"values in alternatives", `{"enum":["a",null]}`, `{"anyOf":[{"enum":["a","b"]},{"type":"null"}]}`, ""},
		{"values out of alternatives", `{"enum":["a",1]}`, `{"anyOf":[{"enum":["a","b"]},{"type":"null"}]}`, "no longer takes 1"},
		{"values in all", `{"enum":[1,9]}`, `{"allOf":[{"minimum":1},{"maximum":5}]}`, "no longer takes 9"},

		{"tighter minimum", `{"type":"number","minimum":1}`, `{"type":"number","minimum":2}`, "must be at least 2, was at least 1"},
		{"looser minimum", `{"type":"number","minimum":2}`, `{"type":"number","minimum":1}`, ""},
		{"new maximum", `{"type":"number"}`, `{"type":"number","maximum":1.5}`, "must be at most 1.5"},
		{"exclusive", `{"type":"number","maximum":5}`, `{"type":"number","exclusiveMaximum":5}`, "must be less than 5, was at most 5"},
		{"exclusive whole", `{"type":"integer","exclusiveMinimum":0}`, `{"type":"integer","minimum":1}`, ""},
		{"exclusive fraction", `{"type":"number","exclusiveMinimum":0}`, `{"type":"number","minimum":1}`, "must be at least 1, was more than 0"},
		{"bound of no concern", `{"type":"string"}`, `{"type":"string","minimum":4}`, ""},
		{"exact beyond float", `{"type":"integer","maximum":9007199254740993}`, `{"type":"integer","maximum":9007199254740992}`, "must be at most 9007199254740992, was at most 9007199254740993"},
		{"absurd bound", `{"type":"number"}`, `{"type":"number","maximum":1e999999999}`, "has a bound that cannot be compared ?"},
		{"multiple", `{"type":"number"}`, `{"type":"number","multipleOf":0.5}`, "must be a multiple of 0.5"},
		{"coarser to finer", `{"type":"number","multipleOf":4}`, `{"type":"number","multipleOf":2}`, ""},
		{"finer to coarser", `{"type":"number","multipleOf":2}`, `{"type":"number","multipleOf":4}`, "must be a multiple of 4"},
		{"whole anyway", `{"type":"integer"}`, `{"type":"integer","multipleOf":1}`, ""},

		{"longer", `{"type":"string"}`, `{"type":"string","minLength":1}`, "must have at least 1 characters"},
		{"shorter", `{"type":"string","maxLength":5}`, `{"type":"string","maxLength":4}`, "must have at most 4 characters, was at most 5"},
		{"no length", `{"type":"string"}`, `{"type":"string","minLength":0}`, ""},
		{"pattern", `{"type":"string"}`, `{"type":"string","pattern":"^a"}`, "must match ^a"},
		{"pattern changed", `{"type":"string","pattern":"^a"}`, `{"type":"string","pattern":"^[ab]"}`, "must match another pattern, ^[ab] ?"},
		{"pattern dropped", `{"type":"string","pattern":"^a"}`, `{"type":"string"}`, ""},
		{"format", `{"type":"string"}`, `{"type":"string","format":"date"}`, "must be of the format date"},
		{"format changed", `{"type":"string","format":"uri"}`, `{"type":"string","format":"iri"}`, "has another format, iri ?"},

		{"items", `{"type":"array","items":{"type":"number"}}`, `{"type":"array","items":{"type":"integer"}}`, "[] was number, is integer"},
		{"items of maps", obj(`"lines":{"type":"array","items":` + obj(`"sku":{"type":"string"}`) + `}`), obj(`"lines":{"type":"array","items":` + obj(`"sku":{"type":"string"}`, `"required":["sku"]`) + `}`), "lines[].sku is required now"},
		{"more items", `{"type":"array"}`, `{"type":"array","minItems":2}`, "must have at least 2 items"},
		{"unique", `{"type":"array"}`, `{"type":"array","uniqueItems":true}`, "must not repeat an item now"},
		{"tuple", `{"type":"array","prefixItems":[{"type":"string"}],"items":{"type":"integer"}}`, `{"type":"array","prefixItems":[{"type":"string"},{"type":"string"}],"items":{"type":"integer"}}`, "[1] was integer, is string"},
		{"tuple to list", `{"type":"array","prefixItems":[{"type":"string"}],"items":{"type":"integer"}}`, `{"type":"array","items":{"type":["string","integer"]}}`, ""},
		{"contains", `{"type":"array"}`, `{"type":"array","contains":{"const":1}}`, "has another condition (contains) ?"},

		{"reference", `{"$defs":{"s":{"type":"string"}},"$ref":"#/$defs/s"}`, `{"$defs":{"s":{"type":"integer"}},"$ref":"#/$defs/s"}`, "was string, is integer"},
		{"reference inlined", `{"$defs":{"s":{"type":"string"}},"properties":{"a":{"$ref":"#/$defs/s"}}}`, `{"properties":{"a":{"type":"string"}}}`, ""},
		{"recursive", `{"$defs":{"n":` + obj(`"next":{"$ref":"#/$defs/n"}`) + `},"$ref":"#/$defs/n"}`, `{"$defs":{"n":` + obj(`"next":{"$ref":"#/$defs/n"}`) + `},"$ref":"#/$defs/n"}`, ""},
		{"recursive, narrower", `{"$defs":{"n":` + obj(`"v":{},"next":{"$ref":"#/$defs/n"}`) + `},"$ref":"#/$defs/n"}`, `{"$defs":{"n":` + obj(`"v":{"type":"string"},"next":{"$ref":"#/$defs/n"}`) + `},"$ref":"#/$defs/n"}`, "next.v takes only string now; v takes only string now"},
		{"reference elsewhere", `{}`, `{"$ref":"https://example.com/s"}`, "refers to https://example.com/s ?"},

		{"all of", `{"allOf":[{"type":"integer"},{"minimum":3}]}`, `{"type":"integer","minimum":2}`, ""},
		{"all of, tighter", `{"type":"integer","minimum":2}`, `{"allOf":[{"type":"integer"},{"minimum":3}]}`, "must be at least 3, was at least 2"},
		{"any of, more", `{"anyOf":[{"type":"string"}]}`, `{"anyOf":[{"type":"string"},{"type":"integer"}]}`, ""},
		{"any of, fewer", `{"anyOf":[{"type":"string"},{"type":"integer"}]}`, `{"anyOf":[{"type":"string"}]}`, "fits none of the alternatives any more ?"},
		{"any of to types", `{"anyOf":[{"type":"string"},{"type":"integer"}]}`, `{"type":["string","integer"]}`, ""},
		{"any of to one type", `{"anyOf":[{"type":"string"},{"type":"integer"}]}`, `{"type":"string"}`, "was integer, is string"},
		{"types to any of", `{"type":"string"}`, `{"anyOf":[{"type":"string"},{"type":"integer"}]}`, ""},
		{"one of by type", `{"type":"string"}`, `{"oneOf":[{"type":"string"},{"type":"integer"}]}`, ""},
		{"one of by constant", obj(`"k":{"const":"a"}`, `"required":["k"]`), `{"oneOf":[` + obj(`"k":{"const":"a"}`, `"required":["k"]`) + `,` + obj(`"k":{"const":"b"}`, `"required":["k"]`) + `]}`, ""},
		{"one of, overlapping", `{"type":"string"}`, `{"oneOf":[{"type":"string"},{"minLength":3}]}`, "may fit none of the alternatives any more, or several ?"},
		{"one of, the same", `{"oneOf":[{"minLength":3},{"maxLength":9}]}`, `{"oneOf":[{"minLength":3},{"maxLength":9}]}`, ""},
		{"not", `{"type":"string"}`, `{"type":"string","not":{"const":"a"}}`, "has another condition (not) ?"},
		{"if, the same", `{"if":{"const":1},"then":{"type":"integer"}}`, `{"if":{"const":1},"then":{"type":"integer"}}`, ""},
		{"then changed", `{"if":{"type":"integer"},"then":{"minimum":1}}`, `{"if":{"type":"integer"},"then":{"minimum":2}}`, "has another condition (if) ?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, l := range Inputs(json.RawMessage(c.before), json.RawMessage(c.after)) {
				s := strings.TrimSpace(l.Path + " " + l.Message)
				if l.Doubt {
					s += " ?"
				}
				got = append(got, s)
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("\n%s\n%s\ngot  %s\nwant %s", c.before, c.after, s, c.want)
			}
		})
	}
}

func TestNoSchemaIsADoubt(t *testing.T) {
	for _, s := range []string{`{`, `[]`, `"x"`, `null`} {
		if got := Inputs(json.RawMessage(s), json.RawMessage(`{}`)); len(got) != 1 || !got[0].Doubt || !strings.Contains(got[0].String(), "cannot be told") {
			t.Errorf("%s: %v", s, got)
		}
	}
}

// TestLargeSchemasEnd: alternatives in alternatives would take for ever.
func TestLargeSchemasEnd(t *testing.T) {
	s := `{"type":"string"}`
	for i := 0; len(s) < maxBytes/3; i++ {
		s = fmt.Sprintf(`{"anyOf":[%s,{"type":"array","minItems":%d,"items":%s}]}`, s, i, s)
	}
	for _, s := range []string{s, s + strings.Repeat(" ", maxBytes)} {
		if got := Inputs(json.RawMessage(s), json.RawMessage(strings.ReplaceAll(s, "string", "integer"))); len(got) == 0 {
			t.Error("no loss")
		}
	}
}
