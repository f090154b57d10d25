package modelstore

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// maxBody bounds a body in bytes, as in the real drivers.
const maxBody = 16 << 20

// draft is what the model would look like after a batch: only the rows that differ. A nil execution is gone, and so
// is a key row without an execution.
type draft struct {
	m     *Model
	shard record.Shard
	execs map[record.ID]*Execution
	keys  map[record.Key]record.KeyRow
	inbox map[record.Shard][]record.Message
	// answers of the shards of the batch that write or expire some.
	answers map[record.ID]*shardAnswer
	bad     []store.Rejection
}

func (t *Tx) draft() *draft {
	d := &draft{m: t.m, execs: map[record.ID]*Execution{}, keys: map[record.Key]record.KeyRow{}, inbox: map[record.Shard][]record.Message{}, answers: map[record.ID]*shardAnswer{}}
	for i := range t.batch.Parts {
		p := &t.batch.Parts[i]
		if t.torn && i == 0 {
			rest := *p
			rest.Entries = nil
			p = &rest
		}
		d.part(p)
	}
	return d
}

// keep makes the draft the truth.
func (d *draft) keep() {
	for id, x := range d.execs {
		if x == nil {
			delete(d.m.execs, id)
			maps.DeleteFunc(d.m.blobs, func(b blobKey, _ []byte) bool { return b.id == id })
			continue
		}
		d.m.execs[id] = x
	}
	for k, row := range d.keys {
		if row.Execution.IsZero() {
			delete(d.m.keys, k)
			continue
		}
		d.m.keys[k] = row
	}
	for s, box := range d.inbox {
		d.m.inbox[s] = box
	}
	for id, a := range d.answers {
		if a == nil {
			delete(d.m.answers, id)
			continue
		}
		d.m.answers[id] = *a
	}
}

func (d *draft) reject(id record.ID, format string, args ...any) {
	if slices.ContainsFunc(d.bad, func(r store.Rejection) bool { return r.Execution == id }) {
		return
	}
	d.bad = append(d.bad, store.Rejection{Execution: id, Reason: fmt.Sprintf(format, args...)})
}

func (d *draft) part(p *record.Part) {
	d.shard = p.Fence.Shard
	for i := range p.Heads {
		d.head(&p.Heads[i])
	}
	for i := range p.Entries {
		d.entry(&p.Entries[i])
	}
	for i := range p.Heads {
		if x := d.execs[p.Heads[i].Execution]; p.Heads[i].Insert && x != nil && len(x.Entries) == 0 {
			d.reject(p.Heads[i].Execution, "a head without entry 1")
		}
	}
	for i := range p.Snapshots {
		d.snapshot(&p.Snapshots[i])
	}
	for i := range p.Trims {
		d.trim(&p.Trims[i])
	}
	for i := range p.Keys {
		d.key(&p.Keys[i])
	}
	for i := range p.Sends {
		d.send(&p.Sends[i])
	}
	for _, id := range p.Takes {
		d.take(p, id)
	}
	for _, id := range p.Forgets {
		d.forget(id)
	}
	d.expire(p.Expire)
	for i := range p.Answers {
		d.answer(&p.Answers[i])
	}
}

func (d *draft) answer(a *record.Answer) {
	if len(a.Body) > maxBody {
		d.reject(record.ID{}, "the answer is too large")
		return
	}
	d.answers[a.To] = &shardAnswer{*a, d.shard}
}

// expire drops the answers of the shard that are older.
func (d *draft) expire(before int64) {
	if before == 0 {
		return
	}
	for id, a := range d.m.answers {
		if a.shard == d.shard && a.At < before {
			d.answers[id] = nil
		}
	}
	for id, a := range d.answers {
		if a != nil && a.shard == d.shard && a.At < before {
			d.answers[id] = nil
		}
	}
}

// execution is a copy of id's rows that the draft may change; nil if there are none or they are of another shard.
func (d *draft) execution(id record.ID) *Execution {
	if id.Shard(len(d.m.shards)) != d.shard {
		d.reject(id, "belongs to another shard")
		return nil
	}
	if x, ok := d.execs[id]; ok {
		return x
	}
	was := d.m.execs[id]
	if was == nil {
		return nil
	}
	x := *was
	x.Entries = slices.Clip(was.Entries)
	d.execs[id] = &x
	return &x
}

func (d *draft) head(h *record.Head) {
	x := d.execution(h.Execution)
	switch {
	case h.Insert && x != nil:
		d.reject(h.Execution, "exists already")
		return
	case h.Insert:
		x = &Execution{}
		d.execs[h.Execution] = x
	case x == nil:
		d.reject(h.Execution, "does not exist")
		return
	}
	x.Head = *h
	x.Head.Insert = false
	x.Head.Tags = sortedTags(h.Tags)
}

