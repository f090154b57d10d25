package kernel

import (
	"encoding/json"
	"strconv"

	"github.com/pawl-dev/pawl/internal/calendar"
	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
)

// trigger is a trigger of a definition, read.
type trigger struct {
	Name     string
	Cron     string
	Every    json.RawMessage
	After    json.RawMessage
	Zone     string
	Overlap  string
	CatchUp  *int `json:"catch_up"`
	Jitter   json.RawMessage
	Input    json.RawMessage
	Key      json.RawMessage
	Webhook  json.RawMessage
	Debounce json.RawMessage
	Batch    json.RawMessage

	gather               *Gather
	cron                 *calendar.Cron
	every, after, jitter int64
	zone                 calendar.Zone
}

// Trigger is a trigger that a schedule stands for.
type Trigger struct {
	Name string
	Raw  json.RawMessage
	Zone string
}

// Schedules lists the triggers of w for which there are schedules, with the name of each: that written, else its kind,
// with a number from the second of a kind on.
func Schedules(w *model.Workflow) (list []Trigger) {
	kinds := map[string]int{}
	for _, raw := range w.Triggers {
		var t trigger
		if json.Unmarshal(raw, &t) != nil {
			continue
		}
		kind := t.kind()
		if kind == "" {
			continue
		}
		kinds[kind]++
		name := t.Name
		if name == "" {
			name = kind
			if n := kinds[kind]; n > 1 {
				name += "-" + strconv.Itoa(n)
			}
		}
		list = append(list, Trigger{Name: name, Raw: raw, Zone: t.Zone})
	}
	return list
}

func (t *trigger) kind() string {
	switch {
	case t.Cron != "":
		return "cron"
	case len(t.Every) > 0:
		return "every"
	case len(t.After) > 0:
		return "after"
	}
	return ""
}

// triggerOf reads what a definition wrote.
func (x *decider) triggerOf(raw []byte) (*trigger, *model.Error) {
	t := &trigger{}
	if err := json.Unmarshal(raw, t); err != nil {
		return nil, &model.Error{Code: "bad_trigger", Message: "the trigger cannot be read: " + err.Error()}
	}
	for _, f := range [...]struct {
		raw  json.RawMessage
		into *int64
	}{{t.Every, &t.every}, {t.After, &t.after}, {t.Jitter, &t.jitter}} {
		ms, err := spanOf(f.raw)
		if err != nil {
			return nil, &model.Error{Code: "bad_trigger", Message: err.Error()}
		}
		*f.into = ms
	}
	if t.kind() == "" || len(t.Every) > 0 && t.every < 1000 || len(t.After) > 0 && t.after < 1000 {
		return nil, &model.Error{Code: "bad_trigger", Message: "a schedule needs cron, every or after, of at least a second"}
	}
	if t.Cron != "" {
		c, fault := calendar.Parse(t.Cron)
		if fault != nil {
			return nil, &model.Error{Code: "bad_trigger", Message: fault.Message}
		}
		t.cron = c
	}
	gather, err := gatherOf(t.Debounce, t.Batch)
	if err != nil {
		return nil, &model.Error{Code: "bad_trigger", Message: err.Error()}
	}
	t.gather = gather
	zone, err := x.zone(t.Zone)
	if err != nil {
		return nil, &model.Error{Code: "unknown_zone", Message: err.Error()}
	}
	t.zone = zone
	return t, nil
}

func (x *decider) zone(name string) (calendar.Zone, error) {
	if name == "" || name == "UTC" {
		return calendar.UTC, nil
	}
	if x.env.Zone == nil {
		return nil, &expr.Error{Code: "unknown_zone", Message: "there is no time zone " + name + " here"}
	}
	return x.env.Zone(name)
}

// spanOf reads a duration: text or milliseconds.
func spanOf(raw json.RawMessage) (int64, error) {
	if len(raw) == 0 {
		return 0, nil
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return parseSpan(s)
	}
	var ms int64
	err := json.Unmarshal(raw, &ms)
	return ms, err
}

func parseSpan(s string) (int64, error) { return expr.ParseDuration(s) }

func formatSpan(ms int64) string { return expr.FormatDuration(ms) }
