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
	"unreachable_node":     "lead an edge to it, name it in start, or remove it",
	"too_deep":             "move the inner parts into a workflow of their own",
	"join_too_many":        "lower the number, or lead more edges here",
	"unknown_name":         "names are input, vars, nodes, execution, trigger, config, and where they apply output, error, result, item",
	expr.CodeSyntax:        "is an operand missing, or a quote or bracket left open? Names and calls are as in input.amount and len(vars.list)",
	expr.CodeTooComplex:    "split it: put parts into variables or steps of their own",
	expr.CodeFunction:      "pawl eval tries an expression; the reference lists the functions",
}

func (d *Document) place(c *collector, f kernel.Fault) {
	v := d.locate(f.Node, f.Field)
	if f.Field == "next" {
		v = d.condition(f, v)
	}
	if d.told[[2]int{v.line, v.col}] {
		return
	}
	if f.Hint == "" {
		f.Hint = hints[f.Code]
	}
	line, col, width := v.line, v.col, v.width()
	if f.Offset >= 0 && v.kind == isText {
		line, col = v.offset(c.lines, f.Offset)
		if line != v.line || col != v.col {
			width = 1
		}
	}
	c.add(line, col, width, Fault{Code: f.Code, Message: f.Message, Hint: f.Hint, Warn: f.Warn, Node: f.Node, Field: f.Field})
}

// condition finds the entry of next that a fault is about. The compiler names the key only, so the entries are asked
// which of them has that fault.
func (d *Document) condition(f kernel.Fault, next *value) *value {
	w := d.nodes[f.Node]
	if w == nil {
		return next
	}
	for _, e := range conditionsOf(next) {
		p, err := expr.Compile(strings.TrimSpace(e.text))
		if err != nil {
			if strings.Contains(err.Error(), f.Message) {
				return e
			}
			continue
		}
		for _, ref := range p.Reads() {
			if f.Offset < 0 && len(ref) > 0 && (strings.Contains(f.Message, " "+ref[0]+" ") || len(ref) > 1 && strings.Contains(f.Message, ref[1])) {
				return e
			}
		}
	}
	return next
}

// conditionsOf lists the conditions below a next, in written order.
func conditionsOf(v *value) []*value {
	var out []*value
	if when := v.get("when"); when != nil && when.kind == isText {
		out = append(out, when)
	}
	for _, it := range v.items {
		if it.kind == isList || it.kind == isMap {
			out = append(out, conditionsOf(it)...)
		}
	}
	return out
}
