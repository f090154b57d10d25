package kernel

import (
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/kernel/graph"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// State is one execution: everything that folding its journal gives. Only [Apply] and [Decide] change it.
type State struct {
	seq uint64
	at  int64

	start   Start
	input   *value
	trigger *value
	tags    []tagValue

	status    model.Status
	since     int64 // of the status
	reason    string
	by        string // who paused it
	startedBy string
	parked    *model.Error
	parkedAt  string // path of the step at which it was parked
	begun     int64
	ended     int64
	deadline  int64 // of the execution; 0 = none
	outcome   string
	output    *value
	failure   *model.Error
	more      bool
	scheduled int64      // steps so far
	renames   []tagValue // of nodes, by migrations
	config    int64      // revision of the configuration that was read last

	claims   *claims   // limits of the execution itself
	lenders  []*step   // composites with limits that they may give back; nil: none
	loose    []loose   // released by the entry at hand
	limit    *limit    // of an entity
	schedule *schedule // of an entity
	gather   *gather   // nil: the execution is of one start

	root   *scope
	scopes map[string]*scope // all open ones but the root, by path
	// kept are ended scopes with steps that may have to be undone.
	kept    map[string]*scope
	undos   int   // steps that may have to be undone
	undoSeq int64 // of the last of them

	agenda     []work
	agendaHead int
	timers     []timer // a heap

	signals   []keptSignal
	signalSeq int64
	seen      []string // ids of signals, oldest first
	requests  []answered
	waiters   []*step // waiting for a signal, in order of beginning
	whens     []*step // waiting for a condition
	listeners []listener
	item      *value // that a child of a foreach runs
	captured  *value
	charges   []charge
	asks      []*step // approvals waiting for decisions

	first    uint64 // entry with which the journal begins; 0: the first
	bases    []mark // entries with which it could begin, oldest first
	forgiven int64  // steps that do not count towards the bound any more
	warned   []warned

	tasks int // outstanding attempts
	live  int // steps that have not ended
	bytes int // estimate of what the state holds

	x *decider // working memory of Decide
}

// scope is one running instance of a graph.
type scope struct {
	path   string
	owner  *step // the composite step; nil for the root
	parent *scope
	index  int
	key    string // branch name or map key
	item   *value
	opened int64

	nodes  []nodeRec
	byName map[string]int32 // kept when there are many nodes
	// former are ended steps whose node runs anew while they are still needed: instances of theirs run on (rest:
	// finish), or they may have to be undone.
	former  []*step
	marks   []graph.Mark
	regions []graph.RegionState
	vars    []variable

	live       int // steps that have not ended
	unfollowed int // steps that ended and whose edges are not decided
	leftovers  int // scopes of ended composites that run on (rest: finish)
	running    int // effect steps with an attempt outstanding or in back-off
	outs       int // attempts outstanding, but for those that clean up
	queue      []*step

	last    *step // whose token ended last
	handled *model.Error
	held    *model.Error // a failure that waits for the other steps
	heldAt  string       // path of the step that failed
	closing bool
	closed  bool
	outcome string
	output  *value
	err     *model.Error
	bytes   int   // estimate of what its steps hold
	grace   int64 // when a closing scope stops waiting for cancelled tasks

	undo    undoList
	undoing *undo // whose compensation runs in this scope
	handsUp bool  // its rollback is left to what cancelled it
	final   bool  // its finally has begun
	pins    int   // steps in it that may have to be undone

	def *scopeDef // cache of Decide
}

type nodeRec struct {
	name string
	runs int32
	base int32 // of runs, those that a reset took back
	idle bool  // a reset took back its steps: as if it had none
	step *step // the latest
}

type variable struct {
	name string
	v    *value
}

// step is one activation of a node.
type step struct {
	sc     *scope
	node   string
	typ    string
	run    int32
	path   string
	status model.StepStatus
	began  bool // the agenda item that runs it has been handled
	queued bool
	queues bool // in back-off, it has no place of its scope's concurrency

	scheduled int64
	since     int64 // of the current attempt, wait or back-off
	ended     int64
	outcome   string
	output    *value
	err       *model.Error
	followed  bool

	attempt  int
	out      bool   // an attempt is with an executor
	asked    int64  // when its cancellation was asked; 0 = not
	withdraw bool   // its token is withdrawn: only edges keyed cancelled follow
	unknown  bool   // its effect is unknown
	doubt    bool   // that of an earlier attempt is; of a composite: children of its items have left theirs
	undone   bool   // a compensation undid it
	undo     *undo  // its record on a list, if any
	undoes   *undo  // what it undoes, while that is not done
	target   string // path of the step that it undoes
	pins     int    // records of itself and of steps inside it
	losses   int
	lost     int     // the attempt that was lost or given back last
	fresh    int64   // signals up to this one are too old for a fresh wait
	tries    []int16 // attempts used, by retry policy
	task     *taskSpec

	due      int64 // of the wait, back-off, delay or cancel grace
	deadline int64 // of the whole step
	unarmed  bool  // the timer of the deadline was dropped
	arms     []arm
	comp     *comp
	ballot   *ballot
	away     *away
	cb       *callback
	claims   *claims
	inside   int      // attempts outstanding inside, while a composite may give back limits
	turns    [3]int32 // of its items on the agenda

	def *nodeDef // cache of Decide
}

// taskSpec is the evaluated configuration of an effect step, equal for all attempts.
type taskSpec struct {
	with      []byte
	refs      []inrefValue // whole properties
	holes     []hole       // places in with
	late      []expr.Late
	timeout   int64
	heartbeat int64
}

type inrefValue struct {
	key string
	v   *value
}

type arm struct {
	armSpec
	got []keptSignal
}

// comp is what a composite step knows of its instances.
type comp struct {
	total    int // -1: not known (loop)
	next     int // index of the next instance to open
	live     int
	good     int
	failed   int
	items    *value
	list     []*value // the items
	keys     []string // of a map, or branch names
	branches bool     // keys are the names of branches
	batch    int      // items of one instance; 0: one, by itself
	open     bool     // instances may be added yet
	added    []*value // data of the signals that added items
	skips    bool     // results are not collected
	results  []*value // by index
	gathered int      // bytes of those that children gave
	errors   []instanceError
	last     *value // output of the last pass, or of the only instance
	word     string // outcome of the only instance
	limit    int    // of live instances
	verdict  string // outcome decided, not yet reported
	output   *value
	err      *model.Error
	scopes   []*scope // open instances, by opening
	kids     []int32  // indexes of those that run as children
	recalled bool     // they were asked to end
	near     bool     // how their ids are made
	captured *value   // what they see
	undo     undoList // of instances that have ended
}

// room reports whether another instance may be opened (or, for a loop, the next pass be decided).
func (c *comp) room() bool {
	return c.verdict == "" && c.live < c.limit && (c.total < 0 || c.next < c.total)
}

type instanceError struct {
	index int
	err   *model.Error
}

type keptSignal struct {
	n       int64
	name    string
	data    *value
	at      int64
	expires int64
}

// answered is a remembered command (K9).
type answered struct {
	request string
	code    string // "" = accepted
	digest  string // of what it asked for; "" where that is not known
}

// New is the state before entry 1.
func New() *State { return &State{scopes: map[string]*scope{}, kept: map[string]*scope{}} }

// ID is the execution's id; zero before entry 1.
func (s *State) ID() record.ID { return s.start.ID }

// Seq is the number of the last entry applied.
func (s *State) Seq() uint64 { return s.seq }

// At is the time of the last entry, Unix milliseconds.
func (s *State) At() int64 { return s.at }

// Status is the execution's status.
func (s *State) Status() model.Status { return s.status }

// More reports whether the last transition stopped at a bound and goes on at once.
func (s *State) More() bool { return s.more }

// Output is the result of a completed execution, JSON; nil before.
func (s *State) Output() []byte {
	if s.output == nil {
		return nil
	}
	return s.output.bytes()
}

// Failure is why a closed execution failed; nil where it did not.
func (s *State) Failure() *model.Error { return s.failure }

// Outcome is the root's outcome; "" while open.
func (s *State) Outcome() string { return s.outcome }

// ForkOf is the execution whose state it began with, and the entry as of which it was copied; zero for none.
func (s *State) ForkOf() (record.ID, uint64) { return s.start.Of, s.start.OfSeq }

// Workflow names the pinned definition.
func (s *State) Workflow() (namespace, name, version string) {
	return s.start.Namespace, s.start.Workflow, s.start.Version
}

// Input is the input of the execution, JSON.
func (s *State) Input() []byte {
	if s.gathering() && s.gather.Size > 0 {
		return s.gather.list().bytes()
	}
	return s.input.bytes()
}

// Size estimates the bytes the state holds in memory.
func (s *State) Size() int { return 1024 + s.bytes + 512*s.live }

// active reports whether work may go on: neither pending nor paused, parked or closed.
func (s *State) active() bool { return s.open() && !s.gated() }

// NextAt is the truth about when the owner must look: 0 while an attempt is outstanding or more is to do, else the
// earliest timer, else [record.Never].
func (s *State) NextAt() int64 {
	switch {
	case s.status.Closed():
		return record.Never
	case s.tasks > 0 || s.more && s.active():
		return 0
	}
	return s.NextTimer()
}

// NextTimer is the earliest timer whatever else is outstanding; [record.Never] where there is none or none may fire.
func (s *State) NextTimer() int64 {
	if s.open() && s.gated() && !s.lent() && s.deadline > 0 && !s.root.closing {
		return s.deadline
	}
	if !s.active() && s.status != model.Pending && !(s.open() && s.lent()) {
		return record.Never
	}
	if s.limit != nil || s.schedule != nil {
		return s.entityTimer()
	}
	if t := s.nextTimer(); t != nil {
		return t.due
	}
	return record.Never
}

// scopeAt finds a scope that is open or kept.
func (s *State) scopeAt(path string) *scope {
	if path == "" {
		return s.root
	}
	if sc := s.scopes[path]; sc != nil {
		return sc
	}
	return s.kept[path]
}

// stepAt finds the latest step of a node by its path; nil where there is none or a later one took its place (unless
// instances of it run on).
func (s *State) stepAt(path string) *step {
	scopePath, node, run := splitPath(path)
	sc := s.scopeAt(scopePath)
	if sc == nil {
		return nil
	}
	if st := sc.stepOf(node, run); st != nil || s.renames == nil {
		return st
	}
	if st := sc.stepOf(s.renamed(node), run); st != nil && st.path == path {
		return st
	}
	return nil
}

// stepOf is the latest step of a node, or a former one that runs on, if it has that number.
func (sc *scope) stepOf(node string, run int32) *step {
	if rec := sc.rec(node); rec != nil && rec.step != nil && rec.step.run == run {
		return rec.step
	}
	for _, st := range sc.former {
		if st.node == node && st.run == run {
			return st
		}
	}
	return nil
}

func splitPath(path string) (scopePath, node string, run int32) {
	node = path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		scopePath, node = path[:i], path[i+1:]
	}
	run = 1
	if i := strings.LastIndexByte(node, '#'); i >= 0 {
		if n, err := strconv.ParseInt(node[i+1:], 10, 32); err == nil {
			run = int32(n)
		}
		node = node[:i]
	}
	return scopePath, node, run
}

