package shard

import "github.com/pawl-dev/pawl/record"

// leftSet remembers the executions that left memory last, so that a start that is delivered twice is looked up the
// second time although its sender calls it new.
type leftSet struct {
	ring []record.ID
	next int
	in   map[record.ID]bool
}

// leftMost is how many are remembered.
const leftMost = 1024

func (l *leftSet) add(id record.ID) {
	if l.in == nil {
		l.ring, l.in = make([]record.ID, leftMost), make(map[record.ID]bool, leftMost)
	}
	if l.in[id] {
		return
	}
	delete(l.in, l.ring[l.next])
	l.ring[l.next] = id
	l.in[id] = true
	l.next = (l.next + 1) % leftMost
}

func (l *leftSet) has(id record.ID) bool { return l.in[id] }
