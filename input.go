package pawl

import (
	"encoding/json"
	"time"

	"github.com/pawl-dev/pawl/internal/expr"
)

// defaults fill properties of an input that are absent.
type defaults struct {
	object    bool // the schema wants an object, so no input is an empty one
	templates map[string]*expr.Template
	late      bool // some of them read trigger
}

func newDefaults(schema, raw json.RawMessage) (*defaults, error) {
	d := &defaults{templates: map[string]*expr.Template{}}
	var s struct {
		Type json.RawMessage `json:"type"`
	}
	d.object = len(schema) > 0 && json.Unmarshal(schema, &s) == nil && string(s.Type) == `"object"`
	if len(raw) == 0 {
		return d, nil
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil {
		return nil, err
	}
	for _, name := range sortedKeys(values) {
		t, err := expr.CompileTemplate(values[name])
		if err != nil {
			return nil, err
		}
		d.templates[name] = t
		d.late = d.late || !t.Const()
	}
	return d, nil
}

// fill gives the input with its defaults and, where a default reads it, the trigger.
func (d *defaults) fill(raw []byte, now time.Time) (input, trigger []byte, err error) {
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
	c := &expr.Context{Names: manualTrigger(now), Now: now.UnixMilli(), Seed: uint64(now.UnixNano())}
	for _, name := range sortedKeys(d.templates) {
		if _, ok := values[name]; ok {
			continue
		}
		v, _, err := d.templates[name].Append(nil, c)
		if err != nil {
			return nil, nil, &Error{Code: CodeInvalid, Message: "the default of input." + name, Cause: err}
		}
		values[name] = v
	}
	if input, err = marshal(values); err != nil {
		return nil, nil, &Error{Code: CodeInvalid, Message: "the input", Cause: err}
	}
	if d.late {
		trigger, err = marshal(map[string]string(manualTrigger(now)))
	}
	return input, trigger, err
}

// trigger is what the name trigger stands for in a start by hand.
type trigger map[string]string

func manualTrigger(now time.Time) trigger {
	return trigger{"type": "manual", "time": now.UTC().Format(time.RFC3339Nano)}
}

// Lookup implements expr.Names.
func (t trigger) Lookup(name string) (any, bool, error) {
	if name != "trigger" {
		return nil, false, nil
	}
	return map[string]any{"type": t["type"], "time": t["time"]}, true, nil
}
