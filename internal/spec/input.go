package spec

import (
	"slices"
	"strings"
)

// shortTypes are the words of short inputs with the schema each stands for.
var shortTypes = []struct{ name, schema string }{
	{"any", `{}`},
	{"string", `{"type":"string"}`},
	{"number", `{"type":"number"}`},
	{"integer", `{"type":"integer"}`},
	{"boolean", `{"type":"boolean"}`},
	{"object", `{"type":"object"}`},
	{"array", `{"type":"array"}`},
	{"null", `{"type":"null"}`},
	{"date", `{"format":"date","type":"string"}`},
	{"datetime", `{"format":"date-time","type":"string"}`},
	{"time", `{"format":"time","type":"string"}`},
	{"email", `{"format":"email","type":"string"}`},
	{"uri", `{"format":"uri","type":"string"}`},
	{"uuid", `{"format":"uuid","type":"string"}`},
}

func shortTypeNames() []string {
	out := make([]string, len(shortTypes))
	for i, t := range shortTypes {
		out[i] = t.name
	}
	return out
}

// shortType returns the schema of a short type's name, standing at from; nil where there is none.
func shortType(from *value, name string) *value {
	for _, t := range shortTypes {
		if t.name == name {
			schema, _, _ := readJSON([]byte(t.schema), 4)
			schema.line, schema.col = from.line, from.col
			return schema
		}
	}
	return nil
}

// input reads what executions are started with: a map of short types, or {schema, defaults}.
func (r *reader) input(v *value) {
	if v == nil {
		return
	}
	if !r.want(v, isMap, "input", "such as {id: string, limit: \"number = 100\"}") {
		return
	}
	schema, defaults := v.get("schema"), mapAt(v)
	if schema != nil && schema.kind == isMap {
		r.keys(v, &inputKeys)
		if d := v.get("defaults"); d != nil && r.want(d, isMap, "defaults", "") {
			defaults.keys, defaults.items = append(defaults.keys, d.keys...), append(defaults.items, d.items...)
		}
		literalDefaults(schema, defaults)
		schema = withoutRequired(schema, defaults)
	} else {
		schema = r.shortObject(v, defaults)
	}
	r.w.Input = r.schema(schema)
	if len(defaults.keys) > 0 {
		r.w.InputDefaults = defaults.json()
	}
}

// literalDefaults adds the defaults that the properties of a schema name.
func literalDefaults(schema, defaults *value) {
	props := schema.get("properties")
	if props == nil || props.kind != isMap {
		return
	}
	for i, k := range props.keys {
		if d := props.items[i].get("default"); d != nil && defaults.get(k.text) == nil {
			defaults.with(k.text, d)
		}
	}
}

// withoutRequired takes from the required properties of a schema those that have defaults.
func withoutRequired(schema, defaults *value) *value {
	required := schema.get("required")
	if required == nil || required.kind != isList || len(defaults.keys) == 0 {
		return schema
	}
	left := slices.DeleteFunc(slices.Clone(required.items), func(v *value) bool { return defaults.get(v.text) != nil })
	out := mapAt(schema)
	for i, k := range schema.keys {
		switch {
		case k.text != "required":
			out.keys, out.items = append(out.keys, k), append(out.items, schema.items[i])
		case len(left) > 0:
			out.keys, out.items = append(out.keys, k), append(out.items, listAt(required, left))
		}
	}
	return out
}

// shortObject makes a schema of a map from property names to short types.
func (r *reader) shortObject(v *value, defaults *value) *value {
	props, required := mapAt(v), []*value{}
	for i, k := range v.keys {
		t := r.short(v.items[i])
		if t.schema == nil {
			continue
		}
		if t.def != nil && defaults != nil {
			defaults.with(k.text, t.def)
		}
		if !t.optional {
			required = append(required, textAt(k, k.text))
		}
		props.with(k.text, t.schema)
	}
	slices.SortFunc(required, func(a, b *value) int { return strings.Compare(a.text, b.text) })
	out := mapAt(v).with("type", textAt(v, "object")).with("properties", props)
	if len(required) > 0 {
		out.with("required", listAt(v, required))
	}
	return out
}

