package kernel

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/kernel/graph"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
)

// Migration is another version of the workflow for an execution to go on with (LANGUAGE 10).
type Migration struct {
	Definition *Definition `json:"-"`
	Version    string
	Hash       string
	// Map gives the new ids of nodes that are called otherwise now.
	Map map[string]string
}

// CodeCannotMigrate refuses a migration; the details are a list of [Obstacle].
const CodeCannotMigrate = "cannot_migrate"

// Obstacle is one reason why an execution cannot go on with another version.
type Obstacle struct {
	// Code is bad_map, same_version, no_counterpart, wait_changed, composite_changed, join_changed, region_split,
	// start_changed, variable_gone, compensation_gone or closing.
	Code string `json:"code"`
	// Step is the path of the step or scope that stands in the way.
	Step    string `json:"step,omitempty"`
	Message string `json:"message"`
}

// remark is the marking of one scope under the new version.
type remark struct {
	sc      *scope
	def     *scopeDef
	taken   []int32
	dead    []int32
	regions []int32 // states
	fresh   []int32 // new edges of ended nodes, which are dead
}

// PlanMigration lists what stands in the way of a migration; nothing where it can be done.
func PlanMigration(d *Definition, s *State, m *Migration) []Obstacle {
	if s.root == nil {
		return []Obstacle{{Code: CodeClosing, Message: "the execution has ended"}}
	}
	p := planOf(d, s, m)
	return p.obstacles
}

// migrationPlan works out what becomes of each scope.
type migrationPlan struct {
	s         *State
	x         *decider // to look at the old version
	m         *Migration
	back      map[string]string // old ids, by new id
	obstacles []Obstacle
	remarks   []remark
}

func planOf(d *Definition, s *State, m *Migration) *migrationPlan {
	p := &migrationPlan{s: s, x: &decider{d: d, s: s}, m: m, back: map[string]string{}}
	p.checkMap()
	if len(p.obstacles) > 0 {
		return p
	}
	p.scope(s.root, d.root, m.Definition.root)
	slices.SortStableFunc(p.obstacles, func(a, b Obstacle) int { return strings.Compare(a.Step, b.Step) })
	return p
}

func (p *migrationPlan) no(code, step, format string, args ...any) {
	p.obstacles = append(p.obstacles, Obstacle{code, step, fmt.Sprintf(format, args...)})
}

func (p *migrationPlan) checkMap() {
	if p.m.Version == p.s.start.Version && p.m.Hash == p.s.start.Hash {
		p.no("same_version", "", "the execution runs version %s already", p.m.Version)
	}
	for _, old := range slices.Sorted(maps.Keys(p.m.Map)) {
		to := p.m.Map[old]
		switch {
		case p.x.d.nodes[old] == nil:
			p.no("bad_map", "", "version %s has no node %s to map", p.s.start.Version, old)
		case p.m.Definition.nodes[to] == nil:
			p.no("bad_map", "", "version %s has no node %s to map %s to", p.m.Version, to, old)
		case p.m.Definition.nodes[old] != nil:
			p.no("bad_map", "", "%s is a node of version %s as well, so it cannot become %s", old, p.m.Version, to)
		case p.x.d.nodes[to] != nil || p.back[to] != "" || p.s.knows(to):
			p.no("bad_map", "", "%s cannot become %s, which stands for another node already", old, to)
		}
		p.back[to] = old
	}
}

// knows reports whether steps are of a node of that name, which may be one of an earlier version.
func (s *State) knows(node string) (known bool) {
	s.eachScope(func(sc *scope) { known = known || sc.rec(node) != nil })
	return known
}

// now is the new id of a node.
func (p *migrationPlan) now(id string) string {
	if to, ok := p.m.Map[id]; ok {
		return to
	}
	return id
}

func (p *migrationPlan) was(id string) string {
	if old, ok := p.back[id]; ok {
		return old
	}
	return id
}

// counterpart is the node of the new version that goes on with a step; nil where there is none in that scope.
func (p *migrationPlan) counterpart(st *step, to *scopeDef) *nodeDef {
	n := p.m.Definition.nodes[p.now(st.node)]
	if n == nil || n.scope != to || n.m.Type != st.typ {
		return nil
	}
	return n
}

