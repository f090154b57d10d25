package sim

import "container/heap"

// queue is the heap of everything that is going to happen. Events of one instant come in an order that the seed
// decides; equal ties in the order in which they were put there.
type queue struct {
	events []event
	n      uint64
}

// event is something that happens at a virtual time, nanoseconds since the world began.
type event struct {
	at  int64
	tie uint32
	n   uint64
	do  func()
}

func (q *queue) push(at int64, tie uint32, do func()) {
	q.n++
	heap.Push(q, event{at, tie, q.n, do})
}

func (q *queue) pop() event { return heap.Pop(q).(event) }

func (q *queue) Len() int      { return len(q.events) }
func (q *queue) Swap(i, j int) { q.events[i], q.events[j] = q.events[j], q.events[i] }
func (q *queue) Push(x any)    { q.events = append(q.events, x.(event)) }

func (q *queue) Pop() any {
	last := len(q.events) - 1
	e := q.events[last]
	q.events[last] = event{}
	q.events = q.events[:last]
	return e
}

func (q *queue) Less(i, j int) bool {
	a, b := &q.events[i], &q.events[j]
	if a.at != b.at {
		return a.at < b.at
	}
	if a.tie != b.tie {
		return a.tie < b.tie
	}
	return a.n < b.n
}
