package shard

// turns is the queue of executions with something to do: in order of arrival within a namespace, and in turn over
// namespaces, so that a busy tenant does not make the others wait for all that it has brought (F45).
type turns struct {
	lines map[string]*line
	busy  []*line // those that are not empty
	next  int     // of busy
	n     int
}

type line struct {
	fifo
	namespace string
}

// mostLines is how many empty lines keep their memory.
const mostLines = 1000

func (t *turns) len() int { return t.n }

func (t *turns) push(e *execution) {
	l := t.lines[e.name.Namespace]
	if l == nil {
		if t.lines == nil {
			t.lines = map[string]*line{}
		}
		l = &line{namespace: e.name.Namespace}
		t.lines[l.namespace] = l
	}
	if l.len() == 0 {
		t.busy = append(t.busy, l)
	}
	l.push(e)
	t.n++
}

func (t *turns) pop() *execution {
	l := t.busy[t.next]
	e := l.pop()
	t.n--
	if l.len() > 0 {
		t.next++
	} else {
		t.busy = append(t.busy[:t.next], t.busy[t.next+1:]...)
		if len(t.lines) > mostLines {
			delete(t.lines, l.namespace)
		}
	}
	if t.next >= len(t.busy) {
		t.next = 0
	}
	return e
}