// short is a short type: its schema, whether the property may be left out, and its default.
type short struct {
	schema   *value
	optional bool
	def      *value
}

func (r *reader) short(v *value) short {
	switch v.kind {
	case isText:
		return r.shortText(v, v.text)
	case isList:
		if len(v.items) != 1 {
			r.fault(v, CodeValue, "a list type names the type of its elements", "such as [string]")
			return short{}
		}
		return short{schema: listOf(v, r.short(v.items[0]).schema)}
	case isMap:
		if s := v.get("schema"); s != nil && s.kind == isMap && len(v.keys) == 1 {
			return short{schema: s}
		}
		return short{schema: r.shortObject(v, nil)}
	}
	r.fault(v, CodeWrongType, "a type is text, a list or a map, not "+v.kind.String(), "such as string, \"string?\", [object] or \"number = 100\"")
	return short{}
}

func listOf(v, item *value) *value {
	if item == nil {
		return nil
	}
	out := mapAt(v).with("type", textAt(v, "array"))
	if len(item.keys) > 0 {
		out.with("items", item)
	}
	return out
}

// shortText reads "type", "type?", "type = default" and "[type]".
func (r *reader) shortText(v *value, s string) short {
	name, def, has := strings.Cut(s, "=")
	name = strings.TrimSpace(name)
	optional := strings.HasSuffix(name, "?")
	name = strings.TrimSpace(strings.TrimSuffix(name, "?"))
	schema := r.shortNamed(v, name)
	if schema == nil {
		return short{}
	}
	out := short{schema: schema, optional: optional || has}
	if optional {
		out.schema = nullable(v, schema)
	}
	if has {
		r.shortDefault(v, &out, name, strings.TrimSpace(def))
	}
	return out
}

func (r *reader) shortNamed(v *value, name string) *value {
	if inner, ok := strings.CutPrefix(name, "["); ok && strings.HasSuffix(inner, "]") {
		return listOf(v, r.shortNamed(v, strings.TrimSpace(strings.TrimSuffix(inner, "]"))))
	}
	if t := shortType(v, name); t != nil {
		return t
	}
	r.fault(v, CodeValue, "there is no type "+quote(name), r.meant(name, shortTypeNames()))
	return nil
}

// nullable lets a type be null, too: an optional property may be left out or null.
func nullable(v, schema *value) *value {
	out := mapAt(v)
	for i, k := range schema.keys {
		it := schema.items[i]
		if k.text == "type" {
			it = listAt(v, []*value{it, textAt(v, "null")})
		}
		out.with(k.text, it)
	}
	return out
}

// shortDefault reads the default behind the equals sign: an expression, or a value of the type.
func (r *reader) shortDefault(v *value, out *short, name, def string) {
	if hasExpr(def) {
		out.def = textAt(v, def)
		return
	}
	d := defaultValue(v, name, def)
	if d == nil {
		r.fault(v, CodeValue, quote(def)+" is no "+name, "write a value of the type behind the equals sign")
		return
	}
	out.def = d
	schema := mapAt(v).with("default", d)
	for i, k := range out.schema.keys {
		schema.with(k.text, out.schema.items[i])
	}
	out.schema = schema
}

// defaultValue reads def as a value of the short type; nil where it is none.
func defaultValue(v *value, name, def string) *value {
	asText := contains([]string{"string", "date", "datetime", "time", "email", "uri", "uuid"}, name)
	if parsed, fault, _ := readJSON([]byte(def), 20); fault == nil && (!asText || parsed.kind == isText) {
		parsed.line, parsed.col = v.line, v.col
		return fits(parsed, name)
	}
	if asText && def != "" {
		return textAt(v, def)
	}
	return nil
}

// fits returns v where the short type takes it.
func fits(v *value, name string) *value {
	want := map[string]kind{"number": isNumber, "integer": isNumber, "boolean": isBool, "object": isMap, "array": isList, "null": isNull}
	k, known := want[name]
	switch {
	case strings.HasPrefix(name, "["):
		k, known = isList, true
	case name == "integer" && strings.ContainsAny(v.text, ".e"):
		return nil
	}
	if known && v.kind != k {
		return nil
	}
	return v
}
