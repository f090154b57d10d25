package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// walker drives one generated execution through the kernel alone: no shard, no store, no faults but failing tasks.
type walker struct {
	r     *rand.Rand
	d     *kernel.Definition
	s     *kernel.State // as Decide changes it
	twin  *kernel.State // as Apply of the encoded entries makes it
	now   int64
	tasks []kernel.TaskRef
	mail  []kernel.Mail // sent and not answered
	steps int
}

func (w *walker) decide(in ...kernel.Input) error {
	w.steps++
	d, err := kernel.Decide(w.d, w.s, in, kernel.Env{Now: w.now}, nil)
	if err != nil {
		return fmt.Errorf("decide %v: %w", in, err)
	}
	for _, t := range d.Dispatch {
		w.tasks = append(w.tasks, t.TaskRef)
	}
	w.mail = append(w.mail, d.Sends...)
	if len(d.Ops) == 0 {
		return nil
	}
	body := kernel.Encode(nil, d.Ops)
	ops, err := kernel.Decode(body)
	if err != nil {
		return fmt.Errorf("decode: %w\n%s", err, body)
	}
	if err := kernel.Apply(w.twin, d.Seq, d.At, ops); err != nil {
		return fmt.Errorf("apply: %w\n%s", err, body)
	}
	live, fold := kernel.Save(nil, w.s), kernel.Save(nil, w.twin)
	if !bytes.Equal(live, fold) {
		return fmt.Errorf("live and fold differ after\n%s\nlive %q\nfold %q", body, live, fold)
	}
	back, err := kernel.Restore(live)
	if err != nil {
		return fmt.Errorf("restore: %w\n%s", err, live)
	}
	if again := kernel.Save(nil, back); !bytes.Equal(again, live) {
		return fmt.Errorf("saving what was restored differs:\n%s\n%s", live, again)
	}
	if w.r.IntN(3) == 0 {
		w.s = back // go on from the snapshot
	}
	return nil
}

func (w *walker) step() (done bool, err error) {
	switch s := w.s; {
	case s.Status().Closed():
		return true, nil
	case s.Status() == model.Parked || s.Status() == model.Paused:
		return false, w.decide(kernel.Input{Kind: kernel.InTerminate})
	case s.More():
		return false, w.decide(kernel.Input{Kind: kernel.InContinue})
	case len(w.tasks) > 0 && w.r.IntN(4) > 0:
		return false, w.report()
	case len(w.mail) > 0 && w.r.IntN(2) > 0:
		return false, w.answer()
	case s.NextTimer() != record.Never:
		w.now = max(w.now, s.NextTimer())
		return false, w.decide(kernel.Input{Kind: kernel.InTick})
	case len(w.tasks) > 0:
		return false, w.report()
	case len(w.mail) > 0:
		return false, w.answer()
	}
	if in, ok := w.outside(); ok {
		return false, w.decide(in)
	}
	name := pick(w.r, signals...)
	return false, w.decide(kernel.Input{Kind: kernel.InSignal, Signal: &kernel.Signal{Name: name, Data: []byte(`{"op":1}`)}})
}

// outside is what a person or the holder of a token says to a step that waits for that.
func (w *walker) outside() (in kernel.Input, ok bool) {
	for o := range kernel.Open(w.s) {
		switch o.Kind {
		case kernel.OpenApproval:
			person := fmt.Sprint("p", w.steps) // somebody who has not decided
			d := &kernel.Decision{Step: o.Step, Outcome: pick(w.r, o.Ask.Outcomes...)}
			if n := len(o.Ask.Assignees); n > 0 { // a member of one group: another may be excluded
				d.Groups = []string{o.Ask.Assignees[w.r.IntN(n)]}
			}
			return kernel.Input{Kind: kernel.InDecide, By: person, Decision: d}, true
		case kernel.OpenCallback:
			return kernel.Input{Kind: kernel.InCallback, Step: o.Step, Attempt: o.Attempt, Callback: &kernel.Callback{Result: &model.Result{Output: json.RawMessage("2")}}}, true
		}
	}
	return in, false
}

