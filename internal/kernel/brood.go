package kernel

import (
	"maps"
	"slices"
	"strconv"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// A foreach with mode: children runs each item in an execution of its own: of the same version, whose root is the body.
// What the body reads from around it is captured once, and it writes nothing there. The parent keeps a counter and the
// indexes of those that run; a batch of starts and a batch of ends are one operation each.

// modeChildren is the word for it.
const modeChildren = "children"

// spawnBatch bounds the children of one operation.
const spawnBatch = 500

// byChildren reports whether the instances of a composite are executions of their own.
func (n *nodeDef) byChildren() bool { return n.kind == kindForeach && n.comp.m.Mode == modeChildren }

// Body is what a child of a foreach begins with: the node whose body it runs, and what that sees.
type Body struct {
	Node  string
	Index int
	Name  string // key of the item in a map
	Item  []byte
	// Captured is JSON: {"vars": {...}, "nodes": {...}, "names": {...}}, as far as the body reads them.
	Captured []byte
}

// spawn starts children for the next items, as many as may run.
func (x *decider) spawn(st *step, n *nodeDef) {
	c := st.comp
	o := Op{kind: opSpawn, path: st.path, n: int64(c.next), until: int64(min(c.limit-c.live, c.total-c.next, spawnBatch))}
	if c.captured == nil {
		raw, err := x.capture(st, n)
		if err != nil {
			x.verdict(st, ending{outcome: model.OutcomeErr, err: errorOf(err, st.path)})
			return
		}
		if len(raw) > x.bounds.Payload {
			x.verdict(st, ending{outcome: model.OutcomeErr, err: x.tooLarge("captured values", len(raw), st)})
			return
		}
		o.data, o.hasData, o.name = raw, true, nearIDs
	}
	first, input := c.next, x.inputOf(n.comp)
	x.emit(o)
	for i := first; i < c.next && x.err == nil; i++ {
		x.sendItem(st, n, i, input)
	}
	x.spent += int(o.until)
}

// nearIDs marks children with ids in the order of their items, but for those of the same some hundred. A store keeps what
// has a similar id together, so that children that run at the same time are near each other however many there are.
const nearIDs = "near"

// nearKids is how many children have ids with the same time.
const nearKids = 256

// kidID is the id of the child for item i. It follows from what the state has.
func (x *decider) kidID(st *step, i int) record.ID {
	seed := st.path + "@" + strconv.Itoa(st.attempt) + "[" + strconv.Itoa(i) + "]"
	h := fnv64(x.s.start.ID[:], seed)
	at := st.scheduled
	if st.comp.near {
		at += int64(i / nearKids)
	}
	return record.NewID(at, fnv64(x.s.start.ID[:], seed+"\x00"), uint16(h>>48)^uint16(h>>16))
}

// inputOf is what the body reads of the input: a large input is not copied for every child.
func (x *decider) inputOf(c *compDef) []byte {
	if !c.readsInput && len(c.inputKeys) == 0 {
		return nil
	}
	d, _ := x.s.input.decode()
	whole, isMap := d.(map[string]any)
	if c.readsInput || !isMap {
		return x.s.input.bytes()
	}
	part := map[string]any{}
	for _, key := range c.inputKeys {
		if v, has := whole[key]; has {
			part[key] = v
		}
	}
	raw, err := expr.Append(nil, part)
	if err != nil { // it came from expr, so it can be written
		return x.s.input.bytes()
	}
	return raw
}

// sendItem lets the start of a child leave.
func (x *decider) sendItem(st *step, n *nodeDef, i int, input []byte) {
	c, own := st.comp, &x.s.start
	s := &Start{
		ID: x.kidID(st, i), Namespace: own.Namespace, Workflow: own.Workflow, Version: own.Version, Hash: own.Hash, Parent: own.ID,
		Step: st.path, Attempt: i + 1, Waits: true, By: x.s.startedBy,
		Body: &Body{Node: st.node, Index: i, Item: c.item(i).bytes(), Captured: c.captured.bytes()},
	}
	if c.named() {
		s.Body.Name = c.keys[i]
	}
	s.Input = input
	if n.comp.readsTrigger {
		s.Trigger = x.s.trigger.bytes()
	}
	for _, t := range x.s.tags {
		s.Tags = append(s.Tags, Tagged{t.name, t.data})
	}
	x.size += len(s.Body.Item) + len(s.Body.Captured) + len(s.Input) + 256
	x.out.Sends = append(x.out.Sends, Mail{Kind: MailStart, To: s.ID, From: own.ID, Step: st.path, Attempt: i + 1, Start: s})
}

// recallKids asks all children of a composite that run to end.
func (x *decider) recallKids(st *step) {
	c := st.comp
	if len(c.kids) == 0 || c.recalled || x.err != nil {
		return
	}
	x.emit(Op{kind: opSpawn, path: st.path, flag: true})
	x.cancelKids(st)
}

func (x *decider) cancelKids(st *step) {
	for _, i := range st.comp.kids {
		x.out.Sends = append(x.out.Sends, Mail{Kind: MailCancel, To: x.kidID(st, int(i)), From: x.s.start.ID, Step: st.path, Attempt: int(i) + 1})
	}
}

// kidEnded handles the end of a child of a foreach. Those that ended well are journaled together.
func (x *decider) kidEnded(st *step, m *Mail) {
	i, c := m.Attempt-1, st.comp
	if _, runs := slices.BinarySearch(c.kids, int32(i)); !runs && !bug.On(bug.EndedTwice) || m.From != x.kidID(st, i) {
		return
	}
	o := Op{kind: opReturned, path: st.path, taken: []int32{int32(i)}, word: m.Outcome}
	switch {
	case m.Status == model.Completed && c.verdict == "" && !model.Bad(m.Outcome):
		x.count(st, int32(i), m.Output)
		return
	case m.Status == model.Completed:
		if o.word == "" {
			o.word = model.Success
		}
	case (m.Status == model.Cancelled || m.Status == model.Terminated) && c.recalled:
		o.word, o.flag = model.Withdrawn, m.Status == model.Terminated
	case m.Status == model.Cancelled || m.Status == model.Terminated:
		o.word = model.OutcomeErr
		o.err = &model.Error{Code: codeChildCancelled, Message: "the child " + m.From.String() + " was " + string(m.Status)}
		if m.Status == model.Terminated {
			o.err.Code, o.flag = codeChildTerminated, true
		}
	default:
		o.word, o.err = model.OutcomeErr, childFailure(m)
	}
	x.flush()
	x.returned(st, o)
}

// leftEffects: children of the items of st have ended well, or were terminated. They are closed and undo nothing, so that
// what they did stays when st ends badly, like an effect that is unknown: the compensation of st takes it back.
func (st *step) leftEffects() bool { return st.comp != nil && st.doubt }

// gain is a child that ended well, and what it gave.
type gain struct {
	index  int32
	output []byte
}

// gainBytes bounds the outputs of one operation.
const gainBytes = 256 << 10

// count counts a child that ended well, until flush.
func (x *decider) count(st *step, i int32, output []byte) {
	if x.tallied != st || x.gained > gainBytes {
		x.flush()
		x.tallied = st
	}
	if slices.ContainsFunc(x.counted, func(g gain) bool { return g.index == i }) {
		return
	}
	g := gain{index: i}
	if st.comp.results != nil {
		g.output = output
	}
	x.counted, x.gained = append(x.counted, g), x.gained+len(g.output)
}

// flush journals what was counted: one output as it is, several as a list in the order of the children.
func (x *decider) flush() {
	st := x.tallied
	if st == nil {
		return
	}
	slices.SortFunc(x.counted, func(a, b gain) int { return int(a.index - b.index) })
	o := Op{kind: opReturned, path: st.path, word: model.Success, hasData: x.gained > 0}
	for _, g := range x.counted {
		o.taken = append(o.taken, g.index)
	}
	switch {
	case o.hasData && len(x.counted) == 1:
		o.data = x.counted[0].output
	case o.hasData:
		o.data = make([]byte, 0, x.gained+5*len(x.counted)+2)
		for i, g := range x.counted {
			o.data = append(append(o.data, "[,"[min(i, 1)]), rawValue(g.output).raw...)
		}
		o.data = append(o.data, ']')
	}
	clear(x.counted)
	x.tallied, x.counted, x.gained = nil, x.counted[:0], 0
	x.returned(st, o)
	if c := st.comp; c.gathered > x.bounds.Payload && c.verdict == "" && x.err == nil {
		err := tooLarge("list of what the children gave", c.gathered, x.bounds.Payload, st)
		err.Message += "; collect: count or none keeps nothing of it"
		x.verdict(st, ending{outcome: model.OutcomeErr, err: err})
	}
}

// returned journals the end of children and decides what it means for their composite.
func (x *decider) returned(st *step, o Op) {
	x.emit(o)
	switch {
	case x.err != nil:
	case st.over() && st.sc.closing:
		x.tryClosed(st.sc)
	case st.over():
		x.maybeEnd(st.sc)
	case st.comp.verdict != "":
		x.tryFinish(st)
	default:
		x.judge(st, x.def(st), nil)
	}
}

// capture evaluates what the body reads from around it.
func (x *decider) capture(st *step, n *nodeDef) ([]byte, error) {
	names := x.in(st.sc, st.path+"/captured")
	vars, nodes, others := map[string]any{}, map[string]any{}, map[string]any{}
	var err error
	for _, name := range n.comp.outerVars {
		if vars[name], err = (*varsObject)(st.sc).Get(name); err != nil {
			return nil, err
		}
	}
	for _, id := range n.comp.outerNodes {
		if was, ok := x.s.capturedNode(id); ok && names.node(id) == nil {
			nodes[id] = was
			continue
		}
		o := map[string]any{"runs": int64(0)}
		if of := names.node(id); of != nil {
			for _, key := range stepKeys {
				if o[key], err = (*stepObject)(of).Get(key); err != nil {
					return nil, err
				}
			}
		}
		nodes[id] = o
	}
	for _, name := range n.comp.outerNames {
		if v, ok := names.around(name); ok {
			if others[name], err = v.decode(); err != nil {
				return nil, err
			}
		}
	}
	return expr.Append(nil, map[string]any{"vars": vars, "nodes": nodes, "names": others})
}

// bodyDef is the scope that the execution runs: the workflow's, or the body of a foreach.
func (x *decider) bodyDef() *scopeDef {
	if b := x.s.start.Body; b != nil {
		if n := x.d.nodes[b.Node]; n != nil && n.byChildren() {
			return n.comp.body
		}
	}
	return x.d.root
}

// openCaptured declares the captured variables, for the body to read.
func (x *decider) openCaptured() {
	vars, _ := x.s.capturedAll("vars").(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		raw, err := expr.Append(nil, vars[name])
		if err != nil {
			continue // it was decoded from JSON, so it can be written as such
		}
		x.emit(Op{kind: opSet, name: name, flag: true, word: "set", data: raw, hasData: true})
	}
}

// capturedAll is one part of what was captured, decoded.
func (s *State) capturedAll(part string) any {
	if s.captured == nil {
		return nil
	}
	d, err := s.captured.decode()
	if err != nil {
		return nil
	}
	m, _ := d.(map[string]any)
	return m[part]
}

// capturedNode is what a node outside the body was when it was captured.
func (s *State) capturedNode(id string) (any, bool) {
	nodes, _ := s.capturedAll("nodes").(map[string]any)
	v, ok := nodes[id]
	return v, ok
}

// bodyName finds item, index, the name given with as, and captured names.
func (x *decider) bodyName(name string) (*value, bool) {
	b := x.s.start.Body
	if b == nil {
		return nil, false
	}
	n := x.d.nodes[b.Node]
	switch {
	case n == nil:
	case name == "item" || name == n.comp.m.As && name != "":
		return x.s.item, true
	case name == "index" && b.Name != "":
		return &value{dec: b.Name, done: true}, true
	case name == "index":
		return &value{dec: int64(b.Index), done: true}, true
	}
	others, _ := x.s.capturedAll("names").(map[string]any)
	if v, ok := others[name]; ok {
		return &value{dec: v, done: true}, true
	}
	return nil, false
}
