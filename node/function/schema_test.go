package function

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

type tree struct {
	Name string  `json:"name"`
	Kids []*tree `json:"kids,omitempty"`
}

type inner struct {
	ID   int64
	Note string
}

type wide struct {
	inner
	Note  *string           `json:"note"`
	When  time.Time         `json:"when"`
	Raw   json.RawMessage   `json:"raw"`
	Tags  map[string]uint8  `json:"tags"`
	Big   uint64            `json:"big,string"`
	Blob  []byte            `json:"blob"`
	Pair  [2]float64        `json:"pair"`
	Any   any               `json:"any"`
	Skip  int               `json:"-"`
	Inner struct{ A bool }  `json:"inner"`
	Num   json.Number       `json:"num"`
	ByID  map[int]inner     `json:"by_id"`
	Times map[string][]tree `json:"times,omitempty"`
}

// Whatever a function returns fits the schema made from its type, and whatever fits the schema of its argument can be
// decoded.
func TestValuesFitTheirSchemas(t *testing.T) {
	note := "n"
	check(t, tree{Name: "a", Kids: []*tree{{Name: "b"}, nil}})
	check(t, wide{})
	check(t, wide{inner: inner{1, "x"}, Note: &note, Tags: map[string]uint8{"a": 255}, Blob: []byte("hi"), Raw: json.RawMessage(`[1]`), Num: "1.5", ByID: map[int]inner{3: {}}})
	check(t, []item{{SKU: "a"}})
	check[[]item](t, nil)
	check(t, map[string]any{"a": 1})
	check(t, "x")
	check(t, 1.5)
	check(t, int8(-128))
	check(t, struct{}{})
	check[*item](t, nil)
	check(t, []time.Time{time.Unix(0, 0).UTC()})
}

func check[T any](t *testing.T, v T) {
	t.Helper()
	in, out, err := schemas[T, T]()
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if _, null := any(v).(struct{}); null {
		b = []byte("null")
	}
	for _, schema := range []json.RawMessage{in, out} {
		if err := validate(schema, b); err != nil {
			t.Errorf("%s does not fit %s: %v", b, schema, err)
		}
	}
}

func validate(schema, value []byte) error {
	if schema == nil {
		return nil
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("mem:///s.json", doc); err != nil {
		return err
	}
	s, err := c.Compile("mem:///s.json")
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

func TestSchemasRefuseWrongValues(t *testing.T) {
	in, out, err := schemas[item, tree]()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{`{"sku":1}`, `{"n":1.5}`, `[]`, `"x"`, `null`} {
		if validate(in, []byte(v)) == nil {
			t.Errorf("the schema of item accepts %s", v)
		}
	}
	if validate(in, []byte(`{}`)) != nil {
		t.Error("an argument may lack fields")
	}
	if validate(out, []byte(`{}`)) == nil {
		t.Error("a result always has the fields that are never left out")
	}
}

func TestSchemasAreStable(t *testing.T) {
	in, _, err := schemas[wide, wide]()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, _, _ := schemas[wide, wide]()
		if !bytes.Equal(in, again) {
			t.Fatalf("%s\n%s", in, again)
		}
	}
}
