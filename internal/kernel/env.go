package kernel

import (
	"maps"
	"slices"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
)

// names resolves the root names of an expression in a scope. What only some places have (result, signal ...) is in
// the other fields.
type names struct {
	x  *decider
	sc *scope
	// st is the step just ended, whose output, outcome and error are names; nil where there is none.
	st      *step
	outcome string
	output  *value
	err     *model.Error
	// result is the raw result under node output; hasResult where the name exists.
	result    *value
	hasResult bool
	extra     map[string]any
}

// in prepares the evaluation of an expression in sc; seed is what uuid() and random() derive from.
func (x *decider) in(sc *scope, seed string) *names {
	x.names = names{x: x, sc: sc}
	x.ctx.Seed = fnv64(x.s.start.ID[:], seed)
	return &x.names
}

// fnv64 is FNV-1a over an id and a path.
func fnv64(id []byte, path string) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range id {
		h = (h ^ uint64(b)) * 1099511628211
	}
	for i := range len(path) {
		h = (h ^ uint64(path[i])) * 1099511628211
	}
	return h
}

// Lookup implements [expr.Names].
func (n *names) Lookup(name string) (any, bool, error) {
	if v, ok := n.extra[name]; ok {
		return v, true, nil
	}
	if v, ok := n.ended(name); ok {
		d, err := v.decode()
		return d, true, err
	}
	s := n.x.s
	switch name {
	case "input":
		d, err := s.input.decode()
		return d, true, err
	case "vars":
		return (*varsObject)(n.sc), true, nil
	case "nodes":
		return nodesObject{n.x, n.sc}, true, nil
	case "trigger":
		d, err := s.trigger.decode()
		return d, true, err
	case "config":
		n.x.readConfig = true
		return n.x.env.Config, true, nil
	case "execution":
		return (*executionObject)(s), true, nil
	case "scope":
		if sc := finalScope(n.sc); sc != nil {
			return (*scopeObject)(sc), true, nil
		}
	case "outcome":
		if n.outcome != "" {
			return n.outcome, true, nil
		}
	case "error":
		if n.outcome != "" || n.hasResult {
			return errorObject(n.err), true, nil
		}
	}
	if v, ok := n.around(name); ok {
		d, err := v.decode()
		return d, true, err
	}
	return nil, false, nil
}

func (n *names) ended(name string) (*value, bool) {
	switch name {
	case "output":
		return n.output, n.outcome != ""
	case "result":
		return n.result, n.hasResult
	}
	return nil, false
}

// around finds item, index, last and the name given with as, in this scope and outwards.
func (n *names) around(name string) (*value, bool) {
	for sc := n.sc; sc != nil && sc.owner != nil; sc = sc.parent {
		if v, ok := n.instance(sc, name); ok {
			return v, true
		}
	}
	return n.x.bodyName(name)
}

func (n *names) instance(sc *scope, name string) (*value, bool) {
	owner := n.x.def(sc.owner)
	switch {
	case owner.kind == kindEach:
	case name == "index" && owner.kind == kindForeach && sc.owner.comp.named():
		return &value{dec: sc.key, done: true}, true
	case name == "index" && owner.kind != kindScope && owner.kind != kindParallel:
		return &value{dec: int64(sc.index), done: true}, true
	case owner.kind == kindForeach && (name == "item" || name == owner.m.Composite.As && name != ""):
		return sc.item, true
	case owner.kind == kindLoop && name == "last":
		return sc.owner.comp.last, true
	}
	return nil, false
}

// value finds what a plain reference names without decoding more than it must, and how the journal can refer to it.
func (n *names) value(ref expr.Ref) (v *value, src string, ok bool) {
	v, src, rest := n.base(ref)
	if v == nil || len(rest) == 0 {
		return v, src, src != ""
	}
	if v = v.within(rest); v == nil {
		return nil, "", false
	}
	return v, "at:" + spanPath(rest) + ":" + src, true
}

// base finds the value of the journal that a reference leads into; rest leads on from there.
func (n *names) base(ref expr.Ref) (v *value, src string, rest []string) {
	s := n.x.s
	if _, hidden := n.extra[ref[0]]; hidden {
		return nil, "", nil
	}
	switch {
	case ref[0] == "input":
		return s.input, "input", ref[1:]
	case ref[0] == "trigger":
		return s.trigger, "trigger", ref[1:]
	case ref[0] == "vars":
		if len(ref) < 2 {
			return nil, "", nil
		}
		if sc := n.sc.declaring(ref[1]); sc != nil {
			return sc.variable(ref[1]).v, "var:" + sc.path + ":" + ref[1], ref[2:]
		}
		return nil, "", nil
	case ref[0] == "nodes":
		if len(ref) < 3 || ref[2] != "output" {
			return nil, "", nil
		}
		if st := n.node(ref[1]); st != nil && st.over() {
			return st.output, "out:" + st.path, ref[3:]
		}
		return nil, "", nil
	}
	if _, ended := n.ended(ref[0]); ended {
		return nil, "", nil
	}
	for sc := n.sc; sc != nil && sc.owner != nil; sc = sc.parent {
		v, ok := n.instance(sc, ref[0])
		switch {
		case !ok:
		case v != nil && v == sc.item:
			return v, "item:" + sc.path, ref[1:]
		case v != nil && v == sc.owner.comp.last:
			return v, "last:" + sc.owner.path, ref[1:]
		default:
			return nil, "", nil
		}
	}
	return nil, "", nil
}

