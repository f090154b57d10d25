package function

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// schemas makes the JSON Schemas of a function's argument and result from their Go types. nil accepts anything.
func schemas[In, Out any]() (in, out json.RawMessage, err error) {
	in, err = schemaOf(reflect.TypeFor[In](), false)
	if err != nil {
		return nil, nil, fmt.Errorf("argument: %w", err)
	}
	out, err = schemaOf(reflect.TypeFor[Out](), true)
	if err != nil {
		return nil, nil, fmt.Errorf("result: %w", err)
	}
	return in, out, nil
}

// schemaOf describes t. written says that values are written by us, so that every field without omitempty is there;
// what we read may lack any.
func schemaOf(t reflect.Type, written bool) (json.RawMessage, error) {
	if t.Kind() == reflect.Struct && t.NumField() == 0 && t.Name() == "" {
		return json.RawMessage(`{"type":"null"}`), nil
	}
	d := describer{written: written, names: map[reflect.Type]string{}, defs: map[string]object{}}
	s, err := d.schema(t)
	if err != nil {
		return nil, err
	}
	if len(d.defs) > 0 {
		s["$defs"] = d.defs
	}
	if len(s) == 0 {
		return nil, nil
	}
	return json.Marshal(s) // keys in order: maps are written sorted
}

type object map[string]any

// describer walks one type. Named structs become definitions, so that recursive types end.
type describer struct {
	written bool
	names   map[reflect.Type]string
	defs    map[string]object
}

var (
	rawType     = reflect.TypeFor[json.RawMessage]()
	numberType  = reflect.TypeFor[json.Number]()
	timeType    = reflect.TypeFor[time.Time]()
	marshaler   = reflect.TypeFor[json.Marshaler]()
	unmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textWriter  = reflect.TypeFor[encoding.TextMarshaler]()
	textReader  = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// own says how a type writes or reads itself: "" not at all, "json" as any JSON, "text" as a string.
func (d *describer) own(t reflect.Type) string {
	asJSON, asText := marshaler, textWriter
	if !d.written {
		asJSON, asText, t = unmarshaler, textReader, reflect.PointerTo(t)
	}
	switch {
	case t.Implements(asJSON):
		return "json"
	case t.Implements(asText):
		return "text"
	}
	return ""
}

func (d *describer) schema(t reflect.Type) (object, error) {
	switch t {
	case rawType:
		return object{}, nil
	case numberType:
		return object{"type": "number"}, nil
	case timeType:
		return object{"type": "string", "format": "date-time"}, nil
	}
	if t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface {
		switch d.own(t) {
		case "json":
			return object{}, nil
		case "text":
			return object{"type": "string"}, nil
		}
	}
	return d.byKind(t)
}

func (d *describer) byKind(t reflect.Type) (object, error) {
	switch t.Kind() {
	case reflect.Bool:
		return object{"type": "boolean"}, nil
	case reflect.String:
		return object{"type": "string"}, nil
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}, nil
	case reflect.Int8, reflect.Int16, reflect.Int32:
		limit := int64(1) << (t.Bits() - 1)
		return object{"type": "integer", "minimum": -limit, "maximum": limit - 1}, nil
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		return object{"type": "integer", "minimum": 0}, nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return object{"type": "integer", "minimum": 0, "maximum": int64(1)<<t.Bits() - 1}, nil
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}, nil
	case reflect.Interface:
		return object{}, nil
	case reflect.Pointer:
		s, err := d.schema(t.Elem())
		return nullable(s), err
	case reflect.Slice, reflect.Array:
		return d.list(t)
	case reflect.Map:
		return d.dictionary(t)
	case reflect.Struct:
		return d.reference(t)
	}
	return nil, fmt.Errorf("%s cannot be JSON", t)
}

func (d *describer) list(t reflect.Type) (object, error) {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && d.own(t.Elem()) == "" {
		return object{"type": []string{"string", "null"}, "contentEncoding": "base64"}, nil
	}
	items, err := d.schema(t.Elem())
	if err != nil {
		return nil, err
	}
	s := object{"type": "array"}
	if len(items) > 0 {
		s["items"] = items
	}
	if t.Kind() == reflect.Array {
		if d.written {
			s["minItems"], s["maxItems"] = t.Len(), t.Len()
		}
		return s, nil
	}
	return nullable(s), nil
}

