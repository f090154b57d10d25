package expr

import "strconv"

// Append writes the evaluated template as compact JSON in key order. All its expressions share the budget of c. Where
// a string names secrets or task it writes null and describes the value in a Late. After an error, which is *Error,
// dst comes back unchanged.
func (t *Template) Append(dst []byte, c *Context) ([]byte, []Late, error) {
	return t.AppendLess(dst, c, nil)
}

// AppendLess is Append that leaves out what take wants to have: where a string is one plain reference and nothing else,
// take is asked, and if it says true, null is written in its place. The place is a JSON pointer, "" for the whole.
func (t *Template) AppendLess(dst []byte, c *Context, take func(r Ref, place string) bool) ([]byte, []Late, error) {
	if t.root.kind == spotConst {
		return append(dst, t.root.raw...), nil, nil
	}
	e := evaluation{m: newMachine(c), dst: dst, take: take}
	if err := e.write(t.root); err != nil {
		return dst, nil, err
	}
	return e.dst, e.late, nil
}

// evaluation is one Append.
type evaluation struct {
	m    *machine
	dst  []byte
	late []Late
	take func(Ref, string) bool // nil: everything is written
}

func (e *evaluation) write(s *spot) *Error {
	switch s.kind {
	case spotConst:
		e.dst = append(e.dst, s.raw...)
		return e.m.scan(len(s.raw), 0)
	case spotList:
		return e.list(s)
	case spotMap:
		return e.fields(s)
	}
	if s.late {
		return e.later(s)
	}
	if s.kind == spotText {
		return e.quoted(s)
	}
	if e.take != nil && s.ref != nil && e.take(s.ref, s.pointer) {
		e.dst = append(e.dst, "null"...)
		return nil
	}
	v, err := s.run(e.m, 0)
	if err != nil {
		return err
	}
	e.dst, err = e.m.json(e.dst, v, 0)
	return s.placed(err, s.parts[0].at)
}

// quoted writes text part by part.
func (e *evaluation) quoted(s *spot) (err *Error) {
	e.dst = append(e.dst, '"')
	for i := range s.parts {
		if e.dst, err = s.appendPart(e.m, e.dst, i, asQuoted); err != nil {
			return err
		}
	}
	e.dst = append(e.dst, '"')
	return nil
}

func (e *evaluation) list(s *spot) *Error {
	e.dst = append(e.dst, '[')
	for i, item := range s.items {
		if i > 0 {
			e.dst = append(e.dst, ',')
		}
		if err := e.write(item); err != nil {
			return err
		}
	}
	e.dst = append(e.dst, ']')
	return nil
}

func (e *evaluation) fields(s *spot) *Error {
	e.dst = append(e.dst, '{')
	for i, item := range s.items {
		w := writer{b: e.dst, limit: len(e.dst) + MaxJSON}
		if err := w.key(i, s.keys[i]); err != nil {
			return s.placed(err, 0)
		}
		e.dst = w.b
		if err := e.write(item); err != nil {
			return err
		}
	}
	e.dst = append(e.dst, '}')
	return nil
}

// later writes null and describes the value. What the kernel knows is evaluated into text now.
func (e *evaluation) later(s *spot) *Error {
	e.dst = append(e.dst, "null"...)
	l := Late{Path: s.pointer}
	var text []byte
	for i, p := range s.parts {
		if p.program != nil && p.program.late {
			if len(text) > 0 {
				l.Parts = append(l.Parts, Part{Text: string(text)})
				text = nil
			}
			l.Parts = append(l.Parts, Part{Expr: p.program.src})
			continue
		}
		var err *Error
		if text, err = s.appendPart(e.m, text, i, asText); err != nil {
			return err
		}
	}
	if len(text) > 0 {
		l.Parts = append(l.Parts, Part{Text: string(text)})
	}
	e.late = append(e.late, l)
	return nil
}

// placed says where in the template an error lies; at is the offset of the expression in its string.
func (s *spot) placed(err *Error, at int) *Error {
	if err == nil {
		return nil
	}
	if s.source != "" && err.Pointer == "" {
		err.Offset += at
		err.Pointer, err.Source = s.pointer, s.source
	}
	return err
}

// run evaluates the expression of part i.
func (s *spot) run(m *machine, i int) (any, *Error) {
	v, err := m.run(s.parts[i].program)
	return v, s.placed(err, s.parts[i].at)
}

// appendPart appends part i in a form of text.
func (s *spot) appendPart(m *machine, dst []byte, i int, f form) ([]byte, *Error) {
	p := s.parts[i]
	if p.program == nil && f == asQuoted {
		return append(dst, p.quoted...), s.placed(m.scan(len(p.quoted), 0), 0)
	}
	if p.program == nil {
		return append(dst, p.text...), s.placed(m.scan(len(p.text), 0), 0)
	}
	v, err := s.run(m, i)
	if err != nil {
		return dst, err
	}
	dst, err = m.write(dst, v, 0, f, MaxJSON)
	return dst, s.placed(err, p.at)
}

