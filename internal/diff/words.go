package diff

import (
	"encoding/json"
	"strings"

	"github.com/pawl-dev/pawl/model"
)

// Words are the lines that say it to people.
func (d *Diff) Words() []string {
	title := d.Workflow + " " + orNew(d.From) + " to " + orNew(d.To)
	if d.Same {
		return []string{title + ": no difference in meaning"}
	}
	out := []string{title}
	for _, n := range d.Nodes {
		line := n.Change + " node " + n.ID + " (" + n.Type + ")"
		if n.In != "" {
			line += " in " + n.In
		}
		out = append(out, "  "+line)
		out = append(out, lines("    ", n.Fields)...)
	}
	for _, e := range d.Edges {
		out = append(out, "  "+e.Change+" edge "+e.words())
	}
	for _, f := range d.Input {
		out = append(out, "  input "+f.words())
	}
	for _, l := range d.Losses {
		out = append(out, "  takes less: "+strings.TrimSpace("input "+l.String()))
	}
	return append(out, lines("  ", d.Rules)...)
}

func orNew(version string) string {
	if version == "" {
		return "(new)"
	}
	return version
}

func lines(indent string, all []Field) []string {
	var out []string
	for _, f := range all {
		out = append(out, indent+f.words())
	}
	return out
}

func (e *Edge) words() string {
	s := e.From
	switch e.On {
	case model.OnElse:
	case model.OnAny:
		s += " on any other outcome"
	default:
		s += " on " + e.On
	}
	if e.When != "" {
		s += " when " + e.When
	}
	return s + " to " + e.To
}

func (f *Field) words() string {
	switch {
	case f.From == nil:
		return f.Key + " is new: " + short(f.To)
	case f.To == nil:
		return f.Key + " is gone, it was " + short(f.From)
	}
	return f.Key + " was " + short(f.From) + ", is " + short(f.To)
}

// valueShown bounds a value in words, in characters.
const valueShown = 120

// short is a value in few characters; text stands without quotes where that cannot mislead.
func short(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil || s == "" || strings.TrimSpace(s) != s || strings.ContainsAny(s, "\n\"") {
		s = string(compact(raw))
	}
	if r := []rune(s); len(r) > valueShown {
		return string(r[:valueShown]) + "…"
	}
	return s
}