// scope plans one open scope and what is open inside it.
func (p *migrationPlan) scope(sc *scope, from, to *scopeDef) {
	if sc.closing {
		p.no(CodeClosing, sc.path, "%s is ending; wait for its end", scopeName(sc))
		return
	}
	before := len(p.obstacles)
	for i := range sc.nodes {
		if !sc.nodes[i].idle {
			p.step(sc.nodes[i].step, to)
		}
	}
	for _, st := range sc.former {
		p.former(st, to)
	}
	for _, v := range sc.vars {
		if !declares(to, v.name) {
			p.no("variable_gone", sc.path, "the variable %s of %s is not declared any more", v.name, scopeName(sc))
		}
	}
	if len(p.obstacles) > before {
		return
	}
	p.mark(sc, from, to)
}

func declares(sd *scopeDef, name string) bool {
	return slices.ContainsFunc(sd.vars, func(v varDef) bool { return v.name == name })
}

// step checks the latest step of a node.
func (p *migrationPlan) step(st *step, to *scopeDef) {
	p.undo(st, to)
	if st.over() && st.followed && (st.comp == nil || st.comp.live == 0) {
		return
	}
	if st.cleanup() {
		p.no(CodeClosing, st.path, "%s cleans up; wait for its end", st.path)
		return
	}
	n := p.counterpart(st, to)
	if n == nil {
		p.no("no_counterpart", st.path, "%s is %s, and version %s has no node %s of type %s in the same scope", st.path, st.status, p.m.Version, p.now(st.node), st.typ)
		return
	}
	old := p.x.def(st)
	switch {
	case st.comp != nil:
		p.composite(st, old, n)
	case st.status == model.StepWaiting && old.kind == kindWait && !sameArms(old.arms, n.arms):
		p.no("wait_changed", st.path, "%s waits, and version %s waits there for something else", st.path, p.m.Version)
	}
}

// former checks a step that a later one of its node has replaced.
func (p *migrationPlan) former(st *step, to *scopeDef) {
	p.undo(st, to)
	if st.comp == nil || st.comp.live == 0 {
		return
	}
	if n := p.counterpart(st, to); n != nil {
		p.composite(st, p.x.def(st), n)
		return
	}
	p.no("no_counterpart", st.path, "instances of %s run, and version %s has no node %s of type %s in the same scope", st.path, p.m.Version, p.now(st.node), st.typ)
}

// undo checks that what would undo the step is still there.
func (p *migrationPlan) undo(st *step, to *scopeDef) {
	if st.undo == nil {
		return
	}
	if n := p.m.Definition.nodes[p.now(st.undo.by)]; n == nil || n.scope != to {
		p.no("compensation_gone", st.path, "%s may have to be undone by %s, which version %s does not have", st.path, st.undo.by, p.m.Version)
	}
}

func sameArms(a, b []armDef) bool {
	return slices.EqualFunc(a, b, func(a, b armDef) bool {
		return a.name == b.name && a.signal == b.signal && (a.when != nil) == (b.when != nil) && (a.span != nil) == (b.span != nil) &&
			(a.until != nil) == (b.until != nil) && (a.match != nil) == (b.match != nil)
	})
}

// composite checks a live composite and plans its open instances.
func (p *migrationPlan) composite(st *step, old, n *nodeDef) {
	names := func(d *nodeDef) (names []string) {
		for _, b := range d.m.Composite.Branches {
			names = append(names, b.Name)
		}
		return names
	}
	if old.kind == kindParallel && !slices.Equal(names(old), names(n)) {
		p.no("composite_changed", st.path, "the branches of %s are %s, and those of version %s are %s", st.path, strings.Join(names(old), ", "), p.m.Version, strings.Join(names(n), ", "))
		return
	}
	for _, sc := range st.comp.scopes {
		p.scope(sc, old.comp.scope(sc.index), n.comp.scope(sc.index))
	}
	for _, path := range slices.Sorted(maps.Keys(p.s.kept)) {
		if sc := p.s.kept[path]; sc.owner == st {
			p.keptScope(sc, n.comp.scope(sc.index))
		}
	}
}

