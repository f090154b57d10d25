package rehearse

import (
	"cmp"
	"container/heap"
	"strings"
)

// agenda is what is going to happen from outside the engine.
type agenda struct {
	list happenings
	n    int
}

// place is where a happening stands among those of its instant: by the time at which its task began, then by where
// its node is written, then by the path of its step. It does not depend on when the engine handed the task out, so
// that a crash does not change it.
type place struct {
	since           int64
	node            int
	step, execution string
}

func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.since, o.since), cmp.Compare(p.node, o.node), natural(p.step, o.step), cmp.Compare(p.execution, o.execution))
}

// natural compares with numbers by their value, so that each[2] stands before each[10].
func natural(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x > 0 && y > 0 {
			m, n := strings.TrimLeft(a[:x], "0"), strings.TrimLeft(b[:y], "0")
			if c := cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n)); c != 0 {
				return c
			}
			a, b = a[x:], b[y:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// digits counts those at the beginning of s.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

type happening struct {
	at int64
	place
	n  int
	do func()
}

func (a *agenda) add(at int64, p place, do func()) {
	a.n++
	heap.Push(&a.list, happening{at, p, a.n, do})
}

// next is the time of the first, -1 where there is none.
func (a *agenda) next() int64 {
	if len(a.list) == 0 {
		return -1
	}
	return a.list[0].at
}

func (a *agenda) pop() func() { return heap.Pop(&a.list).(happening).do }

type happenings []happening

func (h happenings) Len() int      { return len(h) }
func (h happenings) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *happenings) Push(x any)   { *h = append(*h, x.(happening)) }

func (h happenings) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].at, h[j].at), h[i].compare(h[j].place), cmp.Compare(h[i].n, h[j].n)) < 0
}

func (h *happenings) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = happening{}
	*h = (*h)[:last]
	return x
}
