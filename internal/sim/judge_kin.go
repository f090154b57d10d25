package sim

import (
	"slices"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// filial is an execution that the journal of another one starts.
type filial struct {
	parent record.ID
	step   string
	policy string
	waits  bool // the parent does
	asked  bool // to end, by its parent
}

// letterFact is a message as it stands in the journal.
type letterFact struct {
	Mail  string `json:"mail"`
	To    string `json:"to"`
	Step  string `json:"step"`
	Start *struct {
		ID     string `json:"id"`
		Parent string `json:"parent"`
		Waits  bool   `json:"parent_waits"`
	} `json:"start"`
}

// sends keeps I16: an execution is started once, and only by its parent is it asked to end.
func (j *judge) sends(x *witness, e *record.Entry, f *fact) {
	if f.Mail == nil {
		j.fail("I12", "%s: entry %d sends nothing", x.id, e.Seq)
		return
	}
	to, _ := record.ParseID(f.Mail.To)
	switch f.Mail.Mail {
	case "start":
		if j.children[to] != nil {
			j.fail("I16", "%s: entry %d starts %s, which was started already", x.id, e.Seq, to)
		}
		j.children[to] = &filial{parent: x.id, step: f.Mail.Step, policy: f.Policy, waits: f.Mail.Start != nil && f.Mail.Start.Waits}
	case "cancel", "terminate":
		c := j.children[to]
		if c == nil || c.parent != x.id || c.step != f.Mail.Step {
			j.fail("I16", "%s: entry %d ends %s, which is no child of its step %s", x.id, e.Seq, to, f.Mail.Step)
			return
		}
		if c.policy == "abandon" {
			j.fail("I16", "%s: entry %d ends %s, which was to be left alone", x.id, e.Seq, to)
		}
		c.asked = true
	}
}

// starts: who says that it has a parent is known to that one.
func (j *judge) starts(x *witness, f *fact) {
	if f.Gather != nil {
		j.gathered(x, f.Input)
	}
	if f.Parent == "" {
		return
	}
	x.saga.item = f.Body != nil
	if f.Body != nil { // its parent's journal has only how many there are
		parent, _ := record.ParseID(f.Parent)
		if p := j.execs[parent]; p == nil || j.children[x.id] != nil {
			j.fail("I16", "%s runs an item of %s, which does not exist, or was started before", x.id, f.Parent)
		}
		j.children[x.id] = &filial{parent: parent, waits: true, policy: "cancel"}
		return
	}
	if c := j.children[x.id]; c == nil || c.parent.String() != f.Parent {
		j.fail("I16", "%s says that it is a child of %s, whose journal does not know it", x.id, f.Parent)
	}
}

// childLeft: an execution forgets a child only when that has ended.
func (j *judge) childLeft(x *witness, e *record.Entry, f *fact) {
	id, _ := record.ParseID(f.Child)
	c, kid := j.children[id], j.execs[id]
	if c == nil || c.parent != x.id || kid == nil || !kid.ended {
		j.fail("I16", "%s: entry %d forgets its child %s, which has not ended", x.id, e.Seq, f.Child)
	}
}

// brood notes whether children of the items of a step leave what they did: nothing but the compensation of the step
// undoes that.
func (x *witness) brood(f *fact) {
	ended := f.Op == "returned" && f.Outcome != model.Withdrawn && !model.Bad(f.Outcome)
	x.broods[f.Step] = x.broods[f.Step] || ended || f.Unknown
}

// broodEnded keeps I18 for such a step: where it ends badly, its effect is unknown if and only if a child has left its own,
// or an operator does not wait for its children.
func (j *judge) broodEnded(x *witness, e *record.Entry, f *fact) {
	left, has := x.broods[f.Step]
	if has && (f.Status == "failed" || f.Status == "cancelled") && f.Unknown != left && (left || x.operated != e.Seq) {
		j.fail("I18", "%s: entry %d ends %s, whose children have left effects (%v), as of unknown effect (%v)", x.id, e.Seq, f.Step, left, f.Unknown)
	}
}

// returned: each child of a foreach ends once (I17).
func (j *judge) returned(x *witness, e *record.Entry, f *fact) {
	for _, i := range f.Taken {
		if slices.Contains(x.returned[f.Step], i) {
			j.fail("I17", "%s: entry %d has the end of child %d of %s a second time", x.id, e.Seq, i, f.Step)
		}
		x.returned[f.Step] = append(x.returned[f.Step], i)
	}
}

// waitsForChild reports whether the child is there and goes on, so that it is its turn and not the parent's.
func (j *judge) waitsForChild(id record.ID) bool {
	x := j.execs[id]
	return x != nil && !x.forgot && !x.state.Status().Closed()
}

// kinForgotten: a child is kept as long as its parent.
func (j *judge) kinForgotten(x *witness) {
	c := j.children[x.id]
	if c == nil {
		return
	}
	if p := j.execs[c.parent]; p != nil && !p.forgot {
		j.fail("I28", "%s is forgotten before its parent %s", x.id, c.parent)
	}
}

// kinAtRest: what was to end with its parent has.
func (j *judge) kinAtRest() {
	ids := make([]record.ID, 0, len(j.children))
	for id := range j.children {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, compareIDs)
	for _, id := range ids {
		c, x := j.children[id], j.execs[id]
		p := j.execs[c.parent]
		if x == nil || x.forgot || x.state.Status().Closed() || x.halted || p == nil || p.forgot || x.busy(j) == "" {
			continue
		}
		if p.state.Status().Closed() && c.waits && c.policy != "abandon" {
			j.fail("I16", "%s ended and its child %s is %s", c.parent, id, x.state.Status())
		}
		if c.asked {
			j.fail("I16", "%s was asked by its parent %s to end and is %s", id, c.parent, x.state.Status())
		}
	}
}

// hasOpenKids reports whether an item of the execution runs in a child that goes on.
func (j *judge) hasOpenKids(id record.ID) bool {
	//archtest:ordered one of them is enough
	for kid, c := range j.children {
		if c.parent == id && j.waitsForChild(kid) {
			return true
		}
	}
	return false
}
