package spec

import (
	"errors"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/nearest"
)

// Explain is the documentation of a key, a node type or a kind of map, as plain text: node.retry, foreach.tolerate,
// http.url, input, policy. An empty path lists everything there is. The error names what was probably meant.
func Explain(path string, o Options) (string, error) {
	e := &explainer{o: &o}
	path = strings.Trim(strings.TrimSpace(path), ".")
	if path == "" {
		return e.contents(), nil
	}
	head, key, deep := strings.Cut(path, ".")
	var found []string
	if !deep {
		found = e.alone(head)
	} else {
		found = e.below(head, key)
	}
	if len(found) == 0 {
		return "", errors.New("there is nothing called " + quote(path) + orElse(e.hint(path), ""))
	}
	return strings.Join(found, "\n"), nil
}

type explainer struct{ o *Options }

// alone explains a word: a kind of map, a node type, a key of the file or of nodes.
func (e *explainer) alone(word string) []string {
	var out []string
	for _, s := range sections() {
		if s.name == word {
			out = append(out, e.section(s))
		}
	}
	if t, ok := e.effect(word); ok {
		out = append(out, e.effectType(t))
	}
	for _, s := range []*section{&fileKeys, &nodeKeys} {
		if k := s.find(word); k != nil {
			out = append(out, e.key(s.name, k))
		}
	}
	return out
}

// effect finds an effect node type. Without a list of types every name would be one.
func (e *explainer) effect(name string) (NodeType, bool) {
	if e.o.Types == nil || control(name) != nil {
		return NodeType{}, false
	}
	return e.o.Types(name)
}

// below explains a key of a kind of map or of a node type.
func (e *explainer) below(head, key string) []string {
	var out []string
	for _, s := range sections() {
		if s.name == head || s.name == "file" && head == "workflow" || s.name == "composite" && composite(head) {
			if k := s.find(key); k != nil {
				out = append(out, e.key(head, k))
			}
		}
	}
	if t, ok := e.effect(head); ok {
		out = append(out, e.property(t, key)...)
	}
	if len(out) == 0 && (control(head) != nil || contains(e.o.typeNames(), head)) {
		if k := nodeKeys.find(key); k != nil {
			out = append(out, e.key("node", k))
		}
	}
	return out
}

func (e *explainer) contents() string {
	var b strings.Builder
	b.WriteString("Keys of the file: " + strings.Join(fileKeys.names(), ", ") + "\n\n")
	b.WriteString("Keys of every node: " + strings.Join(nodeKeys.names(), ", ") + "\n\nControl nodes:\n")
	for _, s := range controls() {
		_, what, _ := strings.Cut(s.title, ": ")
		b.WriteString(row(s.name, what))
	}
	if names := e.o.typeNames(); len(names) > 0 {
		b.WriteString("\nEffect nodes:\n")
		for _, n := range slices.Sorted(slices.Values(names)) {
			t, _ := e.effect(n)
			b.WriteString(row(n, t.Short))
		}
	}
	b.WriteString("\nAlso: composite, policy, limit, trigger, signals, defaults, entry, graph\n")
	return b.String()
}

func row(name, what string) string {
	return "  " + name + strings.Repeat(" ", max(1, 14-len(name))) + what + "\n"
}

func (e *explainer) section(s *section) string {
	var b strings.Builder
	b.WriteString(s.title + "\n\n" + wrap(s.doc, "") + "\n")
	if s.short != "" {
		b.WriteString("Short: " + s.short + "\n")
	}
	b.WriteString("\n")
	for _, k := range s.keys {
		name := k.name
		if k.must {
			name += " (required)"
		}
		b.WriteString(row(name, k.takes))
	}
	if composite(s.name) {
		b.WriteString("  and, for all composites: " + strings.Join(compositeKeys.names(), ", ") + "\n")
	}
	return b.String()
}

