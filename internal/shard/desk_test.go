package shard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// desk drives a Core by hand against a store of a few maps, so that a test decides when a part becomes durable, when
// a question is answered and what time it is. The checks of the store are those of the contract: seq without gaps,
// heads that exist or not, keys that point to Old, messages to take that are there.
type desk struct {
	t    *testing.T
	now  int64
	cfg  Config
	core *Core
	defs map[DefinitionRef]*kernel.Definition

	heads   map[record.ID]record.Head
	written map[record.ID]int // how often
	journal map[record.ID][]record.Entry
	snaps   map[record.ID]record.Snapshot
	keys    map[record.Key]record.KeyRow
	inbox   []record.Message
	number  uint64 // of the last durable part

	flight   *record.Part
	dispatch []Task
	cancels  []Attempt
	replies  map[uint64]Reply
	verdicts map[uint64]Answer
	events   []Published
	alarms   []Alarm
	ref      uint64
	ids      uint64
	questions
}

// questions not answered yet.
type questions struct {
	load   []record.ID
	keyed  []record.Key
	define []DefinitionRef
	finds  []Resolve
	reads  []JournalRead
	scan   Scan
	mail   int
}

const start0 = 1_800_000_000_000

func newDesk(t *testing.T, cfg Config) *desk {
	d := &desk{
		t: t, now: start0, cfg: cfg, defs: map[DefinitionRef]*kernel.Definition{},
		heads: map[record.ID]record.Head{}, written: map[record.ID]int{}, journal: map[record.ID][]record.Entry{}, snaps: map[record.ID]record.Snapshot{},
		keys: map[record.Key]record.KeyRow{}, replies: map[uint64]Reply{}, verdicts: map[uint64]Answer{},
	}
	d.claim(false)
	return d
}

// claim begins again with an empty memory, as after a restart.
func (d *desk) claim(clean bool) {
	cfg := d.cfg
	cfg.Clean = clean
	epoch := uint64(1)
	if d.core != nil {
		epoch = d.core.fence.Epoch + 1
	}
	d.core = NewCore(d.now, record.Fence{Epoch: epoch, Owner: record.Owner{1}}, cfg)
	d.number, d.flight, d.dispatch, d.cancels, d.questions = 0, nil, nil, nil, questions{}
}

func (d *desk) deploy(w *model.Workflow) {
	d.t.Helper()
	raw, err := json.Marshal(w)
	if err != nil {
		d.t.Fatal(err)
	}
	var back model.Workflow
	if err := json.Unmarshal(raw, &back); err != nil {
		d.t.Fatal(err)
	}
	def, faults := kernel.Compile(&back)
	for _, f := range faults {
		if !f.Warn {
			d.t.Fatalf("%s: %s", f.Code, f.Message)
		}
	}
	d.defs[DefinitionRef{"default", w.Name, w.Version}] = def
}

// collect takes what the core hands out.
func (d *desk) collect() {
	r := d.core.Ready()
	d.dispatch = append(d.dispatch, r.Dispatch...)
	d.cancels = append(d.cancels, r.Cancel...)
	for _, x := range r.Replies {
		if _, twice := d.replies[x.Ref]; twice {
			d.t.Fatalf("command %d is answered twice", x.Ref)
		}
		d.replies[x.Ref] = x
	}
	for _, v := range r.Verdicts {
		d.verdicts[v.Ref] = v.Answer
	}
	d.events = append(d.events, r.Published...)
	d.alarms = append(d.alarms, r.Alarms...)
	d.load = append(d.load, r.Load...)
	d.keyed = append(d.keyed, r.Keys...)
	d.define = append(d.define, r.Define...)
	d.finds = append(d.finds, r.Resolve...)
	if len(r.Poke) > 0 {
		d.core.Poke(d.now)
	}
	d.reads = append(d.reads, r.Journal...)
	if r.Scan.Limit > 0 {
		d.scan = r.Scan
	}
	d.mail += r.Inbox
}

// work lets the core work and collects.
func (d *desk) work() {
	d.t.Helper()
	for d.core.Work(d.now) {
		d.collect()
	}
	d.collect()
	d.sound()
}

func (d *desk) sound() {
	d.t.Helper()
	if err := d.core.Invariants(); err != nil {
		d.t.Fatal(err)
	}
}

// answer answers all questions from what is durable.
func (d *desk) answer() bool {
	q := d.questions
	d.questions = questions{}
	any := false
	if len(q.load) > 0 {
		any = true
		d.core.Loaded(d.now, q.load, d.loaded(q.load))
	}
	if len(q.keyed) > 0 {
		any = true
		var rows []record.KeyRow
		for _, k := range q.keyed {
			if row, ok := d.keys[k]; ok {
				rows = append(rows, row)
			}
		}
		d.core.KeysFound(d.now, q.keyed, rows)
	}
	for _, ref := range q.define {
		any = true
		var fault *model.Error
		if d.defs[ref] == nil {
			fault = &model.Error{Code: "definition", Message: "not found"}
		}
		d.core.Defined(d.now, ref, d.defs[ref], fault)
	}
	for _, r := range q.finds {
		any = true
		d.resolve(r)
	}
	for _, r := range q.reads {
		any = true
		d.core.JournalFound(d.now, r, d.page(r), "")
	}
	if q.scan.Limit > 0 {
		any = true
		d.core.DueFound(d.now, q.scan, d.due(q.scan))
	}
	if q.mail > 0 {
		any = true
		list := slices.Clone(d.inbox)
		d.core.Messages(d.now, q.mail, list[:min(len(list), q.mail)])
	}
	return any
}

