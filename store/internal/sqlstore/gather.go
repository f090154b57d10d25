package sqlstore

import (
	"bytes"
	"math"
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store/internal/judge"
)

// Rows are the rows of a batch, or of one part, table by table: what a driver writes in this order, each table at once.
// That the order of the parts does not matter is checked while they are gathered, as is all that needs no database;
// where it fails, Odd says why and nothing must be written.
type Rows struct {
	Fences []record.Fence // one for each shard, ascending
	// Inserts and Updates are heads, one of each execution. Inserts were not there, Updates were: their tags are
	// replaced.
	Inserts, Updates []*record.Head
	Tags             []Tag // of Inserts and Updates, one of each name
	Leads            []At  // must be there before Entries are written
	Entries          []*record.Entry
	Snapshots        []*record.Snapshot // one of each execution, replacing what is there
	SnapshotsAt      []At               // entries at which Snapshots are; must be there. Those in Entries are left out
	Trims            []record.Trim      // one of each execution; an entry at Before or later must be there
	Keys             []record.KeyChange // one of each key. Old zero with Delete: the row must not be there
	Sends            []*record.Message  // those whose id waits already are skipped
	Takes            []judge.Letter     // all distinct; each must be there
	Forgets          []record.ID        // all distinct; none may be open, and those not there are skipped
	Expires          []Expiry           // one of each shard: removes the answers of before
	Answers          []Answer           // one to each message, replacing what is there
	Odd              string

	limits judge.Limits
	seen   map[record.ID]progress
	keyed  map[record.Key]int // in Keys
	taken  map[judge.Letter]struct{}
	heard  map[record.ID]int // in Answers
	part   int               // of the part being gathered, from 1
}

// At is one entry of one execution.
type At struct {
	Execution record.ID
	Seq       uint64
}

// Tag is one row of tags.
type Tag struct {
	Head *record.Head
	*record.Tag
}

// Expiry removes the answers of a shard that are older.
type Expiry struct {
	Shard  record.Shard
	Before int64
}

// Answer is one row of answers.
type Answer struct {
	Shard record.Shard
	*record.Answer
}

// progress is what earlier rows do to an execution. Indices count from 1; 0 is none.
type progress struct {
	insert, update, snapshot, trim int
	born                           int // the part that inserts it
	first, last                    uint64
	snapped, trimmed               uint64 // the newest snapshot; the oldest entry kept
	forgotten                      bool
}

func compareIDs(a, b record.ID) int { return bytes.Compare(a[:], b[:]) }

// Gather replaces r by the rows of parts. They point into parts.
func (r *Rows) Gather(parts []record.Part, l judge.Limits) {
	r.reset(l)
	for i := range parts {
		r.part = i + 1
		r.gatherPart(&parts[i])
		if r.Odd != "" {
			return
		}
	}
	r.gatherFences(parts)
	for _, h := range r.Inserts {
		r.gatherTags(h)
	}
	for _, h := range r.Updates {
		r.gatherTags(h)
	}
}

// reset keeps the memory and lets go of what it pointed to.
func (r *Rows) reset(l judge.Limits) {
	clear(r.Inserts)
	clear(r.Updates)
	clear(r.Tags)
	clear(r.Entries)
	clear(r.Snapshots)
	clear(r.Sends)
	clear(r.Answers)
	if r.seen == nil || len(r.seen) > 1<<14 {
		r.seen, r.keyed = map[record.ID]progress{}, map[record.Key]int{}
		r.taken, r.heard = map[judge.Letter]struct{}{}, map[record.ID]int{}
	}
	clear(r.seen)
	clear(r.keyed)
	clear(r.taken)
	clear(r.heard)
	*r = Rows{
		Fences: r.Fences[:0], Inserts: r.Inserts[:0], Updates: r.Updates[:0], Tags: r.Tags[:0], Leads: r.Leads[:0],
		Entries: r.Entries[:0], Snapshots: r.Snapshots[:0], SnapshotsAt: r.SnapshotsAt[:0], Trims: r.Trims[:0], Keys: r.Keys[:0],
		Sends: r.Sends[:0], Takes: r.Takes[:0], Forgets: r.Forgets[:0],
		Expires: r.Expires[:0], Answers: r.Answers[:0],
		limits: l, seen: r.seen, keyed: r.keyed, taken: r.taken, heard: r.heard,
	}
}

