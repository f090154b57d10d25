package kernel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// execution drives one execution and checks after every transition what must always hold: the journal folds to the
// same state (K2, I22), a snapshot restores to it (I23), and effects are the difference of Open (K3).
type execution struct {
	t       testing.TB
	d       *Definition
	s       *State
	now     int64
	env     Env
	journal [][]byte
	ats     []int64
	nexts   []int64  // next_at after each entry
	saves   []string // the state after each entry
	tasks   map[string]Task
	last    Decided
	trim    *Trim // of the next transition
}

var testID = record.NewID(1_750_000_000_000, 42, 7)

func compileOK(t testing.TB, w *model.Workflow) *Definition {
	t.Helper()
	d, faults := Compile(w)
	for _, f := range faults {
		if !f.Warn {
			t.Fatalf("fault: %+v", f)
		}
	}
	return d
}

func newExecution(t testing.TB, w *model.Workflow) *execution {
	t.Helper()
	return &execution{t: t, d: compileOK(t, w), s: New(), now: 1_750_000_000_000, tasks: map[string]Task{}}
}

func (e *execution) start(input string) Decided {
	e.t.Helper()
	return e.feed(Input{Kind: InStart, Start: &Start{ID: testID, Namespace: "default", Workflow: e.d.w.Name, Version: "1.0.0", Input: []byte(input)}})
}

func (e *execution) feed(in ...Input) Decided {
	e.t.Helper()
	before, claimed := e.s.Tasks(), e.s.Claims()
	e.env.Now = e.now
	if e.trim != nil {
		in = append([]Input{{Kind: InTrim, Trim: e.trim}}, in...)
		e.trim = nil
	}
	dec, err := Decide(e.d, e.s, in, e.env, nil)
	if err != nil {
		e.t.Fatalf("Decide: %v", err)
	}
	e.last = dec
	if dec.Definition != nil {
		e.d = dec.Definition
	}
	if len(dec.Ops) > 0 {
		e.journal = append(e.journal, Encode(nil, dec.Ops))
		e.ats = append(e.ats, dec.At)
		e.nexts = append(e.nexts, e.s.NextAt())
		e.saves = append(e.saves, string(Save(nil, e.s)))
		if dec.Seq != uint64(len(e.journal)) {
			e.t.Fatalf("seq %d of entry %d", dec.Seq, len(e.journal))
		}
	}
	e.check(before, dec)
	e.checkClaims(claimed, dec)
	for _, task := range dec.Dispatch {
		e.tasks[task.Step] = task
	}
	return dec
}

// settle goes on until nothing more is to do at once.
func (e *execution) settle() {
	e.t.Helper()
	for e.s.More() {
		e.feed(Input{Kind: InContinue})
	}
}

func (e *execution) check(before []TaskRef, dec Decided) {
	e.t.Helper()
	live := Save(nil, e.s)
	folded := e.fold()
	if got := Save(nil, folded); !bytes.Equal(live, got) {
		e.t.Fatalf("I22: folding the journal gives another state\n%s\nlive   %q\nfolded %q", e.dump(), live, got)
	}
	restored, err := Restore(live)
	if err != nil {
		e.t.Fatalf("I23: %v", err)
	}
	if got := Save(nil, restored); !bytes.Equal(live, got) {
		e.t.Fatalf("I23: the snapshot restores to another state\n%s", e.dump())
	}
	for name, o := range map[string]*State{"folded": folded, "restored": restored} {
		if a, b := e.s.NextAt(), o.NextAt(); a != b {
			e.t.Fatalf("next_at %d, %s %d\n%s", a, name, b, e.dump())
		}
		if a, b := fmt.Sprint(slices.Collect(Open(e.s))), fmt.Sprint(slices.Collect(Open(o))); a != b {
			e.t.Fatalf("Open differs after %s:\n%s\n%s", name, a, b)
		}
	}
	e.checkWaiting(folded)
	e.checkBases(live)
	e.checkEffects(before, dec)
}

// checkWaiting: what is open and not at work waits for something that can be named, and what is at work or over does
// not; a fold says the same.
func (e *execution) checkWaiting(folded *State) {
	e.t.Helper()
	got := WaitingOn(e.s)
	if again := WaitingOn(folded); got != again {
		e.t.Fatalf("waits for %q, folded for %q\n%s", got, again, e.dump())
	}
	entity := e.s.limit != nil || e.s.schedule != nil
	rests := !e.s.Status().Closed() && e.s.NextAt() != 0 && e.s.root != nil && !entity
	if rests != (got != "") && (rests || e.s.Status().Closed()) {
		e.t.Fatalf("%s, next_at %d, waits for %q\n%s", e.s.Status(), e.s.NextAt(), got, e.dump())
	}
}