// keptScope checks an ended scope whose steps may have to be undone.
func (p *migrationPlan) keptScope(sc *scope, to *scopeDef) {
	for i := range sc.nodes {
		p.undo(sc.nodes[i].step, to)
	}
	for _, st := range sc.former {
		p.undo(st, to)
	}
}

// edgeKey names an edge for both versions; nth tells equal ones apart.
type edgeKey struct {
	from, on, to string
	nth          int
}

// edges lists the keys of a graph's edges; name gives the ids to compare.
func edgesOf(g *graph.Graph, name func(string) string) []edgeKey {
	seen := map[edgeKey]int{}
	keys := make([]edgeKey, len(g.Edges))
	for i := range g.Edges {
		k := edgeKey{from: name(g.Nodes[g.Edges[i].From].ID), on: g.Edges[i].On, to: targetName(g, int32(i))}
		if g.Edges[i].To >= 0 {
			k.to = name(k.to)
		}
		keys[i] = k
		keys[i].nth = seen[k]
		seen[k]++
	}
	return keys
}

// mark works out the marking of a scope under the new graph.
func (p *migrationPlan) mark(sc *scope, from, to *scopeDef) {
	r := remark{sc: sc, def: to}
	if !p.regionsFit(sc, from, to, &r) {
		return
	}
	old := map[edgeKey]int32{}
	for i, k := range edgesOf(from.g, p.now) {
		old[k] = int32(i)
	}
	keys := edgesOf(to.g, func(id string) string { return id })
	kept := make(map[int32]int32, len(keys)) // old edge, by new
	for j, k := range keys {
		i, both := old[k]
		mark := graph.Undecided
		if both {
			kept[int32(j)] = i
			mark = sc.mark(i)
		} else if p.decided(sc, from, to, &r, to.g.Edges[j]) {
			mark = graph.Dead
			r.fresh = append(r.fresh, int32(j))
		}
		switch mark {
		case graph.Taken:
			r.taken = append(r.taken, int32(j))
		case graph.Dead:
			r.dead = append(r.dead, int32(j))
		}
	}
	if p.joinsFit(sc, from, to, kept) && p.startsFit(sc, from, to) {
		p.remarks = append(p.remarks, r)
	}
}

// decided reports whether the edges of a new edge's source are decided already.
func (p *migrationPlan) decided(sc *scope, from, to *scopeDef, r *remark, e graph.Edge) bool {
	if at := to.g.Nodes[e.From].Region; at >= 0 {
		return !e.Inner && graph.RegionState(r.regions[at]) >= graph.RegionLeft
	}
	id := p.was(to.g.Nodes[e.From].ID)
	if rec := sc.ran(id); rec != nil {
		return rec.step.over() && rec.step.followed
	}
	n, ok := from.g.Lookup(id)
	if !ok || len(from.g.Nodes[n].Out) == 0 {
		return false
	}
	return !slices.ContainsFunc(from.g.Nodes[n].Out, func(e int32) bool { return sc.mark(e) != graph.Dead })
}

// joinsFit: a join that holds a token keeps its edges.
func (p *migrationPlan) joinsFit(sc *scope, from, to *scopeDef, kept map[int32]int32) bool {
	fit := true
	for i := range from.g.Nodes {
		n := &from.g.Nodes[i]
		holds := slices.ContainsFunc(n.In, func(e int32) bool { return sc.mark(e) == graph.Taken })
		if !holds || sc.ran(n.ID) != nil || n.Region >= 0 && sc.region(n.Region) != graph.RegionIdle {
			continue
		}
		j, ok := to.g.Lookup(p.now(n.ID))
		if !ok {
			fit = false
			p.no("join_changed", sc.path, "a token waits at %s, which version %s does not have in the same scope", n.ID, p.m.Version)
			continue
		}
		var same []int32
		for _, e := range to.g.Nodes[j].In {
			if i, ok := kept[e]; ok {
				same = append(same, i)
			}
		}
		slices.Sort(same)
		in := slices.Sorted(slices.Values(n.In))
		if !slices.Equal(same, in) || len(to.g.Nodes[j].In) != len(in) || to.g.Nodes[j].Join != n.Join {
			fit = false
			p.no("join_changed", sc.path, "a token waits at %s for others, and its incoming edges or its join are not the same in version %s", n.ID, p.m.Version)
		}
	}
	return fit
}

