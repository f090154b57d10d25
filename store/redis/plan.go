package redis

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// plan is what a batch does to the store, worked out before it is sent: the rules of package store, applied to what is
// known of the store, and to the most likely where nothing is known. What was assumed the script checks; where it was
// wrong the script answers with the facts and nothing is written, and the plan is made anew from those.
type plan struct {
	names
	shards int
	facts  *facts

	executions map[record.ID]*execution
	touched    []*execution // in order of first touch
	room       []execution  // never grown: touched points into it
	keys       map[record.Key]*keyState
	keyList    []*keyState
	mail       map[mailbox]*mailState
	mailList   []*mailState
	acts       []act // messages and answers, in order

	shard    record.Shard // of the part at hand
	rejected []store.Rejection
	// assumed: something that was not known was taken for likely.
	assumed bool
	// wanting: something must be known before the batch can be judged.
	wanting bool
}

// execution is what is known, assumed and to become of one execution.
type execution struct {
	id      record.ID
	shard   record.Shard
	present bool // it is there now, as the batch goes on
	last    uint64
	anyLast bool // it is there, but last is not known

	// Of the store, before the batch:
	exact  bool   // stored is known or assumed
	stored uint64 // last entry; 0: not there
	asked  bool   // facts of it are wanted: trims and head too
	fact   *executionFact

	trimmed uint64 // entries up to here are gone, by this batch or known to be
	wiped   bool   // what the store has goes
	entries []*record.Entry
	few     [1]*record.Entry // mostly enough
	head    *record.Head
	shot    *record.Snapshot
	trim    uint64
}

type keyState struct {
	key    record.Key
	stored record.ID // known or assumed
	holder record.ID
	row    *record.KeyRow
	asked  bool // it must be known
	wrote  bool
}

type mailbox struct {
	shard record.Shard
	id    record.MessageID
}

type mailState struct {
	mailbox
	stored  bool // it waits in the store: known or assumed
	checked bool // the script must check that
	present bool
}

// act is one operation whose place in the order counts.
type act struct {
	send   *record.Message
	take   *mailState
	answer *record.Answer
	expire int64
	shard  record.Shard
}

// newPlan plans all rows of a batch. A row that cannot be kept is noted and the rest still planned, so that all culprits
// are named at once.
func newPlan(n names, shards int, f *facts, b *store.Batch) *plan {
	size := 0
	for i := range b.Parts {
		size += len(b.Parts[i].Entries)
	}
	p := &plan{
		names: n, shards: shards, facts: f,
		executions: make(map[record.ID]*execution, size), touched: make([]*execution, 0, size), room: make([]execution, 0, size),
		keys: map[record.Key]*keyState{}, mail: map[mailbox]*mailState{},
	}
	for i := range b.Parts {
		p.part(&b.Parts[i])
	}
	return p
}

// reject notes the first reason against an execution.
func (p *plan) reject(id record.ID, format string, args ...any) {
	if slices.ContainsFunc(p.rejected, func(r store.Rejection) bool { return r.Execution == id }) {
		return
	}
	p.rejected = append(p.rejected, store.Rejection{Execution: id, Reason: fmt.Sprintf(format, args...)})
}

func (p *plan) part(r *record.Part) {
	p.shard = r.Fence.Shard
	for i := range r.Heads {
		p.planHead(&r.Heads[i])
	}
	for i := range r.Entries {
		p.planEntry(&r.Entries[i])
	}
	for i := range r.Heads {
		p.born(&r.Heads[i])
	}
	for i := range r.Snapshots {
		p.planSnapshot(&r.Snapshots[i])
	}
	for i := range r.Trims {
		p.planTrim(&r.Trims[i])
	}
	for i := range r.Keys {
		p.planKey(&r.Keys[i])
	}
	for i := range r.Sends {
		p.planSend(&r.Sends[i])
	}
	for i := range r.Takes {
		p.planTake(r, r.Takes[i])
	}
	for _, id := range r.Forgets {
		p.planForget(id)
	}
	if r.Expire != 0 {
		p.acts = append(p.acts, act{expire: r.Expire, shard: p.shard})
	}
	for i := range r.Answers {
		p.planAnswer(&r.Answers[i])
	}
}