// resolve finds the version 1 of a workflow.
func (d *desk) resolve(r Resolve) {
	if d.defs[DefinitionRef{r.Namespace, r.Workflow, "1"}] == nil {
		d.core.Resolved(d.now, r, "", "", &model.Error{Code: "unknown_workflow", Message: "there is no workflow " + r.Workflow})
		return
	}
	d.core.Resolved(d.now, r, "1", "hash", nil)
}

func (d *desk) loaded(ids []record.ID) []Loaded {
	var out []Loaded
	for _, id := range ids {
		h, ok := d.heads[id]
		if !ok {
			continue
		}
		l := Loaded{Head: h, Entries: d.journal[id]}
		if s, ok := d.snaps[id]; ok {
			l.Snapshot, l.Entries = &s, l.Entries[s.Seq:]
		}
		out = append(out, l)
	}
	return out
}

func (d *desk) page(r JournalRead) []record.Entry {
	list := d.journal[r.Execution]
	from := min(int(r.From)-1, len(list))
	return list[from:min(len(list), from+r.Limit)]
}

func (d *desk) due(s Scan) []record.Due {
	var out []record.Due
	for id, h := range d.heads {
		x := record.Due{At: h.NextAt, Execution: id}
		if h.NextAt < s.Before && before(s.After, x) {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b record.Due) int {
		if before(a, b) {
			return -1
		}
		return 1
	})
	return out[:min(len(out), s.Limit)]
}

// take begins a commit; false where there is nothing.
func (d *desk) take() bool {
	if d.flight == nil {
		d.flight = d.core.Take()
	}
	return d.flight != nil
}

// commit makes the part in flight durable and advances.
func (d *desk) commit() {
	d.t.Helper()
	p := d.flight
	d.flight = nil
	d.write(p)
	if err := d.core.Advance(d.now, p.Number, true); err != nil {
		d.t.Fatal(err)
	}
	d.collect()
	d.sound()
}

// write applies a part, or fails the test where a store would reject it.
func (d *desk) write(p *record.Part) {
	d.t.Helper()
	if p.Number != d.number+1 {
		d.t.Fatalf("part %d follows part %d", p.Number, d.number)
	}
	d.number = p.Number
	for _, h := range p.Heads {
		if _, exists := d.heads[h.Execution]; exists == h.Insert {
			d.t.Fatalf("head of %s: insert %v, exists %v", h.Execution, h.Insert, exists)
		}
		h.Insert = false
		d.heads[h.Execution] = h
		d.written[h.Execution]++
	}
	for _, e := range p.Entries {
		if int(e.Seq) != len(d.journal[e.Execution])+1 {
			d.t.Fatalf("entry %d of %s follows %d", e.Seq, e.Execution, len(d.journal[e.Execution]))
		}
		e.Body = bytes.Clone(e.Body)
		d.journal[e.Execution] = append(d.journal[e.Execution], e)
	}
	for _, s := range p.Snapshots {
		if int(s.Seq) > len(d.journal[s.Execution]) {
			d.t.Fatalf("snapshot of %s at %d is ahead of its %d entries", s.Execution, s.Seq, len(d.journal[s.Execution]))
		}
		s.Body = bytes.Clone(s.Body)
		d.snaps[s.Execution] = s
	}
	for _, k := range p.Keys {
		if d.keys[k.Key].Execution != k.Old {
			d.t.Fatalf("key %q points to %s, not to %s", k.Key.Key, d.keys[k.Key].Execution, k.Old)
		}
		if d.keys[k.Key] = k.KeyRow; k.Delete {
			delete(d.keys, k.Key)
		}
	}
	for _, m := range p.Sends {
		m.Body = bytes.Clone(m.Body)
		if !slices.ContainsFunc(d.inbox, func(o record.Message) bool { return o.ID == m.ID }) {
			d.inbox = append(d.inbox, m)
		}
	}
	for _, id := range p.Takes {
		i := slices.IndexFunc(d.inbox, func(m record.Message) bool { return m.ID == id })
		if i < 0 {
			d.t.Fatalf("message %v to take is not there", id)
		}
		d.inbox = slices.Delete(d.inbox, i, i+1)
	}
	for _, id := range p.Forgets {
		d.forget(id)
	}
}

func (d *desk) forget(id record.ID) {
	d.t.Helper()
	h, ok := d.heads[id]
	if ok && h.Ended == 0 {
		d.t.Fatalf("%s is open and is forgotten", id)
	}
	delete(d.heads, id)
	delete(d.journal, id)
	delete(d.snaps, id)
	k := record.Key{Namespace: h.Namespace, Workflow: h.Workflow, Key: h.Key}
	if d.keys[k].Execution == id {
		delete(d.keys, k)
	}
}

