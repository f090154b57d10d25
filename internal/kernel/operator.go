package kernel

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/nearest"
	"github.com/pawl-dev/pawl/model"
)

// Codes of refused operators.
const (
	CodeUnknownStep       = "unknown_step"       // the execution has no such step
	CodeUnknownNode       = "unknown_node"       // the graph has no such node
	CodeUnknownVariable   = "unknown_variable"   // no scope around declares it
	CodeUnknownEdge       = "unknown_edge"       // the node has no edge to there
	CodeStepEnded         = "step_ended"         // the step has ended and the execution has gone on
	CodeNotFailed         = "not_failed"         // retry of a step that has not failed
	CodeNotParked         = "not_parked"         // route of a step whose edges are decided, or not yet to be
	CodeClosing           = "closing"            // the scope of the step is ending
	CodeChanged           = "changed"            // the execution is not where the caller saw it
	CodeUndeclaredOutcome = "undeclared_outcome" // the node does not declare that outcome
	CodeNothing           = "nothing_to_do"      // the command is empty
)

var errResetLive = errors.New("a reset names a step that is live, or none")

// operate handles what an operator does to an execution: the verb says at once why it cannot be, or what to do.
func (x *decider) operate(i int, in *Input) {
	do, err := x.verb(in)
	if err != nil {
		x.refuse(i, in, err)
		return
	}
	stuck := x.stuckAt()
	x.accept(i, in)
	do()
	x.unstick(stuck)
	x.answered()
}

func (x *decider) verb(in *Input) (do func(), err *model.Error) {
	switch in.Kind {
	case InRetry:
		return x.retryStep(in)
	case InMove:
		return x.moveToken(in)
	case InSkip:
		return x.skip(in)
	case InComplete:
		return x.completeStep(in)
	case InFail:
		return x.failBy(in)
	case InRoute:
		return x.route(in)
	case InMigrate:
		return x.migrate(in)
	default:
		return x.setVars(in)
	}
}

// Operator reports whether the kind is one of those that operators use.
func (k InputKind) Operator() bool { return k >= InRetry && k <= InVars || k == InMigrate }

// stuck is the step at which an execution is parked, as it was before an operator acted.
type stuck struct {
	st             *step
	over, followed bool
}

func (x *decider) stuckAt() (s stuck) {
	if x.s.status != model.Parked {
		return s
	}
	if s.st = x.s.findStep(x.s.parkedAt); s.st != nil {
		s.over, s.followed = s.st.over(), s.st.followed
	}
	return s
}

// unstick lets a parked execution go on once what it was parked at has been dealt with.
func (x *decider) unstick(was stuck) {
	if was.st == nil || x.err != nil || x.s.root == nil || x.s.status != model.Parked {
		return
	}
	if was.st.over() == was.over && was.st.followed == was.followed {
		return
	}
	x.emit(Op{kind: opStatus, word: string(x.s.goesOnAs())})
	x.wake()
}

// target finds the step that a path names; without a number it is the latest of its node.
func (x *decider) target(path string) (*step, *model.Error) {
	if path == "" {
		return nil, &model.Error{Code: CodeUnknownStep, Message: "name a step by its path, such as charge or each[17]/charge"}
	}
	if st := x.s.findStep(path); st != nil {
		return st, nil
	}
	scopePath, node, _ := splitPath(path)
	if sc := x.s.scopeAt(scopePath); sc != nil {
		if rec := sc.rec(node); rec != nil && !strings.Contains(path[len(scopePath):], "#") {
			return rec.step, nil
		}
	}
	return nil, x.unknownStep(path)
}

// manyNames bounds the names that a refusal lists.
const manyNames = 10

func (x *decider) unknownStep(path string) *model.Error {
	var paths []string
	x.s.eachStep(func(st *step) { paths = append(paths, st.path) })
	slices.Sort(paths)
	msg := "the execution has no step " + path
	if sc, _, _ := splitPath(path); x.s.scopeAt(sc) == nil {
		if around := x.around(path); around != "" {
			return &model.Error{Code: CodeUnknownStep, Message: "the scope of " + path + " has ended and is not opened again while the execution is open; retry or move " + around + ", the composite around it, or fork the execution from " + path}
		}
		msg += ": there is no open scope " + sc
	}
	if hint := nearest.Hint(path, paths); hint != "" {
		return &model.Error{Code: CodeUnknownStep, Message: msg + "; " + hint}
	}
	return &model.Error{Code: CodeUnknownStep, Message: msg + "; " + listed("its steps are", paths, "it has none yet")}
}

// around is the live or ended step of an open scope whose instances path names; "" where there is none.
func (x *decider) around(path string) string {
	for i := range len(path) {
		if path[i] != '/' {
			continue
		}
		owner, _, _ := strings.Cut(path[:i], "@")
		if j := strings.LastIndexByte(owner, '['); j > strings.LastIndexByte(owner, '/') {
			owner = owner[:j]
		}
		if st := x.s.findStep(owner); st != nil && st.comp != nil && x.s.scopeAt(path[:i]) == nil {
			return owner
		}
	}
	return ""
}

// listed names what there is, not too much of it.
func listed(what string, names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	more := ""
	if len(names) > manyNames {
		more = fmt.Sprintf(" and %d more", len(names)-manyNames)
		names = names[:manyNames]
	}
	return what + " " + strings.Join(names, ", ") + more
}

// inEnding refuses what would act inside a scope that is ending, but on its compensations and its finally.
func (st *step) inEnding() *model.Error {
	if st.stopped() || st.sc.closed && st.undoes == nil {
		return &model.Error{Code: CodeClosing, Message: "the scope of " + st.path + " is ending; wait for its end, then rerun or fork"}
	}
	return nil
}

// unfinished finds a step that an operator may end: one that lives, or that has ended and whose edges wait for an
// operator.
func (x *decider) unfinished(path string) (*step, *model.Error) {
	st, err := x.target(path)
	if err != nil {
		return nil, err
	}
	if err := st.inEnding(); err != nil {
		return nil, err
	}
	switch {
	case st.over() && st.followed:
		return nil, &model.Error{Code: CodeStepEnded, Message: st.path + " ended with " + st.outcome + " and the execution has gone on; move to it runs it again"}
	case st.comp != nil && st.comp.verdict != "" && !st.over() && st.status != model.StepBackoff:
		return nil, &model.Error{Code: CodeClosing, Message: st.path + " is ending with " + st.comp.verdict + "; wait for its end"}
	}
	return st, nil
}

// renewed gives the step to end in place of st: st itself, or a new one where st has ended, whose outcome never
// changes.
func (x *decider) renewed(st *step) *step {
	if !st.over() {
		return st
	}
	x.again(st)
	if x.err != nil {
		return st
	}
	return st.sc.rec(st.node).step
}

// current reports whether st is the latest step of its node, in a scope that has not ended, and not taken back.
func (st *step) current() bool {
	rec := st.sc.rec(st.node)
	return !st.sc.closed && rec.step == st && !rec.idle
}

// stopWork tells an executor that its task is not wanted any more.
func (x *decider) stopWork(st *step) (unknown bool) {
	if st.out {
		x.out.Cancel = append(x.out.Cancel, TaskRef{Step: st.path, Attempt: st.attempt})
	}
	return st.attempt > 0 && st.task != nil || st.leftEffects()
}
