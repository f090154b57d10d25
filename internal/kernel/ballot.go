package kernel

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/pawl-dev/pawl/model"
)

// askSpec is what an approval asks, evaluated once when it begins.
type askSpec struct {
	title, text string
	outcomes    []string
	// open: everybody may decide who is not excluded; else assignees say who.
	open               bool
	assignees, exclude []string
	quorum, veto       int
	form               []byte // JSON Schema; nil: none
	escalate           []escalation
}

// escalation asks more people, gap milliseconds after the one before it or the beginning. A gap instead of a moment,
// so that shifting the step's timer shifts all of them.
type escalation struct {
	gap    int64
	add    []string
	notify []byte // JSON; nil: nobody
}

// ballot is what an approval step knows of its votes. What was asked is dropped when the step ends.
type ballot struct {
	askSpec
	votes     []vote
	escalated int // how many escalations have come
}

// vote is one person's decision.
type vote struct {
	by, word, why string
	at            int64
	form          []byte
}

func (v *vote) size() int { return 96 + len(v.by) + len(v.word) + len(v.why) + len(v.form) }

// deciding is the vote that ended the ballot with word: the last one for it; nil where none did.
func (b *ballot) deciding(word string) *vote {
	for i := len(b.votes) - 1; i >= 0; i-- {
		if b.votes[i].word == word {
			return &b.votes[i]
		}
	}
	return nil
}

func (b *ballot) count(word string) (n int) {
	for i := range b.votes {
		if b.votes[i].word == word {
			n++
		}
	}
	return n
}

// output is {decision, by, at, form, votes}; by, at and form are those of the vote that decided, null without one.
func (b *ballot) output(word string) []byte {
	v := b.deciding(word)
	dst := []byte(`{"decision":`)
	if v == nil {
		dst = append(dst, `null,"by":null,"at":null,"form":null,"votes":[`...)
	} else {
		dst = appendString(dst, v.word)
		dst = appendString(append(dst, `,"by":`...), v.by)
		dst = strconv.AppendInt(append(dst, `,"at":`...), v.at, 10)
		dst = append(append(dst, `,"form":`...), orNull(v.form)...)
		dst = append(dst, `,"votes":[`...)
	}
	for i := range b.votes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = b.votes[i].append(dst)
	}
	return append(dst, "]}"...)
}

func (v *vote) append(dst []byte) []byte {
	dst = appendString(append(dst, `{"by":`...), v.by)
	dst = appendString(append(dst, `,"decision":`...), v.word)
	dst = strconv.AppendInt(append(dst, `,"at":`...), v.at, 10)
	if len(v.form) > 0 {
		dst = append(append(dst, `,"form":`...), v.form...)
	}
	if v.why != "" {
		dst = appendString(append(dst, `,"why":`...), v.why)
	}
	return append(dst, '}')
}

func (s *State) applyAsk(st *step, o *Op) error {
	if o.ask == nil {
		return fmt.Errorf("nothing is asked")
	}
	st.began = true
	st.status, st.since = model.StepWaiting, s.at
	st.ballot = &ballot{askSpec: *o.ask}
	s.asks = append(s.asks, st)
	if len(o.ask.escalate) > 0 {
		s.setDue(st, s.at+o.ask.escalate[0].gap)
	}
	s.setStepDeadline(st, o.due)
	return nil
}

func (s *State) applyVote(st *step, o *Op) error {
	if st.ballot == nil {
		return fmt.Errorf("%q is no approval", st.path)
	}
	st.ballot.votes = append(st.ballot.votes, vote{by: o.by, word: o.word, why: o.why, at: s.at, form: o.data})
	return nil
}

func (s *State) applyEscalate(st *step, o *Op) error {
	b := st.ballot
	if b == nil || o.n < 0 || int(o.n) >= len(b.escalate) {
		return fmt.Errorf("%q has no escalation %d", st.path, o.n)
	}
	for _, name := range b.escalate[o.n].add {
		if !b.open && !slices.Contains(b.assignees, name) {
			b.assignees = append(slices.Clip(b.assignees), name)
		}
	}
	b.escalated = int(o.n) + 1
	was := st.due
	st.due = 0
	if b.escalated < len(b.escalate) {
		s.setDue(st, was+b.escalate[b.escalated].gap)
	}
	return nil
}

func (c *codec) ballot(st *step) {
	has := st.ballot != nil
	c.flag(&has)
	if !has {
		return
	}
	if !c.save {
		st.ballot = &ballot{}
	}
	b := st.ballot
	str(c, &b.title)
	str(c, &b.text)
	c.flag(&b.open)
	for _, l := range []*[]string{&b.outcomes, &b.assignees, &b.exclude} {
		list(c, l, func(s *string) { str(c, s) })
	}
	for _, n := range []*int{&b.quorum, &b.veto, &b.escalated} {
		num(c, n)
	}
	c.bytes(&b.form)
	list(c, &b.escalate, func(e *escalation) {
		num(c, &e.gap)
		list(c, &e.add, func(s *string) { str(c, s) })
		c.bytes(&e.notify)
	})
	list(c, &b.votes, func(v *vote) {
		for _, s := range []*string{&v.by, &v.word, &v.why} {
			str(c, s)
		}
		num(c, &v.at)
		c.bytes(&v.form)
	})
}