// sortedTags orders tags by name; the last of a name wins.
func sortedTags(tags []record.Tag) []record.Tag {
	var out []record.Tag
	for _, t := range tags {
		i, found := slices.BinarySearchFunc(out, t.Name, func(t record.Tag, name string) int { return cmp.Compare(t.Name, name) })
		if found {
			out[i] = t
			continue
		}
		out = slices.Insert(out, i, t)
	}
	return out
}

func (d *draft) entry(e *record.Entry) {
	x := d.execution(e.Execution)
	switch {
	case x == nil:
		d.reject(e.Execution, "entry %d without a head", e.Seq)
	case len(e.Body) > maxBody:
		d.reject(e.Execution, "entry %d is too large", e.Seq)
	case e.Seq != x.Last()+1:
		d.reject(e.Execution, "entry %d does not follow entry %d", e.Seq, x.Last())
	default:
		x.Entries = append(x.Entries, *e)
	}
}

func (d *draft) snapshot(s *record.Snapshot) {
	x := d.execution(s.Execution)
	switch {
	case x == nil || s.Seq == 0 || s.Seq > x.Last() || len(x.Entries) > 0 && s.Seq < x.Entries[0].Seq:
		d.reject(s.Execution, "a snapshot at entry %d, which does not exist", s.Seq)
	case len(s.Body) > maxBody:
		d.reject(s.Execution, "the snapshot is too large")
	default:
		x.Snapshot = s
	}
}

func (d *draft) trim(t *record.Trim) {
	x := d.execution(t.Execution)
	if x == nil || t.Before == 0 || t.Before > x.Last() {
		d.reject(t.Execution, "trimmed before entry %d, which does not exist", t.Before)
		return
	}
	if first := x.Entries[0].Seq; t.Before > first {
		x.Entries = slices.Clone(x.Entries[t.Before-first:])
	}
	if x.Snapshot != nil && x.Snapshot.Seq < t.Before {
		x.Snapshot = nil
	}
}

func (d *draft) key(k *record.KeyChange) {
	now, ok := d.keys[k.Key]
	if !ok {
		now = d.m.keys[k.Key]
	}
	if now.Execution != k.Old {
		culprit := k.Execution
		if culprit.IsZero() {
			culprit = k.Old
		}
		d.reject(culprit, "its key points to another execution")
		return
	}
	d.keys[k.Key] = k.KeyRow
	if k.Delete {
		d.keys[k.Key] = record.KeyRow{}
	}
}

// box is the inbox of s as the draft has it.
func (d *draft) box(s record.Shard) []record.Message {
	if box, ok := d.inbox[s]; ok {
		return box
	}
	return slices.Clip(d.m.inbox[s])
}

func (d *draft) send(s *record.Message) {
	if int(s.Shard) >= len(d.m.shards) || len(s.Body) > maxBody {
		d.reject(s.ID.From, "a message that cannot be kept")
		return
	}
	d.inbox[s.Shard] = appended(d.box(s.Shard), s)
}

// appended adds s to a box unless its id waits already.
func appended(box []record.Message, s *record.Message) []record.Message {
	if indexOf(box, s.ID) >= 0 && !bug.On(bug.SendTwice) {
		return box
	}
	return append(box, *s)
}

func indexOf(box []record.Message, id record.MessageID) int {
	return slices.IndexFunc(box, func(x record.Message) bool { return x.ID == id })
}

func (d *draft) take(p *record.Part, id record.MessageID) {
	box := d.box(d.shard)
	i := indexOf(box, id)
	if i < 0 {
		if !bug.On(bug.TakeUnchecked) {
			d.reject(onlyExecution(p), "the message to take is not there")
		}
		return
	}
	d.inbox[d.shard] = slices.Concat(box[:i], box[i+1:])
}

// onlyExecution is the execution that all entries of p belong to; zero where there are several or none.
func onlyExecution(p *record.Part) record.ID {
	var id record.ID
	for i := range p.Entries {
		if i > 0 && p.Entries[i].Execution != id {
			return record.ID{}
		}
		id = p.Entries[i].Execution
	}
	return id
}

func (d *draft) forget(id record.ID) {
	x := d.execution(id)
	if x == nil {
		return
	}
	if x.Head.Ended == 0 {
		d.reject(id, "is open and cannot be forgotten")
		return
	}
	k := record.Key{Namespace: x.Head.Namespace, Workflow: x.Head.Workflow, Key: x.Head.Key}
	row, ok := d.keys[k]
	if !ok {
		row = d.m.keys[k]
	}
	if row.Execution == id || bug.On(bug.SuccessorKey) && !row.Execution.IsZero() {
		d.keys[k] = record.KeyRow{}
	}
	d.execs[id] = nil
}
