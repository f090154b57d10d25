package protocol

import (
	"fmt"
	"strings"
)

// action is a step of the world, kept for the way to a violation.
type action struct{ verb, a, b, c uint8 }

const (
	decides uint8 = iota + 1
	claims
	sends
	sendsAgain
	crashes
	misses
	loses
	looks
	applies
	refuses
)

// texts say what an action is; each takes a, b and c.
var texts = [...]string{
	decides:    "process %d decides for shard %d entry %d",
	claims:     "process %d claims shard %d in epoch %d",
	sends:      "process %d sends batch %d",
	sendsAgain: "process %d sends again batch %d",
	crashes:    "process %d crashes",
	misses:     "process %d does not hear of batch %d",
	loses:      "of process %d, batch %d: an attempt is lost",
	looks:      "of process %d, batch %d: the store looks at lane and fences",
	applies:    "of process %d, batch %d: the store applies it",
	refuses:    "of process %d, batch %d: the store refuses entry %d",
}

func (a action) String() string {
	text := texts[a.verb]
	return fmt.Sprintf(text, []any{a.a, a.b, a.c}[:strings.Count(text, "%d")]...)
}

// steps calls do with every state that can follow s.
func (w *world) steps(s *state, do func(action, state)) {
	for p := range uint8(procs) {
		if q := &s.procs[p]; q.begun && !q.dead {
			w.processSteps(s, p, do)
		}
	}
	for i := range uint8(flights) {
		if s.fly[i].number > 0 {
			w.storeSteps(s, i, do)
		}
	}
}

// processSteps are what a process does by itself, and its death.
func (w *world) processSteps(s *state, p uint8, do func(action, state)) {
	q := &s.procs[p]
	for n := range uint8(shards) {
		if q.epoch[n] > 0 && s.next < w.most.entries {
			t := *s
			t.procs[p].queue[n] |= only(t.next)
			t.shardOf[t.next] = n
			t.next++
			do(action{decides, p, n, s.next}, t)
		}
		if q.epoch[n] == 0 && s.claims < w.most.claims && (!w.rules.share || !s.shared(n)) && !q.carries(n) {
			t := *s
			t.claims++
			t.fence[n] = fence{t.fence[n].epoch + 1, p + 1}
			t.procs[p].epoch[n], t.procs[p].base[n] = t.fence[n].epoch, t.journal[n]
			do(action{claims, p, n, t.fence[n].epoch}, t)
		}
	}
	if !q.flying {
		t := *s
		if w.form(&t, p) {
			do(action{sends, p, t.procs[p].number + 1, 0}, t)
		}
	} else if !s.waits(p) {
		t := *s
		if t.send(p) {
			do(action{sendsAgain, p, q.number + 1, 0}, t)
		}
	}
	if s.crashes < w.most.crashes {
		t := *s
		t.crashes++
		w.crash(&t, p)
		do(action{crashes, p, 0, 0}, t)
	}
}

// carries reports whether a batch without an outcome holds a part of the shard.
func (q *proc) carries(n uint8) bool {
	found := q.flying && q.cur[n].epoch > 0
	for i := range q.formers {
		found = found || q.former[i][n].epoch > 0
	}
	return found
}

// form makes a batch of all that waits.
func (w *world) form(s *state, p uint8) bool {
	q := &s.procs[p]
	var b batch
	for n := range q.queue {
		if q.queue[n] != 0 {
			b[n] = part{epoch: q.epoch[n], kept: q.queue[n]}
		}
	}
	if b.empty() {
		return false
	}
	q.queue = [shards]set{}
	q.cur, q.flying, q.unsure = b, true, false
	if !w.rules.ackDurable {
		s.tell(b, durable)
	}
	return s.send(p)
}

// send puts the current version on its way; false: too many attempts are.
func (s *state) send(p uint8) bool {
	for i := range s.fly {
		if s.fly[i].number == 0 {
			s.fly[i] = attempt{proc: p, number: s.procs[p].number + 1, heard: true, batch: s.procs[p].cur}
			return true
		}
	}
	return false
}

func (s *state) waits(p uint8) bool {
	for i := range s.fly {
		if a := &s.fly[i]; a.number > 0 && a.proc == p && a.heard {
			return true
		}
	}
	return false
}

