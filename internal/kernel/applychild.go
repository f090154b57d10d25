package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// away is what a step waits for from another execution: the answer to what it sent, or the end of a child.
type away struct {
	kind          MailKind // of what was sent
	open          bool     // it is waited for
	to            record.ID
	workflow, key string

	// Of a child. version is pinned when it has started; input and key are equal for all attempts.
	version  string
	started  bool
	attached bool // it is the child of somebody else
	late     bool // the step ran out of time and waits for the child to end
	policy   string
	input    *value
}

func (s *State) applySend(o *Op) error {
	m := o.mail
	if m == nil {
		return errEntry
	}
	if o.path == "" {
		return nil
	}
	st := s.stepAt(o.path)
	if st == nil {
		return errNoStep(o.path)
	}
	switch {
	case m.Kind == MailStart && m.Answer:
		return s.applyBirth(st, o)
	case m.Answer:
		st.began, st.status, st.since = true, model.StepWaiting, s.at
		st.away = &away{kind: m.Kind, open: true, to: m.To, workflow: m.Workflow, key: m.Key}
	case m.Kind == MailCancel || m.Kind == MailTerminate:
		st.asked = s.at
		st.withdraw = st.withdraw || o.flag
		if st.away != nil {
			st.away.late = st.away.late || o.name == becauseLate
		}
	}
	return nil
}

// applyBirth notes that a child was sent for.
func (s *State) applyBirth(st *step, o *Op) error {
	m := o.mail
	if m.Start == nil {
		return errEntry
	}
	a := &away{}
	if m.Attempt > 1 && st.away != nil {
		*a = *st.away
	} else if o.hasData || o.text != "" {
		a.input = s.outputOf(o, nil)
		st.sc.bytes += a.input.size()
		s.bytes += a.input.size()
	}
	a.kind, a.open, a.to, a.workflow, a.key = MailStart, true, m.To, m.Start.Workflow, m.Start.Key
	a.started, a.attached, a.late, a.policy = false, false, false, o.word
	if m.Start.Version != "" {
		a.version = m.Start.Version
	}
	st.away = a
	st.answered()
	st.began, st.status, st.since, st.due = true, model.StepRunning, s.at, 0
	st.attempt = m.Attempt
	s.setStepDeadline(st, o.due)
	return nil
}

// applyChild notes that the child is there, with its version.
func (s *State) applyChild(st *step, o *Op) error {
	a := st.away
	if a == nil {
		return errNoStep(o.path)
	}
	a.started, a.version = true, o.word
	if o.text != "" {
		id, err := record.ParseID(o.text)
		if err != nil {
			return err
		}
		a.to, a.attached = id, true
	}
	if o.name != "" {
		s.charges = append(s.charges, charge{listener{a.to, st.path, st.attempt}, o.name})
	}
	return nil
}

func (s *State) applyListen(o *Op) error {
	id, err := record.ParseID(o.text)
	if err != nil {
		return err
	}
	s.listeners = append(s.listeners, listener{id, o.name, o.attempt})
	return nil
}

func (s *State) applyLeft(o *Op) error {
	id, err := record.ParseID(o.text)
	if err != nil {
		return err
	}
	s.charges = slices.DeleteFunc(s.charges, func(c charge) bool { return c.id == id })
	return nil
}

func (c *codec) kin(s *State) {
	one := func(l *listener) { c.id(&l.id); str(c, &l.step); num(c, &l.attempt) }
	list(c, &s.listeners, one)
	list(c, &s.charges, func(k *charge) { one(&k.listener); str(c, &k.policy) })
}

func (c *codec) away(st *step) {
	has := st.away != nil
	c.flag(&has)
	if !has {
		return
	}
	if !c.save {
		st.away = &away{}
	}
	a := st.away
	str(c, &a.kind)
	c.id(&a.to)
	for _, t := range []*string{&a.workflow, &a.key, &a.version, &a.policy} {
		str(c, t)
	}
	for _, f := range []*bool{&a.open, &a.started, &a.attached, &a.late} {
		c.flag(f)
	}
	c.value(&a.input)
}
