package protocol

// hear is what a process does with an outcome (ENGINE 3).
func (w *world) hear(s *state, p uint8, out outcome) {
	q := &s.procs[p]
	switch out.result {
	case committed:
		w.settle(s, p, q.cur)
	case superseded:
		for i := range q.formers {
			if q.former[i] == out.winner {
				w.settle(s, p, out.winner)
				return
			}
		}
		w.fail("a stranger's batch stands under the number of a lane")
	case deposed:
		next := q.cur
		for n := range out.deposed {
			if out.deposed[n] {
				s.drop(q, uint8(n))
				next[n] = part{}
			}
		}
		w.replace(s, p, next)
	case rejected:
		next := q.cur
		n := &next[s.shardOf[out.entry]]
		n.kept &^= only(out.entry)
		n.parked |= only(out.entry)
		w.replace(s, p, next)
	case wentBack:
		w.fail("a lane has a gap")
	}
}

// drop gives a shard up whose fence is another's: what was decided for it and is not durable never will be.
func (s *state) drop(q *proc, n uint8) {
	lost := q.queue[n] | q.cur[n].kept
	for e := range uint8(entries) {
		if lost.has(e) && s.client[e] == nothing {
			s.client[e] = refused
		}
	}
	q.epoch[n], q.base[n], q.queue[n] = 0, list{}, 0
}

// replace makes another version of the batch. The former is kept while it may be durable.
func (w *world) replace(s *state, p uint8, next batch) {
	q := &s.procs[p]
	if q.unsure && w.rules.keepFormer {
		if int(q.formers) == len(q.former) {
			return // beyond the bounds: it stays as it is
		}
		q.former[q.formers] = q.cur
		q.formers++
	}
	q.cur, q.unsure = next, false
	if next.empty() && q.formers == 0 {
		q.flying = false
	}
}

// settle takes b as what the number of the lane has come to.
func (w *world) settle(s *state, p uint8, b batch) {
	q := &s.procs[p]
	q.number++
	for n := range b {
		if b[n].epoch > 0 && q.epoch[n] == b[n].epoch {
			q.base[n].addPart(b[n])
		}
		for e := range uint8(entries) {
			if b[n].parked.has(e) && s.client[e] == nothing {
				s.client[e] = refused
			}
		}
	}
	s.tell(b, durable)
	q.cur, q.former, q.formers, q.flying, q.unsure = batch{}, [formers]batch{}, 0, false, false
}

// tell answers the clients of a batch.
func (s *state) tell(b batch, what told) {
	for n := range b {
		for e := range uint8(entries) {
			if b[n].kept.has(e) && s.client[e] == nothing {
				s.client[e] = what
			}
		}
	}
}

// unheard is what a process does when it does not hear of its batch: it sends the same again, later.
func (w *world) unheard(s *state, p uint8) {
	q := &s.procs[p]
	q.unsure = true
	switch {
	case !w.rules.sameBytes:
		w.lookOnce(s, p)
	case !w.rules.sameNumber:
		q.number++
	}
}

// lookOnce is a mistake: a batch that is not seen is taken as not committed.
func (w *world) lookOnce(s *state, p uint8) {
	q := &s.procs[p]
	if s.lane[p].number == q.number+1 {
		w.settle(s, p, s.lane[p].digest)
		return
	}
	for n := range q.cur {
		if q.cur[n].epoch > 0 {
			s.drop(q, uint8(n))
		}
	}
	q.number++
	q.cur, q.flying, q.unsure = batch{}, false, false
}