// checkBases: a fold that begins at any entry with a state gives what the whole journal gives.
func (e *execution) checkBases(live []byte) {
	e.t.Helper()
	through := New()
	for from := range e.journal {
		ops, err := Decode(e.journal[from])
		if err != nil {
			e.t.Fatal(err)
		}
		if err := through.Agrees(ops); err != nil {
			e.t.Fatalf("entry %d: %v", from+1, err)
		}
		if err := Apply(through, uint64(from+1), e.ats[from], ops); err != nil {
			e.t.Fatal(err)
		}
		if from == 0 || ops[0].kind != opBase {
			continue
		}
		s := New()
		for i := from; i < len(e.journal); i++ {
			ops, err := Decode(e.journal[i])
			if err != nil {
				e.t.Fatal(err)
			}
			if err := Apply(s, uint64(i+1), e.ats[i], ops); err != nil {
				e.t.Fatalf("from the state at %d: %v\n%s", from+1, err, e.dump())
			}
		}
		if got := Save(nil, s); !bytes.Equal(got, live) {
			e.t.Fatalf("the state at %d and the entries after it give another state\n%s\n%q\n%q", from+1, e.dump(), live, got)
		}
	}
}

// checkEffects: tasks dispatched are those outstanding now and not before.
func (e *execution) checkEffects(before []TaskRef, dec Decided) {
	e.t.Helper()
	var began []TaskRef
	for _, t := range e.s.Tasks() {
		if !slices.Contains(before, t) {
			began = append(began, t)
		}
	}
	var sent []TaskRef
	for _, t := range dec.Dispatch {
		if slices.Contains(e.s.Tasks(), t.TaskRef) { // begun and cancelled in one transition is neither
			sent = append(sent, t.TaskRef)
		}
	}
	byStep := func(a, b TaskRef) int { return bytes.Compare([]byte(a.Step), []byte(b.Step)) }
	slices.SortFunc(began, byStep)
	slices.SortFunc(sent, byStep)
	if !slices.Equal(began, sent) {
		e.t.Fatalf("K3: dispatched %v, begun %v\n%s", sent, began, e.dump())
	}
}

// checkTails: restoring the snapshot of any prefix and folding the rest gives the same state after each entry (I23).
func (e *execution) checkTails() {
	e.t.Helper()
	for cut := 1; cut < len(e.journal); cut++ {
		s := New()
		for i, body := range e.journal {
			ops, err := Decode(body)
			if err != nil {
				e.t.Fatal(err)
			}
			if err := Apply(s, uint64(i+1), e.ats[i], ops); err != nil {
				e.t.Fatalf("I23: after a snapshot at %d: %v\n%s", cut, err, e.dump())
			}
			if got := s.NextAt(); got != e.nexts[i] {
				e.t.Fatalf("I23: after a snapshot at %d, next_at is %d at entry %d, not %d\n%s", cut, got, i+1, e.nexts[i], e.dump())
			}
			if got := Save(nil, s); string(got) != e.saves[i] {
				e.t.Fatalf("I23: a snapshot at %d and the entries after it give another state at entry %d\n%s\n%q\n%q", cut, i+1, e.dump(), e.saves[i], got)
			}
			if i+1 == cut {
				if s, err = Restore(Save(nil, s)); err != nil {
					e.t.Fatal(err)
				}
			}
		}
	}
}

func (e *execution) fold() *State {
	e.t.Helper()
	s := New()
	for i, body := range e.journal {
		if !json.Valid(body) {
			e.t.Fatalf("entry %d is not JSON: %s", i+1, body)
		}
		ops, err := Decode(body)
		if err != nil {
			e.t.Fatalf("entry %d: %v\n%s", i+1, err, body)
		}
		if again := Encode(nil, ops); !bytes.Equal(again, body) {
			e.t.Fatalf("entry %d does not survive decoding:\n%s\n%s", i+1, body, again)
		}
		if err := Apply(s, uint64(i+1), e.ats[i], ops); err != nil {
			e.t.Fatalf("%v\n%s", err, e.dump())
		}
	}
	return s
}

func (e *execution) dump() string {
	var b bytes.Buffer
	for i, body := range e.journal {
		fmt.Fprintf(&b, "%d %s\n", i+1, body)
	}
	return b.String()
}

// ok reports success of the outstanding attempt of a step.
func (e *execution) ok(step, output string) Decided {
	e.t.Helper()
	return e.report(step, model.Result{Output: []byte(output)})
}

func (e *execution) report(step string, r model.Result) Decided {
	e.t.Helper()
	st := e.s.findStep(step)
	if st == nil {
		e.t.Fatalf("no step %s\n%s", step, e.dump())
	}
	return e.feed(Input{Kind: InResult, Step: step, Attempt: st.attempt, Result: &r})
}

func (e *execution) wantStatus(want model.Status) {
	e.t.Helper()
	if got := e.s.Status(); got != want {
		e.t.Fatalf("status %s, want %s (%v)\n%s", got, want, e.s.Failure(), e.dump())
	}
}
