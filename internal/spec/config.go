package spec

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	why "github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// configSchema is the compiled schema of a node type; broken where the type's own schema is no schema.
type configSchema struct {
	compiled *jsonschema.Schema
	broken   error
	// source is the schema as a tree; names are its top-level properties.
	source *value
	names  []string
}

// nowhere loads no schema: definitions cannot make a process read files or the network.
type nowhere struct{}

// Load implements the loader of the schema compiler.
func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("schemas elsewhere are not read: %s", clip(url))
}

const schemaURL = "pawl:schema"

// compileSchema compiles a JSON Schema of draft 2020-12. Formats are checked.
func compileSchema(v *value) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.UseLoader(nowhere{})
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource(schemaURL, v.plain()); err != nil {
		return nil, err
	}
	return c.Compile(schemaURL)
}

// plain is the value in the types of the schema library.
func (v *value) plain() any {
	switch v.kind {
	case isBool:
		return v.text == "true"
	case isNumber:
		return json.Number(v.text)
	case isText:
		return v.text
	case isList:
		out := make([]any, len(v.items))
		for i, it := range v.items {
			out[i] = it.plain()
		}
		return out
	case isMap:
		out := make(map[string]any, len(v.keys))
		for i, k := range v.keys {
			out[k.text] = v.items[i].plain()
		}
		return out
	}
	return nil
}

// schema checks a JSON Schema that the definition holds and returns it in canonical form.
func (r *reader) schema(v *value) json.RawMessage {
	if v.kind == isBool {
		return v.json()
	}
	if !r.want(v, isMap, "a schema", "such as {type: object}") {
		return nil
	}
	if _, err := compileSchema(v); err != nil {
		at, reason := v, err.Error()
		var bad *jsonschema.SchemaValidationError
		var verr *jsonschema.ValidationError
		if errors.As(err, &bad) && errors.As(bad.Err, &verr) {
			leaf := deepest(ordered(verr))
			at, _ = v.find(leaf.InstanceLocation)
			reason = english(leaf.ErrorKind)
		}
		r.fault(at, CodeSchema, "this is no JSON Schema: "+clip(reason), "see json-schema.org, draft 2020-12")
	}
	return v.json()
}

// deepest is the first leaf of an error: what is wrong rather than what that breaks.
func deepest(e *jsonschema.ValidationError) *jsonschema.ValidationError {
	for len(e.Causes) > 0 {
		e = e.Causes[0]
	}
	return e
}

// ordered sorts what e was caused by: the library walks maps.
func ordered(e *jsonschema.ValidationError) *jsonschema.ValidationError {
	for _, c := range e.Causes {
		ordered(c)
	}
	slices.SortStableFunc(e.Causes, func(a, b *jsonschema.ValidationError) int {
		return cmp.Or(slices.Compare(a.InstanceLocation, b.InstanceLocation), strings.Compare(a.SchemaURL, b.SchemaURL))
	})
	return e
}

// find walks to a part of v; the part as far as there is one, and whether it is.
func (v *value) find(path []string) (*value, bool) {
	for _, step := range path {
		next := v.get(step)
		if v.kind == isList {
			if i, ok := index(step); ok && i < len(v.items) {
				next = v.items[i]
			}
		}
		if next == nil {
			return v, false
		}
		v = next
	}
	return v, true
}

func index(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n, allDigits(s, 10) && len(s) < 9
}

func (r *reader) configSchema(t NodeType) *configSchema {
	if s := r.schemas[t.Type]; s != nil {
		return s
	}
	s := &configSchema{}
	r.schemas[t.Type] = s
	if len(t.Config) == 0 {
		return s
	}
	v, fault, _ := readJSON(t.Config, MaxDepth)
	if fault != nil {
		s.broken = errors.New(fault.message)
		return s
	}
	s.source = v
	for _, k := range v.get("properties").orEmpty().keys {
		s.names = append(s.names, k.text)
	}
	s.compiled, s.broken = compileSchema(v)
	return s
}

func (v *value) orEmpty() *value {
	if v == nil {
		return &value{}
	}
	return v
}

// configKey reports whether the configuration of an effect type has a key.
func (r *reader) configKey(typ, key string) bool {
	t, ok := r.o.lookup(typ)
	return ok && contains(r.configSchema(t).names, key)
}

// conform checks a configuration against the schema of its type. Text with ${ } is accepted for any value.
func (r *reader) conform(t NodeType, conf *value) {
	s := r.configSchema(t)
	if s.broken != nil {
		r.fault(conf, CodeSchema, "the node type "+t.Type+" has a broken schema: "+clip(s.broken.Error()), "tell the author of the node type")
		return
	}
	if s.compiled == nil {
		return
	}
	var verr *jsonschema.ValidationError
	if !errors.As(s.compiled.Validate(conf.plain()), &verr) {
		return
	}
	m := &mismatch{r: r, t: t, s: s, conf: conf}
	m.report(ordered(verr))
}

// mismatch turns the errors of the schema library into faults.
type mismatch struct {
	r    *reader
	t    NodeType
	s    *configSchema
	conf *value
}

// excused reports whether e stands only because an expression has no value yet.
func (m *mismatch) excused(e *jsonschema.ValidationError) bool {
	switch e.ErrorKind.(type) {
	case *why.AnyOf, *why.OneOf:
		if len(e.Causes) == 0 {
			return m.holdsTemplate(e)
		}
		return slices.ContainsFunc(e.Causes, m.excused)
	}
	if len(e.Causes) > 0 {
		return !slices.ContainsFunc(e.Causes, func(c *jsonschema.ValidationError) bool { return !m.excused(c) })
	}
	at, ok := m.conf.find(e.InstanceLocation)
	return ok && at.template()
}

