package narrow

import (
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// kinds is a set of types. A number is an integer or a fraction.
type kinds uint8

var kindNames = []string{"null", "boolean", "object", "array", "string", "integer", "fraction"}

const everyKind kinds = 1<<7 - 1

func kindOf(name string) kinds {
	if name == "number" {
		return kindOf("integer") | kindOf("fraction")
	}
	if i := slices.Index(kindNames, name); i >= 0 {
		return 1 << i
	}
	return 0
}

func (k kinds) has(name string) bool { return k&kindOf(name) != 0 }
func (k kinds) and(o kinds) kinds    { return k & o }
func (k kinds) none() bool           { return k == 0 }

// String names the types as a schema does.
func (k kinds) String() string {
	var out []string
	if k&kindOf("number") == kindOf("number") {
		out = append(out, "number")
		k &^= kindOf("number")
	}
	for i, name := range kindNames {
		if k&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return strings.Join(out, " or ")
}

// typesOf is what the type, enum and const of a schema leave.
func typesOf(m map[string]any) kinds {
	k := everyKind
	switch t := m["type"].(type) {
	case string:
		k = kindOf(t)
	case []any:
		k = 0
		for _, name := range texted(t) {
			k |= kindOf(name)
		}
	}
	if v, ok := m["const"]; ok {
		k &= kindOfValue(v)
	}
	if values, ok := m["enum"].([]any); ok {
		var any kinds
		for _, v := range values {
			any |= kindOfValue(v)
		}
		k &= any
	}
	return k
}

func kindOfValue(v any) kinds {
	switch v := v.(type) {
	case nil:
		return kindOf("null")
	case bool:
		return kindOf("boolean")
	case map[string]any:
		return kindOf("object")
	case []any:
		return kindOf("array")
	case string:
		return kindOf("string")
	case json.Number:
		if n := rational(v); n != nil && n.IsInt() {
			return kindOf("integer")
		} else if n == nil {
			return kindOf("number")
		}
		return kindOf("fraction")
	}
	return 0
}

// types is what all facts leave.
func (f facts) types() kinds {
	k := everyKind
	for _, m := range f.all {
		k &= typesOf(m)
	}
	return k
}

// types compares the types and gives those that are left to compare.
func types(path string, old kinds, now map[string]any) (kinds, []Loss) {
	is := typesOf(map[string]any{"type": now["type"]})
	if now["type"] == nil || old&^is == 0 {
		return old, nil
	}
	if old == everyKind {
		return old & is, []Loss{{path, "takes only " + is.String() + " now", false}}
	}
	return old & is, []Loss{{path, "was " + old.String() + ", is " + is.String(), false}}
}

// fixed is what enum and const refuse where any value was taken.
func fixed(path string, now map[string]any) []Loss {
	values := list(now["enum"])
	if v, ok := now["const"]; ok {
		values = []any{v}
	}
	if now["enum"] == nil && now["const"] == nil {
		return nil
	}
	return []Loss{{path, "takes only " + names(values) + " now", false}}
}

// names lists values in words.
func names(values []any) string {
	var out []string
	for i, v := range values {
		if i == 10 {
			out = append(out, "and others")
			break
		}
		out = append(out, canonical(v))
	}
	return strings.Join(out, ", ")
}

// values lists all values that can have been taken; false where there is no end of them.
func (f facts) values() ([]any, bool) {
	var out []any
	found := false
	narrow := func(values []any) {
		if !found {
			out, found = values, true
			return
		}
		out = common(out, values)
	}
	for _, m := range f.all {
		if v, ok := m["const"]; ok {
			narrow([]any{v})
		}
		if values, ok := m["enum"].([]any); ok {
			narrow(values)
		}
	}
	k := f.types()
	if !found && k&^(kindOf("null")|kindOf("boolean")) == 0 {
		out, found = []any{nil, true, false}, true
	}
	return slices.DeleteFunc(slices.Clone(out), func(v any) bool { return kindOfValue(v)&k == 0 }), found
}

func common(a, b []any) []any {
	var out []any
	for _, v := range a {
		if slices.ContainsFunc(b, func(w any) bool { return equal(v, w) }) {
			out = append(out, v)
		}
	}
	return out
}

func equal(a, b any) bool {
	x, okX := a.(json.Number)
	y, okY := b.(json.Number)
	if okX && okY {
		if p, q := rational(x), rational(y); p != nil && q != nil {
			return p.Cmp(q) == 0
		}
	}
	return canonical(a) == canonical(b)
}

// canonical is JSON in key order.
func canonical(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// eachValue checks values one by one.
func (c *comparison) eachValue(path string, values []any, now map[string]any) []Loss {
	var gone, unsure []any
	for _, v := range values {
		switch takes, known := c.takes(now, v, 0); {
		case !known:
			unsure = append(unsure, v)
		case !takes:
			gone = append(gone, v)
		}
	}
	var out []Loss
	if len(gone) > 0 {
		out = append(out, Loss{path, "no longer takes " + names(gone), false})
	}
	if len(unsure) > 0 {
		out = append(out, Loss{path, "may no longer take " + names(unsure), true})
	}
	return out
}

// takes reports whether a schema takes a value; known is false where it cannot be told.
func (c *comparison) takes(now map[string]any, v any, depth int) (takes, known bool) {
	if typesOf(map[string]any{"type": now["type"]})&kindOfValue(v) == 0 && now["type"] != nil {
		return false, true
	}
	if values, ok := now["enum"].([]any); ok && len(common([]any{v}, values)) == 0 {
		return false, true
	}
	if w, ok := now["const"]; ok && !equal(v, w) {
		return false, true
	}
	takes, known = c.takesBranches(now, v, depth)
	if !takes {
		return false, known
	}
	switch v := v.(type) {
	case json.Number:
		return len(numbers("", exactly(v), kindOfValue(v), now)) == 0, known
	case string:
		n := json.Number(strconv.Itoa(utf8.RuneCountInString(v)))
		low, high := rational(n), rational(n)
		if b := bound(now, "minLength"); b != nil && low.Cmp(b) < 0 {
			return false, true
		}
		if b := bound(now, "maxLength"); b != nil && high.Cmp(b) > 0 {
			return false, true
		}
		return true, known && now["pattern"] == nil && now["format"] == nil
	case map[string]any, []any:
		return true, known && len(now) <= 1
	}
	return true, known
}

// takesBranches asks the schemas that a schema is combined of.
func (c *comparison) takesBranches(now map[string]any, v any, depth int) (takes, known bool) {
	known = true
	for _, key := range []string{"oneOf", "not", "if", "$dynamicRef"} {
		known = known && now[key] == nil
	}
	all := list(now["allOf"])
	if ref, ok := now["$ref"].(string); ok {
		target, found := resolve(c.after, ref)
		if known = known && found; found {
			all = append(slices.Clone(all), target)
		}
	}
	if depth > maxRefs {
		return true, false
	}
	ask := func(s any) (bool, bool) {
		if m, ok := s.(map[string]any); ok {
			return c.takes(m, v, depth+1)
		}
		return s != false, true
	}
	for _, s := range all {
		t, k := ask(s)
		if k && !t {
			return false, true
		}
		known = known && k
	}
	any, ok := now["anyOf"].([]any)
	if !ok {
		return true, known
	}
	sure := true
	for _, s := range any {
		t, k := ask(s)
		if t && k {
			return true, known
		}
		sure = sure && k
	}
	return !sure, sure
}

// exactly knows one number.
func exactly(n json.Number) facts {
	return facts{all: []map[string]any{{"minimum": n, "maximum": n, "multipleOf": n}}}
}

// bound reads a number of a schema; nil where there is none that can be held.
func bound(m map[string]any, key string) *big.Rat {
	n, ok := m[key].(json.Number)
	if !ok {
		return nil
	}
	return rational(n)
}

// rational reads a number exactly, unless it is absurd.
func rational(n json.Number) *big.Rat {
	s := string(n)
	if len(s) > 100 {
		return nil
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		if e, err := strconv.Atoi(s[i+1:]); err != nil || e > 400 || e < -400 {
			return nil
		}
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil
	}
	return r
}
