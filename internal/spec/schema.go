package spec

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Schema returns a JSON Schema (2020-12) of a definition file, indented, with which editors complete and check it. It
// holds every key of the language and the configuration of every node type of o.
func Schema(o Options) []byte {
	s := &schemaMaker{o: &o, defs: &value{kind: isMap}}
	for _, d := range schemaDefs {
		s.define(d.name, fixed(d.schema))
	}
	s.sections()
	types := s.types()
	s.define("typeName", enum(types))
	s.define("node", s.node(types))
	s.define("defaults", s.defaults(types))
	file := s.object(&fileKeys, nil)
	root := object("$schema", text("https://json-schema.org/draft/2020-12/schema"), "$id", text("https://pawl.dev/schema/workflow.json"),
		"title", text("A Pawl workflow"))
	root.keys, root.items = append(root.keys, file.keys...), append(root.items, file.items...)
	root.with("$defs", s.defs)
	var out bytes.Buffer
	// Our own JSON is valid.
	_ = json.Indent(&out, root.appendAsIs(nil), "", "  ")
	out.WriteByte('\n')
	return out.Bytes()
}

type schemaMaker struct {
	o    *Options
	defs *value
}

func (s *schemaMaker) define(name string, v *value) { s.defs.with(name, v) }

// fixed reads a schema of our own tables.
func fixed(src string) *value {
	v, fault, _ := readJSON([]byte(src), MaxDepth)
	if fault != nil {
		return &value{kind: isMap}
	}
	return v
}

// object builds a map of alternating keys and values.
func object(pairs ...any) *value {
	out := &value{kind: isMap}
	for i := 0; i+1 < len(pairs); i += 2 {
		out.with(pairs[i].(string), pairs[i+1].(*value))
	}
	return out
}

func text(s string) *value { return &value{kind: isText, text: s} }

func listOfText(words []string) *value {
	out := &value{kind: isList}
	for _, w := range words {
		out.items = append(out.items, text(w))
	}
	return out
}

func enum(words []string) *value { return object("enum", listOfText(words)) }

func ref(name string) *value { return object("$ref", text("#/$defs/"+name)) }

func anyOf(alternatives ...*value) *value {
	return object("anyOf", &value{kind: isList, items: alternatives})
}

// shape is the schema of a key, with its description and default.
func (s *schemaMaker) shape(k *keyDoc) *value {
	v := ref(k.shape)
	if k.shape[0] == '{' {
		v = fixed(k.shape)
	}
	out := object("description", text(describe(k)))
	out.keys, out.items = append(out.keys, v.keys...), append(out.items, v.items...)
	return out
}

func describe(k *keyDoc) string {
	d := k.doc
	if k.def != "" {
		d += " Default: " + k.def + "."
	}
	return d
}

// object makes the schema of a section; more are keys from elsewhere.
func (s *schemaMaker) object(sec *section, more []keyDoc) *value {
	props, required := &value{kind: isMap}, []string{}
	for _, k := range append(slices.Clone(sec.keys), more...) {
		props.with(k.name, s.shape(&k))
		if k.must {
			required = append(required, k.name)
		}
	}
	out := object("description", text(sec.doc), "type", text("object"), "properties", props, "additionalProperties", &value{kind: isBool, text: "false"})
	if len(required) > 0 {
		out.with("required", listOfText(required))
	}
	return out
}

// sections defines what is made from the tables.
func (s *schemaMaker) sections() {
	for _, sec := range []*section{&policyKeys, &limitKeys, &triggerKeys, &entryKeys, &caseKeys} {
		s.define(sec.name, s.object(sec, nil))
	}
	s.define(debounceKeys.name, anyOf(s.object(&debounceKeys, nil), ref("duration")))
	s.define(batchKeys.name, s.object(&batchKeys, nil))
	s.define("graph.long", s.object(&graphKeys, nil))
	s.define("signals.of", s.object(&signalDeclKeys, nil))
	arm := waitKeys
	arm.keys = slices.DeleteFunc(slices.Clone(arm.keys), func(k keyDoc) bool { return k.name == "first" || k.name == "timeout" })
	s.define("arm", s.object(&arm, nil))
	for _, sec := range controls() {
		var more []keyDoc
		if composite(sec.name) {
			more = compositeKeys.keys
		}
		conf := s.object(sec, more)
		switch short := shorts[sec.name]; {
		case sec.name == "set":
			conf = object("description", text(sec.doc), "$ref", text("#/$defs/assign"))
		case short != "":
			conf = anyOf(conf, fixed(short)).with("description", text(sec.doc))
		}
		s.define("type."+sec.name, conf)
	}
}

