// Package narrow compares two JSON Schemas of an input: what did the one take that the other refuses?
//
// It is sound, not complete: what it calls harmless is harmless, and where it cannot tell it says so, as a loss in
// doubt. A property that nobody declared is no promise: to declare it, optional, loses nothing.
//
// It must not know whose schemas they are (internal/catalog).
package narrow

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Loss is one thing that was taken and is no longer, or may be none.
type Loss struct {
	// Path is where, as in lines[].sku; "" is the whole input.
	Path string `json:"path,omitempty"`
	// Message says what, as in "is required now".
	Message string `json:"message"`
	// Doubt: it cannot be told whether anything is lost.
	Doubt bool `json:"doubt,omitempty"`
}

// String is the loss in words.
func (l Loss) String() string {
	s := l.Message
	if l.Path != "" {
		s = l.Path + " " + s
	}
	if l.Doubt {
		s += " (it cannot be told whether that takes less)"
	}
	return s
}

// Bounds of a comparison. Beyond them it cannot be told.
const (
	maxBytes  = 32 << 10 // of one schema
	maxWork   = 1000
	maxSplits = 4
	maxRefs   = 32
)

// Inputs lists what before takes and after does not, in a fixed order. An empty schema takes everything.
func Inputs(before, after json.RawMessage) []Loss {
	if bytes.Equal(before, after) {
		return nil
	}
	if len(before) > maxBytes || len(after) > maxBytes {
		return []Loss{{Message: "is too large to compare", Doubt: true}}
	}
	old, okOld := decode(before)
	now, okNow := decode(after)
	if !okOld || !okNow {
		return []Loss{{Message: "is no JSON Schema that can be read", Doubt: true}}
	}
	c := &comparison{before: old, after: now, open: map[string]bool{}}
	return unique(c.check("", []any{old}, now))
}

func decode(raw json.RawMessage) (any, bool) {
	if len(raw) == 0 {
		return true, true
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil, false
	}
	switch v.(type) {
	case bool, map[string]any:
		return v, true
	}
	return nil, false
}

