package spec

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/pawl-dev/pawl/internal/expr"
)

// Defaults fill properties of an input that are absent: those of one version, compiled.
type Defaults struct {
	object    bool // the schema wants an object, so no input is an empty one
	templates map[string]*expr.Template
	dates     map[string]bool
	late      bool // some of them read trigger
}

// CompileDefaults compiles the input defaults of a workflow. schema is that of its input.
func CompileDefaults(schema, raw json.RawMessage) (*Defaults, error) {
	d := &Defaults{templates: map[string]*expr.Template{}}
	var s struct {
		Type json.RawMessage `json:"type"`
	}
	d.object = len(schema) > 0 && json.Unmarshal(schema, &s) == nil && string(s.Type) == `"object"`
	if len(raw) == 0 {
		return d, nil
	}
	d.dates = datesOf(schema)
	var values map[string]json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		t, err := expr.CompileTemplate(values[name])
		if err != nil {
			return nil, err
		}
		d.templates[name] = t
		d.late = d.late || !t.Const()
	}
	return d, nil
}

// Empty reports whether there is nothing to fill in.
func (d *Defaults) Empty() bool { return len(d.templates) == 0 }

// Fill gives the input with its defaults. trigger is the JSON that they see under that name; it comes back where one
// of them reads it, so that the execution sees the same. now is Unix milliseconds; seed gives
// uuid() and random().
func (d *Defaults) Fill(raw, trigger []byte, now int64, seed uint64) (input, seen []byte, err error) {
	if len(raw) == 0 && d.object {
		raw = []byte("{}")
	}
	if len(d.templates) == 0 {
		return raw, nil, nil
	}
	var values map[string]json.RawMessage
	if json.Unmarshal(raw, &values) != nil || values == nil {
		return raw, nil, nil // not an object: the schema will say so
	}
	decoded, err := expr.Decode(trigger)
	if err != nil {
		return nil, nil, fmt.Errorf("the trigger: %w", err)
	}
	c := &expr.Context{Names: triggerName{decoded}, Now: now, Seed: seed}
	for _, name := range slices.Sorted(maps.Keys(d.templates)) {
		if _, ok := values[name]; ok {
			continue
		}
		v, _, err := d.templates[name].Append(nil, c)
		if err != nil {
			return nil, nil, fmt.Errorf("the default of input.%s: %w", name, err)
		}
		if d.dates[name] {
			v = dayOf(v)
		}
		values[name] = v
	}
	if d.late {
		seen = trigger
	}
	return appendFields(nil, values), seen, nil
}

// datesOf lists the properties of a schema that are dates.
func datesOf(schema json.RawMessage) map[string]bool {
	var s struct {
		Properties map[string]struct {
			Format json.RawMessage `json:"format"`
		} `json:"properties"`
	}
	if json.Unmarshal(schema, &s) != nil {
		return nil
	}
	dates := map[string]bool{}
	for name, p := range s.Properties { //archtest:ordered each goes under its own name
		if string(p.Format) == `"date"` {
			dates[name] = true
		}
	}
	return dates
}

// dayOf is the date of a moment, in the zone that it is written in. Anything else comes back as it is, for the schema to
// judge.
func dayOf(v []byte) []byte {
	var text string
	if json.Unmarshal(v, &text) != nil {
		return v
	}
	if _, err := expr.ParseTime(text); err != nil || len(text) <= len(`2006-01-02`) {
		return v
	}
	return append(append([]byte{'"'}, text[:len(`2006-01-02`)]...), '"')
}

// appendFields writes an object in key order, its values as they are.
func appendFields(dst []byte, values map[string]json.RawMessage) []byte {
	dst = append(dst, '{')
	for i, name := range slices.Sorted(maps.Keys(values)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(appendText(dst, name), ':'), values[name]...)
	}
	return append(dst, '}')
}

// ManualTrigger is the trigger of a start by hand.
func ManualTrigger(now int64) []byte {
	return []byte(`{"time":"` + expr.FormatTime(now) + `","type":"manual"}`)
}

// triggerName is the one name that defaults may use.
type triggerName struct{ value any }

// Lookup implements expr.Names.
func (t triggerName) Lookup(name string) (any, bool, error) {
	return t.value, name == "trigger", nil
}
