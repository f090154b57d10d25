package expr

import "strconv"

// Function describes one function of the language, for documentation and completion.
type Function struct {
	Name string
	// Signature names the parameters; ? marks one that may be left out, ... one that may be repeated.
	Signature string
	Doc       string
	// Group is the heading under which it is documented.
	Group string
	// Example is an expression without names, and Result its value as JSON.
	Example, Result string
}

// function is a Function with its law. Exactly one of call and each is set; each takes a predicate as its second
// argument.
type function struct {
	Function
	min, max int // arguments; max < 0 is any number
	call     func(m *machine, n *callNode, a []any) (any, *Error)
	each     func(m *machine, n *eachNode) (any, *Error)
	// drawn functions depend on the transition: its time or its seed.
	drawn bool
}

// callNode is a call of a function without a predicate.
type callNode struct {
	fn   *function
	args []node
	off  int
}

func (n *callNode) name() string { return n.fn.Name + "(...)" }

func (n *callNode) eval(m *machine) (any, *Error) {
	base := len(m.args)
	for _, arg := range n.args {
		v, err := arg.eval(m)
		if err != nil {
			return nil, err
		}
		m.args = append(m.args, v)
	}
	if err := m.spend(1+len(n.args), n.off); err != nil {
		return nil, err
	}
	v, err := n.fn.call(m, n, m.args[base:])
	m.args = m.args[:base]
	return v, err
}

// fail is an error of this call.
func (n *callNode) fail(code, hint, format string, args ...any) *Error {
	e := errorAt(n.off, code, hint, format, args...)
	e.Message = n.fn.Name + ": " + e.Message
	return e
}

// want is the error of argument i with the wrong type.
func (n *callNode) want(a []any, i int, what string) *Error {
	e := want(n.args[i], n.off, a[i], what)
	e.Message = n.fn.Name + ": " + e.Message
	return e
}

func (n *callNode) text(a []any, i int) (string, *Error) {
	s, ok := a[i].(string)
	if !ok {
		return "", n.want(a, i, "a string")
	}
	return s, nil
}

func (n *callNode) list(a []any, i int) ([]any, *Error) {
	l, ok := a[i].([]any)
	if !ok {
		return nil, n.want(a, i, "a list")
	}
	return l, nil
}

func (n *callNode) fields(a []any, i int) (fields, *Error) {
	f, ok := fieldsOf(a[i])
	if !ok {
		return fields{}, n.want(a, i, "a map")
	}
	return f, nil
}

func (n *callNode) int(a []any, i int) (int64, *Error) {
	x, ok := a[i].(int64)
	if !ok {
		return 0, n.want(a, i, "an int")
	}
	return x, nil
}

func (n *callNode) float(a []any, i int) (float64, *Error) {
	x, ok := asFloat(a[i])
	if !ok {
		return 0, n.want(a, i, "a number")
	}
	return x, nil
}

// eachNode is a call of a function with a predicate over a list or map. pred is nil where it was left out; extra is
// a third argument or nil.
type eachNode struct {
	fn          *function
	over, pred  node
	extra       node
	off, predAt int
}

func (n *eachNode) name() string { return n.fn.Name + "(...)" }

func (n *eachNode) eval(m *machine) (any, *Error) {
	outer := m.frame
	v, err := n.fn.each(m, n)
	m.frame = outer
	return v, err
}

// walker goes over a list, or over a map in key order.
type walker struct {
	list  []any
	keys  []string
	of    fields
	isMap bool
	i     int
}

// walk evaluates what n goes over.
func (m *machine) walk(n *eachNode) (walker, *Error) {
	v, err := n.over.eval(m)
	if err != nil {
		return walker{}, err
	}
	if list, ok := v.([]any); ok {
		return walker{list: list}, m.spend(1, n.off)
	}
	f, ok := fieldsOf(v)
	if !ok {
		e := want(n.over, n.off, v, "a list or map")
		e.Message = n.fn.Name + ": " + e.Message
		return walker{}, e
	}
	if err := m.spend(1+f.size(), n.off); err != nil {
		return walker{}, err
	}
	return walker{keys: f.keys(), of: f, isMap: true}, nil
}

func (w *walker) size() int { return len(w.list) + len(w.keys) }

// next puts the next element into the frame; it reports whether there was one.
func (m *machine) next(w *walker, n *eachNode) (bool, *Error) {
	if w.i >= w.size() {
		return false, nil
	}
	if m.left--; m.left < 0 {
		return false, m.broke(n.off)
	}
	m.frame.index = w.i
	if w.isMap {
		v, err := m.field(w.of, w.keys[w.i], n.off)
		if err != nil {
			return false, err
		}
		m.frame.item, m.frame.key = v, w.keys[w.i]
	} else {
		m.frame.item = w.list[w.i]
	}
	w.i++
	return true, nil
}

// holds evaluates the predicate, which must give a bool.
func (m *machine) holds(n *eachNode) (bool, *Error) {
	if n.pred != nil {
		return m.truth(n.pred, n.predAt)
	}
	b, ok := m.frame.item.(bool)
	if !ok {
		return false, errorAt(n.off, CodeType, "give a predicate: "+n.fn.Name+"(list, # > 0)", "%s: element %d is %s, want a bool", n.fn.Name, m.frame.index, kindOf(m.frame.item))
	}
	return b, nil
}

// value evaluates the predicate, or gives the element where it was left out.
func (m *machine) value(n *eachNode) (any, *Error) {
	if n.pred == nil {
		return m.frame.item, nil
	}
	return n.pred.eval(m)
}

// keyText is v as the key of a map: strings, and scalars as text.
func (m *machine) keyText(n *eachNode, v any) (string, *Error) {
	switch x := v.(type) {
	case string:
		return x, nil
	case int64:
		return strconv.FormatInt(x, 10), nil
	case bool:
		return strconv.FormatBool(x), nil
	case float64:
		return string(appendFloat(nil, x)), nil
	}
	hint := ""
	if v == nil {
		hint = "give a default with ??, as in (... ?? \"none\")"
	}
	return "", errorAt(n.predAt, CodeType, hint, "%s: the key of element %d is %s, want a string", n.fn.Name, m.frame.index, kindOf(v))
}
