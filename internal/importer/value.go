package importer

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/pawl-dev/pawl/internal/spec"
)

// val is a value of the definition being written. Scalars that are no text are kept as JSON.
type val struct {
	kind  byte // s text, j JSON scalar, l list, m map
	text  string
	keys  []string
	items []*val
	// notes stand as comments above the value.
	notes []string
	// open: a map or list that is written on lines of its own even where it would fit on one.
	open bool
}

func text(s string) *val   { return &val{kind: 's', text: s} }
func number(s string) *val { return &val{kind: 'j', text: s} }
func list(items ...*val) *val {
	return &val{kind: 'l', items: items}
}

func texts(of ...string) *val {
	out := list()
	for _, s := range of {
		out.items = append(out.items, text(s))
	}
	return out
}

// object makes a map of keys and values in turn; a value is a *val or a text.
func object(kv ...any) *val {
	out := &val{kind: 'm'}
	for i := 0; i+1 < len(kv); i += 2 {
		out.put(kv[i].(string), kv[i+1])
	}
	return out
}

// put adds a key; nil and the empty text add nothing.
func (v *val) put(key string, item any) *val {
	var x *val
	switch it := item.(type) {
	case *val:
		x = it
	case string:
		if it != "" {
			x = text(it)
		}
	}
	if x != nil {
		v.keys, v.items = append(v.keys, key), append(v.items, x)
	}
	return v
}

// get is the value of a key; an empty text where there is none.
func (v *val) get(key string) *val {
	for i, k := range v.keys {
		if k == key {
			return v.items[i]
		}
	}
	return text("")
}

func (v *val) empty() bool { return len(v.items) == 0 }

// note adds a comment above the value.
func (v *val) note(s string) *val {
	s = oneLine(s)
	for _, old := range v.notes {
		if old == s {
			return v
		}
	}
	v.notes = append(v.notes, s)
	return v
}

// code is a value that is one expression.
func code(src string) *val { return text("${ " + src + " }") }

// lit keeps a text of the source from being read as a template.
func lit(s string) string { return strings.ReplaceAll(s, "${", "$${") }

// literal is a value of the source as it stands.
func literal(t spec.Tree) *val {
	switch t.Kind() {
	case "text":
		return text(lit(t.Text()))
	case "list":
		out := list()
		for i := range t.Len() {
			out.items = append(out.items, literal(t.At(i)))
		}
		return out
	case "map":
		out := &val{kind: 'm'}
		for i := range t.Len() {
			out.keys, out.items = append(out.keys, t.Key(i).Text()), append(out.items, literal(t.At(i)))
		}
		return out
	case "":
		return number("null")
	}
	return number(string(t.JSON()))
}

// inExpr is a value of the source inside an expression.
func inExpr(t spec.Tree) string {
	var parts []string
	switch t.Kind() {
	case "text":
		return str(t.Text())
	case "list":
		for i := range t.Len() {
			parts = append(parts, inExpr(t.At(i)))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case "map":
		for i := range t.Len() {
			parts = append(parts, exprKey(t.Key(i).Text())+": "+inExpr(t.At(i)))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return string(t.JSON())
}

// exprKey is a key of a map inside an expression.
func exprKey(s string) string {
	if isIdentifier(s) {
		return s
	}
	return str(s)
}

// str is a text inside an expression.
func str(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a text always encodes
	return strings.TrimSuffix(b.String(), "\n")
}