func (d *describer) dictionary(t reflect.Type) (object, error) {
	switch k := t.Key(); {
	case k.Kind() == reflect.String, k.Kind() >= reflect.Int && k.Kind() <= reflect.Uintptr, d.own(k) == "text":
	default:
		return nil, fmt.Errorf("%s cannot be JSON: its keys are no text", t)
	}
	values, err := d.schema(t.Elem())
	if err != nil {
		return nil, err
	}
	s := object{"type": "object"}
	if len(values) > 0 {
		s["additionalProperties"] = values
	}
	return nullable(s), nil
}

// nullable also accepts null.
func nullable(s object) object {
	switch typ := s["type"].(type) {
	case string:
		s["type"] = []string{typ, "null"}
	case nil:
		if s["$ref"] != nil {
			return object{"anyOf": []object{s, {"type": "null"}}}
		}
	}
	return s
}

// reference describes a struct: in place where it has no name, else once under $defs.
func (d *describer) reference(t reflect.Type) (object, error) {
	if t.Name() == "" {
		s := object{"type": "object"}
		return s, d.fields(t, s)
	}
	name, known := d.names[t]
	if !known {
		name = d.newName(t)
		d.names[t] = name
		s := object{"type": "object"}
		d.defs[name] = s
		if err := d.fields(t, s); err != nil {
			return nil, err
		}
	}
	return object{"$ref": "#/$defs/" + name}, nil
}

// newName is a name for t that no other type of the schema has and that needs no escape in a reference.
func (d *describer) newName(t reflect.Type) string {
	name := strings.Map(func(c rune) rune {
		if c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return c
		}
		return '_'
	}, t.Name())
	for n, try := 2, name; ; n++ {
		if d.defs[try] == nil {
			return try
		}
		try = fmt.Sprintf("%s%d", name, n)
	}
}

// fields adds the properties of struct t to s.
func (d *describer) fields(t reflect.Type, s object) error {
	props, required := object{}, []string{}
	if err := d.collect(t, props, &required, map[reflect.Type]bool{}); err != nil {
		return err
	}
	if len(props) > 0 {
		s["properties"] = props
	}
	if len(required) > 0 && d.written {
		s["required"] = required
	}
	return nil
}

// collect walks the fields of t and of the structs it embeds. Of two fields with one name the outer counts.
func (d *describer) collect(t reflect.Type, props object, required *[]string, seen map[reflect.Type]bool) error {
	if seen[t] {
		return nil
	}
	seen[t] = true
	var embedded []reflect.Type
	for i := range t.NumField() {
		f := t.Field(i)
		tag, _ := f.Tag.Lookup("json")
		name, opts, _ := strings.Cut(tag, ",")
		if tag == "-" {
			continue
		}
		if inner := f.Type; f.Anonymous && name == "" {
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct && d.own(inner) == "" && inner != timeType {
				embedded = append(embedded, inner)
				continue
			}
		}
		if !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if props[name] != nil {
			continue
		}
		s, err := d.schema(f.Type)
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		if hasOption(opts, "string") {
			s = object{"type": "string"}
		}
		props[name] = s
		if !hasOption(opts, "omitempty") && !hasOption(opts, "omitzero") {
			*required = append(*required, name)
		}
	}
	for _, inner := range embedded {
		if err := d.collect(inner, props, required, seen); err != nil {
			return err
		}
	}
	return nil
}

func hasOption(opts, want string) bool {
	for o := range strings.SplitSeq(opts, ",") {
		if o == want {
			return true
		}
	}
	return false
}

// wanted names a Go type in the words of JSON.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	}
	if t.Kind() >= reflect.Int && t.Kind() <= reflect.Uintptr {
		return "an integer that fits " + t.Kind().String()
	}
	return t.String()
}
