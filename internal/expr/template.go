package expr

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Template is a JSON value whose strings may hold ${ }. It does not change and may be used by several goroutines at
// once. A string that is one expression and nothing else, not even a blank, has the type of the expression; any
// other is text.
type Template struct {
	root     *spot
	programs []*Program
}

// spotKind says what a spot of a template is.
type spotKind uint8

const (
	spotConst spotKind = iota
	spotValue          // one expression
	spotText           // text with expressions
	spotList
	spotMap
)

// spot is a part of a template. Which fields are set follows from kind.
type spot struct {
	kind    spotKind
	pointer string
	// value and raw are those of a constant.
	value any
	raw   []byte
	// parts are text and expressions; late if one of them is.
	parts []part
	late  bool
	// ref is what a value refers to, where it is one plain reference in a place that a pointer names.
	ref Ref
	// source is the string that holds the parts.
	source string
	keys   []string
	items  []*spot
}

// part is text, also with its JSON escapes, or an expression that begins at an offset of its string.
type part struct {
	text    string
	quoted  string
	program *Program
	at      int
}

func textPart(s string) part { return part{text: s, quoted: string(appendEscaped(nil, s))} }

// CompileTemplate checks a JSON value and all expressions in its strings. Keys of objects are literal. The error is
// *Error; its Pointer names the string and its Offset is within that string, or without Pointer within raw.
func CompileTemplate(raw Raw) (*Template, error) {
	v, derr := Decode(raw)
	if derr != nil {
		e := readError("the template", derr)
		e.Source = string(raw)
		return nil, e
	}
	t := &Template{}
	root, err := t.compile(v, "")
	if err != nil {
		return nil, err
	}
	t.root = root
	return t, nil
}

// CompileText checks one string with ${ }. The error is *Error.
func CompileText(src string) (*Template, error) {
	if !utf8.ValidString(src) {
		return nil, &Error{Code: CodeSyntax, Message: "the text is not valid UTF-8", Offset: invalidAt([]byte(src)), Source: src}
	}
	t := &Template{}
	root, err := t.text(src, "")
	if err != nil {
		return nil, err
	}
	t.root = root
	return t, nil
}

func (t *Template) compile(v any, pointer string) (*spot, *Error) {
	switch x := v.(type) {
	case string:
		return t.text(x, pointer)
	case []any:
		return t.list(x, pointer)
	case map[string]any:
		return t.fields(x, pointer)
	}
	return constant(v)
}

// constant makes a spot of a value without expressions.
func constant(v any) (*spot, *Error) {
	w := writer{limit: MaxJSON}
	if err := w.value(v, 0); err != nil {
		return nil, err
	}
	return &spot{kind: spotConst, value: v, raw: w.b}, nil
}

