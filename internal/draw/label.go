package draw

import (
	"encoding/json"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/model"
)

// The longest texts shown; the rest is cut with an ellipsis.
const (
	maxText  = 34
	maxLabel = 26
)

// describe is what the box of n says: its id, what it does, and its rules where it has any.
func describe(n *model.Node) []string {
	out := []string{cut(n.ID, maxText)}
	if s := summary(n); s != "" && s != n.ID {
		out = append(out, cut(s, maxText))
	}
	if s := rules(n); s != "" {
		out = append(out, cut(s, maxText))
	}
	return out
}

// summary says in a few words what n does.
func summary(n *model.Node) string {
	w := fields(n.With)
	switch n.Type {
	case "function":
		return "call " + text(w["name"])
	case "http":
		return strings.TrimSpace(first(text(w["method"]), "GET") + " " + text(w["url"]))
	case "exec":
		return "exec " + text(w["command"])
	case "wait":
		return "wait " + waiting(w)
	case "signal":
		return "signal " + text(w["name"])
	case "set":
		return "set " + strings.Join(assigned(n, w), ", ")
	case "end":
		return strings.TrimSpace("end " + text(w["outcome"]))
	case "cancel":
		return "cancel " + text(w["nodes"])
	case "foreach":
		return "foreach " + each(n.Composite)
	case "loop":
		return "loop " + turns(n.Composite)
	case "approval":
		return first("approval "+text(w["title"]), "approval")
	}
	return n.Type
}

func waiting(w map[string]json.RawMessage) string {
	for _, key := range []string{"for", "until", "when"} {
		if v := text(w[key]); v != "" {
			return strings.TrimSpace(strings.TrimPrefix(key, "for") + " " + v)
		}
	}
	if v, ok := w["signal"]; ok {
		if name := text(fields(v)["name"]); name != "" {
			return "for signal " + name
		}
		return "for signal " + text(v)
	}
	if v, ok := w["first"]; ok {
		return "for first of " + strings.Join(names(fields(v)), ", ")
	}
	return ""
}

func assigned(n *model.Node, w map[string]json.RawMessage) []string {
	var out []string
	for _, a := range n.Set {
		if !slices.Contains(out, a.Var) {
			out = append(out, a.Var)
		}
	}
	if len(out) > 0 {
		return out
	}
	return names(w)
}

func each(c *model.Composite) string {
	if c == nil {
		return ""
	}
	return first(c.As, "item") + " in " + text(c.Items)
}

func turns(c *model.Composite) string {
	switch {
	case c == nil:
		return ""
	case c.While != "":
		return "while " + c.While
	case c.Until != "":
		return "until " + c.Until
	case c.Max != "":
		return "at most " + string(c.Max) + " times"
	}
	return ""
}

// rules lists what governs n beside its type, shortest words first in reading order.
func rules(n *model.Node) string {
	var out []string
	switch {
	case n.Join.Each:
		out = append(out, "join each")
	case n.Join.N == 1:
		out = append(out, "join any")
	case n.Join.N > 1:
		out = append(out, "join "+strconv.Itoa(n.Join.N))
	}
	if n.If != "" {
		out = append(out, "if "+n.If)
	}
	if len(n.Retry) > 0 {
		out = append(out, "retry "+strconv.Itoa(n.Retry[0].MaxAttempts))
	}
	if n.Timeout != "" {
		out = append(out, "timeout "+string(n.Timeout))
	}
	if n.MaxRuns > 0 {
		out = append(out, "runs ≤ "+strconv.Itoa(n.MaxRuns))
	}
	if n.OnFailure == "park" || n.OnFailure == "finish" {
		out = append(out, "on failure "+n.OnFailure)
	}
	if n.Compensate != "" {
		out = append(out, "↩ "+n.Compensate)
	}
	return strings.Join(out, " · ")
}

// shapeOf tells nodes that touch the world from those that the engine decides itself.
func shapeOf(n *model.Node) shape {
	switch n.Type {
	case "switch", "set", "wait", "signal", "approval", "send", "cancel", "end":
		return shapeControl
	}
	if n.Composite != nil && n.Type != "workflow" {
		return shapeFrame
	}
	return shapeEffect
}

// edgeLabel is the text at the head of an edge; alone is set where the entry has no rivals under its outcome.
func edgeLabel(e model.Edge, choice bool) string {
	var on string
	if e.On != model.OnElse {
		on = e.On
	}
	if !choice {
		return cut(on, maxLabel)
	}
	if on == model.Success {
		on = ""
	}
	cond := first(e.When, "otherwise")
	if on != "" {
		cond = on + ": " + cond
	}
	return cut(cond, maxLabel)
}

func fields(raw json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

func names(m map[string]json.RawMessage) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// text is a JSON value for people: strings bare, lists of strings joined, anything else as compact JSON.
func text(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var l []string
	if json.Unmarshal(raw, &l) == nil {
		return strings.Join(l, " ")
	}
	return string(raw)
}

func first(s ...string) string {
	for _, v := range s {
		if strings.TrimSpace(v) != "" {
			return v
		}
	}
	return ""
}

// cut makes s one line of at most n cells.
func cut(s string, n int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
	if width(s) <= n {
		return s
	}
	var b strings.Builder
	w := 0
	for _, r := range s {
		if w += runeWidth(r); w >= n {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimRight(b.String(), " ") + "…"
}

// width is the number of cells s takes on a terminal.
func width(s string) int {
	w := 0
	for _, r := range s {
		w += runeWidth(r)
	}
	return w
}

// runeWidth knows the blocks of wide characters: Hangul, CJK, kana, full-width forms and pictographs.
func runeWidth(r rune) int {
	switch {
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60,
		r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	case r >= 0x300 && r <= 0x36f, r == 0x200d, r >= 0xfe00 && r <= 0xfe0f:
		return 0
	}
	return 1
}
