package expr

import (
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// member compiles a name with its static keys into one node; a dynamic index ends the path.
func (c *compiler) member(n ast.Node) node {
	var keys []key
	for {
		m, ok := n.(*ast.MemberNode)
		if chain, isChain := n.(*ast.ChainNode); isChain {
			n = chain.Node
			continue
		}
		if !ok {
			break
		}
		s, ok := m.Property.(*ast.StringNode)
		if !ok {
			break
		}
		keys = append(keys, key{s.Value, c.off(s)})
		n = m.Node
	}
	slices.Reverse(keys)
	if id, ok := n.(*ast.IdentifierNode); ok {
		return c.name(id, keys)
	}
	base := c.base(n)
	if len(keys) == 0 {
		return base
	}
	return &memberNode{base, keys}
}

// base compiles what static keys are taken of.
func (c *compiler) base(n ast.Node) node {
	m, ok := n.(*ast.MemberNode)
	if !ok {
		return c.node(n)
	}
	return &indexNode{c.node(m.Node), c.node(m.Property), c.off(m)}
}

// name compiles a root name: a variable of let, null, or a name of the surroundings.
func (c *compiler) name(id *ast.IdentifierNode, keys []key) node {
	off := c.off(id)
	for _, v := range slices.Backward(c.lets) {
		if v.name != id.Value {
			continue
		}
		if v.alias != nil && len(keys) > 0 {
			c.read(slices.Concat(v.alias, names(keys)))
		}
		base := &varNode{v.slot, v.name}
		if len(keys) == 0 {
			return base
		}
		return &memberNode{base, keys}
	}
	if id.Value == "null" {
		return c.nullMember(off, keys)
	}
	switch id.Value {
	case "secrets", "task":
		c.lateAt = max(c.lateAt, off+1)
	default:
		c.otherAt = max(c.otherAt, off+1)
	}
	p := &pathNode{root: id.Value, keys: keys, off: off}
	p.hyphen = off > 1 && c.src[off-1] == '-' && tokenAt(c.src, off-2).kind == tokWord
	c.read(p.ref())
	return p
}

func (c *compiler) nullMember(off int, keys []key) node {
	if len(keys) > 0 {
		return c.fail(off, CodeType, "", "null has no keys")
	}
	return &constNode{}
}

func names(keys []key) Ref {
	r := make(Ref, len(keys))
	for i, k := range keys {
		r[i] = k.name
	}
	return r
}

func (n *pathNode) ref() Ref { return append(Ref{n.root}, names(n.keys)...) }

// read notes a path once.
func (c *compiler) read(r Ref) {
	id := strings.Join(r, "\x00")
	if c.seen[id] {
		return
	}
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[id] = true
	c.reads = append(c.reads, r)
}

// checkLate refuses secrets and task beside anything that the kernel must know: the runner evaluates alone.
func (c *compiler) checkLate() *Error {
	if c.lateAt == 0 {
		return nil
	}
	const hint = "give each its own ${ } in the text, or its own field"
	if c.otherAt > 0 {
		return errorAt(c.otherAt-1, CodeLateMixed, hint, "an expression that names secrets or task names nothing else")
	}
	if c.drawnAt > 0 {
		return errorAt(c.drawnAt-1, CodeLateMixed, hint, "an expression that names secrets or task cannot use now, uuid or random")
	}
	return nil
}

// plainCall compiles a call of a name that the grammar does not know as a function of its own.
func (c *compiler) plainCall(n *ast.CallNode) node {
	if id, ok := n.Callee.(*ast.IdentifierNode); ok {
		return c.call(n, id.Value, n.Arguments)
	}
	off, hint := c.off(n), "call functions as f(x) or x | f()"
	if m, ok := n.Callee.(*ast.MemberNode); ok {
		if s, ok := m.Property.(*ast.StringNode); ok && find(s.Value) != nil {
			hint = "write x | " + s.Value + "(...)"
		}
	}
	return c.fail(off, CodeFunction, hint, "values have no methods")
}

// call compiles a call. The grammar may have read an alias, so the name is that in the source.
func (c *compiler) call(n ast.Node, name string, args []ast.Node) node {
	off := c.off(n)
	if t := nextToken(c.src, off); t.kind == tokWord && aliases[c.src[t.start:t.end]] != "" {
		name = c.src[t.start:t.end]
	}
	fn := find(name)
	if fn == nil {
		return c.fail(off, CodeFunction, suggestFunction(name), "there is no function %s", name)
	}
	if len(args) < fn.min || fn.max >= 0 && len(args) > fn.max {
		return c.fail(off, CodeFunction, "it is "+fn.Signature, "%s got %s", name, countArgs(len(args)))
	}
	if fn.drawn {
		c.drawnAt = max(c.drawnAt, off+1)
	}
	if fn.each != nil {
		return c.each(fn, args, off)
	}
	return &callNode{fn, c.all(args), off}
}

func countArgs(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return strconv.Itoa(n) + " arguments"
}

func (c *compiler) each(fn *function, args []ast.Node, off int) node {
	n := &eachNode{fn: fn, over: c.node(args[0]), off: off, predAt: off}
	for _, arg := range args[1:] {
		p, ok := arg.(*ast.PredicateNode)
		if !ok {
			n.extra = c.node(arg)
			continue
		}
		n.predAt = c.off(p)
		c.preds = append(c.preds, fn)
		n.pred = c.node(p.Node)
		c.preds = c.preds[:len(c.preds)-1]
	}
	return n
}