func (sc *scope) stepPath(node string, run int32) string {
	path := node
	if sc.path != "" {
		path = sc.path + "/" + node
	}
	if run > 1 {
		path += "#" + strconv.Itoa(int(run))
	}
	return path
}

const manyNodes = 16

// rec finds what the scope knows of a node; nil if it never had a step.
func (sc *scope) rec(node string) *nodeRec {
	if sc.byName != nil {
		if i, ok := sc.byName[node]; ok {
			return &sc.nodes[i]
		}
		return nil
	}
	for i := range sc.nodes {
		if sc.nodes[i].name == node {
			return &sc.nodes[i]
		}
	}
	return nil
}

// ran finds a node that has a step and was not reset since.
func (sc *scope) ran(node string) *nodeRec {
	if rec := sc.rec(node); rec != nil && !rec.idle {
		return rec
	}
	return nil
}

func (sc *scope) addRec(node string) *nodeRec {
	sc.nodes = append(sc.nodes, nodeRec{name: node})
	switch {
	case sc.byName != nil:
		sc.byName[node] = int32(len(sc.nodes) - 1)
	case len(sc.nodes) > manyNodes:
		sc.byName = make(map[string]int32, 2*manyNodes)
		for i := range sc.nodes {
			sc.byName[sc.nodes[i].name] = int32(i)
		}
	}
	return &sc.nodes[len(sc.nodes)-1]
}