// node finds the latest step of a node, in the own scope and outwards.
func (n *names) node(id string) *step {
	for sc := n.sc; sc != nil; sc = sc.parent {
		if u := sc.undoing; u != nil && u.st.node == id {
			return u.st
		}
		if rec := sc.ran(id); rec != nil {
			return rec.step
		}
		// From outside, a node with join: each stands for all that it started.
		if tail := n.x.scopeDef(sc).tails[id]; tail != "" && written(tail) == id {
			if rec := sc.rec(tail); rec != nil {
				return rec.step
			}
		}
	}
	return nil
}

type varsObject scope

func (o *varsObject) Get(key string) (any, error) {
	sc := (*scope)(o).declaring(key)
	if sc == nil {
		return nil, nil
	}
	return sc.variable(key).v.decode()
}

func (o *varsObject) Keys() []string {
	var keys []string
	for sc := (*scope)(o); sc != nil; sc = sc.parent {
		for _, v := range sc.vars {
			keys = append(keys, v.name)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

type nodesObject struct {
	x  *decider
	sc *scope
}

func (o nodesObject) Get(key string) (any, error) {
	n := names{x: o.x, sc: o.sc}
	if st := n.node(key); st != nil {
		if u := st.sc.undoing; u != nil && u.st == st {
			return (*undoObject)(u), nil
		}
		return (*stepObject)(st), nil
	}
	if v, ok := o.x.s.capturedNode(key); ok {
		return v, nil
	}
	return neverRan, nil
}

var neverRan = map[string]any{"status": nil, "runs": int64(0)}

func (o nodesObject) Keys() []string { return slices.Sorted(maps.Keys(o.x.d.nodes)) }

// undoObject is a step as its compensation sees it: with what it was given, and unknown where that is its outcome.
type undoObject undo

var undoKeys = []string{"attempts", "error", "errors", "input", "outcome", "output", "runs", "status"}

func (o *undoObject) Keys() []string { return undoKeys }

func (o *undoObject) Get(key string) (any, error) {
	switch {
	case key == "input" && o.with != nil:
		return rawValue(o.with.bytes()).decode()
	case key == "input":
		return nil, nil
	case key == "outcome" && o.st.unknown:
		return "unknown", nil
	}
	return (*stepObject)(o.st).Get(key)
}

type stepObject step

var stepKeys = []string{"attempts", "error", "errors", "outcome", "output", "runs", "status"}

func (o *stepObject) Keys() []string { return stepKeys }

func (o *stepObject) Get(key string) (any, error) {
	st := (*step)(o)
	switch key {
	case "status":
		return string(st.status), nil
	case "runs":
		rec := st.sc.rec(st.node)
		runs := int64(rec.runs - rec.base)
		if st.outcome == model.Exhausted && st.comp == nil {
			runs--
		}
		return runs, nil
	case "attempts":
		return int64(st.attempt), nil
	}
	if key == "errors" && st.comp != nil && st.comp.verdict != "" { // known to its own output already
		return st.comp.errorList(), nil
	}
	if !st.over() {
		return nil, nil
	}
	switch key {
	case "output":
		return st.output.decode()
	case "outcome":
		return st.outcome, nil
	case "error":
		return errorObject(st.err), nil
	case "errors":
		return st.comp.errorList(), nil
	}
	return nil, nil
}

// errorList is what nodes.x.errors gives: a list of {index, error}, of a parallel a map from branch to error.
func (c *comp) errorList() any {
	if c == nil {
		return nil
	}
	if c.branches {
		return c.errorMap()
	}
	list := make([]any, 0, len(c.errors))
	for _, e := range c.errors {
		m := map[string]any{"index": int64(e.index), "error": errorObject(e.err)}
		if c.named() {
			m["index"] = c.keys[e.index]
		}
		list = append(list, m)
	}
	return list
}

func (c *comp) errorMap() any {
	m := make(map[string]any, len(c.errors))
	for _, e := range c.errors {
		m[c.keys[e.index]] = errorObject(e.err)
	}
	return m
}

func errorObject(e *model.Error) any {
	if e == nil {
		return nil
	}
	m := map[string]any{"code": e.Code, "message": e.Message, "step": e.Step}
	if len(e.Details) > 0 {
		if d, err := expr.Decode(e.Details); err == nil {
			m["details"] = d
		}
	}
	return m
}

type executionObject State

var executionKeys = []string{"id", "key", "started_at", "started_by", "tags", "version", "workflow"}

func (o *executionObject) Keys() []string { return executionKeys }

func (o *executionObject) Get(key string) (any, error) {
	s := (*State)(o)
	switch key {
	case "id":
		return s.start.ID.String(), nil
	case "key":
		return s.start.Key, nil
	case "workflow":
		return s.start.Workflow, nil
	case "version":
		return s.start.Version, nil
	case "started_at":
		return s.root.opened, nil
	case "started_by":
		return s.startedBy, nil
	case "tags":
		m := make(map[string]any, len(s.tags))
		for _, t := range s.tags {
			d, err := expr.Decode(t.data)
			if err != nil {
				return nil, err
			}
			m[t.name] = d
		}
		return m, nil
	}
	return nil, nil
}
