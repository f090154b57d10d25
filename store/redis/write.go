package redis

import (
	"strconv"

	"github.com/pawl-dev/pawl/record"
)

// write adds the operations of a plan that holds.
func (m *message) write(p *plan) {
	places := m.headPlaces()
	var order []bucket
	byBucket := map[bucket]*bucketWrite{}
	for _, x := range p.touched {
		b := bucketOf(x.id)
		w := byBucket[b]
		if w == nil {
			w = &bucketWrite{names: p.bucket(b)}
			if len(order) == 0 { // mostly it is the only one
				w.journal, w.last = make([]string, 0, 2*len(p.touched)), make([]string, 0, 2*len(p.touched))
			}
			byBucket[b] = w
			order = append(order, b)
		}
		if x.wiped {
			w.wiped = true
			m.wipe(p, w.names, x, places[x])
		}
		w.add(m, p, x)
	}
	var buckets []string
	for _, b := range order {
		w := byBucket[b]
		m.bucket(w, places)
		if w.born {
			buckets = append(buckets, "0", string(b[:]))
		} else if w.wiped {
			m.add("b", "2", w.names.last, string(b[:]))
		}
	}
	m.command("ZADD", p.prefix+"buckets", buckets)
	for _, x := range p.touched {
		if x.trim > 0 {
			n := byBucket[bucketOf(x.id)].names
			m.add("r", "5", n.journal, n.trimmed, n.snapshots, x.field(), strconv.FormatUint(x.trim, 10))
		}
	}
	m.writeKeys(p)
	for i := range p.acts {
		m.act(&p.acts[i])
	}
}

// place is where the script has the old head of an execution: group and place in it, from 1.
type place struct{ group, at int }

func (m *message) headPlaces() map[*execution]place {
	var out map[*execution]place
	for g := range m.groups {
		if m.groups[g].kind != headGroup {
			continue
		}
		for i, x := range m.groups[g].executions {
			if out == nil {
				out = map[*execution]place{}
			}
			out[x] = place{g + 1, i + 1}
		}
	}
	return out
}

// command adds a command in pieces: each begins with the same words and has at most maxWords of the others.
func (m *message) command(name, key string, words []string) {
	for from := 0; from < len(words); from += maxWords {
		some := words[from:min(from+maxWords, len(words))]
		m.add("c", strconv.Itoa(2+len(some)), name, key)
		m.add(some...)
	}
}

// wipe removes what the store has of x.
func (m *message) wipe(p *plan, n bucketNames, x *execution, head place) {
	f := x.field()
	var entries []string
	for seq := x.fact.trimmed + 1; seq <= x.stored; seq++ {
		entries = append(entries, m.entryField(&x.id, seq))
	}
	m.command("HDEL", n.journal, entries)
	for _, key := range []string{n.last, n.heads, n.snapshots, n.trimmed} {
		m.add("c", "3", "HDEL", key, f)
	}
	m.add("c", "2", "UNLINK", p.blobs(x.id))
	m.add("c", "3", "ZREM", p.owners(), x.text())
	m.add("f", "3", strconv.Itoa(head.group), strconv.Itoa(head.at), x.text())
}

// bucketWrite gathers the rows of one bucket.
type bucketWrite struct {
	names                    bucketNames
	journal, last, snapshots []string
	heads                    []headWrite
	born, wiped              bool // executions came, executions went
}

type headWrite struct {
	x     *execution
	value string
}

func (w *bucketWrite) add(m *message, p *plan, x *execution) {
	for _, e := range x.entries {
		w.journal = append(w.journal, m.entryField(&x.id, e.Seq), m.value(uint64(e.At), e.Sum, e.Body))
	}
	if len(x.entries) > 0 {
		w.last = append(w.last, x.field(), m.u64(x.last))
		w.born = w.born || x.inserts()
	}
	if s := x.shot; s != nil {
		w.snapshots = append(w.snapshots, x.field(), m.value(s.Seq, s.Sum, s.Body))
	}
	if x.head != nil {
		from := len(m.arena)
		m.arena = encodeHead(m.arena, x.head, cleanTags(x.head.Tags), x.shard)
		w.heads = append(w.heads, headWrite{x, m.cut(from)})
	}
}

func (m *message) bucket(w *bucketWrite, places map[*execution]place) {
	m.command("HSET", w.names.journal, w.journal)
	m.command("HSET", w.names.last, w.last)
	m.command("HSET", w.names.snapshots, w.snapshots)
	for len(w.heads) > 0 {
		group, n := 0, 0
		for n < len(w.heads) && n < maxHeads {
			g := places[w.heads[n].x].group
			if w.heads[n].x.inserts() {
				g = 0
			}
			if n > 0 && g != group {
				break
			}
			group = g
			n++
		}
		m.add("h")
		done := m.count()
		m.add(w.names.heads, strconv.Itoa(group))
		for _, h := range w.heads[:n] {
			m.add(h.x.field(), strconv.Itoa(places[h.x].at), h.x.text(), h.value)
		}
		done()
		w.heads = w.heads[n:]
	}
}

func (m *message) writeKeys(p *plan) {
	for _, k := range p.keyList {
		switch {
		case !k.wrote:
		case k.row == nil:
			m.add("c", "2", "DEL", p.names.key(k.key))
		default:
			m.add("c", "3", "SET", p.names.key(k.key), keyValue(k.row))
		}
	}
}

func keyValue(r *record.KeyRow) string {
	return string(r.Execution[:]) + u64(r.Digest) + u64(uint64(r.ClosedAt))
}

func (m *message) act(a *act) {
	switch {
	case a.send != nil:
		m.send(a.send)
	case a.take != nil:
		m.add("t", "2", shardName(a.take.shard), messageField(a.take.id))
	case a.answer != nil:
		from := len(m.arena)
		m.arena = append(m.arena, a.answer.Body...)
		m.add("a", "3", shardBytes(a.shard)+timeBytes(a.answer.At), string(a.answer.To[:]), m.cut(from))
	default:
		m.add("e", "2", shardBytes(a.shard), timeBytes(a.expire))
	}
}

func (m *message) send(s *record.Message) {
	m.add("m", "4", shardName(s.Shard), messageField(s.ID), s.Namespace, m.mail(s))
}