// settle lets everything happen that can without time passing or a task ending.
func (d *desk) settle() {
	d.t.Helper()
	for range 1000 {
		d.work()
		asked := d.answer()
		if d.take() {
			d.commit()
			continue
		}
		if !asked {
			return
		}
	}
	d.t.Fatal("the core never comes to rest")
}

// pass lets time pass.
func (d *desk) pass(ms int64) {
	d.t.Helper()
	d.now += ms
	d.settle()
}

func (d *desk) newID(key string) record.ID {
	d.ids++
	slot := uint16(d.ids)
	if key != "" {
		slot = record.KeySlot(record.Key{Namespace: "default", Workflow: "w", Key: key})
	}
	return record.NewID(d.now, d.ids, slot)
}

// begin sends the start of workflow w and returns the execution and the reference of the reply.
func (d *desk) begin(key string, change ...func(*Command)) (record.ID, uint64) {
	id := d.newID(key)
	c := Command{Verb: Start, Execution: id, Start: &kernel.Start{
		ID: id, Namespace: "default", Workflow: "w", Version: "1", Key: key, Input: []byte(`{}`),
	}}
	for _, f := range change {
		f(&c)
	}
	return id, d.send(c)
}

func (d *desk) send(c Command) uint64 {
	d.ref++
	c.Ref = d.ref
	d.core.Command(d.now, c)
	return d.ref
}

// run starts an execution and lets it go as far as it can.
func (d *desk) run(key string) record.ID {
	d.t.Helper()
	id, ref := d.begin(key)
	d.settle()
	d.accepted(ref)
	return id
}

func (d *desk) accepted(ref uint64) Reply {
	d.t.Helper()
	r, ok := d.replies[ref]
	if !ok {
		d.t.Fatalf("command %d has no reply", ref)
	}
	if r.Error != nil {
		d.t.Fatalf("command %d: %v", ref, r.Error)
	}
	return r
}

func (d *desk) refused(ref uint64, code string) Reply {
	d.t.Helper()
	r, ok := d.replies[ref]
	if !ok || r.Error == nil || r.Error.Code != code {
		d.t.Fatalf("command %d: %+v (reply %v) and not refused with %s", ref, r, ok, code)
	}
	return r
}

func (d *desk) unanswered(ref uint64) {
	d.t.Helper()
	if r, ok := d.replies[ref]; ok {
		d.t.Fatalf("command %d is answered already: %+v", ref, r)
	}
}

// task takes a task of the execution out of the dispatched ones and leases it.
func (d *desk) task(id record.ID, step string) Task {
	d.t.Helper()
	i := slices.IndexFunc(d.dispatch, func(t Task) bool { return t.Execution == id && t.Step == step })
	if i < 0 {
		d.t.Fatalf("no task %s of %s; there are %v", step, id, d.steps())
	}
	t := d.dispatch[i]
	d.dispatch = slices.Delete(d.dispatch, i, i+1)
	if !d.core.Lease(nameOf(t)) {
		d.t.Fatalf("task %s of %s is not wanted", step, id)
	}
	return t
}

func nameOf(t Task) Attempt { return Attempt{t.Execution, t.Step, t.Attempt, t.Serial} }

func (d *desk) steps() (out []string) {
	for _, t := range d.dispatch {
		out = append(out, fmt.Sprintf("%s/%d", t.Step, t.Attempt))
	}
	return out
}

// report ends a task well.
func (d *desk) report(t Task) uint64 {
	d.ref++
	d.core.Report(d.now, Report{Ref: d.ref, Attempt: nameOf(t), Kind: kernel.InResult, Result: &model.Result{Output: []byte(`1`)}})
	return d.ref
}

// done does a task and lets the execution go on.
func (d *desk) done(id record.ID, step string) {
	d.t.Helper()
	ref := d.report(d.task(id, step))
	d.settle()
	if a, ok := d.verdicts[ref]; !ok || a != Recorded {
		d.t.Fatalf("the report of %s is answered %d, %v", step, a, ok)
	}
}

func (d *desk) status(id record.ID) string { return d.heads[id].Status }

func function(id string) model.Node {
	return model.Node{ID: id, Type: "function", With: json.RawMessage(`{"name":"f","args":1}`)}
}

// waitFor waits for one arm, such as "signal":"go".
func waitFor(id, arm string) model.Node {
	return model.Node{ID: id, Type: "wait", With: json.RawMessage(`{"arms":[{` + arm + `}]}`)}
}

// flow is the workflow w: nodes one after the other.
func flow(nodes ...model.Node) *model.Workflow {
	w := &model.Workflow{Name: "w", Version: "1"}
	g := &w.Root.Graph
	g.Start = []string{nodes[0].ID}
	for i, n := range nodes {
		if i > 0 {
			g.Edges = append(g.Edges, model.Edge{From: nodes[i-1].ID, On: model.OnElse, To: n.ID})
		}
		g.Nodes = append(g.Nodes, n)
	}
	return w
}