// odd notes the first reason.
func (r *Rows) odd(why string) {
	if r.Odd == "" {
		r.Odd = why
	}
}

func (r *Rows) gatherPart(p *record.Part) {
	s := p.Fence.Shard
	for i := range p.Heads {
		r.head(&p.Heads[i], s)
	}
	r.entries(p.Entries, s)
	for i := range p.Heads {
		if h := &p.Heads[i]; h.Insert && r.seen[h.Execution].first != 1 {
			r.odd("a new head without entry 1")
		}
	}
	for i := range p.Snapshots {
		r.snapshot(&p.Snapshots[i], s)
	}
	for i := range p.Trims {
		r.trim(&p.Trims[i], s)
	}
	for i := range p.Keys {
		r.key(&p.Keys[i])
	}
	for i := range p.Sends {
		r.send(&p.Sends[i])
	}
	for _, id := range p.Takes {
		r.take(judge.Letter{Shard: s, ID: id})
	}
	for _, id := range p.Forgets {
		r.forget(id, s)
	}
	r.expire(s, p.Expire)
	for i := range p.Answers {
		r.answer(Answer{s, &p.Answers[i]})
	}
}

func (r *Rows) gatherFences(parts []record.Part) {
	for i := range parts {
		r.Fences = append(r.Fences, parts[i].Fence)
	}
	slices.SortFunc(r.Fences, func(a, b record.Fence) int { return int(a.Shard) - int(b.Shard) })
	r.Fences = slices.Compact(r.Fences)
	for i, f := range r.Fences {
		if i > 0 && f.Shard == r.Fences[i-1].Shard || f.Owner == (record.Owner{}) || int(f.Shard) >= r.limits.Shards {
			r.odd("a fence that cannot hold")
		}
	}
}

// known is the progress of an execution that belongs to the shard and that an earlier row does not remove.
func (r *Rows) known(id record.ID, s record.Shard) progress {
	p := r.seen[id]
	if p.forgotten {
		r.odd("rows of an execution behind its removal")
	}
	if id.Shard(r.limits.Shards) != s {
		r.odd("an execution of another shard")
	}
	return p
}

func (r *Rows) head(h *record.Head, s record.Shard) {
	p := r.known(h.Execution, s)
	if r.limits.Head(h) != "" {
		r.odd("a head that no row can hold")
	}
	switch {
	case h.Insert && (p.insert > 0 || p.update > 0 || p.last > 0):
		r.odd("inserts what is there")
	case h.Insert:
		r.Inserts = append(r.Inserts, h)
		p.insert, p.born = len(r.Inserts), r.part
	case p.insert > 0:
		r.Inserts[p.insert-1] = h
	case p.update > 0:
		r.Updates[p.update-1] = h
	default:
		r.Updates = append(r.Updates, h)
		p.update = len(r.Updates)
	}
	r.seen[h.Execution] = p
}

func (r *Rows) gatherTags(h *record.Head) {
	for i := range h.Tags {
		later := false
		for k := i + 1; k < len(h.Tags) && !later; k++ {
			later = h.Tags[k].Name == h.Tags[i].Name // the last of a name wins
		}
		if !later {
			r.Tags = append(r.Tags, Tag{h, &h.Tags[i]})
		}
	}
}

func (r *Rows) entries(all []record.Entry, s record.Shard) {
	for i := 0; i < len(all); {
		e := &all[i]
		p := r.known(e.Execution, s)
		r.begin(e, &p)
		for ; i < len(all) && all[i].Execution == e.Execution; i++ {
			n := &all[i]
			switch {
			case n.Seq != p.last+1 || n.Seq > math.MaxInt64:
				r.odd("an entry that does not follow")
			case len(n.Body) > r.limits.Body:
				r.odd("an entry over the limit")
			case n.Seq <= p.snapped || n.Seq <= p.trimmed:
				r.odd("a snapshot or cut ahead of its entry")
			}
			p.last = n.Seq
			r.Entries = append(r.Entries, n)
		}
		r.seen[e.Execution] = p
	}
}

