package kernel

import (
	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/kernel/graph"
	"github.com/pawl-dev/pawl/model"
)

// Definition is a workflow compiled for [Decide]. It never changes and may be shared.
type Definition struct {
	w       *model.Workflow
	root    *scopeDef
	nodes   map[string]*nodeDef // ids are unique in the file
	tags    []tagDef
	timeout textDef
	limits  []limitDef
	entity  entityKind // 0: a workflow
	check   InputCheck
	signal  SignalCheck
}

// InputCheck fills in what an input leaves out and refuses what the definition does not take. by is the trigger, nil
// where there is none; trigger is what the defaults have read, nil where they read none. It depends on its arguments
// alone; now is Unix milliseconds.
type InputCheck func(raw, by []byte, now int64, seed uint64) (input, trigger []byte, err *model.Error)

// SignalCheck refuses data that a declared signal does not take.
type SignalCheck func(name string, data []byte) *model.Error

// CheckWith sets the checks of what comes from other executions. It is called before the definition is used.
func (d *Definition) CheckWith(input InputCheck, signal SignalCheck) {
	d.check, d.signal = input, signal
}

// Workflow is the definition's source.
func (d *Definition) Workflow() *model.Workflow { return d.w }

// EdgeOf is edge number i, as [Event.Taken] counts them, of the graph that holds a node, as it is written.
func (d *Definition) EdgeOf(node string, i int32) (e model.Edge, ok bool) {
	n := d.nodes[node]
	if n == nil || n.scope == nil || n.scope.edges == nil || i < 0 || int(i) >= len(n.scope.edges.Edges) {
		return e, false
	}
	e = n.scope.edges.Edges[i]
	e.To = written(e.To)
	return e, true
}

type scopeDef struct {
	m      *model.Scope
	edges  *model.Graph // the graph as it was compiled: tails of join: each are cut out
	g      *graph.Graph
	nodes  []*nodeDef // by index in the graph
	owner  *nodeDef
	parent *scopeDef
	vars   []varDef
	output *expr.Template
	sinks  []int // nodes without edges: where tokens end
	// tails maps the nodes behind a node with join: each to the composite that holds them.
	tails map[string]string
	// finally is a composite around the graph that runs whenever the scope ends; nil for none.
	finally *nodeDef
}

type varDef struct {
	name string
	t    *expr.Template
}

type tagDef = varDef

type nodeKind uint8

const (
	kindEffect nodeKind = iota + 1
	kindSwitch
	kindSet
	kindWait
	kindEnd
	kindCancel
	kindApproval
	kindSend
	kindChild
	kindScope
	kindParallel
	kindForeach
	kindLoop
	kindEach // the tail behind a node with join: each; made by the compiler
)

func (k nodeKind) composite() bool { return k >= kindScope }

type nodeDef struct {
	m     *model.Node
	kind  nodeKind
	scope *scopeDef
	index int // in the graph

	cond   *expr.Program // if
	when   [][]*expr.Program
	output *expr.Template
	set    []setDef
	log    *expr.Template
	tags   []tagDef
	retry  []retryDef

	timeout, attemptTimeout, heartbeat textDef

	limits []limitDef

	props []propDef // of with
	plain []byte    // with, where nothing in it is to be evaluated

	cases     []caseDef // switch
	otherwise string
	arms      []armDef // wait
	end       endDef
	cancel    []string
	send      *sendDef
	child     *childDef
	comp      *compDef
	ask       *askDef // approval
}

// textDef is a template whose value is a duration; a literal is parsed once.
type textDef struct {
	t  *expr.Template
	ms int64
}

func (t textDef) set() bool { return t.t != nil || t.ms > 0 }

type setDef struct {
	name, op string
	t        *expr.Template
}

type retryDef struct {
	m    *model.Retry
	when *expr.Program
}

type propDef struct {
	key string
	t   *expr.Template
	ref expr.Ref // the whole property is this reference
}

type caseDef struct {
	when    *expr.Program
	outcome string
}

type armDef struct {
	name   string
	span   *expr.Template // for
	until  *expr.Template
	when   *expr.Program
	signal string
	match  *expr.Program
	count  *expr.Template
	fresh  bool
}

type askDef struct {
	title, text        *expr.Template
	assignees, exclude *expr.Template
	quorum, veto       *expr.Template
	outcomes           []string
	form               []byte
	escalate           []escalateDef
}

type escalateDef struct {
	after, add, notify *expr.Template
}

type endDef struct {
	of      string
	outcome string
	output  *expr.Template
	err     *expr.Template
}

type compDef struct {
	m        *model.Composite
	body     *scopeDef
	branches []*scopeDef
	names    []byte // JSON list of branch names
	items    *expr.Template
	itemsRef expr.Ref
	while    *expr.Program
	until    *expr.Program
	max      textDef // a number
	complete *expr.Program
	add      string // signals that feed a foreach
	closing  string // the signal after which no items are added
	need     int    // complete is good >= need
	// What a body that runs as children reads from around it; of the input all, or some keys.
	readsInput, readsTrigger          bool
	inputKeys                         []string
	outerVars, outerNodes, outerNames []string
	tolerate                          tolerance
}

// tolerance is how many instances may fail: a count or a share of the total in percent.
type tolerance struct {
	n       int
	percent float64
	share   bool
}

// exceeded reports whether more instances failed than may. Where the total may still grow, a share of it is judged
// when it is known.
func (t tolerance) exceeded(failed, total int, open bool) bool {
	switch {
	case !t.share:
		return failed > t.n
	case open && t.percent > 0:
		return false
	}
	return float64(failed)*100 > t.percent*float64(total)
}

// isBad reports whether the outcome of node n is a bad word. Only waiting nodes have timeout as a bad word of their
// own; effect and composite steps that run out of time end in error.
func (n *nodeDef) isBad(outcome string) bool {
	if model.Bad(outcome) {
		return outcome != model.TimedOut || n.kind == kindWait || n.kind == kindApproval
	}
	for _, b := range n.m.Bad {
		if b == outcome {
			return true
		}
	}
	return false
}

// body is the graph of instance number index of a composite.
func (c *compDef) scope(index int) *scopeDef {
	if c.branches != nil {
		return c.branches[index]
	}
	return c.body
}