// text evaluates all parts into one string.
func (s *spot) text(m *machine) (string, *Error) {
	var b []byte
	for i := range s.parts {
		var err *Error
		if b, err = s.appendPart(m, b, i, asText); err != nil {
			return "", err
		}
	}
	return string(b), nil
}

// Range gives the bounds of a template that is one range and nothing else, such as ${ 1..input.n }, however many elements
// it would have; ok is false for any other. The error is *Error.
func (t *Template) Range(c *Context) (from, to int64, ok bool, err error) {
	s := t.root
	if s.kind != spotValue {
		return 0, 0, false, nil
	}
	n, ok := s.parts[0].program.root.(*rangeNode)
	if !ok {
		return 0, 0, false, nil
	}
	from, to, fault := n.bounds(newMachine(c))
	if fault != nil {
		if fault.Source == "" {
			fault.Source = s.parts[0].program.src
		}
		return 0, 0, true, s.placed(fault, s.parts[0].at)
	}
	return from, to, true, nil
}

// Value gives the typed value, which must not be changed: parts of it may be shared. A template that names secrets
// or task has no value yet, which is an error with CodeLate. The error is *Error.
func (t *Template) Value(c *Context) (any, error) {
	v, err := t.root.build(newMachine(c))
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (s *spot) build(m *machine) (any, *Error) {
	switch {
	case s.kind == spotConst:
		return s.value, nil
	case s.kind == spotList:
		out := make([]any, len(s.items))
		for i, item := range s.items {
			v, err := item.build(m)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	case s.kind == spotMap:
		out := make(map[string]any, len(s.items))
		for i, item := range s.items {
			v, err := item.build(m)
			if err != nil {
				return nil, err
			}
			out[s.keys[i]] = v
		}
		return out, nil
	case s.late:
		return nil, s.tooEarly()
	case s.kind == spotValue:
		return s.run(m, 0)
	}
	return boxed(s.text(m))
}

func boxed(s string, err *Error) (any, *Error) { return s, err }

func (s *spot) tooEarly() *Error {
	for _, p := range s.parts {
		if p.program != nil && p.program.late {
			return s.placed(errorAt(0, CodeLate, "use secrets and task only in the configuration of an effect node", "secrets and task are known only to the runner"), p.at)
		}
	}
	return nil
}

// String gives the value as text: a string as it is, all else as compact JSON. A template that names secrets or task
// is an error with CodeLate. The error is *Error.
func (t *Template) String(c *Context) (string, error) {
	m := newMachine(c)
	v, err := t.root.build(m)
	if err != nil {
		return "", err
	}
	if s, ok := v.(string); ok {
		return s, nil
	}
	b, err := m.inText(nil, v, 0)
	if err != nil {
		return "", t.root.placed(err, 0)
	}
	return string(b), nil
}

// Resolve fills the late values into JSON that Append wrote, with names that know secrets and task. The result is
// compact JSON in key order. The error is *Error and holds no value of a secret.
func Resolve(raw []byte, late []Late, names Names) ([]byte, error) {
	if len(late) == 0 {
		return raw, nil
	}
	root, err := Decode(raw)
	if err != nil {
		return nil, err
	}
	m := newMachine(&Context{Names: names})
	for _, l := range late {
		v, err := m.resolve(l)
		if err != nil {
			err.Pointer = l.Path
			return nil, err
		}
		if l.Path == "" {
			root = v
			continue
		}
		if !place(root, l.Path, v) {
			return nil, &Error{Code: CodeLate, Message: "the journaled value has no such place", Pointer: l.Path}
		}
	}
	return Append(make([]byte, 0, len(raw)+64), root)
}

// resolve joins the parts of one late value; a single expression keeps its type.
func (m *machine) resolve(l Late) (any, *Error) {
	var text []byte
	for _, p := range l.Parts {
		if p.Expr == "" {
			text = append(text, p.Text...)
			continue
		}
		prog, err := compileSource(p.Expr)
		if err != nil {
			err.Source = p.Expr
			return nil, err
		}
		v, err := m.run(prog)
		if err != nil || len(l.Parts) == 1 {
			return v, err
		}
		if text, err = m.inText(text, v, 0); err != nil {
			return nil, err
		}
	}
	return string(text), nil
}

// place puts v at a JSON pointer below root and reports whether there is such a place.
func place(root any, pointer string, v any) bool {
	if pointer[0] != '/' {
		return false
	}
	for at := pointer[1:]; ; {
		token, rest, more := cutPointer(at)
		switch x := root.(type) {
		case map[string]any:
			old, ok := x[token]
			if !ok {
				return false
			}
			if !more {
				x[token] = v
				return true
			}
			root = old
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(x) {
				return false
			}
			if !more {
				x[i] = v
				return true
			}
			root = x[i]
		default:
			return false
		}
		at = rest
	}
}