// begin checks what leads up to the first entry of an execution.
func (r *Rows) begin(e *record.Entry, p *progress) {
	switch {
	case p.last > 0:
		return
	case e.Seq == 0:
		r.odd("entry 0")
	case (e.Seq == 1) != (p.insert > 0) || e.Seq == 1 && p.born != r.part:
		r.odd("entry 1 and a new head need each other")
	case e.Seq > 1:
		r.Leads = append(r.Leads, At{e.Execution, e.Seq - 1})
	}
	p.first, p.last = e.Seq, e.Seq-1
}

func (r *Rows) snapshot(n *record.Snapshot, s record.Shard) {
	p := r.known(n.Execution, s)
	switch {
	case n.Seq == 0 || n.Seq > math.MaxInt64 || p.last > 0 && n.Seq > p.last || n.Seq < p.trimmed:
		r.odd("a snapshot at no entry")
	case len(n.Body) > r.limits.Body:
		r.odd("a snapshot over the limit")
	case p.last == 0 || n.Seq < p.first:
		r.SnapshotsAt = append(r.SnapshotsAt, At{n.Execution, n.Seq})
	}
	p.snapped = max(p.snapped, n.Seq)
	if p.snapshot > 0 {
		r.Snapshots[p.snapshot-1] = n
	} else {
		r.Snapshots = append(r.Snapshots, n)
		p.snapshot = len(r.Snapshots)
	}
	r.seen[n.Execution] = p
}

func (r *Rows) trim(t *record.Trim, s record.Shard) {
	p := r.known(t.Execution, s)
	if t.Before == 0 || t.Before > math.MaxInt64 || p.last > 0 && t.Before > p.last {
		r.odd("a cut at no entry")
	}
	p.trimmed = max(p.trimmed, t.Before)
	if p.trim > 0 {
		r.Trims[p.trim-1].Before = p.trimmed
	} else {
		r.Trims = append(r.Trims, *t)
		p.trim = len(r.Trims)
	}
	r.seen[t.Execution] = p
}

// key makes one change of several of a key.
func (r *Rows) key(c *record.KeyChange) {
	if r.limits.Key(c.Key) != "" {
		r.odd("a key that no row can hold")
	}
	if len(r.Forgets) > 0 && (r.seen[c.Old].forgotten || r.seen[c.Execution].forgotten) {
		r.odd("a key of an execution behind its removal")
	}
	at, again := r.keyed[c.Key]
	if !again {
		r.Keys = append(r.Keys, *c)
		r.keyed[c.Key] = len(r.Keys) - 1
		return
	}
	before := &r.Keys[at]
	now := before.Execution
	if before.Delete {
		now = record.ID{}
	}
	if c.Old != now {
		r.odd("a key that an earlier row changes")
	}
	before.KeyRow, before.Delete = c.KeyRow, c.Delete
}

func (r *Rows) send(m *record.Message) {
	if r.limits.Message(m) != "" {
		r.odd("a message that no row can hold")
	}
	if len(r.Takes) > 0 {
		if _, taken := r.taken[judge.Letter{Shard: m.Shard, ID: m.ID}]; taken {
			r.odd("a message sent again behind its removal")
		}
	}
	r.Sends = append(r.Sends, m)
}

func (r *Rows) take(l judge.Letter) {
	if _, again := r.taken[l]; again {
		r.odd("a message taken twice")
	}
	r.taken[l] = struct{}{}
	r.Takes = append(r.Takes, l)
}

func (r *Rows) forget(id record.ID, s record.Shard) {
	p := r.seen[id]
	if p.forgotten {
		return
	}
	if id.Shard(r.limits.Shards) != s {
		r.odd("an execution of another shard")
	}
	p.forgotten = true
	r.seen[id] = p
	r.Forgets = append(r.Forgets, id)
}

func (r *Rows) expire(s record.Shard, before int64) {
	if before == 0 {
		return
	}
	for _, a := range r.Answers {
		if a.Shard == s && a.At < before {
			r.odd("an answer that expires behind its writing")
		}
	}
	for i := range r.Expires {
		if r.Expires[i].Shard == s {
			r.Expires[i].Before = max(r.Expires[i].Before, before)
			return
		}
	}
	r.Expires = append(r.Expires, Expiry{s, before})
}

func (r *Rows) answer(a Answer) {
	if len(a.Body) > r.limits.Body {
		r.odd("an answer over the limit")
	}
	if at, again := r.heard[a.To]; again {
		r.Answers[at] = a
		return
	}
	r.heard[a.To] = len(r.Answers)
	r.Answers = append(r.Answers, a)
}