// execution finds or begins the state of id; nil and rejected where it belongs to another shard, of which the part's
// fence says nothing.
func (p *plan) execution(id record.ID) *execution {
	if x := p.executions[id]; x != nil && x.shard == p.shard {
		return x
	}
	if s := id.Shard(p.shards); s != p.shard {
		p.reject(id, "belongs to shard %d, not %d", s, p.shard)
		return nil
	}
	x := p.begin()
	x.id, x.shard, x.entries = id, p.shard, x.few[:0]
	if f := p.facts.executions[id]; f != nil {
		x.fact, x.exact, x.stored, x.last, x.present, x.trimmed = f, true, f.last, f.last, f.last > 0, f.trimmed
		x.asked = f.whole
	}
	p.executions[id] = x
	p.touched = append(p.touched, x)
	return x
}

// begin is a new execution, from the room there is.
func (p *plan) begin() *execution {
	if len(p.room) == cap(p.room) {
		return &execution{}
	}
	p.room = p.room[:len(p.room)+1]
	return &p.room[len(p.room)-1]
}

// text and field are the id, and the id behind its bucket, as words that live as long as x.
func (x *execution) text() string  { return unsafe.String(&x.id[0], len(x.id)) }
func (x *execution) field() string { return x.text()[len(bucket{}):] }

// assume says what the store has of x, where that is not known: last entries, or with any that it is there.
func (p *plan) assume(x *execution, last uint64, any bool) {
	switch {
	case x.exact:
	case x.anyLast && !any && last > 0:
		x.exact, x.anyLast, x.stored, x.last = true, false, last, last
		p.assumed = true
	case x.anyLast:
	case any:
		x.present, x.anyLast = true, true
		p.assumed = true
	default:
		x.exact, x.stored, x.last, x.present = true, last, last, last > 0
		p.assumed = true
	}
}

// ask wants everything that the store has of x. It reports whether that is known.
func (p *plan) ask(x *execution) bool {
	x.asked = true
	if x.fact != nil && x.fact.whole {
		return true
	}
	p.wanting = true
	return false
}

func (p *plan) planHead(h *record.Head) {
	x := p.execution(h.Execution)
	if x == nil {
		return
	}
	if why := unindexable(h, h.Tags); why != "" {
		p.reject(h.Execution, "%s", why)
		return
	}
	if h.Insert {
		p.assume(x, 0, false)
		if x.present {
			p.reject(h.Execution, "exists already")
			return
		}
		x.present, x.last = true, 0
		x.head = h
		return
	}
	p.assume(x, 0, true)
	if !x.present {
		p.reject(h.Execution, "does not exist")
		return
	}
	x.head = h
}

func (p *plan) planEntry(n *record.Entry) {
	x := p.execution(n.Execution)
	if x == nil {
		return
	}
	if len(n.Body) > maxBody {
		p.reject(n.Execution, "entry of %d bytes is over the limit of %d", len(n.Body), maxBody)
		return
	}
	p.assume(x, max(n.Seq, 1)-1, false)
	switch {
	case !x.present:
		p.reject(n.Execution, "entry %d without a head", n.Seq)
	case x.anyLast || n.Seq != x.last+1:
		p.reject(n.Execution, "entry %d does not follow entry %d", n.Seq, x.last)
	default:
		x.entries = append(x.entries, n)
		x.last++
	}
}

// born rejects a new head without an entry.
func (p *plan) born(h *record.Head) {
	if !h.Insert {
		return
	}
	if x := p.executions[h.Execution]; x != nil && x.present && !x.anyLast && x.last == 0 {
		p.reject(h.Execution, "a new head without entry 1")
	}
}

func (p *plan) planSnapshot(n *record.Snapshot) {
	x := p.execution(n.Execution)
	if x == nil {
		return
	}
	p.assume(x, n.Seq, false)
	switch {
	case !x.present || n.Seq == 0 || n.Seq > x.last || n.Seq <= x.trimmed:
		p.reject(n.Execution, "snapshot at entry %d, which does not exist", n.Seq)
		return
	case len(n.Body) > maxBody:
		p.reject(n.Execution, "snapshot of %d bytes is over the limit of %d", len(n.Body), maxBody)
		return
	case !x.wiped && n.Seq < x.stored && !p.ask(x): // it may be trimmed; the last entry never is
		return
	}
	x.shot = n
}