// startsFit: a new start node would have had to begin when the scope did.
func (p *migrationPlan) startsFit(sc *scope, from, to *scopeDef) bool {
	for _, i := range to.g.Start {
		id := p.was(to.g.Nodes[i].ID)
		n, ok := from.g.Lookup(id)
		if !ok || !slices.Contains(from.g.Start, n) {
			p.no("start_changed", sc.path, "version %s starts at %s, which did not begin with this scope", p.m.Version, to.g.Nodes[i].ID)
			return false
		}
	}
	return true
}

// regionsFit carries the states of the regions over. A region in which the token is stays one; none grows around steps
// that ran outside of any.
func (p *migrationPlan) regionsFit(sc *scope, from, to *scopeDef, r *remark) bool {
	r.regions = make([]int32, len(to.g.Regions))
	fit := true
	for i := range from.g.Regions {
		state := sc.region(i)
		if state == graph.RegionIdle {
			continue
		}
		at := -2
		for _, n := range from.g.Regions[i].Nodes {
			j, ok := to.g.Lookup(p.now(from.g.Nodes[n].ID))
			if !ok {
				continue
			}
			in := to.g.Nodes[j].Region
			if at == -2 {
				at = in
			}
			if state == graph.RegionActive && (in != at || in < 0) {
				fit = false
				p.no("region_split", sc.path, "the token is in the cycle around %s, which is no cycle or several in version %s", from.g.Nodes[n].ID, p.m.Version)
				break
			}
			if in >= 0 && state > graph.RegionState(r.regions[in]) {
				r.regions[in] = int32(state)
			}
		}
	}
	for i := range to.g.Regions {
		for _, n := range to.g.Regions[i].Nodes {
			id := p.was(to.g.Nodes[n].ID)
			old, ok := from.g.Lookup(id)
			if sc.ran(id) != nil && ok && from.g.Nodes[old].Region < 0 {
				fit = false
				p.no("region_split", sc.path, "%s has run, and version %s makes it part of a cycle", id, p.m.Version)
				break
			}
		}
	}
	return fit
}

// migrate handles InMigrate: the execution goes on with another version. One entry carries mapping and result.
func (x *decider) migrate(in *Input) (func(), *model.Error) {
	m := in.Migration
	if m == nil || m.Definition == nil {
		return nil, &model.Error{Code: CodeNothing, Message: "name a version to go on with"}
	}
	p := planOf(x.d, x.s, m)
	if len(p.obstacles) > 0 {
		return nil, cannotMigrate(m, p.obstacles)
	}
	return func() { x.migrateBy(p) }, nil
}

// refuseMigration says why the copy cannot go on with another version; nil where it can, or is not to.
func (x *decider) refuseMigration(f *Fork) *model.Error {
	m := f.Migration
	if m == nil {
		return nil
	}
	copied := New()
	if err := f.fold(copied); err != nil {
		return &model.Error{Code: "journal", Message: err.Error()}
	}
	if copied.root == nil || !f.begun {
		return &model.Error{Code: CodeClosing, Message: "the execution had not begun; start one of the other version"}
	}
	if list := PlanMigration(x.d, copied, m); len(list) > 0 {
		return cannotMigrate(m, list)
	}
	return nil
}

// migrateFork lets the copy go on with another version, before anything in it runs again.
func (x *decider) migrateFork(f *Fork) {
	if f.Migration == nil || x.err != nil {
		return
	}
	p := planOf(x.d, x.s, f.Migration)
	if len(p.obstacles) > 0 {
		x.park(cannotMigrate(f.Migration, p.obstacles), "")
		return
	}
	x.migrateBy(p)
}

