package kernel

import "slices"

func (c *codec) claims(p **claims) {
	has := *p != nil
	c.flag(&has)
	if !has {
		return
	}
	if !c.save {
		*p = &claims{}
	}
	k := *p
	list(c, &k.list, func(one *claim) {
		str(c, &one.name)
		str(c, &one.key)
		w := &one.wish
		for _, n := range []*int{&w.concurrency, &w.rate, &w.weight, &w.priority} {
			num(c, n)
		}
		num(c, &w.per)
		str(c, &w.strategy)
		c.flag(&one.whole)
	})
	num(c, &k.attempt)
	c.flag(&k.asked)
	num(c, &k.got)
	num(c, &k.since)
	c.flag(&k.lendable)
	c.flag(&k.lent)
	num(c, &k.heard)
}

// gathering stands in place of the kind of an entity, which gathers no starts.
const gathering = 255

// entity walks the state of a limit or a schedule, or what an execution has gathered.
func (c *codec) entity(s *State) {
	kind := uint8(0)
	switch {
	case s.limit != nil:
		kind = uint8(entityLimit)
	case s.schedule != nil:
		kind = uint8(entitySchedule)
	case s.gather != nil:
		kind = gathering
	}
	num(c, &kind)
	switch entityKind(kind) {
	case 0:
	case gathering:
		c.gather(s)
	case entityLimit:
		if !c.save {
			s.limit = newLimit()
		}
		c.limit(s.limit)
		if !c.save {
			s.bytes += placeBytes * (len(s.limit.holders) + len(s.limit.places))
		}
	case entitySchedule:
		if !c.save {
			s.schedule = &schedule{}
		}
		c.schedule(s.schedule)
		if !c.save {
			s.bytes += len(s.schedule.raw)
		}
	default:
		c.fail()
	}
}

func (c *codec) limit(l *limit) {
	str(c, &l.name)
	str(c, &l.key)
	num(c, &l.rule.concurrency)
	num(c, &l.rule.rate)
	num(c, &l.rule.per)
	c.flag(&l.fixed)
	num(c, &l.order)
	num(c, &l.spent)
	list(c, &l.early, func(d *departed) { c.id(&d.execution); str(c, &d.step); num(c, &d.attempt) })
	var holders, waiting []*hold
	if c.save {
		holders = l.sorted()
		waiting = slices.Clone(l.line)
		slices.SortFunc(waiting, func(a, b *hold) int { return int(a.order - b.order) })
	}
	list(c, &holders, c.hold)
	list(c, &waiting, c.hold)
	if c.save || c.err != nil {
		return
	}
	for _, h := range holders {
		l.holders[h.claimant] = h
		l.used += h.weight
	}
	for _, h := range waiting {
		l.joined(h)
	}
}

func (c *codec) hold(p **hold) {
	if !c.save {
		*p = &hold{}
	}
	h := *p
	c.id(&h.execution)
	str(c, &h.step)
	for _, n := range []*int{&h.attempt, &h.weight, &h.priority} {
		num(c, n)
	}
	num(c, &h.order)
	num(c, &h.since)
	c.flag(&h.yielding)
}

func (c *codec) schedule(h *schedule) {
	str(c, &h.workflow)
	str(c, &h.name)
	c.bytes(&h.raw)
	c.flag(&h.retired)
	for _, n := range []*int64{&h.next, &h.due, &h.started, &h.skipped, &h.missed, &h.refused} {
		num(c, n)
	}
	list(c, &h.running, func(r *scheduled) { c.id(&r.execution); num(c, &r.nominal); num(c, &r.since) })
	list(c, &h.queue, c.pending)
	list(c, &h.recent, func(t *tick) {
		num(c, &t.nominal)
		num(c, &t.to)
		num(c, &t.times)
		str(c, &t.verdict)
		str(c, &t.how)
		str(c, &t.execution)
		c.error(&t.err)
	})
}

func (c *codec) pending(p *pendingTick) {
	num(c, &p.nominal)
	str(c, &p.how)
}
