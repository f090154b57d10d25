package spec

import (
	"encoding/json"
	"testing"
)

// TestDateDefaults: a date that is filled in from a moment is the day of that moment, in the zone it is written in. What
// is given is left to the schema.
func TestDateDefaults(t *testing.T) {
	docs, faults := Parse([]byte("workflow: w\ninput: {day: \"date = ${ trigger.time }\", at: \"datetime = ${ trigger.time }\"}\nnodes: [{a: {set: {}}}]\n"), Options{})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	w := docs[0].Workflow
	d, err := CompileDefaults(w.Input, w.InputDefaults)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := CompileInput(w.Input)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ given, time, day string }{
		{`{}`, "2026-03-01T00:30:00+01:00", "2026-03-01"},
		{`{}`, "2026-02-28T23:30:00Z", "2026-02-28"},
		{`{}`, "2026-02-28T23:30:00.123Z", "2026-02-28"},
		{`{"day":"2020-01-01"}`, "2026-02-28T23:30:00Z", "2020-01-01"},
		{`{"day":"2020-01-01T00:00:00Z"}`, "2026-02-28T23:30:00Z", ""},
	} {
		input, _, err := d.Fill([]byte(c.given), []byte(`{"time":"`+c.time+`"}`), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if bad := schema.Validate(input); (bad == nil) != (c.day != "") {
			t.Errorf("%s at %s: %v", c.given, c.time, bad)
			continue
		}
		var got struct{ Day, At string }
		if err := json.Unmarshal(input, &got); err != nil || c.day != "" && (got.Day != c.day || got.At != c.time) {
			t.Errorf("%s at %s is filled to %s", c.given, c.time, input)
		}
	}
}
