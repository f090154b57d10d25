package rehearse

import "container/heap"

// agenda is what is going to happen from outside the engine. Things of one instant come in the order of their ties.
type agenda struct {
	list happenings
	n    int
}

type happening struct {
	at  int64
	tie int
	do  func()
}

// tie is a place in the order of one instant, the next at each call.
func (a *agenda) tie() int {
	a.n++
	return a.n
}

func (a *agenda) add(at int64, tie int, do func()) { heap.Push(&a.list, happening{at, tie, do}) }

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
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	return h[i].tie < h[j].tie
}

func (h *happenings) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = happening{}
	*h = (*h)[:last]
	return x
}
