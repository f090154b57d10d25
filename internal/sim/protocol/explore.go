package protocol

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
)

// world explores.
type world struct {
	rules rules
	most  bounds
	wrong string // what the last step broke
}

func (w *world) fail(text string) {
	if w.wrong == "" {
		w.wrong = text
	}
}

// report is what an exploration found.
type report struct {
	States int
	Depth  int
	Wrong  string
	// Way are the actions that lead to what is wrong, one of the shortest.
	Way []string
}

// link leads back to where a state was first reached from.
type link struct {
	from uint64
	by   action
}

// explore visits every state that can be reached, those that are nearest first, until one is wrong. States are told
// apart by a hash of 64 bits; with some millions of states two of them share one in less than one run of a million.
func explore(r rules, most bounds) report {
	w := &world{rules: r, most: most}
	seed := maphash.MakeSeed()
	first := begin()
	root := maphash.Comparable(seed, first)
	seen := map[uint64]link{root: {}}
	level := []state{first}
	rep := report{}
	for ; len(level) > 0; rep.Depth++ {
		var next []state
		for i := range level {
			from := maphash.Comparable(seed, level[i])
			w.steps(&level[i], func(by action, t state) {
				if rep.Wrong != "" {
					return
				}
				t.order()
				id := maphash.Comparable(seed, t)
				w.check(&t)
				if _, old := seen[id]; old && w.wrong == "" {
					return
				}
				if w.wrong != "" {
					rep.Wrong, rep.Way = w.wrong, append(way(seen, from), by.String())
					return
				}
				seen[id] = link{from, by}
				next = append(next, t)
			})
			if rep.Wrong != "" {
				rep.States = len(seen)
				return rep
			}
		}
		level = next
	}
	rep.States = len(seen)
	return rep
}

func way(seen map[uint64]link, id uint64) (out []string) {
	for l := seen[id]; l.by.verb != 0; l = seen[l.from] {
		out = append(out, l.by.String())
	}
	slices.Reverse(out)
	return out
}

// order sorts the attempts: which of them stands where makes no difference.
func (s *state) order() {
	slices.SortFunc(s.fly[:], func(a, b attempt) int {
		return cmp.Or(
			cmp.Compare(b.number, a.number), cmp.Compare(a.proc, b.proc), trueFirst(a.heard, b.heard), trueFirst(a.locked, b.locked),
			a.batch.compare(&b.batch),
		)
	})
}

func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

func (b *batch) compare(o *batch) int {
	for n := range b {
		if c := cmp.Or(cmp.Compare(b[n].epoch, o[n].epoch), cmp.Compare(b[n].kept, o[n].kept), cmp.Compare(b[n].parked, o[n].parked)); c != 0 {
			return c
		}
	}
	return 0
}

// check says what is wrong with a state.
func (w *world) check(s *state) {
	for e := range uint8(s.next) {
		count := 0
		for n := range s.journal {
			for _, at := range s.journal[n].at[:min(s.journal[n].n, entries)] {
				if at == e || at == e+entries {
					count++
				}
			}
		}
		there := s.journal[s.shardOf[e]].has(e)
		switch {
		case count > 1:
			w.fail(fmt.Sprintf("entry %d is in the journals twice", e))
		case s.client[e] == durable && !there:
			w.fail(fmt.Sprintf("entry %d was acknowledged and is not durable", e))
		case s.client[e] == refused && there:
			w.fail(fmt.Sprintf("entry %d was refused and is durable", e))
		}
	}
	for p := range s.procs {
		w.checkMemory(s, p)
	}
}

// checkMemory compares what the owner of a shard knows with the journal: the same, or one batch less.
func (w *world) checkMemory(s *state, p int) {
	q := &s.procs[p]
	for n := range q.epoch {
		if q.dead || q.epoch[n] == 0 || s.fence[n] != (fence{q.epoch[n], uint8(p) + 1}) || q.base[n] == s.journal[n] {
			continue
		}
		ahead := q.base[n]
		ahead.addPart(s.lane[p].digest[n])
		if s.lane[p].number != q.number+1 || ahead != s.journal[n] {
			w.fail(fmt.Sprintf("process %d owns shard %d and knows another journal", p, n))
		}
	}
}
