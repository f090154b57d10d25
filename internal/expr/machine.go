package expr

import "fmt"

// machine evaluates one program, or the programs of one template, within one budget.
type machine struct {
	c    *Context
	left int // of the budget
	// late is set while secrets may be in reach; messages then hold no values.
	late  bool
	frame frame
	// vars are the slots of let.
	vars []any
	// args is the stack of arguments of the calls that are being made; spare is its first memory.
	args  []any
	spare [4]any
	// drawn counts what uuid and random took from the seed.
	drawn uint64
	// pattern is the last regular expression that was no literal.
	pattern *pattern
	text    string
	// w is the writer in use; it is here so that it need not be allocated.
	w writer
}

// frame is what # and its kin mean inside a predicate.
type frame struct {
	item, acc any
	index     int
	key       string
}

// node is a checked part of an expression.
type node interface {
	eval(m *machine) (any, *Error)
	// name describes the node in messages.
	name() string
}

func newMachine(c *Context) *machine {
	m := &machine{c: c, left: DefaultCost}
	if c == nil {
		m.c = &Context{}
	}
	if m.c.Cost > 0 {
		m.left = m.c.Cost
	}
	m.args = m.spare[:0]
	return m
}

// run evaluates a program. Positions in its error are those of the program's own source.
func (m *machine) run(p *Program) (any, *Error) {
	m.late = p.late
	m.frame = frame{}
	m.args = m.args[:0]
	if p.slots > len(m.vars) {
		m.vars = make([]any, p.slots)
	}
	v, err := p.root.eval(m)
	if err != nil && err.Source == "" {
		err.Source = p.src
	}
	return v, err
}

func (m *machine) spend(n, off int) *Error {
	if m.left -= n; m.left < 0 || n < 0 {
		return m.broke(off)
	}
	return nil
}

// broke is the error of a spent budget.
func (m *machine) broke(off int) *Error {
	budget := m.c.Cost
	if budget <= 0 {
		budget = DefaultCost
	}
	return errorAt(off, CodeCost, "work on fewer elements, or do it in a function", "the evaluation took more than %d steps", budget)
}

// elements pays for a list or map of n elements.
func (m *machine) elements(n, off int) *Error {
	if n > MaxElements {
		return errorAt(off, CodeSize, "", "a list or map would have %d elements, more than %d", n, MaxElements)
	}
	return m.spend(n, off)
}

// bytes pays for a string of n bytes.
func (m *machine) bytes(n, off int) *Error {
	if n > MaxString {
		return errorAt(off, CodeSize, "", "a string would have %d bytes, more than %d", n, MaxString)
	}
	return m.spend(n, off)
}

// scan pays for reading n bytes that are there already.
func (m *machine) scan(n, off int) *Error { return m.spend(n/16+1, off) }

// equal compares within the budget.
func (m *machine) equal(a, b any, off int) (bool, *Error) {
	e := equality{left: m.left}
	same := e.equal(a, b, 0)
	m.left = e.left
	if m.left < 0 {
		return false, m.broke(off)
	}
	if e.err != nil {
		e.err.Offset = off
	}
	return same, e.err
}

// form is how a value is written.
type form uint8

const (
	asJSON   form = iota
	asText        // a string as it is, all else as JSON
	asQuoted      // like asText, escaped for the inside of a JSON string
)

// json appends v as JSON.
func (m *machine) json(dst []byte, v any, off int) ([]byte, *Error) {
	return m.write(dst, v, off, asJSON, MaxJSON)
}

// shortText appends v as it will stand in a string of the language: what MaxString forbids is not written to its end.
func (m *machine) shortText(dst []byte, v any, off int, f form) ([]byte, *Error) {
	out, err := m.write(dst, v, off, f, MaxString)
	if err != nil && m.w.full && err.Code == CodeSize {
		err = errorAt(off, CodeSize, "", "a string would have more than %d bytes", MaxString)
	}
	return out, err
}

// inText appends v as it stands in text.
func (m *machine) inText(dst []byte, v any, off int) ([]byte, *Error) {
	return m.write(dst, v, off, asText, MaxJSON)
}

// write appends v within the budget, of which sixteen bytes are a step, and within most bytes.
func (m *machine) write(dst []byte, v any, off int, f form, most int) ([]byte, *Error) {
	w := &m.w
	w.b, w.limit, w.full = dst, len(dst)+min(m.left*16, most), false
	var err *Error
	s, isString := v.(string)
	switch {
	case f == asJSON:
		err = w.value(v, 0)
	case f == asText && isString:
		err = w.plain(s)
	case f == asText:
		err = w.value(v, 0)
	case isString:
		err = w.escape(s)
	default:
		if err = w.value(v, 0); err == nil {
			s = string(w.b[len(dst):])
			w.b = appendEscaped(w.b[:len(dst)], s)
		}
	}
	out := w.b
	w.b = nil
	if err != nil {
		if w.full && m.left*16 < most {
			err = m.broke(off)
		}
		err.Offset = off
		return dst, err
	}
	return out, m.scan(len(out)-len(dst), off)
}

// show quotes a value for a message, or names its type where it may be secret.
func (m *machine) show(v any) string {
	if m.late {
		return kindOf(v)
	}
	return quoteValue(v)
}

// want is the error of a value with the wrong type.
func want(n node, off int, v any, what string) *Error {
	if v == nil {
		return errorAt(off, CodeNull, defaultHint(n), "%s is null, want %s", n.name(), what)
	}
	return errorAt(off, CodeType, "", "%s is %s, want %s", n.name(), kindOf(v), what)
}

func defaultHint(n node) string {
	return fmt.Sprintf("give a default with ??, as in (%s ?? ...)", n.name())
}