func cannotMigrate(m *Migration, list []Obstacle) *model.Error {
	details, _ := json.Marshal(list) // text only
	msg := fmt.Sprintf("%d things stand in the way of version %s, the first: %s", len(list), m.Version, list[0].Message)
	if len(list) == 1 {
		msg = "it cannot go on with version " + m.Version + ": " + list[0].Message
	}
	return &model.Error{Code: CodeCannotMigrate, Message: msg, Details: details}
}

func (x *decider) migrateBy(p *migrationPlan) {
	m := p.m
	o := Op{kind: opMigrate, name: m.Version, text: m.Hash, path: x.s.start.Version}
	for _, old := range slices.Sorted(maps.Keys(m.Map)) {
		o.renames = append(o.renames, inref{old, m.Map[old]})
	}
	x.emit(o)
	if x.err != nil {
		return
	}
	x.d, x.out.Definition = m.Definition, m.Definition
	for i := range p.remarks {
		r := &p.remarks[i]
		x.emit(Op{kind: opGraph, path: r.sc.path, taken: r.taken, dead: r.dead, regions: r.regions})
	}
	for i := range p.remarks {
		r := &p.remarks[i]
		if x.err != nil || x.s.root == nil || r.sc.closed {
			return
		}
		x.declareNew(r.sc, r.def)
		x.settle(r.sc, r.fresh)
	}
}

// declareNew gives a scope the variables that only the new version declares. One that cannot be evaluated is null.
func (x *decider) declareNew(sc *scope, sd *scopeDef) {
	for _, v := range sd.vars {
		if sc.variable(v.name) != nil {
			continue
		}
		x.in(sc, sc.path+"/"+v.name)
		raw, _, err := v.t.Append(nil, &x.ctx)
		if err != nil {
			raw = null.raw
			x.emit(Op{kind: opLog, path: sc.path, text: "variable " + v.name + ": " + err.Error()})
		}
		x.emit(Op{kind: opSet, path: sc.path, name: v.name, flag: true, word: "set", data: raw, hasData: true})
		x.changed = append(x.changed, expr.Ref{"vars", v.name})
	}
}

// applyMigrate changes the version and the names of nodes. Steps keep their paths.
func (s *State) applyMigrate(o *Op) {
	s.start.Version, s.start.Hash = o.name, o.text
	s.eachScope(func(sc *scope) {
		sc.def = nil
		for _, r := range o.renames {
			sc.rename(r.key, r.src)
		}
	})
	s.eachStep(func(st *step) {
		st.def = nil
		for _, r := range o.renames {
			if st.node == r.key {
				st.node = r.src
			}
			if st.undo != nil && st.undo.by == r.key {
				st.undo.by = r.src
			}
		}
	})
	for _, r := range o.renames {
		s.renames = append(s.renames, tagValue{r.key, []byte(r.src)})
	}
}

func (sc *scope) rename(old, now string) {
	for i := range sc.nodes {
		if sc.nodes[i].name != old {
			continue
		}
		sc.nodes[i].name = now
		if sc.byName != nil {
			delete(sc.byName, old)
			sc.byName[now] = int32(i)
		}
	}
}

// renamed is the id that a node of a path has now.
func (s *State) renamed(node string) string {
	for _, r := range s.renames {
		if r.name == node {
			node = string(r.data)
		}
	}
	return node
}

// nextRun is the number of the next step of a node. One that is called as another was before a migration goes on behind
// the steps of that one, which keep their paths.
func (s *State) nextRun(sc *scope, node string) int32 {
	rec := sc.rec(node)
	if rec == nil && s.renames != nil && !bug.On(bug.PathAgain) {
		rec = sc.rec(s.renamed(node))
	}
	if rec == nil {
		return 1
	}
	return rec.runs + 1
}

// applyGraph gives a scope its marking under a new graph.
func (s *State) applyGraph(sc *scope, o *Op) {
	sc.marks, sc.regions = nil, nil
	sc.setMarks(o.taken, graph.Taken)
	sc.setMarks(o.dead, graph.Dead)
	for i, r := range o.regions {
		sc.setRegion(i, graph.RegionState(r))
	}
}
