package engine

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// ask turns the questions of a core into requests.
func (m *Machine) ask(n record.Shard, r *shard.Ready) {
	epoch := m.shards[n].term
	if len(r.Load) > 0 {
		m.request(Load{n, epoch, slices.Clone(r.Load)})
	}
	if len(r.Keys) > 0 {
		m.request(Keys{n, epoch, slices.Clone(r.Keys)})
	}
	if r.Scan.Limit > 0 {
		m.request(Due{n, epoch, r.Scan})
	}
	if r.Inbox > 0 {
		m.request(Inbox{n, epoch, r.Inbox})
	}
	for _, j := range r.Journal {
		m.request(Journal{n, epoch, j})
	}
	for _, ref := range r.Define {
		m.define(n, ref)
	}
	for _, ref := range r.Resolve {
		m.resolve(n, ref)
	}
}

// define asks for a definition, once for all shards that want it.
func (m *Machine) define(n record.Shard, ref DefinitionRef) {
	waiting, asked := m.defs[ref]
	m.defs[ref] = append(waiting, n)
	if !asked {
		m.request(Define{ref})
	}
}

// answered takes the answer to a question and gives it to the core that asked, if that is still there. A question
// that failed is asked again.
func (m *Machine) answered(e Event) {
	switch e := e.(type) {
	case Loaded:
		m.loaded(e)
	case DueFound:
		if s := m.asker(e.Shard, e.Epoch); s != nil && !m.failed(e.Err, Due{e.Shard, e.Epoch, e.Scan}) {
			s.core.DueFound(m.now.Wall, e.Scan, e.List)
		}
	case MailFound:
		if s := m.asker(e.Shard, e.Epoch); s != nil && !m.failed(e.Err, Inbox{e.Shard, e.Epoch, e.Limit}) {
			s.core.Messages(m.now.Wall, e.Limit, s.behindCursor(e.List))
		}
	case KeysFound:
		if s := m.asker(e.Shard, e.Epoch); s != nil && !m.failed(e.Err, Keys{e.Shard, e.Epoch, e.Asked}) {
			s.core.KeysFound(m.now.Wall, e.Asked, e.Rows)
		}
	case JournalFound:
		m.journalFound(e)
	case Defined:
		m.defined(e)
	case Resolved:
		m.resolved(e)
	}
}

// asker is the shard whose core asked in the term epoch; nil where it is gone.
func (m *Machine) asker(n record.Shard, epoch uint64) *owned {
	if int(n) >= len(m.shards) {
		return nil
	}
	s := &m.shards[n]
	if s.core == nil || s.term != epoch {
		return nil
	}
	s.dirty = true
	return s
}

// failed schedules a question again where it failed.
func (m *Machine) failed(err error, again Request) bool {
	if err == nil {
		m.fails = 0
		m.answeredAtLast(again)
		return false
	}
	m.late(again, err)
	m.fails = min(m.fails+1, 6)
	pause := min(firstWait<<m.fails, longWait)
	m.retries = append(m.retries, retry{m.now.Mono + pause + time.Duration(m.random()%uint64(pause)), again})
	return true
}

// askAgain sends the questions whose pause is over.
func (m *Machine) askAgain() {
	kept := m.retries[:0]
	for _, r := range m.retries {
		switch {
		case m.now.Mono < r.at:
			kept = append(kept, r)
		case m.stillAsked(r.req):
			m.request(r.req)
		default:
			m.answeredAtLast(r.req)
		}
	}
	clear(m.retries[len(kept):])
	m.retries = kept
}

// stillAsked reports whether the core that asked is still there.
func (m *Machine) stillAsked(r Request) bool {
	switch r := r.(type) {
	case Load:
		return m.asker(r.Shard, r.Epoch) != nil
	case Due:
		return m.asker(r.Shard, r.Epoch) != nil
	case Inbox:
		return m.asker(r.Shard, r.Epoch) != nil
	case Keys:
		return m.asker(r.Shard, r.Epoch) != nil
	case Journal:
		return m.asker(r.Shard, r.Epoch) != nil
	}
	return true
}

func (m *Machine) loaded(e Loaded) {
	s := m.asker(e.Shard, e.Epoch)
	if s == nil {
		return
	}
	if errors.Is(e.Err, store.ErrCorrupt) || len(e.IDs) > 1 && errors.Is(e.Err, store.ErrSome) {
		m.answeredAtLast(Load{e.Shard, e.Epoch, e.IDs})
		s.core.LoadFailed(m.now.Wall, e.IDs, e.Err.Error())
		return
	}
	if m.failed(e.Err, Load{e.Shard, e.Epoch, e.IDs}) {
		return
	}
	list := make([]shard.Loaded, len(e.List))
	for i := range e.List {
		list[i] = shard.Loaded(e.List[i])
	}
	s.core.Loaded(m.now.Wall, e.IDs, list)
}

func (m *Machine) journalFound(e JournalFound) {
	s := m.asker(e.Shard, e.Epoch)
	if s == nil {
		return
	}
	damaged := ""
	if errors.Is(e.Err, store.ErrCorrupt) {
		damaged = e.Err.Error()
	} else if m.failed(e.Err, Journal{e.Shard, e.Epoch, e.Read}) {
		return
	}
	s.core.JournalFound(m.now.Wall, e.Read, e.Entries, damaged)
}

// defined gives a definition to the cores that want it.
func (m *Machine) defined(e Defined) {
	waiting, asked := m.defs[e.Ref]
	if !asked {
		return
	}
	final := e.Final || errors.Is(e.Err, store.ErrNotFound) || errors.Is(e.Err, store.ErrCorrupt)
	if e.Err != nil && !final {
		m.failed(e.Err, Define{e.Ref})
		return
	}
	m.answeredAtLast(Define{e.Ref})
	delete(m.defs, e.Ref)
	var fault *model.Error
	if e.Err != nil {
		fault = &model.Error{Code: shard.CodeQuarantined, Message: "version " + e.Ref.Version + " of " + e.Ref.Workflow + " can't be used: " + e.Err.Error()}
	}
	for _, n := range waiting {
		if s := &m.shards[n]; s.core != nil {
			s.core.Defined(m.now.Wall, e.Ref, e.Definition, fault)
			s.dirty = true
		}
	}
}

// behindCursor is the seeded mistake CursorInbox: what sorts before a message that was seen is passed over, although
// it may have become visible later.
func (s *owned) behindCursor(list []record.Message) []record.Message {
	if !bug.On(bug.CursorInbox) {
		return list
	}
	var out []record.Message
	for _, x := range list {
		if bytes.Compare(x.ID.From[:], s.cursor[:]) > 0 {
			out = append(out, x)
			s.cursor = x.ID.From
		}
	}
	return out
}
