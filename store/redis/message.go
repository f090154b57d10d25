package redis

import (
	"encoding/binary"
	"slices"
	"strconv"
	"unsafe"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Bounds of one command inside the script: Lua cannot unpack much more than 8,000 values.
const (
	maxWords = 2000
	maxHeads = 500
)

// message is the words of one run of the commit script.
type message struct {
	words  []string
	arena  []byte // what values are cut from; never written twice, so words stay whatever becomes of it
	groups []group
	fences []record.Fence
}

// group is what one command of the script's look at the store is about, to read its answer by.
type group struct {
	kind       groupKind
	executions []*execution
	keys       []*keyState
	mail       []*mailState
}

type groupKind byte

const (
	lastGroup groupKind = iota
	trimmedGroup
	headGroup
	keyGroup
	mailGroup
)

// newMessage makes room for a batch at once.
func newMessage(b *store.Batch) *message {
	words, size := 64, 64
	for i := range b.Parts {
		p := &b.Parts[i]
		words += 8 + 8*len(p.Entries) + 8*len(p.Heads) + 4*len(p.Snapshots) + 6*len(p.Sends) + 6*len(p.Takes)
		size += 32 + 300*len(p.Heads) + 64*(len(p.Sends)+len(p.Takes))
		for j := range p.Entries {
			size += 64 + len(p.Entries[j].Body)
		}
	}
	return &message{words: make([]string, 0, words), arena: make([]byte, 0, size)}
}

// cut makes a word of what was appended to the arena since it had from bytes.
func (m *message) cut(from int) string {
	if len(m.arena) == from {
		return ""
	}
	return unsafe.String(&m.arena[from], len(m.arena)-from)
}

// u64 is a number as a word.
func (m *message) u64(v uint64) string {
	from := len(m.arena)
	m.arena = binary.BigEndian.AppendUint64(m.arena, v)
	return m.cut(from)
}

// entryField is the field of one entry as a word.
func (m *message) entryField(id *record.ID, seq uint64) string {
	from := len(m.arena)
	m.arena = append(m.arena, id[4:]...)
	m.arena = binary.BigEndian.AppendUint64(m.arena, seq)
	return m.cut(from)
}

// value is a row of a journal or a snapshot as a word: a number, a sum, a body.
func (m *message) value(n uint64, sum uint32, body []byte) string {
	from := len(m.arena)
	m.arena = binary.BigEndian.AppendUint64(m.arena, n)
	m.arena = binary.BigEndian.AppendUint32(m.arena, sum)
	m.arena = append(m.arena, body...)
	return m.cut(from)
}

func (m *message) add(words ...string) { m.words = append(m.words, words...) }

// count leaves room for the number of words that follow; the returned function fills it in.
func (m *message) count() (done func()) {
	at := len(m.words)
	m.words = append(m.words, "")
	return func() { m.words[at] = strconv.Itoa(len(m.words) - at - 1) }
}

// open begins a message: what the script compares first.
func (m *message) open(n names, incarnation string, b *store.Batch, mode string) {
	m.add(n.prefix, incarnation, mode, laneField(b.Lane), u64(b.Number-1), u64(b.Number)+u64(b.Digest))
	m.fences = distinct(b.Parts)
	m.add(strconv.Itoa(len(m.fences)))
	for i := range m.fences {
		m.add(shardName(m.fences[i].Shard))
	}
	for i := range m.fences {
		m.add(fenceRow(&m.fences[i]))
	}
}

// distinct are the fences of parts, each once: their number is bounded by that of the shards, and not by the parts.
func distinct(parts []record.Part) (out []record.Fence) {
	for i := range parts {
		f := parts[i].Fence
		if last := len(out) - 1; last >= 0 && out[last] == f || slices.Contains(out, f) {
			continue
		}
		out = append(out, f)
	}
	return out
}

func laneField(l store.Lane) string {
	return string(binary.BigEndian.AppendUint64(l.Owner[:len(l.Owner):len(l.Owner)], uint64(l.Number)))
}

// fenceRow is the row that a fence wants. No row is as short as that of nobody.
func fenceRow(f *record.Fence) string {
	if f.Owner == (record.Owner{}) {
		return "nobody"
	}
	return u64(f.Epoch) + string(f.Owner[:])
}

// look adds what the script is to compare or, with all, to tell.
func (m *message) look(p *plan, all bool) {
	at := len(m.words)
	m.add("")
	byBucket := map[bucket]*bucketLook{}
	var order []*bucketLook
	for _, x := range p.touched {
		b := bucketOf(x.id)
		l := byBucket[b]
		if l == nil {
			l = &bucketLook{names: p.bucket(b)}
			if len(order) == 0 { // mostly it is the only one
				n := len(p.touched)
				l.last, l.lastWants, l.lastOf = make([]string, 0, n), make([]string, 0, n), make([]*execution, 0, n)
			}
			byBucket[b] = l
			order = append(order, l)
		}
		l.add(m, x, all)
	}
	for _, l := range order {
		m.group(lastGroup, "HMGET", l.names.last, l.last, l.lastWants, group{executions: l.lastOf})
		m.group(trimmedGroup, "HMGET", l.names.trimmed, l.whole, l.trimmedWants, group{executions: l.wholeOf})
		m.headGroups(l)
	}
	m.lookKeys(p)
	m.lookMail(p)
	m.words[at] = strconv.Itoa(len(m.groups))
}

// bucketLook gathers what is looked at in one bucket.
type bucketLook struct {
	names               bucketNames
	last, lastWants     []string
	lastOf              []*execution
	whole, trimmedWants []string
	wholeOf             []*execution
	head, headWants     []string
	headOf              []*execution
}

func (l *bucketLook) add(m *message, x *execution, all bool) {
	f := x.field()
	l.last, l.lastOf = append(l.last, f), append(l.lastOf, x)
	l.lastWants = append(l.lastWants, m.wantLast(x))
	if x.asked {
		l.whole, l.wholeOf = append(l.whole, f), append(l.wholeOf, x)
		want := "-"
		if x.fact != nil && x.fact.trimmed > 0 {
			want = strconv.FormatUint(x.fact.trimmed, 10)
		}
		l.trimmedWants = append(l.trimmedWants, want)
	}
	if x.asked || !all && x.head != nil && !x.inserts() {
		want := "*"
		if x.wiped {
			want = x.fact.raw
		}
		l.head, l.headWants, l.headOf = append(l.head, f), append(l.headWants, want), append(l.headOf, x)
	}
}

func (m *message) wantLast(x *execution) string {
	switch {
	case x.exact && x.stored == 0:
		return "-"
	case x.exact:
		return m.u64(x.stored)
	case x.anyLast:
		return "+"
	}
	return "*"
}

// inserts reports whether the store has no head of x that this one replaces.
func (x *execution) inserts() bool { return x.wiped || x.exact && x.stored == 0 }

// group adds one command that looks at fields, in pieces that Lua can unpack.
func (m *message) group(kind groupKind, command, key string, fields, wants []string, g group) {
	for from := 0; from < len(fields); from += maxWords {
		to := min(from+maxWords, len(fields))
		m.add("e", strconv.Itoa(2+to-from), strconv.Itoa(to-from), command, key)
		m.add(fields[from:to]...)
		m.add(wants[from:to]...)
		part := group{kind: kind}
		if g.executions != nil {
			part.executions = g.executions[from:to]
		}
		if g.mail != nil {
			part.mail = g.mail[from:to]
		}
		m.groups = append(m.groups, part)
	}
}

func (m *message) headGroups(l *bucketLook) {
	m.group(headGroup, "HMGET", l.names.heads, l.head, l.headWants, group{executions: l.headOf})
}

func (m *message) lookKeys(p *plan) {
	for from := 0; from < len(p.keyList); from += maxWords {
		some := p.keyList[from:min(from+maxWords, len(p.keyList))]
		m.add("p", strconv.Itoa(1+len(some)), strconv.Itoa(len(some)), "MGET")
		for _, k := range some {
			m.add(p.names.key(k.key))
		}
		for _, k := range some {
			if k.stored.IsZero() {
				m.add("-")
				continue
			}
			m.add(string(k.stored[:]))
		}
		m.groups = append(m.groups, group{kind: keyGroup, keys: some})
	}
}

func (m *message) lookMail(p *plan) {
	byShard := map[record.Shard][]*mailState{}
	var order []record.Shard
	for _, s := range p.mailList {
		if byShard[s.shard] == nil {
			order = append(order, s.shard)
		}
		byShard[s.shard] = append(byShard[s.shard], s)
	}
	for _, shard := range order {
		var fields, wants []string
		for _, s := range byShard[shard] {
			fields = append(fields, messageField(s.id))
			if s.stored {
				wants = append(wants, "+")
			} else {
				wants = append(wants, "-")
			}
		}
		m.group(mailGroup, "HMGET", p.names.mail(shard), fields, wants, group{mail: byShard[shard]})
	}
}
