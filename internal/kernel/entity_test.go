package kernel

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// checkClaims: what is asked of limits and given back is the difference of the claims before and after (K3, F47).
func (e *execution) checkClaims(before []ClaimView, dec Decided) {
	e.t.Helper()
	key := func(limit record.ID, step string, attempt int) string { return fmt.Sprint(limit, step, attempt) }
	open, rates := map[string]int{}, map[string]bool{}
	for _, c := range before {
		open[key(c.Limit, c.Step, c.Attempt)]++
		rates[key(c.Limit, c.Step, c.Attempt)] = c.Rate
	}
	for _, m := range dec.Sends {
		switch m.Kind {
		case MailAcquire:
			open[key(m.To, m.Step, m.Attempt)]++
			rates[key(m.To, m.Step, m.Attempt)] = strings.Contains(string(m.Data), `"rate"`)
		case MailRelease:
			open[key(m.To, m.Step, m.Attempt)]--
		}
	}
	for _, a := range dec.Alarms {
		if a.Code == CodeLimitLost {
			return // it asks again for what the limit has lost
		}
	}
	for _, c := range e.s.Claims() {
		open[key(c.Limit, c.Step, c.Attempt)]--
	}
	for k, n := range open {
		if n != 0 && !(n == 1 && rates[k]) {
			e.t.Fatalf("K3: %s is claimed %d times more than it is known\n%s", k, n, e.dump())
		}
	}
}

// crowd is executions and limits that send messages to each other, in one order per sender.
type crowd struct {
	t     *testing.T
	rnd   *rand.Rand
	now   int64
	execs map[record.ID]*execution
	ids   []record.ID
	mail  map[record.ID][]Mail
	from  []record.ID
}

func newCrowd(t *testing.T, seed uint64) *crowd {
	return &crowd{t: t, rnd: rand.New(rand.NewPCG(seed, 7)), now: 1_750_000_000_000, execs: map[record.ID]*execution{}, mail: map[record.ID][]Mail{}}
}

func (w *crowd) make(d *Definition, s *Start) *execution {
	e := &execution{t: w.t, d: d, s: New(), now: w.now, tasks: map[string]Task{}}
	w.execs[s.ID] = e
	w.ids = append(w.ids, s.ID)
	w.feed(e, Input{Kind: InStart, Start: s})
	return e
}

func (w *crowd) feed(e *execution, in ...Input) {
	e.now = w.now
	dec := e.feed(in...)
	w.sent(e, dec)
	for e.s.More() {
		w.sent(e, e.feed(Input{Kind: InContinue}))
	}
}

func (w *crowd) sent(e *execution, dec Decided) {
	id := e.s.ID()
	if len(dec.Sends) > 0 && len(w.mail[id]) == 0 {
		w.from = append(w.from, id)
	}
	w.mail[id] = append(w.mail[id], dec.Sends...)
}

// deliver brings one message, the oldest of some sender.
func (w *crowd) deliver() bool {
	if len(w.from) == 0 {
		return false
	}
	i := w.rnd.IntN(len(w.from))
	from := w.from[i]
	m := w.mail[from][0]
	if w.mail[from] = w.mail[from][1:]; len(w.mail[from]) == 0 {
		w.from = slices.Delete(w.from, i, i+1)
	}
	body := m.Encode(nil)
	got, err := DecodeMail(body)
	if err != nil {
		w.t.Fatalf("%s: %v", body, err)
	}
	e := w.execs[got.To]
	if e == nil && got.Kind == MailAcquire {
		e = w.make(Builtin(got.Start.Workflow), got.Start)
	}
	if e == nil {
		w.t.Fatalf("a message for nobody: %s", body)
	}
	w.feed(e, Input{Kind: InMail, Mail: got})
	return true
}

// limits checks what must hold at every instant (I19).
func (w *crowd) limits() {
	w.t.Helper()
	held := map[record.ID]int{}
	for _, id := range w.ids {
		for _, c := range w.execs[id].s.Claims() {
			if c.Held {
				held[c.Limit]++
			}
		}
	}
	for id, n := range held {
		v, ok := ViewLimit(w.execs[id].s)
		if !ok || v.Used > v.Concurrency && !v.Fixed || n > len(v.Holders) {
			w.t.Fatalf("I19: %s/%s allows %d, %d are used, %d hold it", v.Name, v.Key, v.Concurrency, v.Used, n)
		}
	}
}

const limited = `{"workflow":"limited","root":{"graph":{"start":["a"],"nodes":[
	{"id":"a","type":"function","with":{"name":"f"},"retry":[{"max_attempts":3,"initial_interval":1000,"backoff_coefficient":1,"max_interval":1000,"jitter":0}],
	 "limits":[{"name":"x","key":"${ input.key }","concurrency":2,"weight":"${ input.weight }","strategy":"${ input.strategy }"},{"name":"y","concurrency":3}]},
	{"id":"b","type":"function","with":{"name":"f"},"limits":[{"name":"z","rate":"5/s"},{"name":"x","key":"one","concurrency":2}],"priority":2},
	{"id":"sorry","type":"end"}],
	"edges":[{"from":"a","on":"any","entry":0,"to":"b"},{"from":"a","on":"cancelled","entry":0,"to":"b"},{"from":"b","on":"any","entry":0,"to":"sorry"},{"from":"b","on":"cancelled","entry":0,"to":"sorry"}]}},
	"limits":[{"name":"all","key":"${ input.key }","concurrency":4,"hold":"${ input.hold }"}]}`

