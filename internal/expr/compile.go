package expr

import (
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// compiler turns a syntax tree into nodes and notes what the expression reads.
type compiler struct {
	src string
	// offsets maps characters of what the grammar reads to bytes of src; nil where they are the same.
	offsets []int
	nodes   int
	depth   int
	lets    []let
	slots   int
	// preds are the predicates that are open, innermost last.
	preds []*function
	reads []Ref
	seen  map[string]bool
	// drawnAt is 1 + the position of a function that depends on the transition.
	drawnAt int
	lateAt  int
	otherAt int
	err     *Error
}

// let is a declared variable. alias is the path it stands for, if its value is one.
type let struct {
	name  string
	slot  int
	alias Ref
}

// Compile checks a bare expression and makes it ready to be evaluated. The error is *Error.
func Compile(src string) (*Program, error) {
	p, err := compileSource(src)
	if err != nil {
		err.Source = src
		return nil, err
	}
	return p, nil
}

func compileSource(src string) (*Program, *Error) {
	edits, err := prescan(src)
	if err != nil {
		return nil, err
	}
	c := &compiler{src: src}
	grammar := edits.apply(src)
	if len(grammar) != len(src) || !ascii(src) {
		c.offsets = edits.offsets(src)
	}
	if nextToken(src, 0).kind == tokEnd {
		return nil, errorAt(0, CodeSyntax, "", "the expression is empty")
	}
	tree, err := c.parse(grammar)
	if err != nil {
		return nil, err
	}
	root := c.node(tree)
	if c.err != nil {
		return nil, c.err
	}
	if err := c.checkLate(); err != nil {
		return nil, err
	}
	return &Program{src: src, root: root, reads: c.reads, late: c.lateAt > 0, slots: c.slots}, nil
}

// parse runs the grammar. Its package is not ours, so a panic in it must not go further.
func (c *compiler) parse(src string) (root ast.Node, err *Error) {
	defer func() {
		if r := recover(); r != nil {
			root, err = nil, errorAt(0, CodeSyntax, "", "the grammar cannot read the expression")
		}
	}()
	tree, perr := parser.Parse(src)
	if perr != nil {
		return nil, c.syntax(perr)
	}
	if tree.Node == nil {
		return nil, errorAt(0, CodeSyntax, "", "the expression is empty")
	}
	return tree.Node, nil
}

// syntax puts an error of the grammar into our words.
func (c *compiler) syntax(perr error) *Error {
	e, ok := perr.(*file.Error)
	if !ok {
		return errorAt(0, CodeSyntax, "", "%v", perr)
	}
	if strings.Contains(e.Message, "maximum allowed nodes") {
		return c.tooManyParts(c.byteOf(e.From))
	}
	return errorAt(c.byteOf(e.From), CodeSyntax, syntaxHint(c.src, c.byteOf(e.From)), "%s", grammarMessage(e.Message))
}

// grammarMessage puts the messages that people meet most into plain words.
func grammarMessage(s string) string {
	token, ok := strings.CutPrefix(s, "unexpected token ")
	switch {
	case ok && token == "EOF" || s == "unexpected end of expression":
		return "the expression ends too early"
	case ok:
		_, token, _ = strings.Cut(token, "(")
		return "unexpected " + strings.TrimSuffix(token, ")")
	case strings.Contains(s, "(??) cannot be mixed"):
		return "?? cannot stand beside another operator without parentheses"
	}
	return s
}

func (c *compiler) tooManyParts(off int) *Error {
	return errorAt(off, CodeTooComplex, "split it over several nodes or variables", "the expression has too many parts")
}

// syntaxHint recognises what people write from other languages.
func syntaxHint(src string, off int) string {
	rest := src[min(off, len(src)):]
	switch {
	case len(rest) > 0 && rest[0] == '=':
		return "compare with =="
	case off > 0 && off <= len(src) && src[off-1] == '=' && (off < 2 || src[off-2] != '='):
		return "compare with =="
	case len(rest) > 0 && rest[0] == '#', len(rest) > 0 && rest[0] == '.':
		return "# and .field stand for the element inside a predicate, as in filter(list, .price > 3)"
	}
	return ""
}

// byteOf converts a position in characters to one in bytes.
func (c *compiler) byteOf(char int) int {
	if c.offsets == nil {
		return min(max(char, 0), len(c.src))
	}
	if char < 0 || char >= len(c.offsets) {
		return len(c.src)
	}
	return c.offsets[char]
}

func (c *compiler) off(n ast.Node) int { return c.byteOf(n.Location().From) }

// start is the position where a node begins; the grammar gives that of its operator.
func (c *compiler) start(n ast.Node) int {
	for {
		switch x := n.(type) {
		case *ast.BinaryNode:
			n = x.Left
		case *ast.MemberNode:
			n = x.Node
		case *ast.ChainNode:
			n = x.Node
		case *ast.SliceNode:
			n = x.Node
		case *ast.ConditionalNode:
			n = x.Cond
		default:
			return c.off(n)
		}
	}
}

// fail keeps the first error.
func (c *compiler) fail(off int, code, hint, format string, args ...any) node {
	if c.err == nil {
		c.err = errorAt(off, code, hint, format, args...)
	}
	return &constNode{}
}

// node compiles one node. After an error it returns some node and c.err is set.
func (c *compiler) node(n ast.Node) node {
	if c.err != nil {
		return &constNode{}
	}
	c.nodes++
	c.depth++
	defer func() { c.depth-- }()
	if c.depth > MaxTree || c.nodes > MaxNodes {
		if c.err == nil {
			c.err = c.tooManyParts(c.off(n))
		}
		return &constNode{}
	}
	switch n := n.(type) {
	case *ast.NilNode:
		return &constNode{}
	case *ast.BoolNode:
		return &constNode{n.Value}
	case *ast.IntegerNode:
		return &constNode{int64(n.Value)}
	case *ast.FloatNode:
		return &constNode{n.Value}
	case *ast.StringNode:
		return c.literal(n)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ConditionalNode:
		return &condNode{c.node(n.Cond), c.node(n.Exp1), c.node(n.Exp2), c.start(n.Cond)}
	case *ast.ArrayNode:
		return c.array(n)
	case *ast.MapNode:
		return c.mapLiteral(n)
	case *ast.SequenceNode:
		return &seqNode{c.all(n.Nodes)}
	}
	return c.reference(n)
}

// reference compiles the nodes that name something.
func (c *compiler) reference(n ast.Node) node {
	switch n := n.(type) {
	case *ast.IdentifierNode, *ast.MemberNode:
		return c.member(n)
	case *ast.ChainNode:
		return c.node(n.Node)
	case *ast.PointerNode:
		return c.pointer(n)
	case *ast.SliceNode:
		s := &sliceNode{of: c.node(n.Node), off: c.off(n)}
		if n.From != nil {
			s.from = c.node(n.From)
		}
		if n.To != nil {
			s.to = c.node(n.To)
		}
		return s
	case *ast.VariableDeclaratorNode:
		return c.let(n)
	case *ast.BuiltinNode:
		return c.call(n, n.Name, n.Arguments)
	case *ast.CallNode:
		return c.plainCall(n)
	case *ast.BytesNode:
		return c.fail(c.off(n), CodeSyntax, "write a string", "byte literals are not part of the language")
	}
	return c.fail(c.off(n), CodeSyntax, "", "this is not part of the language")
}

func (c *compiler) all(nodes []ast.Node) []node {
	out := make([]node, len(nodes))
	for i, n := range nodes {
		out[i] = c.node(n)
	}
	return out
}

func (c *compiler) literal(n *ast.StringNode) node {
	if !utf8.ValidString(n.Value) {
		return c.fail(c.off(n), CodeSyntax, "", "the string is not valid UTF-8")
	}
	return &constNode{n.Value}
}

func (c *compiler) unary(n *ast.UnaryNode) node {
	of, off := c.node(n.Node), c.off(n)
	switch n.Operator {
	case "-":
		if k, ok := of.(*constNode); ok {
			if r, f := arithmetic('-', int64(0), k.v); f == "" {
				return &constNode{r}
			}
		}
		return &negNode{of, off}
	case "+":
		return &plusNode{of, off}
	case "!", "not":
		return &notNode{of, off}
	}
	return c.fail(off, CodeSyntax, "", "there is no operator %s", n.Operator)
}

func (c *compiler) binary(n *ast.BinaryNode) node {
	l, r, off := c.node(n.Left), c.node(n.Right), c.off(n)
	switch n.Operator {
	case "&&", "and":
		return &logicNode{l, r, false, off}
	case "||", "or":
		return &logicNode{l, r, true, off}
	case "??":
		return &coalesceNode{l, r, off}
	case "==", "!=":
		return &equalNode{l, r, n.Operator == "!=", off}
	case "<", "<=", ">", ">=":
		return &orderNode{l, r, n.Operator, off}
	case "+", "-", "*", "/", "%", "^":
		return &mathNode{l, r, n.Operator[0], off}
	case "**":
		return &mathNode{l, r, '^', off}
	case "in":
		return &inNode{l, r, off}
	case "contains", "startsWith", "endsWith":
		return &textNode{l, r, n.Operator, off}
	case "..":
		return &rangeNode{l, r, off}
	case "matches":
		return c.match(l, r, off)
	}
	return c.fail(off, CodeSyntax, "", "there is no operator %s", n.Operator)
}

func (c *compiler) match(l, r node, off int) node {
	m := &matchNode{l: l, r: r, off: off}
	k, ok := r.(*constNode)
	if !ok {
		return m
	}
	s, ok := k.v.(string)
	if !ok {
		return c.fail(off, CodeType, "", "the pattern of matches is %s, want a string", kindOf(k.v))
	}
	p, err := compilePattern(s, off, short(s))
	if err != nil {
		c.err = err
		return m
	}
	m.literal = p
	return m
}

// array folds a list of literals, so that it is made once.
func (c *compiler) array(n *ast.ArrayNode) node {
	items := c.all(n.Nodes)
	list := make([]any, len(items))
	for i, item := range items {
		k, ok := item.(*constNode)
		if !ok {
			return &listNode{items, c.off(n)}
		}
		list[i] = k.v
	}
	return &constNode{list}
}

func (c *compiler) mapLiteral(n *ast.MapNode) node {
	out := &mapNode{off: c.off(n)}
	seen := map[string]bool{}
	for _, p := range n.Pairs {
		pair, ok := p.(*ast.PairNode)
		if !ok {
			return c.fail(out.off, CodeSyntax, "", "a map holds pairs")
		}
		k := c.node(pair.Key)
		if s, ok := k.(*constNode); ok {
			name, _ := s.v.(string)
			if seen[name] {
				return c.fail(c.off(pair.Key), CodeSyntax, "", "the key %s stands twice in one map", short(name))
			}
			seen[name] = true
		}
		out.keys = append(out.keys, k)
		out.values = append(out.values, c.node(pair.Value))
	}
	return out
}

func (c *compiler) let(n *ast.VariableDeclaratorNode) node {
	value := c.node(n.Value)
	v := let{name: n.Name, slot: len(c.lets)}
	if p, ok := value.(*pathNode); ok {
		v.alias = p.ref()
	}
	c.lets = append(c.lets, v)
	c.slots = max(c.slots, len(c.lets))
	body := c.node(n.Expr)
	c.lets = c.lets[:len(c.lets)-1]
	return &letNode{v.slot, value, body}
}

// pointer compiles # and its kin.
func (c *compiler) pointer(n *ast.PointerNode) node {
	off := c.off(n)
	if len(c.preds) == 0 {
		return c.fail(off, CodeName, "", "# has a meaning only inside a predicate")
	}
	switch n.Name {
	case "":
		return &pointerNode{toItem}
	case "index":
		return &pointerNode{toIndex}
	case "key":
		return &pointerNode{toKey}
	case "acc":
		if c.preds[len(c.preds)-1].Name != "reduce" {
			return c.fail(off, CodeName, "", "#acc has a meaning only inside reduce")
		}
		return &pointerNode{toAcc}
	}
	return c.fail(off, CodeName, "there are #, #index, #key and, in reduce, #acc", "there is no #%s", n.Name)
}
