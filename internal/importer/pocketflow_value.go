package importer

import (
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
)

// input is what a node works on, as an expression.
func (p *pocket) input(n at) string {
	prep := n.get("prep")
	if m := prep.get("input_map"); m.there() {
		var parts []string
		for _, f := range m.fields() {
			parts = append(parts, exprKey(f.key)+": "+p.mapped(n, f.str()))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	key := prep.get("input_key").str()
	switch {
	case key == "":
		return "null"
	case strings.HasPrefix(key, "$"):
		return p.ref(n, key, "null")
	}
	return p.shared(key)
}

// inputValue is the input of a node as a value.
func (p *pocket) inputValue(n at) *val {
	m := n.get("prep").get("input_map")
	if !m.there() {
		return p.argument(n, p.input(n))
	}
	out := object()
	for _, f := range m.fields() {
		if s := f.str(); s != "" && (p.outer != nil || strings.HasPrefix(s, "$")) {
			out.put(f.key, p.argument(f, p.mapped(n, s)))
		} else {
			out.keys, out.items = append(out.keys, f.key), append(out.items, text(lit(s)))
		}
	}
	return out
}

// mapped is a value of input_map: a reference or a text, in a subflow a reference or a key of its map.
func (p *pocket) mapped(n at, s string) string {
	switch {
	case strings.HasPrefix(s, "$"):
		return p.ref(n, s, "null")
	case p.outer != nil:
		return p.shared(s)
	}
	return str(s)
}

// ref is an expression for $params.x, $shared.x or $input.x; anything else is a text.
func (p *pocket) ref(n at, s, input string) string {
	switch {
	case strings.HasPrefix(s, "$params."):
		return p.paramRef(n, strings.TrimPrefix(s, "$params."))
	case strings.HasPrefix(s, "$shared."):
		if p.outer != nil {
			return p.outer.shared(strings.TrimPrefix(s, "$shared."))
		}
		return p.shared(strings.TrimPrefix(s, "$shared."))
	case strings.HasPrefix(s, "$input"):
		return walk(input, strings.TrimPrefix(s, "$input"))
	}
	return str(s)
}

// paramRef reads a parameter: that of the task, else that of the node. In a subflow the node's wins.
func (p *pocket) paramRef(n at, path string) string {
	path = strings.TrimPrefix(path, ".")
	name, rest, _ := strings.Cut(path, ".")
	bare, index, _ := strings.Cut(name, "[")
	if index != "" {
		rest = "[" + index + strings.TrimSuffix("."+rest, ".")
	}
	own := n.get("params").get(bare)
	if p.outer != nil && own.there() {
		return walk(inExpr(own.t), rest)
	}
	p.param(bare)
	base := member("input", bare)
	if own.there() {
		own.changed("", "the default where the input has no "+quote(bare))
		base = "(" + base + " ?? " + inExpr(own.t) + ")"
	}
	return walk(base, rest)
}

// shared reads a path of the shared map.
func (p *pocket) shared(path string) string {
	path = strings.TrimPrefix(path, ".")
	name, rest, _ := strings.Cut(path, ".")
	bare, index, _ := strings.Cut(name, "[")
	if index != "" {
		rest = "[" + index + strings.TrimSuffix("."+rest, ".")
	}
	if bare == "" {
		return "null"
	}
	return walk("vars."+p.variable(bare), rest)
}

// walk follows a path such as a.b[0].c from an expression.
func walk(base, path string) string {
	for _, seg := range strings.Split(path, ".") {
		if seg == "" {
			continue
		}
		name, index, ok := strings.Cut(seg, "[")
		n, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
		switch {
		case ok && err == nil && n >= 0:
			if name != "" {
				base = member(base, name)
			}
			base += "[" + strconv.Itoa(n) + "]"
		default:
			base = member(base, seg)
		}
	}
	return base
}

// paramsOf is what a worker gets as params: those of the node, under those of the task.
func (p *pocket) paramsOf(n at, over ...at) string {
	var parts []string
	empty := true
	add := func(x at) {
		if x.is("map") && x.t.Len() > 0 {
			parts = append(parts, inExpr(x.t))
			if p.told[x.t] {
				return
			}
			x.kept("the argument's params")
		}
	}
	if p.outer == nil {
		add(n.get("params"))
		parts = append(parts, "input")
	} else {
		parts = append(parts, "input")
		add(n.get("params"))
	}
	for _, x := range over {
		add(x)
	}
	empty = len(parts) == 1
	if empty {
		return "input"
	}
	return "merge(" + strings.Join(parts, ", ") + ")"
}

// condition writes an expression tree of a choice.
func (p *pocket) condition(n, x at, input string, depth int) string {
	if x.t.Kind() != "map" {
		return p.operand(n, x, input) + " == true"
	}
	var all []string
	for _, f := range x.fields() {
		all = append(all, p.operator(n, f, input, depth))
	}
	switch len(all) {
	case 0:
		x.look("switch", "an empty condition never holds")
		return "false"
	case 1:
		return all[0]
	}
	x.look("switch", "several operators side by side: PocketFlowGo looked at one of them, by chance; here all must hold")
	return strings.Join(all, " && ")
}

var comparisons = map[string]string{"eq": "==", "ne": "!=", "gt": ">", "lt": "<", "ge": ">=", "le": "<="}

func (p *pocket) operator(n, f at, input string, depth int) string {
	if depth > 40 {
		f.look("switch", "the condition is nested too deeply")
		return "false"
	}
	args := []at{f}
	if f.t.Kind() == "list" {
		args = f.list()
	}
	switch f.key {
	case "and", "or":
		if f.t.Kind() != "list" {
			break
		}
		var parts []string
		for _, a := range args {
			parts = append(parts, "("+p.condition(n, a, input, depth+1)+")")
		}
		if len(parts) == 0 {
			return map[string]string{"and": "true", "or": "false"}[f.key]
		}
		return strings.Join(parts, map[string]string{"and": " && ", "or": " || "}[f.key])
	case "not":
		return "!(" + p.condition(n, f, input, depth+1) + ")"
	case "exists":
		if f.t.Kind() == "text" {
			return p.operand(n, f, input) + " != null"
		}
	case "in", "contains":
		if len(args) == 2 {
			in, value := args[0], args[1]
			if f.key == "in" {
				in, value = value, in
			}
			return p.operand(n, in, input) + " contains " + p.operand(n, value, input)
		}
	default:
		if op := comparisons[f.key]; op != "" && len(args) == 2 {
			return p.operand(n, args[0], input) + " " + op + " " + p.operand(n, args[1], input)
		}
	}
	f.look("switch", "PocketFlowGo does not know this condition, which never held")
	return "false"
}

func (p *pocket) operand(n, x at, input string) string {
	if x.t.Kind() == "text" {
		return p.ref(n, x.t.Text(), input)
	}
	return inExpr(x.t)
}

// fits bounds an expression; a longer one is left to a person.
func fits(x at, where, src string) string {
	if len(src) <= expr.MaxSource {
		return src
	}
	x.look(where, "the expression would be longer than an expression may be")
	return "null"
}
