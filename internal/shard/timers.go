package shard

import (
	"bytes"
	"container/heap"

	"github.com/pawl-dev/pawl/record"
)

// timerRef is the place of an execution in the timer heap. armed is false where it has none.
type timerRef struct {
	at    int64
	pos   int32
	armed bool
}

// timers are the executions in memory with a timer, earliest first.
type timers []*execution

func (t timers) Len() int { return len(t) }

func (t timers) Less(i, j int) bool {
	if t[i].timer.at != t[j].timer.at {
		return t[i].timer.at < t[j].timer.at
	}
	return bytes.Compare(t[i].id[:], t[j].id[:]) < 0
}

func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].timer.pos, t[j].timer.pos = int32(i), int32(j)
}

func (t *timers) Push(any) {}

func (t *timers) Pop() any { return nil }

// set arms e at the given time; record.Never disarms it.
func (t *timers) set(e *execution, at int64) {
	switch {
	case at == record.Never:
		t.drop(e)
	case !e.timer.armed:
		e.timer = timerRef{at: at, pos: int32(len(*t)), armed: true}
		*t = append(*t, e)
		heap.Fix(t, len(*t)-1)
	case e.timer.at != at:
		e.timer.at = at
		heap.Fix(t, int(e.timer.pos))
	}
}

func (t *timers) drop(e *execution) {
	if !e.timer.armed {
		return
	}
	i, last := int(e.timer.pos), len(*t)-1
	t.Swap(i, last)
	(*t)[last] = nil
	*t = (*t)[:last]
	if i < last {
		heap.Fix(t, i)
	}
	e.timer = timerRef{}
}

// first is the earliest time, record.Never where there is none.
func (t timers) first() int64 {
	if len(t) == 0 {
		return record.Never
	}
	return t[0].timer.at
}

// wakes are executions that are not in memory and will be due before the horizon, earliest first.
type wakes struct {
	heap []record.Due
	pos  map[record.ID]int32
}

func (w *wakes) Len() int { return len(w.heap) }

func (w *wakes) Less(i, j int) bool { return before(w.heap[i], w.heap[j]) }

func (w *wakes) Swap(i, j int) {
	w.heap[i], w.heap[j] = w.heap[j], w.heap[i]
	w.pos[w.heap[i].Execution], w.pos[w.heap[j].Execution] = int32(i), int32(j)
}

func (w *wakes) Push(any) {}

func (w *wakes) Pop() any { return nil }

// before orders by time, then id, as store.Due does.
func before(a, b record.Due) bool {
	if a.At != b.At {
		return a.At < b.At
	}
	return bytes.Compare(a.Execution[:], b.Execution[:]) < 0
}

// add puts d into the heap; an execution that is there keeps the earlier time.
func (w *wakes) add(d record.Due) {
	if i, ok := w.pos[d.Execution]; ok {
		if d.At < w.heap[i].At {
			w.heap[i].At = d.At
			heap.Fix(w, int(i))
		}
		return
	}
	last := int32(len(w.heap))
	w.heap = append(w.heap, d)
	w.pos[d.Execution] = last
	heap.Fix(w, int(last))
}

func (w *wakes) drop(id record.ID) {
	i, ok := w.pos[id]
	if !ok {
		return
	}
	last := int32(len(w.heap) - 1)
	w.Swap(int(i), int(last))
	w.heap = w.heap[:last]
	delete(w.pos, id)
	if i < last {
		heap.Fix(w, int(i))
	}
}

func (w *wakes) has(id record.ID) bool {
	_, ok := w.pos[id]
	return ok
}

// first is the earliest time, record.Never where there is none.
func (w *wakes) first() int64 {
	if len(w.heap) == 0 {
		return record.Never
	}
	return w.heap[0].At
}
