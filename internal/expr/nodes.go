package expr

import (
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/nearest"
)

type constNode struct{ v any }

func (n *constNode) eval(m *machine) (any, *Error) {
	m.left--
	return n.v, nil
}

func (n *constNode) name() string {
	switch x := n.v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(x)
	case string, int64, float64:
		return quoteValue(x)
	}
	return "the " + TypeName(n.v)
}

// key is a static member access.
type key struct {
	name string
	off  int
}

func (k key) String() string {
	if isName(k.name) {
		return "." + k.name
	}
	return "[" + short(k.name) + "]"
}

func isName(s string) bool {
	for i, c := range []byte(s) {
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

func joinKeys(root string, keys []key) string {
	var b strings.Builder
	b.WriteString(root)
	for _, k := range keys {
		if b.WriteString(k.String()); b.Len() > maxName {
			break
		}
	}
	return clip(b.String())
}

// maxName bounds the name of a node in a message, in bytes.
const maxName = 80

// clip shortens the name of a compound node, so that a chain of them is not named in full at every level.
func clip(s string) string {
	if len(s) <= maxName {
		return s
	}
	return head(s, maxName-3) + "..."
}

// pathNode is a root name and static keys: the usual way to read data.
type pathNode struct {
	root string
	keys []key
	off  int
	// hyphen: it stands directly behind a name and a minus, so it may be the rest of that name.
	hyphen bool
}

func (n *pathNode) name() string { return joinKeys(n.root, n.keys) }

func (n *pathNode) eval(m *machine) (any, *Error) {
	if m.left -= 1 + len(n.keys); m.left < 0 {
		return nil, m.broke(n.off)
	}
	if m.c.Names == nil {
		return nil, n.unknown()
	}
	v, ok, err := m.c.Names.Lookup(n.root)
	if err != nil {
		e := readError(n.root, err)
		e.Offset = n.off
		return nil, e
	}
	if !ok {
		return nil, n.unknown()
	}
	return walk(v, n.keys, n)
}

// rootNames are the names of LANGUAGE 7, for suggestions.
var rootNames = []string{
	"input", "vars", "nodes", "output", "outcome", "error", "result", "item", "index", "last", "args", "scope",
	"execution", "trigger", "config", "task", "secrets", "signal", "good", "failed", "done", "total", "null",
}

func (n *pathNode) unknown() *Error {
	hint := nearest.Hint(n.root, rootNames)
	if n.hyphen {
		hint = `a name with a hyphen is written in brackets, as in nodes["my-node"]`
	}
	return errorAt(n.off, CodeName, hint, "there is no name %s here", n.root)
}

// walk follows static keys from v. A missing key and any key of null are null.
func walk(v any, keys []key, n owner) (any, *Error) {
	for i := range keys {
		switch x := v.(type) {
		case map[string]any:
			v = x[keys[i].name]
		case nil:
			return nil, nil
		case Object:
			var err error
			if v, err = x.Get(keys[i].name); err != nil {
				e := readError(n.upTo(i+1), err)
				e.Offset = keys[i].off
				return nil, e
			}
		default:
			return nil, noMember(v, n.upTo(i), keys[i])
		}
	}
	return v, nil
}

// owner names a node and the first i of its keys.
type owner interface{ upTo(i int) string }

func (n *pathNode) upTo(i int) string   { return joinKeys(n.root, n.keys[:i]) }
func (n *memberNode) upTo(i int) string { return joinKeys(n.of.name(), n.keys[:i]) }

func noMember(v any, owner string, k key) *Error {
	hint := ""
	if _, ok := v.([]any); ok {
		hint = "take an element with [0] or first(), or all with map(" + owner + ", " + k.String() + ")"
	}
	return errorAt(k.off, CodeType, hint, "%s is %s and has no key %s", owner, kindOf(v), short(k.name))
}

// memberNode is static keys of any other node.
type memberNode struct {
	of   node
	keys []key
}

func (n *memberNode) name() string { return joinKeys(n.of.name(), n.keys) }

func (n *memberNode) eval(m *machine) (any, *Error) {
	v, err := n.of.eval(m)
	if err != nil {
		return nil, err
	}
	if m.left -= len(n.keys); m.left < 0 {
		return nil, m.broke(n.keys[0].off)
	}
	return walk(v, n.keys, n)
}

// varNode is a name declared by let.
type varNode struct {
	slot  int
	label string
}

func (n *varNode) name() string { return n.label }

func (n *varNode) eval(m *machine) (any, *Error) {
	m.left--
	return m.vars[n.slot], nil
}

type letNode struct {
	slot        int
	value, body node
}

func (n *letNode) name() string { return n.body.name() }

func (n *letNode) eval(m *machine) (any, *Error) {
	v, err := n.value.eval(m)
	if err != nil {
		return nil, err
	}
	m.left--
	m.vars[n.slot] = v
	return n.body.eval(m)
}

// pointer says which part of the frame a pointerNode reads.
type pointer uint8

const (
	toItem pointer = iota
	toIndex
	toAcc
	toKey
)

type pointerNode struct{ what pointer }

func (n *pointerNode) name() string { return [...]string{"#", "#index", "#acc", "#key"}[n.what] }

func (n *pointerNode) eval(m *machine) (any, *Error) {
	m.left--
	switch n.what {
	case toIndex:
		return int64(m.frame.index), nil
	case toAcc:
		return m.frame.acc, nil
	case toKey:
		return m.frame.key, nil
	}
	return m.frame.item, nil
}

// indexNode is x[i] with anything between the brackets.
type indexNode struct {
	of, index node
	off       int
}

func (n *indexNode) name() string { return clip(n.of.name() + "[" + n.index.name() + "]") }

func (n *indexNode) eval(m *machine) (any, *Error) {
	v, err := n.of.eval(m)
	if err != nil {
		return nil, err
	}
	i, err := n.index.eval(m)
	if err != nil {
		return nil, err
	}
	if err := m.spend(1, n.off); err != nil {
		return nil, err
	}
	return m.at(v, i, n)
}

// at is v[i]: an element counted from either end, or the value of a key. What is not there is null.
func (m *machine) at(v, i any, n *indexNode) (any, *Error) {
	switch x := v.(type) {
	case nil:
		return nil, nil
	case []any:
		pos, ok := i.(int64)
		if !ok {
			return nil, want(n.index, n.off, i, "an int as the index of a list")
		}
		if pos < 0 {
			pos += int64(len(x))
		}
		if pos < 0 || pos >= int64(len(x)) {
			return nil, nil
		}
		return x[pos], nil
	case string:
		pos, ok := i.(int64)
		if !ok {
			return nil, want(n.index, n.off, i, "an int as the index of a string")
		}
		return m.charAt(x, pos, n.off)
	}
	f, ok := fieldsOf(v)
	if !ok {
		return nil, errorAt(n.off, CodeType, "", "%s is %s and has no elements", n.of.name(), kindOf(v))
	}
	k, ok := i.(string)
	if !ok {
		return nil, want(n.index, n.off, i, "a string as the key of a map")
	}
	return m.field(f, k, n.off)
}

func (m *machine) field(f fields, k string, off int) (any, *Error) {
	v, err := f.get(k)
	if err != nil {
		err.Offset = off
	}
	return v, err
}

// sliceNode is x[from:to]; either bound may be nil.
type sliceNode struct {
	of, from, to node
	off          int
}

func (n *sliceNode) name() string { return clip(n.of.name() + "[:]") }

func (n *sliceNode) eval(m *machine) (any, *Error) {
	v, err := n.of.eval(m)
	if err != nil {
		return nil, err
	}
	size := 0
	switch x := v.(type) {
	case []any:
		size = len(x)
	case string:
		size = runes(x)
	default:
		return nil, want(n.of, n.off, v, "a list or string to take a slice of")
	}
	from, err := n.bound(m, n.from, 0, size)
	if err != nil {
		return nil, err
	}
	to, err := n.bound(m, n.to, size, size)
	if err != nil {
		return nil, err
	}
	to = max(from, to)
	if list, ok := v.([]any); ok {
		return list[from:to:to], m.spend(1, n.off)
	}
	s := substring(v.(string), from, to)
	return s, m.scan(len(v.(string)), n.off)
}

// bound evaluates one bound; a negative one counts from the end, and both are held within the value.
func (n *sliceNode) bound(m *machine, b node, missing, size int) (int, *Error) {
	if b == nil {
		return missing, nil
	}
	v, err := b.eval(m)
	if err != nil {
		return 0, err
	}
	i, ok := v.(int64)
	if !ok {
		return 0, want(b, n.off, v, "an int as the bound of a slice")
	}
	if i < 0 {
		i += int64(size)
	}
	return int(min(max(i, 0), int64(size))), nil
}

type listNode struct {
	items []node
	off   int
}

func (n *listNode) name() string { return "the list" }

func (n *listNode) eval(m *machine) (any, *Error) {
	if err := m.elements(len(n.items)+1, n.off); err != nil {
		return nil, err
	}
	list := make([]any, len(n.items))
	for i, item := range n.items {
		v, err := item.eval(m)
		if err != nil {
			return nil, err
		}
		list[i] = v
	}
	return list, nil
}

// mapCost is what a new map costs beside its elements: it is the largest small thing an expression can make.
const mapCost = 8

type mapNode struct {
	keys, values []node
	off          int
}

func (n *mapNode) name() string { return "the map" }

func (n *mapNode) eval(m *machine) (any, *Error) {
	if err := m.elements(len(n.keys)+mapCost, n.off); err != nil {
		return nil, err
	}
	out := make(map[string]any, len(n.keys))
	for i, kn := range n.keys {
		k, err := kn.eval(m)
		if err != nil {
			return nil, err
		}
		s, ok := k.(string)
		if !ok {
			return nil, want(kn, n.off, k, "a string as the key of a map")
		}
		v, err := n.values[i].eval(m)
		if err != nil {
			return nil, err
		}
		out[s] = v
	}
	return out, nil
}

type condNode struct {
	cond, yes, no node
	off           int
}

func (n *condNode) name() string { return "the choice" }

func (n *condNode) eval(m *machine) (any, *Error) {
	yes, err := m.truth(n.cond, n.off)
	if err != nil {
		return nil, err
	}
	if yes {
		return n.yes.eval(m)
	}
	return n.no.eval(m)
}

// seqNode evaluates all and gives the last.
type seqNode struct{ nodes []node }

func (n *seqNode) name() string { return n.nodes[len(n.nodes)-1].name() }

func (n *seqNode) eval(m *machine) (v any, err *Error) {
	for _, s := range n.nodes {
		if v, err = s.eval(m); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// truth evaluates a condition.
func (m *machine) truth(n node, off int) (bool, *Error) {
	v, err := n.eval(m)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, want(n, off, v, "a bool")
	}
	return b, nil
}
