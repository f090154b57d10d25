package expr

import "strings"

// both evaluates two operands.
func (m *machine) both(l, r node, off int) (a, b any, err *Error) {
	if a, err = l.eval(m); err != nil {
		return nil, nil, err
	}
	if b, err = r.eval(m); err != nil {
		return nil, nil, err
	}
	return a, b, m.spend(1, off)
}

type negNode struct {
	of  node
	off int
}

func (n *negNode) name() string { return clip("-" + n.of.name()) }

func (n *negNode) eval(m *machine) (any, *Error) {
	v, err := n.of.eval(m)
	if err != nil {
		return nil, err
	}
	switch x := v.(type) {
	case int64:
		r, f := integers('-', 0, x)
		if f != "" {
			return nil, errorAt(n.off, CodeNumber, "", "%s: %s", n.name(), f)
		}
		return r, m.spend(1, n.off)
	case float64:
		return -x, m.spend(1, n.off)
	}
	return nil, want(n.of, n.off, v, "a number")
}

// plusNode is the prefix +, which only checks.
type plusNode struct {
	of  node
	off int
}

func (n *plusNode) name() string { return n.of.name() }

func (n *plusNode) eval(m *machine) (any, *Error) {
	v, err := n.of.eval(m)
	if err != nil {
		return nil, err
	}
	if _, ok := asFloat(v); !ok {
		return nil, want(n.of, n.off, v, "a number")
	}
	return v, m.spend(1, n.off)
}

type notNode struct {
	of  node
	off int
}

func (n *notNode) name() string { return clip("not " + n.of.name()) }

func (n *notNode) eval(m *machine) (any, *Error) {
	b, err := m.truth(n.of, n.off)
	if err != nil {
		return nil, err
	}
	return !b, m.spend(1, n.off)
}

// logicNode is && (or false) and || (or true): or is the value of the left side that decides alone.
type logicNode struct {
	l, r node
	or   bool
	off  int
}

func (n *logicNode) name() string { return "the condition" }

func (n *logicNode) eval(m *machine) (any, *Error) {
	b, err := m.truth(n.l, n.off)
	if err != nil || b == n.or {
		return b, err
	}
	if b, err = m.truth(n.r, n.off); err != nil {
		return nil, err
	}
	return b, m.spend(1, n.off)
}

type coalesceNode struct {
	l, r node
	off  int
}

func (n *coalesceNode) name() string { return clip("(" + n.l.name() + " ?? " + n.r.name() + ")") }

func (n *coalesceNode) eval(m *machine) (any, *Error) {
	v, err := n.l.eval(m)
	if err != nil {
		return nil, err
	}
	if v == nil {
		v, err = n.r.eval(m)
	}
	m.left--
	return v, err
}

type equalNode struct {
	l, r   node
	negate bool
	off    int
}

func (n *equalNode) name() string { return "the comparison" }

func (n *equalNode) eval(m *machine) (any, *Error) {
	a, b, err := m.both(n.l, n.r, n.off)
	if err != nil {
		return nil, err
	}
	same, err := m.equal(a, b, n.off)
	if err != nil {
		return nil, err
	}
	return same != n.negate, nil
}

// orderNode is < <= > >= over two numbers or two strings.
type orderNode struct {
	l, r node
	op   string
	off  int
}

func (n *orderNode) name() string { return "the comparison" }

func (n *orderNode) eval(m *machine) (any, *Error) {
	a, b, err := m.both(n.l, n.r, n.off)
	if err != nil {
		return nil, err
	}
	c, ok := compareNumbers(a, b)
	if !ok {
		if c, ok = m.compareStrings(a, b); !ok {
			return nil, n.refuse(a, b)
		}
	}
	switch n.op {
	case "<":
		return c < 0, nil
	case "<=":
		return c <= 0, nil
	case ">":
		return c > 0, nil
	}
	return c >= 0, nil
}

// compareStrings orders two strings by their bytes, and pays for it. ok is false if one is no string.
func (m *machine) compareStrings(a, b any) (order int, ok bool) {
	x, ok := a.(string)
	y, ok2 := b.(string)
	if !ok || !ok2 {
		return 0, false
	}
	m.left -= min(len(x), len(y)) / 64
	return strings.Compare(x, y), true
}

func (n *orderNode) refuse(a, b any) *Error {
	if a == nil || b == nil {
		null := n.l
		if a != nil {
			null = n.r
		}
		return errorAt(n.off, CodeNull, defaultHint(null), "%s is null and cannot be compared with %s", null.name(), n.op)
	}
	return errorAt(n.off, CodeType, "compare two numbers or two strings", "%s is %s and %s is %s: they have no order", n.l.name(), kindOf(a), n.r.name(), kindOf(b))
}

// mathNode is + - * / % and the power, written ^ here; + also joins strings.
type mathNode struct {
	l, r node
	op   byte
	off  int
}

func (n *mathNode) symbol() string {
	if n.op == '^' {
		return "**"
	}
	return string(n.op)
}

func (n *mathNode) name() string {
	return clip("(" + n.l.name() + " " + n.symbol() + " " + n.r.name() + ")")
}

func (n *mathNode) eval(m *machine) (any, *Error) {
	a, b, err := m.both(n.l, n.r, n.off)
	if err != nil {
		return nil, err
	}
	r, f := arithmetic(n.op, a, b)
	if f == "" {
		return r, nil
	}
	if f != notNumbers {
		return nil, errorAt(n.off, CodeNumber, "", "%s: %s", n.name(), f)
	}
	if x, ok := a.(string); ok && n.op == '+' {
		if y, ok := b.(string); ok {
			return x + y, m.bytes(len(x)+len(y), n.off)
		}
	}
	return nil, n.refuse(a, b)
}