// shared reports whether a commit that has checked its fences holds that of the shard.
func (s *state) shared(n uint8) bool {
	for i := range s.fly {
		if a := &s.fly[i]; a.number > 0 && a.locked && a.batch[n].epoch > 0 {
			return true
		}
	}
	return false
}

// crash ends a process; another begins. What it sent is still on its way.
func (w *world) crash(s *state, p uint8) {
	for i := range s.fly {
		if s.fly[i].proc == p {
			s.fly[i].heard = false
		}
	}
	if !w.rules.freshOwner {
		s.procs[p] = proc{begun: true}
		return
	}
	s.procs[p] = proc{begun: true, dead: true}
	for i := range s.procs {
		if !s.procs[i].begun {
			s.procs[i].begun = true
			return
		}
	}
}

// storeSteps are what the network and the store do with an attempt.
func (w *world) storeSteps(s *state, i uint8, do func(action, state)) {
	a := &s.fly[i]
	if a.heard && s.unknown < w.most.unknown {
		t := *s
		t.unknown++
		t.fly[i].heard = false
		w.unheard(&t, a.proc)
		do(action{misses, a.proc, a.number, 0}, t)
	}
	if !a.heard && !a.locked {
		t := *s
		t.fly[i] = attempt{}
		do(action{loses, a.proc, a.number, 0}, t)
	}
	if !a.locked {
		if !s.laneLocked(a.proc) {
			t := *s
			w.lock(&t, i)
			do(action{looks, a.proc, a.number, 0}, t)
		}
		return
	}
	t := *s
	w.apply(&t, i)
	do(action{applies, a.proc, a.number, 0}, t)
	if s.rejects < w.most.rejects {
		w.rejections(s, i, do)
	}
}

func (s *state) laneLocked(p uint8) bool {
	for i := range s.fly {
		if a := &s.fly[i]; a.number > 0 && a.proc == p && a.locked {
			return true
		}
	}
	return false
}

// outcome is what an attempt comes to.
type outcome struct {
	result  result
	winner  batch
	deposed [shards]bool
	entry   uint8
}

type result uint8

const (
	open result = iota
	committed
	superseded
	deposed
	rejected
	wentBack
)

// lock checks lane and fences. An attempt that they settle is answered at once.
func (w *world) lock(s *state, i uint8) {
	a := &s.fly[i]
	lane, fences := w.checkLane(s, a), w.checkFences(s, a)
	out := lane
	if out.result == open || !w.rules.laneFirst && fences.result != open {
		out = fences
	}
	if out.result == open {
		a.locked = true
		return
	}
	w.answer(s, i, out)
}

func (w *world) checkLane(s *state, a *attempt) outcome {
	row := &s.lane[a.proc]
	switch {
	case a.number == row.number && (a.batch == row.digest || !w.rules.digest):
		return outcome{result: committed}
	case a.number == row.number:
		return outcome{result: superseded, winner: row.digest}
	case a.number < row.number:
		return outcome{result: superseded} // a stray of long ago: nobody listens
	case a.number > row.number+1:
		return outcome{result: wentBack}
	}
	return outcome{}
}

func (w *world) checkFences(s *state, a *attempt) (out outcome) {
	if !w.rules.fences {
		return outcome{}
	}
	for n := range a.batch {
		if e := a.batch[n].epoch; e > 0 && s.fence[n] != (fence{e, a.proc + 1}) {
			out.result, out.deposed[n] = deposed, true
		}
	}
	return out
}

// apply makes an attempt durable.
func (w *world) apply(s *state, i uint8) {
	a := s.fly[i]
	s.lane[a.proc] = row{a.number, a.batch}
	for n := range a.batch {
		s.journal[n].addPart(a.batch[n])
	}
	w.answer(s, i, outcome{result: committed})
}

// rejections let the store refuse one entry of an attempt.
func (w *world) rejections(s *state, i uint8, do func(action, state)) {
	a := &s.fly[i]
	for e := range uint8(entries) {
		if n := s.shardOf[e]; !a.batch[n].kept.has(e) {
			continue
		}
		t := *s
		t.rejects++
		w.answer(&t, i, outcome{result: rejected, entry: e})
		do(action{refuses, a.proc, a.number, e}, t)
	}
}

// answer takes the attempt away and tells its process.
func (w *world) answer(s *state, i uint8, out outcome) {
	a := s.fly[i]
	s.fly[i] = attempt{}
	if a.heard {
		w.hear(s, a.proc, out)
	}
}