// answer says what became of a message, as the shard of its receiver would.
func (w *walker) answer() error {
	m := w.mail[0]
	w.mail = w.mail[1:]
	if m.Kind == kernel.MailStart && m.Start.Waits && (m.Start.Body != nil || w.r.IntN(4) > 0) {
		return w.decide(kernel.Input{Kind: kernel.InMail, Mail: w.ended(&m)})
	}
	if m.Kind == kernel.MailAcquire {
		grant := &kernel.Mail{Kind: kernel.MailGrant, From: m.To, To: m.From, Step: m.Step, Attempt: m.Attempt}
		return w.decide(kernel.Input{Kind: kernel.InMail, Mail: grant})
	}
	if !m.Answer {
		return nil
	}
	a := &kernel.Mail{Kind: kernel.MailAnswer, To: m.From, Step: m.Step, Attempt: m.Attempt, Version: "1.0.0"}
	switch w.r.IntN(4) {
	case 0:
		a.Error = &model.Error{Code: kernel.CodeNoExecution, Message: "there is no such execution"}
	case 1:
		a.Error = &model.Error{Code: kernel.CodeInboxFull, Message: "full"}
	}
	return w.decide(kernel.Input{Kind: kernel.InMail, Mail: a})
}

// ended tells that the child which m starts has ended.
func (w *walker) ended(m *kernel.Mail) *kernel.Mail {
	e := &kernel.Mail{
		Kind: kernel.MailEnded, To: m.From, From: m.Start.ID, Step: m.Step, Attempt: m.Attempt, Version: "1.0.0",
		Status: model.Completed, Outcome: model.Success, Output: []byte("1"),
	}
	if w.r.IntN(4) == 0 {
		e.Status, e.Outcome, e.Output = model.Failed, model.OutcomeErr, nil
		e.Error = &model.Error{Code: "sim", Message: "the child failed"}
	}
	return e
}

func (w *walker) report() error {
	i := w.r.IntN(len(w.tasks))
	t := w.tasks[i]
	w.tasks = append(w.tasks[:i], w.tasks[i+1:]...)
	w.now += int64(w.r.IntN(500))
	in := kernel.Input{Kind: kernel.InResult, Step: t.Step, Attempt: t.Attempt, Result: &model.Result{Output: json.RawMessage("1")}}
	switch w.r.IntN(8) {
	case 0:
		in.Result = &model.Result{Error: &model.Error{Code: "sim", Message: "failed"}}
	case 1:
		in = kernel.Input{Kind: kernel.InLost, Step: t.Step, Attempt: t.Attempt}
	}
	return w.decide(in)
}

func walk(seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 2))
	def := definitions(r, 1)[0]
	d, _ := kernel.Compile(def)
	w := &walker{r: r, d: d, s: kernel.New(), twin: kernel.New(), now: epoch}
	start := &kernel.Start{ID: record.NewID(epoch, seed, 0), Namespace: "default", Workflow: def.Name, Version: def.Version, Input: []byte("{}")}
	err := w.decide(kernel.Input{Kind: kernel.InStart, Start: start})
	for done := false; !done && err == nil; {
		if w.steps > 20_000 {
			text, _ := json.Marshal(def)
			return fmt.Errorf("no end after %d steps: %s %s\n%s", w.steps, w.s.Status(), kernel.Save(nil, w.s), text)
		}
		done, err = w.step()
	}
	if err != nil {
		text, _ := json.Marshal(def)
		return fmt.Errorf("%w\n%s", err, text)
	}
	return nil
}

// TestGeneratedExecutionsEnd also holds live state, fold and snapshot against each other (I22, I23).
func TestGeneratedExecutionsEnd(t *testing.T) {
	for seed := range uint64(400) {
		if err := walk(seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}