func unique(all []Loss) []Loss {
	var out []Loss
	for _, l := range all {
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// comparison is one run over two documents.
type comparison struct {
	before, after any
	work, splits  int
	open          map[string]bool // references under comparison, so that recursive schemas end
}

// facts is what is known of the values that were taken: all of these schemas hold for them.
type facts struct {
	all   []map[string]any
	never bool // no value fits
}

// flatten follows references and allOf of what was taken.
func (c *comparison) flatten(list []any) facts {
	var f facts
	c.flattenInto(&f, list, 0)
	return f
}

func (c *comparison) flattenInto(f *facts, schemas []any, depth int) {
	for _, s := range schemas {
		if b, ok := s.(bool); ok {
			f.never = f.never || !b
			continue
		}
		m, ok := s.(map[string]any)
		if !ok {
			continue
		}
		ref, refers := m["$ref"].(string)
		target, found := resolve(c.before, ref)
		if refers = refers && found && depth < maxRefs; refers {
			m = without(m, "$ref")
		}
		branches := list(m["allOf"])
		if depth >= maxRefs {
			branches = nil
		}
		if len(branches) > 0 {
			m = without(m, "allOf")
		}
		f.add(m)
		if refers {
			c.flattenInto(f, []any{target}, depth+1)
		}
		c.flattenInto(f, branches, depth+1)
	}
}

// add keeps each fact once.
func (f *facts) add(m map[string]any) {
	text := canonical(m)
	for _, old := range f.all {
		if canonical(old) == text {
			return
		}
	}
	f.all = append(f.all, m)
}

// has reports whether one of the facts says exactly this.
func (f facts) has(key string, want any) bool {
	text := canonical(want)
	for _, m := range f.all {
		if got, ok := m[key]; ok && canonical(got) == text {
			return true
		}
	}
	return false
}

// check compares what is known of the values that were taken with one schema that they meet now.
func (c *comparison) check(path string, before []any, after any) []Loss {
	if c.work++; c.work > maxWork {
		return []Loss{{path, "is too large to compare", true}}
	}
	f := c.flatten(before)
	if f.never {
		return nil
	}
	if b, ok := after.(bool); ok {
		if b {
			return nil
		}
		return []Loss{{path, "is no longer taken", false}}
	}
	now, ok := after.(map[string]any)
	if !ok {
		return nil
	}
	direct := c.keywords(path, f, now)
	if len(direct) == 0 {
		return nil
	}
	if split, ok := c.split(path, before, f, after); ok {
		return split
	}
	return direct
}

// split compares each alternative of what was taken by itself; false where there are none.
func (c *comparison) split(path string, before []any, f facts, after any) ([]Loss, bool) {
	if c.splits >= maxSplits {
		return nil, false
	}
	for i, m := range f.all {
		for _, key := range []string{"anyOf", "oneOf"} {
			branches, ok := m[key].([]any)
			if !ok || len(branches) == 0 {
				continue
			}
			rest := []any{without(m, key)}
			for j, other := range f.all {
				if j != i {
					rest = append(rest, other)
				}
			}
			c.splits++
			defer func() { c.splits-- }()
			var out []Loss
			for _, b := range branches {
				out = append(out, c.check(path, append(slices.Clone(rest), b), after)...)
			}
			return out, true
		}
	}
	return nil, false
}

// without copies m but for some keys.
func without(m map[string]any, keys ...string) map[string]any {
	out := maps.Clone(m)
	for _, k := range keys {
		delete(out, k)
	}
	return out
}

// keywords compares every keyword of the schema that holds now.
func (c *comparison) keywords(path string, f facts, now map[string]any) []Loss {
	if values, ok := f.values(); ok {
		return c.eachValue(path, values, now)
	}
	out := c.reference(path, f, now)
	old := f.types()
	left, losses := types(path, old, now)
	out = append(out, losses...)
	if left.none() {
		return out
	}
	out = append(out, fixed(path, now)...)
	if left.has("integer") || left.has("fraction") {
		out = append(out, numbers(path, f, left, now)...)
	}
	if left.has("string") {
		out = append(out, texts(path, f, now)...)
	}
	if left.has("object") {
		out = append(out, c.objects(path, f, now)...)
	}
	if left.has("array") {
		out = append(out, c.arrays(path, f, now)...)
	}
	return append(out, c.combined(path, f, now)...)
}

// reference follows $ref of the schema that holds now.
func (c *comparison) reference(path string, f facts, now map[string]any) []Loss {
	for _, key := range []string{"$dynamicRef", "$recursiveRef"} {
		if v, ok := now[key]; ok && !f.has(key, v) {
			return []Loss{{path, "refers to another schema by " + key, true}}
		}
	}
	ref, ok := now["$ref"].(string)
	if !ok {
		return nil
	}
	target, found := resolve(c.after, ref)
	if !found {
		if f.has("$ref", ref) {
			return nil
		}
		return []Loss{{path, "refers to " + ref, true}}
	}
	var known []any
	for _, m := range f.all {
		known = append(known, m)
	}
	key := canonical(known) + " " + ref
	if c.open[key] {
		return nil
	}
	c.open[key] = true
	defer delete(c.open, key)
	return c.check(path, known, target)
}

// resolve follows a reference within one document.
func resolve(root any, ref string) (any, bool) {
	pointer, ok := strings.CutPrefix(ref, "#")
	if !ok || pointer != "" && pointer[0] != '/' {
		return nil, false
	}
	at := root
	for _, part := range strings.Split(pointer, "/")[1:] {
		m, ok := at.(map[string]any)
		if !ok {
			return nil, false
		}
		if at, ok = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]; !ok {
			return nil, false
		}
	}
	return at, true
}

// combined compares allOf, anyOf, oneOf, not and if.
func (c *comparison) combined(path string, f facts, now map[string]any) []Loss {
	var out []Loss
	var known []any
	for _, m := range f.all {
		known = append(known, m)
	}
	for _, b := range list(now["allOf"]) {
		out = append(out, c.check(path, known, b)...)
	}
	if any, ok := now["anyOf"].([]any); ok && !f.has("anyOf", any) && !c.fitsOne(path, known, any) {
		out = append(out, Loss{path, "fits none of the alternatives any more", true})
	}
	if one, ok := now["oneOf"].([]any); ok && !f.has("oneOf", one) && !(c.fitsOne(path, known, one) && c.apart(one)) {
		out = append(out, Loss{path, "may fit none of the alternatives any more, or several", true})
	}
	for _, key := range []string{"not", "if"} {
		v, ok := now[key]
		same := f.has(key, v) && (key != "if" || f.has("then", now["then"]) == (now["then"] != nil) && f.has("else", now["else"]) == (now["else"] != nil))
		if ok && !same {
			out = append(out, Loss{path, "has another condition (" + key + ")", true})
		}
	}
	return out
}

func (c *comparison) fitsOne(path string, known, branches []any) bool {
	for _, b := range branches {
		if len(c.check(path, known, b)) == 0 {
			return true
		}
	}
	return false
}

// apart reports whether no value fits two of branches, as far as types and constants tell.
func (c *comparison) apart(branches []any) bool {
	for i, a := range branches {
		for _, b := range branches[i+1:] {
			if !disjoint(a, b) {
				return false
			}
		}
	}
	return true
}

func disjoint(a, b any) bool {
	x, okX := a.(map[string]any)
	y, okY := b.(map[string]any)
	if !okX || !okY {
		return a == false || b == false
	}
	if typesOf(x).and(typesOf(y)).none() {
		return true
	}
	for _, name := range texted(x["required"]) {
		if !slices.Contains(texted(y["required"]), name) {
			continue
		}
		p, _ := object(x["properties"])[name].(map[string]any)
		q, _ := object(y["properties"])[name].(map[string]any)
		v, okV := facts{all: []map[string]any{p}}.values()
		w, okW := facts{all: []map[string]any{q}}.values()
		if okV && okW && len(common(v, w)) == 0 {
			return true
		}
	}
	return false
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// texted gives the texts of a list.
func texted(v any) []string {
	var out []string
	for _, it := range list(v) {
		if s, ok := it.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func sortedKeys(m map[string]any) []string {
	return slices.Sorted(maps.Keys(m))
}