// types defines the configurations of effect types and returns the names of all types.
func (s *schemaMaker) types() []string {
	var names []string
	for _, sec := range controls() {
		names = append(names, sec.name)
	}
	effects := slices.Sorted(slices.Values(s.o.typeNames()))
	for _, name := range effects {
		t, ok := s.o.lookup(name)
		if !ok || control(name) != nil {
			continue
		}
		names = append(names, name)
		s.define("type."+name, effectSchema(t))
	}
	return names
}

// effectSchema lets text with ${ } stand for any value of a configuration.
func effectSchema(t NodeType) *value {
	conf, fault, _ := readJSON(t.Config, MaxDepth)
	if fault != nil || conf.kind != isMap {
		conf = &value{kind: isMap}
	}
	conf = relaxed(conf, true)
	out := &value{kind: isMap}
	if conf.get("$defs") != nil {
		// A schema of its own, so that its references mean its own definitions.
		out.with("$id", text("https://pawl.dev/schema/type/"+t.Type+".json"))
	}
	if t.Short != "" && conf.get("description") == nil {
		out.with("description", text(t.Short))
	}
	for i, k := range conf.keys {
		if k.text != "$schema" && k.text != "$id" {
			out.with(k.text, conf.items[i])
		}
	}
	return out
}

const anyTemplate = `{"type":"string","pattern":"\\$\\{"}`

// relaxed copies a schema; every schema below it, and it itself unless top, also takes text with ${ }.
func relaxed(v *value, top bool) *value {
	if v.kind != isMap {
		return v
	}
	out := &value{kind: isMap}
	for i, k := range v.keys {
		it := v.items[i]
		switch k.text {
		case "properties", "$defs", "patternProperties", "dependentSchemas":
			it = relaxedEach(it)
		case "items", "additionalProperties", "contains", "unevaluatedProperties", "unevaluatedItems":
			it = relaxed(it, false)
		case "prefixItems":
			it = &value{kind: isList, items: slices.Clone(it.items)}
			for i := range it.items {
				it.items[i] = relaxed(it.items[i], false)
			}
		}
		out.with(k.text, it)
	}
	if top || len(v.keys) == 0 {
		return out
	}
	wrapped := &value{kind: isMap}
	for _, k := range []string{"description", "default", "examples", "title"} {
		wrapped.with(k, v.get(k))
	}
	return wrapped.with("anyOf", &value{kind: isList, items: []*value{out, fixed(anyTemplate)}})
}

func relaxedEach(v *value) *value {
	out := &value{kind: isMap}
	for i, k := range v.keys {
		out.with(k.text, relaxed(v.items[i], false))
	}
	return out
}

// node is the schema of a node: the shared keys, and exactly one type.
func (s *schemaMaker) node(types []string) *value {
	out := s.object(&nodeKeys, compositeKeys.keys)
	props := out.get("properties")
	var one []*value
	for _, t := range types {
		if t == "set" {
			continue
		}
		props.with(t, ref("type."+t))
		one = append(one, object("required", listOfText([]string{t})))
	}
	one = append(one, object("required", listOfText([]string{"call"})), object("required", listOfText([]string{"type"})))
	set := object("required", listOfText([]string{"set"}), "not", anyOf(one...))
	return out.with("oneOf", &value{kind: isList, items: append(slices.Clone(one), set)})
}

func (s *schemaMaker) defaults(types []string) *value {
	out := s.object(&defaultsKeys, nil)
	props := out.get("properties")
	for _, t := range types {
		props.with(t, object("type", text("object"), "description", text("Node keys and configuration of every node of type "+t+".")))
	}
	return out
}

// appendAsIs is JSON with the keys in the order in which they were added, as people read it.
func (v *value) appendAsIs(b []byte) []byte {
	switch v.kind {
	case isList:
		b = append(b, '[')
		for i, it := range v.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = it.appendAsIs(b)
		}
		return append(b, ']')
	case isMap:
		b = append(b, '{')
		for i, k := range v.keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendText(b, k.text), ':')
			b = v.items[i].appendAsIs(b)
		}
		return append(b, '}')
	}
	return v.append(b)
}
