package kernel

import (
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
)

// A fork may run a step again that stands in a scope that has ended (LANGUAGE 10). That scope is open in the copy then,
// as it was just before it began to close, and so are those around it; the composites that own them have not ended, and
// what came after these is taken back. Instances that were cancelled when such a composite ended go on, and steps that
// were undone in it run again. What else happened in it keeps its results.

// CodeScopeEnded refuses to run a step again that stands in a scope that cannot be opened again.
const CodeScopeEnded = "scope_ended"

// past is what a journal tells of scopes and composites, up to the cut.
type past struct {
	scopes   map[string]*pastScope // by path
	latest   map[string]string     // path of the last step, by scope and node
	newest   map[string]string     // path of the newest scope, by composite
	attempts map[string]int        // by composite
	types    map[string]string     // of nodes, by step
	undone   map[string]bool       // steps
	told     map[string]bool       // scopes of which the journal tells what happened in them
	migrated bool
}

type pastScope struct {
	owner     string
	close     int // the operation with which it began to close
	withdrawn bool
	failed    bool
	culprit   string // the step that made it fail
}

func newPast() past {
	return past{
		scopes: map[string]*pastScope{}, latest: map[string]string{}, newest: map[string]string{}, attempts: map[string]int{},
		types: map[string]string{}, undone: map[string]bool{}, told: map[string]bool{},
	}
}

// note takes in the operation of that number.
func (p *past) note(n int, o *Op) {
	switch o.kind {
	case opOpen:
		p.scopes[o.path], p.newest[o.text] = &pastScope{owner: o.text, close: -1}, o.path
	case opStep:
		scope, node, _ := splitPath(o.path)
		p.latest[scope+"/"+node], p.types[o.path], p.told[scope] = o.path, o.word, true
	case opEnter:
		p.attempts[o.path] = o.attempt
	case opReset:
		for _, node := range o.list {
			delete(p.latest, o.path+"/"+node)
		}
	case opClose, opClosed:
		if sc := p.scopes[o.path]; sc != nil && sc.close < 0 {
			sc.close, sc.withdrawn = n, o.word == model.Withdrawn
			if o.err != nil && !sc.withdrawn {
				sc.failed, sc.culprit = true, o.err.Step
			}
		}
	case opUndone:
		p.undone[o.text] = true
	case opMigrate:
		p.migrated = true
	}
}

// reopen opens the scopes again in which the step path stands.
func (f *forker) reopen(path string) *model.Error {
	for i := range len(path) {
		if path[i] != '/' || !f.closed[path[:i]] {
			continue
		}
		if _, open := f.reopened[path[:i]]; open {
			continue
		}
		owner := f.past.scopes[path[:i]].owner
		if why := f.stays(path[:i], owner); why != "" {
			return &model.Error{Code: CodeScopeEnded, Message: path + " cannot run again by itself: " + why + "; run " + f.outermost(path) + " again as a whole"}
		}
		f.openAgain(path[:i])
		if err := f.goOn(owner); err != nil {
			return err
		}
	}
	return nil
}

// stays is why an ended scope cannot be opened again; "" where it can.
func (f *forker) stays(scope, owner string) string {
	p := &f.past
	around, node, _ := splitPath(owner)
	switch typ := p.types[owner]; {
	case p.migrated:
		return "the execution went on with another version since"
	case typ != "scope" && typ != "parallel" && typ != "foreach" && typ != "loop":
		return owner + " is of the type " + typ
	case !p.told[scope]:
		return "what happened in " + scope + " was not copied when the execution was forked"
	case p.latest[around+"/"+node] != owner || !p.latestAttempt(scope, owner):
		return node + " has run again since"
	case typ == "loop" && p.newest[owner] != scope:
		return "later passes have followed from it"
	case p.undone[owner] || f.undone[owner]:
		return owner + " was undone as a whole"
	}
	return ""
}

// latestAttempt reports whether a scope is of the last attempt of its composite.
func (p *past) latestAttempt(scope, owner string) bool {
	attempt := 1
	if rest := scope[len(owner):]; strings.HasPrefix(rest, "@") {
		number, _, _ := strings.Cut(rest[1:], "[")
		attempt, _ = strconv.Atoi(number)
	}
	return attempt == max(p.attempts[owner], 1)
}

// openAgain opens a scope again, with those in it that ended because it did.
func (f *forker) openAgain(scope string) {
	at := f.past.scopes[scope].close
	f.reopened[scope] = at
	for path, sc := range f.past.scopes { //archtest:ordered each goes under its own name
		if strings.HasPrefix(path, scope+"/") && sc.close > at {
			f.reopened[path] = sc.close
		}
	}
}

// goOn lets a composite go on that had ended: with the instances of its last attempt that were cancelled, and what was
// undone in it.
func (f *forker) goOn(owner string) *model.Error {
	if f.owning[owner] {
		return nil
	}
	f.owning[owner] = true
	f.fork.Reopened = append(f.fork.Reopened, owner)
	for path, sc := range f.past.scopes { //archtest:ordered opening one changes nothing for another
		if _, open := f.reopened[path]; sc.owner == owner && sc.withdrawn && !open && (f.past.latestAttempt(path, owner) || bug.On(bug.AttemptReopened)) {
			f.openAgain(path)
		}
	}
	var undone []string
	for path := range f.past.undone { //archtest:ordered reopening one changes nothing for another
		for i := range len(path) {
			if sc := f.past.scopes[path[:i]]; path[i] == '/' && sc != nil && sc.owner == owner && f.past.latestAttempt(path[:i], owner) {
				undone = append(undone, path)
			}
		}
	}
	for _, path := range undone {
		f.undone[path] = true
		if err := f.reopen(path); err != nil {
			return err
		}
	}
	return nil
}

// takenBack reports whether the operation of that number is left out, because it ended what is open again or came of
// that.
func (f *forker) takenBack(n int, o *Op) bool {
	switch o.kind {
	case opVerdict, opDone, opUndo, opEdges:
		if f.owning[o.path] && (o.kind != opEdges || !o.flag) { // with the flag they are edges inside
			return true
		}
	case opHold:
		if f.owning[o.text] {
			return true
		}
	case opUndone:
		if f.undone[o.text] {
			return true
		}
	}
	if at, open := f.reopened[o.path]; open && n >= at {
		return true
	}
	for i := range len(o.path) {
		if at, open := f.reopened[o.path[:i]]; open && o.path[i] == '/' && n > at {
			return true
		}
	}
	return false
}

// takeBackBehind takes back what came after the composites that go on.
func (x *decider) takeBackBehind(paths []string) {
	for _, path := range paths {
		st := x.s.findStep(path)
		if st == nil || st.over() || x.err != nil {
			continue
		}
		x.closeDropped(x.takeBack(st.sc, x.def(st), false))
	}
}