func (p *plan) planTrim(t *record.Trim) {
	x := p.execution(t.Execution)
	if x == nil {
		return
	}
	if !x.exact && !p.ask(x) {
		return
	}
	if !x.present || t.Before == 0 || t.Before > x.last {
		p.reject(t.Execution, "trimmed before entry %d, which does not exist", t.Before)
		return
	}
	if t.Before > x.trimmed+1 {
		x.trim, x.trimmed = t.Before, t.Before-1
	}
}

func (p *plan) planKey(c *record.KeyChange) {
	k := p.key(c.Key, c.Old)
	if k.holder != c.Old {
		culprit := c.Execution
		if culprit.IsZero() {
			culprit = c.Old
		}
		p.reject(culprit, "its key points to another execution")
		return
	}
	k.wrote = true
	if c.Delete {
		k.holder, k.row = record.ID{}, nil
		return
	}
	k.holder, k.row = c.Execution, &c.KeyRow
}

// key finds or begins the state of a key, which is assumed to point to likely.
func (p *plan) key(k record.Key, likely record.ID) *keyState {
	if s := p.keys[k]; s != nil {
		return s
	}
	s := &keyState{key: k}
	if holder, known := p.facts.keys[k]; known {
		s.stored = holder
	} else {
		s.stored, p.assumed = likely, true
	}
	s.holder = s.stored
	p.keys[k] = s
	p.keyList = append(p.keyList, s)
	return s
}

func (p *plan) planSend(m *record.Message) {
	if reason := unsendable(m, p.shards); reason != "" {
		p.reject(m.ID.From, "%s", reason)
		return
	}
	box := mailbox{m.Shard, m.ID}
	s := p.mail[box]
	if s == nil {
		s = &mailState{mailbox: box}
		p.mail[box] = s
	}
	s.present = true
	p.acts = append(p.acts, act{send: m})
}

func (p *plan) planTake(r *record.Part, id record.MessageID) {
	box := mailbox{p.shard, id}
	s := p.mail[box]
	if s == nil {
		s = &mailState{mailbox: box, checked: true}
		waits, known := p.facts.mail[box]
		s.stored, s.present = waits || !known, waits || !known
		p.assumed = p.assumed || !known
		p.mail[box] = s
		p.mailList = append(p.mailList, s)
	}
	if !s.present {
		p.reject(r.Only(), "the message %s/%d/%d to take is not there", id.From, id.Seq, id.N)
		return
	}
	s.present = false
	p.acts = append(p.acts, act{take: s})
}

// unsendable says why m cannot be kept; "" if it can.
func unsendable(m *record.Message, shards int) string {
	switch {
	case int(m.Shard) >= shards:
		return fmt.Sprintf("there is no shard %d", m.Shard)
	case len(m.Body) > maxBody:
		return fmt.Sprintf("message of %d bytes is over the limit of %d", len(m.Body), maxBody)
	}
	return ""
}

// planForget removes a closed execution. All that the store has of it must be known: which entries there are, where
// its head is found, and whether its key still points to it.
func (p *plan) planForget(id record.ID) {
	x := p.execution(id)
	if x == nil {
		return
	}
	if (!x.exact || x.stored > 0) && !x.wiped && !p.ask(x) {
		return
	}
	if !x.present {
		return
	}
	h := x.head
	if h == nil {
		h = &x.fact.head
	}
	if h.Ended == 0 {
		p.reject(id, "is open and cannot be forgotten")
		return
	}
	if !p.forgetKey(h) {
		return
	}
	x.wiped = x.wiped || x.stored > 0
	x.present, x.last, x.trimmed = false, 0, 0
	x.entries, x.head, x.shot, x.trim = nil, nil, nil, 0
}

// forgetKey frees the key of h where it still points to it, and reports whether that is known.
func (p *plan) forgetKey(h *record.Head) bool {
	if h.Key == "" {
		return true
	}
	k := p.key(record.Key{Namespace: h.Namespace, Workflow: h.Workflow, Key: h.Key}, record.ID{})
	if _, known := p.facts.keys[k.key]; !known {
		k.asked, p.wanting = true, true
		return false
	}
	if k.holder == h.Execution {
		k.holder, k.row, k.wrote = record.ID{}, nil, true
	}
	return true
}

func (p *plan) planAnswer(a *record.Answer) {
	if len(a.Body) > maxBody {
		p.reject(record.ID{}, "answer of %d bytes is over the limit of %d", len(a.Body), maxBody)
		return
	}
	p.acts = append(p.acts, act{answer: a, shard: p.shard})
}
