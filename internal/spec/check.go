package spec

import (
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/kernel"
)

// Check compiles the workflow of a document and gives the compiler's faults their places in the text. Where reading
// found faults already, only those of expressions are told: the graph is not what its author meant yet.
func Check(doc *Document) Faults {
	if doc.Workflow == nil || len(doc.Workflow.Root.Graph.Nodes) == 0 {
		return nil
	}
	_, found := kernel.Compile(doc.Workflow)
	c := &collector{file: doc.File, lines: doc.fileLines()}
	for _, f := range found {
		if doc.broken && f.Offset < 0 || f.Code == "unreachable_node" && doc.undoes[f.Node] {
			continue
		}
		if c.full() {
			c.more, c.bad = c.more+1, c.bad || !f.Warn
			continue
		}
		doc.place(c, f)
	}
	return c.result()
}

// CheckAll parses a file and compiles every workflow in it.
func CheckAll(src []byte, o Options) ([]*Document, Faults) {
	docs, faults := Parse(src, o)
	for _, d := range docs {
		faults = append(faults, Check(d)...)
	}
	return docs, faults.sorted()
}

// fileLines are the lines of the document under their numbers in the file.
func (d *Document) fileLines() *lines {
	l := newLines(d.Source)
	l.before = d.Line - 1
	return l
}

// hints are for faults that the compiler gives none for, by code.
var hints = map[string]string{
	kernel.CodeUnsupported: "it is part of the language, for a later version to run; write it another way, or remove it",
	"unknown_node":         "add the node, or name another",
	"unreachable_node":     "lead an edge to it, name it in start, or remove it",
	"too_deep":             "move the inner parts into a workflow of their own",
	"join_too_many":        "lower the number, or lead more edges here",
	"unknown_name":         "names are input, vars, nodes, execution, trigger, config, and where they apply output, error, result, item",
	expr.CodeSyntax:        "is an operand missing, or a quote or bracket left open? Names and calls are as in input.amount and len(vars.list)",
	expr.CodeTooComplex:    "split it: put parts into variables or steps of their own",
	expr.CodeFunction:      "pawl eval tries an expression; the reference lists the functions",
}

// place gives a fault of the compiler its place in the text.
func (d *Document) place(c *collector, f kernel.Fault) {
	v := d.locate(f.Node, f.Field)
	offset, width := f.Offset, 1
	switch {
	case offset >= 0 && f.Field == "next":
		v = condition(f, v)
	case offset < 0:
		v, offset, width = d.narrow(f, v)
	}
	if d.told[[2]int{v.line, v.col}] {
		return
	}
	if f.Hint == "" {
		f.Hint = hints[f.Code]
	}
	line, col := v.offset(c.lines, offset)
	if offset < 0 || line == v.line && col == v.col && offset > 0 {
		width = v.width()
	}
	c.add(line, col, width, Fault{Code: f.Code, Message: f.Message, Hint: f.Hint, Warn: f.Warn, Node: f.Node, Field: f.Field})
}

// condition finds the entry of next whose expression the compiler refused. It names the key only, so the entries are
// compiled again.
func condition(f kernel.Fault, next *value) *value {
	for _, e := range texts(nil, next) {
		if _, err := expr.Compile(strings.TrimSpace(e.text)); err != nil && strings.Contains(err.Error(), f.Message) {
			return e
		}
	}
	return next
}

// narrow finds the name that a fault speaks of in the expressions below v: the text, the byte where the name begins
// and its length. The byte is -1 where no expression reads such a name.
func (d *Document) narrow(f kernel.Fault, v *value) (at *value, offset, width int) {
	spoken := strings.FieldsFunc(f.Message, func(ch rune) bool { return ch == ' ' || ch == ',' })
	for _, t := range texts(nil, v) {
		for _, ref := range reads(t) {
			name := ref[0]
			if f.Code != "unknown_name" && len(ref) > 1 {
				name = ref[1]
			}
			if i := wordIn(t.text, name); i >= 0 && contains(spoken, name) {
				return t, i, len(name)
			}
		}
	}
	if name, ok := strings.CutPrefix(f.Field, "set/"); ok && f.Code == "unknown_variable" {
		return d.locate(f.Node, "assigned/"+name), -1, 1
	}
	return v, -1, 1
}

// reads lists what the expressions of a text read, whether it is bare or holds ${ }.
func reads(t *value) []expr.Ref {
	if t.template() {
		if p, err := expr.CompileText(t.text); err == nil {
			return p.Reads()
		}
		return nil
	}
	if p, err := expr.Compile(strings.TrimSpace(t.text)); err == nil {
		return p.Reads()
	}
	return nil
}

// texts appends the texts below v in written order.
func texts(out []*value, v *value) []*value {
	if v.kind == isText {
		return append(out, v)
	}
	for _, it := range v.items {
		out = texts(out, it)
	}
	return out
}

// wordIn finds name in s where it is not part of a longer one; -1 where it is not there.
func wordIn(s, name string) int {
	for from := 0; ; {
		i := strings.Index(s[from:], name)
		if i < 0 || name == "" {
			return -1
		}
		i += from
		end := i + len(name)
		if (i == 0 || !wordByte(s[i-1])) && (end == len(s) || !wordByte(s[end])) {
			return i
		}
		from = end
	}
}

func wordByte(c byte) bool { return strings.IndexByte(letters+digits+"_", c) >= 0 }