func (t *Template) list(list []any, pointer string) (*spot, *Error) {
	s := &spot{kind: spotList, pointer: pointer}
	values := make([]any, len(list))
	fixed := true
	for i, v := range list {
		item, err := t.compile(v, pointer+"/"+strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		s.items = append(s.items, item)
		values[i] = item.value
		fixed = fixed && item.kind == spotConst
	}
	if fixed {
		return constant(values)
	}
	return s, nil
}

func (t *Template) fields(m map[string]any, pointer string) (*spot, *Error) {
	s := &spot{kind: spotMap, pointer: pointer}
	values := make(map[string]any, len(m))
	fixed := true
	for _, k := range appendKeys(nil, m) {
		p := pointer + "/" + escapePointer(k)
		key, err := literalKey(k, p)
		if err != nil {
			return nil, err
		}
		item, err := t.compile(m[k], p)
		if err != nil {
			return nil, err
		}
		if _, twice := values[key]; twice {
			return nil, &Error{Code: CodeBadJSON, Message: "two keys are the same without their escapes", Pointer: p, Source: k}
		}
		s.keys = append(s.keys, key)
		s.items = append(s.items, item)
		values[key] = item.value
		fixed = fixed && item.kind == spotConst
	}
	if fixed {
		return constant(values)
	}
	s.sort()
	return s, nil
}

// sort puts the fields into the order of their keys, which escapes may have changed.
func (s *spot) sort() {
	perm := make([]int, len(s.keys))
	for i := range perm {
		perm[i] = i
	}
	slices.SortFunc(perm, func(a, b int) int { return strings.Compare(s.keys[a], s.keys[b]) })
	keys, items := make([]string, len(perm)), make([]*spot, len(perm))
	for i, p := range perm {
		keys[i], items[i] = s.keys[p], s.items[p]
	}
	s.keys, s.items = keys, items
}

// literalKey refuses expressions in keys, so that nobody takes one for evaluated.
func literalKey(k, pointer string) (string, *Error) {
	if !strings.Contains(k, "${") {
		return k, nil
	}
	var b strings.Builder
	for i := 0; i < len(k); {
		switch {
		case strings.HasPrefix(k[i:], "$${"):
			b.WriteString("${")
			i += 3
		case strings.HasPrefix(k[i:], "${"):
			return "", &Error{
				Code: CodeSyntax, Message: "a key holds an expression, but keys are literal",
				Hint: "build the map in one expression, as in ${ {(input.name): 1} }, or write $${", Offset: i, Pointer: pointer, Source: k,
			}
		default:
			b.WriteByte(k[i])
			i++
		}
	}
	return b.String(), nil
}

func escapePointer(key string) string {
	if !strings.ContainsAny(key, "~/") {
		return key
	}
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

// cutPointer returns the first key of a pointer without its leading slash, and what is behind it.
func cutPointer(at string) (key, rest string, more bool) {
	key, rest, more = strings.Cut(at, "/")
	return strings.ReplaceAll(strings.ReplaceAll(key, "~1", "/"), "~0", "~"), rest, more
}

// text compiles one string.
func (t *Template) text(src, pointer string) (*spot, *Error) {
	s := &spot{kind: spotText, pointer: pointer, source: src}
	var b strings.Builder
	rest := 0 // where text that is not yet in b begins
	flush := func(end int) {
		b.WriteString(src[rest:end])
	}
	for i := 0; i < len(src); {
		switch {
		case strings.HasPrefix(src[i:], "$${"):
			flush(i)
			b.WriteString("${")
			i += 3
			rest = i
		case strings.HasPrefix(src[i:], "${"):
			flush(i)
			if b.Len() > 0 {
				s.parts = append(s.parts, textPart(b.String()))
				b.Reset()
			}
			end, err := t.expression(s, i+2)
			if err != nil {
				err.Pointer, err.Source = pointer, src
				return nil, err
			}
			i = end + 1
			rest = i
		default:
			i++
		}
	}
	flush(len(src))
	if len(s.parts) == 0 {
		return constant(b.String())
	}
	if b.Len() > 0 {
		s.parts = append(s.parts, textPart(b.String()))
	}
	if len(s.parts) == 1 {
		s.kind = spotValue
		if p, ok := s.parts[0].program.root.(*pathNode); ok && !s.late && !strings.Contains(pointer, "${") {
			s.ref = p.ref()
		}
	}
	return s, nil
}

// expression compiles what stands behind ${ and returns the position of its }.
func (t *Template) expression(s *spot, start int) (int, *Error) {
	end, err := expressionEnd(s.source, start)
	if err != nil {
		return 0, err
	}
	inner := s.source[start:end]
	at := start + len(inner) - len(strings.TrimLeftFunc(inner, unicode.IsSpace))
	p, err := compileSource(strings.TrimSpace(inner))
	if err != nil {
		err.Offset += at
		return 0, err
	}
	t.programs = append(t.programs, p)
	s.parts = append(s.parts, part{program: p, at: at})
	s.late = s.late || p.late
	return end, nil
}

// Const reports whether it holds no expression.
func (t *Template) Const() bool { return t.root.kind == spotConst }

// Raw is the value of a constant template as compact JSON in key order, with $${ written as ${. It is nil if the
// template holds an expression. It must not be changed.
func (t *Template) Raw() Raw { return t.root.raw }

// Programs lists the expressions, keys in byte order.
func (t *Template) Programs() []*Program { return slices.Clone(t.programs) }

// Ref returns the path if the whole template is one plain reference, such as ${ nodes.a.output }.
func (t *Template) Ref() (Ref, bool) {
	if t.root.kind != spotValue {
		return nil, false
	}
	p, ok := t.root.parts[0].program.root.(*pathNode)
	if !ok {
		return nil, false
	}
	return p.ref(), true
}

// Reads lists the paths that its expressions read, each once; see [Program.Reads].
func (t *Template) Reads() []Ref {
	var out []Ref
	seen := map[string]bool{}
	for _, p := range t.programs {
		for _, r := range p.reads {
			if id := strings.Join(r, "\x00"); !seen[id] {
				seen[id] = true
				out = append(out, r)
			}
		}
	}
	return out
}