func limitedWorkflow(t *testing.T) *model.Workflow {
	var w model.Workflow
	if err := json.Unmarshal([]byte(limited), &w); err != nil {
		t.Fatal(err)
	}
	return &w
}

// TestF47I19I20NoSlotLeaks: executions take, wait for and give back limits while they fail, are lost, cancelled,
// paused, terminated, and their owners crash between any two messages. Nobody exceeds a limit at any instant, and in
// the end every slot is free and nobody waits.
func TestF47I19I20NoSlotLeaks(t *testing.T) {
	seeds := uint64(24)
	if testing.Short() {
		seeds = 8
	}
	d := compileOK(t, limitedWorkflow(t))
	for seed := range seeds {
		w := newCrowd(t, seed)
		for n := range 8 {
			id := record.NewID(w.now, w.rnd.Uint64(), uint16(n))
			input := fmt.Sprintf(`{"key":%q,"weight":%d,"strategy":%q,"hold":%q}`, []string{"one", "two"}[w.rnd.IntN(2)], 1+w.rnd.IntN(2), []string{"queue", "queue", "reject", "cancel_running"}[w.rnd.IntN(4)], []string{"active", "whole"}[w.rnd.IntN(2)])
			w.make(d, &Start{ID: id, Namespace: "default", Workflow: "limited", Version: "1.0.0", Input: []byte(input)})
		}
		for range 400 {
			w.happen()
			w.limits()
		}
		w.quiesce()
		for _, id := range w.ids {
			e := w.execs[id]
			v, ok := ViewLimit(e.s)
			if !ok && !e.s.Status().Closed() {
				t.Fatalf("seed %d: %s is %s and does not end\n%s", seed, id, e.s.Status(), e.dump())
			}
			if ok && (v.Used != 0 || len(v.Holders)+len(v.Line) != 0) {
				t.Fatalf("I20: seed %d: %s/%s is used by %d, %d hold it, %d wait\n%s", seed, v.Name, v.Key, v.Used, len(v.Holders), len(v.Line), e.dump())
			}
			e.checkTails()
		}
	}
}

// happen does one thing to the crowd.
func (w *crowd) happen() {
	e := w.execs[w.ids[w.rnd.IntN(len(w.ids))]]
	entity := e.d.entity != 0
	switch n := w.rnd.IntN(100); {
	case n < 45:
		w.deliver()
	case n < 70:
		w.report(e)
	case n < 80:
		w.now += int64(w.rnd.IntN(1500))
		w.tick()
	case n < 88: // the owner crashes
		e.s = e.fold()
	case n < 90 && !entity:
		w.feed(e, Input{Kind: InCancel})
	case n < 91 && !entity:
		w.feed(e, Input{Kind: InTerminate})
	case n < 94:
		w.feed(e, Input{Kind: InPause})
	case n < 98:
		w.feed(e, Input{Kind: InResume})
	}
}

func (w *crowd) report(e *execution) {
	tasks := e.s.Tasks()
	if len(tasks) == 0 {
		return
	}
	task := tasks[w.rnd.IntN(len(tasks))]
	in := Input{Kind: InResult, Step: task.Step, Attempt: task.Attempt, Result: &model.Result{}}
	switch w.rnd.IntN(4) {
	case 0:
		in.Result.Error = &model.Error{Code: "busy", Message: "busy"}
	case 1:
		in = Input{Kind: InLost, Step: task.Step, Attempt: task.Attempt}
	}
	w.feed(e, in)
}

func (w *crowd) tick() {
	for _, id := range w.ids {
		if e := w.execs[id]; e.s.NextTimer() <= w.now {
			w.feed(e, Input{Kind: InTick})
		}
	}
}

// quiesce lets everything come to its end.
func (w *crowd) quiesce() {
	for round := 0; round < 5000; round++ {
		for _, id := range w.ids {
			e := w.execs[id]
			if s := e.s.Status(); s == model.Paused || s == model.Parked {
				w.feed(e, Input{Kind: InResume})
			}
			for _, task := range e.s.Tasks() {
				w.feed(e, Input{Kind: InResult, Step: task.Step, Attempt: task.Attempt, Result: &model.Result{}})
			}
		}
		for w.deliver() {
			w.limits()
		}
		w.now += 1000
		w.tick()
		if len(w.from) == 0 && !slices.ContainsFunc(w.ids, func(id record.ID) bool { e := w.execs[id]; return e.d.entity == 0 && !e.s.Status().Closed() }) {
			return
		}
	}
}