func (m *mismatch) holdsTemplate(e *jsonschema.ValidationError) bool {
	at, _ := m.conf.find(e.InstanceLocation)
	return at.anyTemplate()
}

func (v *value) anyTemplate() bool {
	return v.template() || slices.ContainsFunc(v.items, (*value).anyTemplate)
}

// report walks to the leaves. Of alternatives the one that fits best is told.
func (m *mismatch) report(e *jsonschema.ValidationError) {
	if m.excused(e) {
		return
	}
	switch e.ErrorKind.(type) {
	case *why.AnyOf, *why.OneOf:
		if wants := alternatives(e); wants != "" {
			at, _ := m.conf.find(e.InstanceLocation)
			m.r.fault(at, CodeConfig, m.what(e)+" must be "+wants+", not "+at.kind.String(), m.about(e.InstanceLocation))
			return
		}
		if len(e.Causes) > 0 {
			m.report(slices.MaxFunc(e.Causes, func(a, b *jsonschema.ValidationError) int { return depthOf(a) - depthOf(b) }))
			return
		}
	}
	if len(e.Causes) == 0 {
		m.leaf(e)
		return
	}
	for _, c := range e.Causes {
		m.report(c)
	}
}

func depthOf(e *jsonschema.ValidationError) int {
	d := len(e.InstanceLocation)
	for _, c := range e.Causes {
		d = max(d, depthOf(c))
	}
	return d
}

// alternatives lists the types wanted where every alternative fails by the type of the value itself, else "".
func alternatives(e *jsonschema.ValidationError) string {
	var wants []string
	for _, c := range e.Causes {
		c = deepest(c)
		k, ok := c.ErrorKind.(*why.Type)
		if !ok || len(c.InstanceLocation) != len(e.InstanceLocation) {
			return ""
		}
		wants = append(wants, k.Want...)
	}
	return schemaTypes(wants)
}

func schemaTypes(types []string) string {
	words := map[string]string{"string": "text", "array": "a list", "object": "a map", "number": "a number", "integer": "a whole number", "boolean": "true or false", "null": "null"}
	var out []string
	for _, t := range types {
		if w := words[t]; w != "" && !contains(out, w) {
			out = append(out, w)
		}
	}
	return strings.Join(out, " or ")
}

// what names the part of the configuration that e is about.
func (m *mismatch) what(e *jsonschema.ValidationError) string {
	if len(e.InstanceLocation) == 0 {
		return "the configuration of " + m.t.Type
	}
	return clip(m.t.Type + "." + strings.Join(e.InstanceLocation, "."))
}

func (m *mismatch) leaf(e *jsonschema.ValidationError) {
	at, _ := m.conf.find(e.InstanceLocation)
	what := m.what(e)
	switch k := e.ErrorKind.(type) {
	case *why.Type:
		hint := m.about(e.InstanceLocation)
		if contains(k.Want, "string") && (at.kind == isNumber || at.kind == isBool) {
			hint = "quote it: \"" + at.raw + "\""
		}
		if contains(k.Want, "boolean") && at.kind == isText && falseFriend(at.text) {
			hint = "write true or false"
		}
		m.r.fault(at, CodeConfig, what+" must be "+schemaTypes(k.Want)+", not "+at.kind.String(), hint)
	case *why.AdditionalProperties:
		for _, p := range slices.Sorted(slices.Values(k.Properties)) {
			m.r.fault(at.key(p), CodeUnknownKey, what+" has no key "+quote(p), orElse(m.r.meant(p, m.known(e)), "remove it"))
		}
	case *why.Required:
		m.r.fault(at, CodeMissing, what+" needs "+strings.Join(k.Missing, ", "), m.about(append(slices.Clone(e.InstanceLocation), k.Missing[0])))
	case *why.Enum:
		m.r.fault(at, CodeConfig, what+" cannot be "+show(at), "one of "+list(k.Want))
	case *why.Const:
		m.r.fault(at, CodeConfig, what+" cannot be "+show(at), "write "+list([]any{k.Want}))
	default:
		m.r.fault(at, CodeConfig, what+": "+clip(english(e.ErrorKind)), m.about(e.InstanceLocation))
	}
}

// about is the hint that the schema itself gives: the description of the property at a path.
func (m *mismatch) about(path []string) string {
	at, name := m.s.source, ""
	for _, step := range path {
		if next := at.get("properties").orEmpty().get(step); next != nil {
			at, name = next, step
		}
	}
	if d := at.get("description"); name != "" && d != nil && d.kind == isText {
		return name + ": " + firstSentence(d.text)
	}
	return "see pawl explain " + m.t.Type
}

func firstSentence(s string) string {
	s, _, _ = strings.Cut(s, ". ")
	return strings.TrimSuffix(s, ".")
}

// known are the keys that the map at e may have, where they are easily told.
func (m *mismatch) known(e *jsonschema.ValidationError) []string {
	if len(e.InstanceLocation) == 0 {
		return m.s.names
	}
	return nil
}

func show(v *value) string {
	if v.kind == isList || v.kind == isMap {
		return v.kind.String()
	}
	return quote(v.written())
}

func list(words []any) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fmt.Sprint(w)
	}
	return strings.Join(out, ", ")
}

// english is the schema library's sentence.
func english(k jsonschema.ErrorKind) string {
	return k.LocalizedString(message.NewPrinter(language.English))
}
