package pawl

import (
	"bytes"
	"encoding/json"
)

// object is a JSON object that keeps the order of its fields: the order of nodes and edges has a meaning.
type object struct{ fields []field }

type field struct {
	key   string
	value any
}

// set adds a field or replaces its value, keeping its place.
func (o *object) set(key string, value any) {
	for i := range o.fields {
		if o.fields[i].key == key {
			o.fields[i].value = value
			return
		}
	}
	o.fields = append(o.fields, field{key, value})
}

func (o *object) get(key string) any {
	for _, f := range o.fields {
		if f.key == key {
			return f.value
		}
	}
	return nil
}

// child returns the object under key, made if absent.
func (o *object) child(key string) *object {
	if c, ok := o.get(key).(*object); ok {
		return c
	}
	c := &object{}
	o.set(key, c)
	return c
}

// MarshalJSON writes the fields in order.
func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range o.fields {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, v := range []any{f.key, f.value} {
			raw, err := marshal(v)
			if err != nil {
				return nil, err
			}
			if j == 1 {
				b.WriteByte(':')
			}
			b.Write(raw)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshal is json.Marshal without the escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