func (e *explainer) key(of string, k *keyDoc) string {
	var b strings.Builder
	b.WriteString(of + "." + k.name + ": " + k.takes + "\n\n" + wrap(k.doc, "  ") + "\n")
	if k.must {
		b.WriteString("  Required.\n")
	}
	if k.def != "" {
		b.WriteString("  Default: " + k.def + "\n")
	}
	b.WriteString("\n      " + k.example + "\n")
	return b.String()
}

// effectType explains an effect node type from its descriptor.
func (e *explainer) effectType(t NodeType) string {
	var b strings.Builder
	b.WriteString(t.Type + ": an effect node\n\n")
	if t.Short != "" {
		b.WriteString(wrap(t.Short, "") + "\n")
	}
	if outs := append([]string{"success", "error"}, t.Outcomes...); true {
		b.WriteString("Outcomes: " + strings.Join(outs, ", ") + "\n")
	}
	b.WriteString("\n")
	conf, _, _ := readJSON(t.Config, MaxDepth)
	required := requiredOf(conf)
	props := conf.get("properties").orEmpty()
	for i, k := range props.keys {
		name := k.text
		if contains(required, name) {
			name += " (required)"
		}
		b.WriteString(row(name, schemaSays(props.items[i])))
	}
	if t.Doc != "" {
		b.WriteString("\n" + strings.TrimSpace(t.Doc) + "\n")
	}
	return b.String()
}

func requiredOf(conf *value) []string {
	var out []string
	for _, r := range conf.get("required").orEmpty().items {
		out = append(out, r.text)
	}
	return out
}

// schemaSays is the type of a schema in words.
func schemaSays(v *value) string {
	if words := v.get("enum"); words != nil {
		var out []string
		for _, w := range words.items {
			out = append(out, w.text)
		}
		return "one of " + strings.Join(out, ", ")
	}
	t := v.get("type")
	switch {
	case t == nil:
		return "any value"
	case t.kind == isList:
		var out []string
		for _, w := range t.items {
			out = append(out, w.text)
		}
		return schemaTypes(out)
	}
	return schemaTypes([]string{t.text})
}

// property explains a key of an effect type's configuration, at any depth.
func (e *explainer) property(t NodeType, path string) []string {
	conf, _, _ := readJSON(t.Config, MaxDepth)
	at := conf
	for _, step := range strings.Split(path, ".") {
		if at = at.get("properties").orEmpty().get(step); at == nil {
			return nil
		}
	}
	var b strings.Builder
	b.WriteString(t.Type + "." + path + ": " + schemaSays(at) + "\n\n")
	if d := at.get("description"); d != nil {
		b.WriteString(wrap(d.text, "  ") + "\n")
	}
	if !strings.Contains(path, ".") && contains(requiredOf(conf), path) {
		b.WriteString("  Required.\n")
	}
	if d := at.get("default"); d != nil {
		b.WriteString("  Default: " + string(d.json()) + "\n")
	}
	if below := at.get("properties").orEmpty(); len(below.keys) > 0 {
		for i, k := range below.keys {
			b.WriteString(row("  "+k.text, schemaSays(below.items[i])))
		}
	}
	return []string{b.String()}
}

// hint names the nearest path there is.
func (e *explainer) hint(path string) string {
	var all []string
	for _, s := range sections() {
		all = append(all, s.name)
		for _, k := range s.keys {
			all = append(all, s.name+"."+k.name)
		}
	}
	all = append(all, fileKeys.names()...)
	for _, t := range e.o.typeNames() {
		all = append(all, t)
		d, _ := e.effect(t)
		conf, _, _ := readJSON(d.Config, MaxDepth)
		for _, k := range conf.get("properties").orEmpty().keys {
			all = append(all, t+"."+k.text)
		}
	}
	if best := nearest.Word(path, all); best != "" {
		return "; did you mean " + best + "?"
	}
	return "; without a path everything is listed"
}

// wrap breaks text into lines of 96 characters.
func wrap(s, indent string) string {
	const room = 96
	var b strings.Builder
	line := indent
	for _, word := range strings.Fields(s) {
		if len(line)+len(word) > room && line != indent {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent
		}
		line += word + " "
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
	return b.String()
}
