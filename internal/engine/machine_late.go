package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// unread is a question that the store has not answered yet, however often it was asked.
type unread struct {
	shard record.Shard // that asks; for all of them 0
	since time.Duration
	err   error
	told  bool
}

// late notes that a question failed once more. Where that has gone on for too long, or what is asked for is damaged, an
// alarm says so and those who wait for the answer hear it; the question is asked again all the same.
func (m *Machine) late(r Request, err error) {
	what := subject(r)
	u := m.unread[what]
	if u == nil {
		u = &unread{shard: asking(r), since: m.now.Mono}
		m.unread[what] = u
	}
	u.err = err
	damaged := errors.Is(err, store.ErrCorrupt)
	if !damaged && m.now.Mono-u.since < m.cfg.Patience {
		return
	}
	if !u.told {
		m.tellUnread(what, u, damaged)
	}
	fault := &model.Error{Code: shard.CodeUnavailable, Message: what + " cannot be read: " + err.Error()}
	if damaged {
		fault.Code = shard.CodeStore
	}
	m.turnDown(r, fault)
}

var errNoAnswer = errors.New("the store does not answer")

// slow notes that a question hangs.
func (m *Machine) slow(r Request) {
	if !m.stillAsked(r) {
		return
	}
	if what := subject(r); m.unread[what] == nil {
		m.unread[what] = &unread{shard: asking(r), since: m.now.Mono - m.cfg.Patience}
	}
	m.late(r, errNoAnswer)
}

// tellUnread raises the alarm: for what is damaged each time, for a store that is away once.
func (m *Machine) tellUnread(what string, u *unread, damaged bool) {
	again := false
	for _, o := range m.unread { // sorted: any of them will do
		again = again || o.told && !errors.Is(o.err, store.ErrCorrupt)
	}
	u.told = true
	switch {
	case damaged:
		m.alarm("store_damaged", what+" cannot be read: "+u.err.Error())
	case !again:
		m.alarm("store_unread", what+" could not be read for "+m.cfg.Patience.String()+": "+u.err.Error())
	}
}

// turnDown answers the clients who wait for a question.
func (m *Machine) turnDown(r Request, fault *model.Error) {
	at := func(n record.Shard) *shard.Core {
		m.shards[n].dirty = true
		return m.shards[n].core
	}
	switch r := r.(type) {
	case Load:
		at(r.Shard).Late(m.now.Wall, r.IDs, fault)
	case Journal:
		at(r.Shard).Late(m.now.Wall, []record.ID{r.Read.Execution}, fault)
	case Keys:
		at(r.Shard).LateKeys(m.now.Wall, r.Asked, fault)
	case Define:
		for _, n := range m.defs[r.Ref] {
			if core := at(n); core != nil {
				core.LateDefinition(m.now.Wall, r.Ref, fault)
			}
		}
	}
}

// subject says what a question is about, for people; equal questions are about the same.
func subject(r Request) string {
	switch r := r.(type) {
	case Load:
		return "execution " + r.IDs[0].String()
	case Journal:
		return "the journal of execution " + r.Read.Execution.String()
	case Keys:
		return fmt.Sprintf("the key %q of %s", r.Asked[0].Key, r.Asked[0].Workflow)
	case Due:
		return fmt.Sprintf("what is due in shard %d", r.Shard)
	case Inbox:
		return fmt.Sprintf("the inbox of shard %d", r.Shard)
	case Define:
		return "version " + r.Ref.Version + " of " + r.Ref.Workflow
	case Resolve:
		return "the versions of " + r.Ref.Workflow
	}
	return "who owns which shard"
}

// asking is the shard that wants to know; 0 where it is not one alone.
func asking(r Request) record.Shard {
	switch r := r.(type) {
	case Load:
		return r.Shard
	case Journal:
		return r.Shard
	case Keys:
		return r.Shard
	case Due:
		return r.Shard
	case Inbox:
		return r.Shard
	}
	return 0
}

// answeredAtLast forgets that a question was late.
func (m *Machine) answeredAtLast(r Request) {
	if len(m.unread) > 0 {
		delete(m.unread, subject(r))
	}
}

// mostTroubles bounds what [Machine.Troubles] says of one kind.
const mostTroubles = 10

// Troubles says what keeps the Machine from its work, a line each: what the store does not answer, and executions that
// are held because what it has of them cannot be used.
func (m *Machine) Troubles() []string {
	var lanes, reads, held []string
	for _, l := range m.lanes {
		if l.sick {
			_, text := l.trouble(m.now.Mono)
			lanes = append(lanes, text)
		}
	}
	for what, u := range m.unread { // sorted: below
		if u.told {
			reads = append(reads, what+" cannot be read: "+u.err.Error())
		}
	}
	slices.Sort(reads)
	for i := range m.shards {
		if c := m.shards[i].core; c != nil && len(held) < mostTroubles {
			for _, h := range c.Held(mostTroubles - len(held)) {
				held = append(held, "execution "+h.Execution.String()+" is held: "+h.Reason)
			}
		}
	}
	return slices.Concat(lanes, reads[:min(len(reads), mostTroubles)], held)
}