func (n *mathNode) refuse(a, b any) *Error {
	for _, side := range []struct {
		n node
		v any
	}{{n.l, a}, {n.r, b}} {
		if side.v == nil {
			return errorAt(n.off, CodeNull, defaultHint(side.n), "%s is null and cannot be used with %s", side.n.name(), n.symbol())
		}
	}
	hint := ""
	_, ls := a.(string)
	_, rs := b.(string)
	switch {
	case n.op == '+' && (ls || rs):
		hint = "join text with string(...) around the other side"
	case n.op == '+':
		hint = "join lists with concat(), maps with merge()"
	case n.op == '%':
		hint = "% takes two ints"
	}
	return errorAt(n.off, CodeType, hint, "%s cannot be used with %s (%s) and %s (%s)", n.symbol(), n.l.name(), TypeName(a), n.r.name(), TypeName(b))
}

// inNode is x in list, or key in map.
type inNode struct {
	l, r node
	off  int
}

func (n *inNode) name() string { return "the membership" }

func (n *inNode) eval(m *machine) (any, *Error) {
	a, b, err := m.both(n.l, n.r, n.off)
	if err != nil {
		return nil, err
	}
	if list, ok := b.([]any); ok {
		return m.contains(list, a, n.off)
	}
	if f, ok := fieldsOf(b); ok {
		k, ok := a.(string)
		if !ok {
			return nil, want(n.l, n.off, a, "a string as the key of a map")
		}
		return f.has(k), m.keysRead(f, n.off)
	}
	e := want(n.r, n.off, b, "a list or map on the right of in")
	if _, ok := b.(string); ok {
		e.Hint = "look inside a string with contains: " + n.r.name() + " contains " + n.l.name()
	}
	return nil, e
}

// keysRead pays for listing the keys of an Object.
func (m *machine) keysRead(f fields, off int) *Error {
	if f.o == nil {
		return nil
	}
	return m.spend(f.size(), off)
}

func (m *machine) contains(list []any, v any, off int) (any, *Error) {
	for _, x := range list {
		same, err := m.equal(x, v, off)
		if err != nil {
			return nil, err
		}
		if same {
			return true, nil
		}
	}
	return false, nil
}

// textNode is contains, startsWith and endsWith; contains also takes a list.
type textNode struct {
	l, r node
	op   string
	off  int
}

func (n *textNode) name() string { return "the test" }

func (n *textNode) eval(m *machine) (any, *Error) {
	a, b, err := m.both(n.l, n.r, n.off)
	if err != nil {
		return nil, err
	}
	if list, ok := a.([]any); ok && n.op == "contains" {
		return m.contains(list, b, n.off)
	}
	s, ok := a.(string)
	if !ok {
		return nil, want(n.l, n.off, a, "a string on the left of "+n.op)
	}
	part, ok := b.(string)
	if !ok {
		return nil, want(n.r, n.off, b, "a string on the right of "+n.op)
	}
	if err := m.scan(len(s), n.off); err != nil {
		return nil, err
	}
	switch n.op {
	case "startsWith":
		return strings.HasPrefix(s, part), nil
	case "endsWith":
		return strings.HasSuffix(s, part), nil
	}
	return strings.Contains(s, part), nil
}

// rangeNode is a..b, the ints from a to b, both included.
type rangeNode struct {
	l, r node
	off  int
}

func (n *rangeNode) name() string { return clip(n.l.name() + ".." + n.r.name()) }

// bounds evaluates a and b.
func (n *rangeNode) bounds(m *machine) (from, to int64, err *Error) {
	a, b, err := m.both(n.l, n.r, n.off)
	if err != nil {
		return 0, 0, err
	}
	from, ok := a.(int64)
	if !ok {
		return 0, 0, want(n.l, n.off, a, "an int as the bound of a range")
	}
	to, ok = b.(int64)
	if !ok {
		return 0, 0, want(n.r, n.off, b, "an int as the bound of a range")
	}
	return from, to, nil
}

func (n *rangeNode) eval(m *machine) (any, *Error) {
	from, to, err := n.bounds(m)
	if err != nil {
		return nil, err
	}
	if from > to {
		return []any{}, nil
	}
	if uint64(to-from) >= MaxElements {
		return nil, errorAt(n.off, CodeSize, "", "the range %s has more than %d elements", n.name(), MaxElements)
	}
	size := int(to-from) + 1
	if err := m.elements(size, n.off); err != nil {
		return nil, err
	}
	list := make([]any, size)
	for i := range list {
		list[i] = from + int64(i)
	}
	return list, nil
}

// matchNode is matches. A literal pattern is compiled once, with the expression.
type matchNode struct {
	l, r    node
	literal *pattern
	off     int
}

func (n *matchNode) name() string { return "the match" }

func (n *matchNode) eval(m *machine) (any, *Error) {
	a, b, err := m.both(n.l, n.r, n.off)
	if err != nil {
		return nil, err
	}
	s, ok := a.(string)
	if !ok {
		return nil, want(n.l, n.off, a, "a string on the left of matches")
	}
	p := n.literal
	if p == nil {
		text, ok := b.(string)
		if !ok {
			return nil, want(n.r, n.off, b, "a string on the right of matches")
		}
		if p, err = m.compilePattern(text, n.off); err != nil {
			return nil, err
		}
	}
	if err := m.match(p, s, n.off); err != nil {
		return nil, err
	}
	return p.re.MatchString(s), nil
}