func (sc *scope) mark(e int32) graph.Mark {
	if int(e) < len(sc.marks) {
		return sc.marks[e]
	}
	return graph.Undecided
}

func (sc *scope) setMarks(edges []int32, m graph.Mark) {
	for _, e := range edges {
		for int(e) >= len(sc.marks) {
			sc.marks = append(sc.marks, graph.Undecided)
		}
		sc.marks[e] = m
	}
}

func (sc *scope) region(r int) graph.RegionState {
	if r < len(sc.regions) {
		return sc.regions[r]
	}
	return graph.RegionIdle
}

func (sc *scope) setRegion(r int, st graph.RegionState) {
	for r >= len(sc.regions) {
		sc.regions = append(sc.regions, graph.RegionIdle)
	}
	sc.regions[r] = st
}

func (sc *scope) variable(name string) *variable {
	for i := range sc.vars {
		if sc.vars[i].name == name {
			return &sc.vars[i]
		}
	}
	return nil
}

// declaring is the nearest scope that declares the variable.
func (sc *scope) declaring(name string) *scope {
	for ; sc != nil; sc = sc.parent {
		if sc.variable(name) != nil {
			return sc
		}
	}
	return nil
}

// idle: nothing in the scope runs or is still to be decided.
func (sc *scope) idle() bool { return sc.live == 0 && sc.unfollowed == 0 && sc.leftovers == 0 }

// over reports whether the step's status is final.
func (st *step) over() bool { return st.ended != 0 }
