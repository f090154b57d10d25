package memory

import (
	"container/list"
	"context"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/record"
)

// inbox is the messages of one shard: a line per namespace in order of arrival.
type inbox struct {
	arrived uint64
	lines   map[string]*list.List // of *letter
	byID    map[record.MessageID]*list.Element
}

type letter struct {
	record.Message
	arrived uint64
}

func (b *inbox) init() {
	b.lines = map[string]*list.List{}
	b.byID = map[record.MessageID]*list.Element{}
}

// add appends m unless its id waits already, and reports whether it did.
func (b *inbox) add(m *record.Message) bool {
	if _, waits := b.byID[m.ID]; waits {
		return false
	}
	b.arrived++
	l := &letter{Message: *m, arrived: b.arrived}
	l.Body = slices.Clone(m.Body)
	b.put(l)
	return true
}

// put places l in its line by order of arrival; only an undone take does not go to the end.
func (b *inbox) put(l *letter) {
	line := b.lines[l.Namespace]
	if line == nil {
		line = list.New()
		b.lines[l.Namespace] = line
	}
	at := line.Back()
	for at != nil && at.Value.(*letter).arrived > l.arrived {
		at = at.Prev()
	}
	if at == nil {
		b.byID[l.ID] = line.PushFront(l)
		return
	}
	b.byID[l.ID] = line.InsertAfter(l, at)
}

// take removes a message; nil if it is not there.
func (b *inbox) take(id record.MessageID) *letter {
	e := b.byID[id]
	if e == nil {
		return nil
	}
	delete(b.byID, id)
	l := e.Value.(*letter)
	line := b.lines[l.Namespace]
	line.Remove(e)
	if line.Len() == 0 {
		delete(b.lines, l.Namespace)
	}
	return l
}

// first returns up to limit messages: one of each namespace in turn, the namespace that waits longest first.
func (b *inbox) first(limit int) []record.Message {
	var heads []*list.Element
	for _, line := range b.lines {
		heads = append(heads, line.Front())
	}
	slices.SortFunc(heads, func(x, y *list.Element) int {
		return int(int64(x.Value.(*letter).arrived - y.Value.(*letter).arrived))
	})
	var out []record.Message
	for len(heads) > 0 {
		rest := heads[:0]
		for _, e := range heads {
			if len(out) >= limit {
				return out
			}
			m := e.Value.(*letter).Message
			m.Body = slices.Clone(m.Body)
			out = append(out, m)
			if n := e.Next(); n != nil {
				rest = append(rest, n)
			}
		}
		heads = rest
	}
	return out
}

// Inbox implements [store.Store].
func (s *Store) Inbox(ctx context.Context, sh record.Shard, limit int) ([]record.Message, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if sh >= shards {
		return nil, nil
	}
	return s.shards[sh].inbox.first(limit), nil
}

// Send implements [store.Store].
func (s *Store) Send(ctx context.Context, m []record.Message) error {
	unlock, err := s.write(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for i := range m {
		if reason := unsendable(&m[i]); reason != "" {
			return fmt.Errorf("message %d: %s", i, reason)
		}
	}
	for i := range m {
		s.shards[m[i].Shard].inbox.add(&m[i])
	}
	return nil
}

// unsendable says why m cannot be kept; "" if it can.
func unsendable(m *record.Message) string {
	switch {
	case m.Shard >= shards:
		return fmt.Sprintf("there is no shard %d", m.Shard)
	case len(m.Body) > maxBody:
		return fmt.Sprintf("message of %d bytes is over the limit of %d", len(m.Body), maxBody)
	}
	return ""
}

// Waiting implements [store.Store].
func (s *Store) Waiting(ctx context.Context) (out []record.Shard, err error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	for i := range s.shards {
		if len(s.shards[i].inbox.byID) > 0 {
			out = append(out, record.Shard(i))
		}
	}
	return out, nil
}
