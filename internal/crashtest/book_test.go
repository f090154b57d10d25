package crashtest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
)

// shelf is a store with one finished execution of one step, and the book that reads it.
type shelf struct {
	t    *testing.T
	b    store.Backend
	book *Book
	log  string
	id   record.ID
	part record.Part
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	b, err := memory.Open().Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	s := &shelf{t: t, b: b, book: NewBook(), log: filepath.Join(t.TempDir(), "effects"), id: record.NewID(1_000, 7, 0)}
	s.run()
	return s
}

// run decides the journal of a one-step execution.
func (s *shelf) run() {
	d, faults := kernel.Compile(&model.Workflow{Name: "w", Version: "1.0.0", Root: model.Scope{Graph: model.Graph{
		Start: []string{"a"}, Nodes: []model.Node{{ID: "a", Type: "function", With: []byte(`{"name":"f"}`)}},
	}}})
	if len(faults) > 0 {
		s.t.Fatal(faults)
	}
	state := kernel.New()
	s.decide(d, state, kernel.Input{Kind: kernel.InStart, Start: &kernel.Start{ID: s.id, Namespace: "default", Workflow: "w", Version: "1.0.0", Key: "k"}})
	s.decide(d, state, kernel.Input{Kind: kernel.InResult, Step: "a", Attempt: 1, Result: &model.Result{}})
	var h record.Head
	state.Head(&h)
	h.Execution, h.Insert, h.NextAt = s.id, true, record.Never
	s.part.Heads = []record.Head{h}
}

func (s *shelf) decide(d *kernel.Definition, state *kernel.State, in kernel.Input) {
	out, err := kernel.Decide(d, state, []kernel.Input{in}, kernel.Env{Now: 1_000}, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	body := kernel.Encode([]byte{record.CodecPlain}, out.Ops)
	entry := record.Entry{Execution: s.id, Seq: out.Seq, At: out.At, Body: body}
	entry.Sum = entry.Checksum()
	s.part.Entries = append(s.part.Entries, entry)
}

// keep writes the journal.
func (s *shelf) keep() {
	s.t.Helper()
	f, err := s.b.Claim(s.t.Context(), 0, record.Fence{}, record.Owner{1})
	if err != nil {
		s.t.Fatal(err)
	}
	s.part.Fence, s.part.Number = f, 1
	out := s.b.Commit(s.t.Context(), &store.Batch{Lane: store.Lane{Owner: f.Owner}, Number: 1, Digest: 1, Parts: []record.Part{s.part}})
	if out.Result != store.Committed {
		s.t.Fatalf("%+v", out)
	}
}

func (s *shelf) effect(e Effect) {
	s.t.Helper()
	l, err := OpenLog(s.log)
	if err != nil {
		s.t.Fatal(err)
	}
	defer l.Close()
	if err := l.Add(e); err != nil {
		s.t.Fatal(err)
	}
}

// finds wants exactly the laws named to be broken.
func (s *shelf) finds(laws ...string) {
	s.t.Helper()
	if err := s.book.Look(context.Background(), s.b, s.log); err != nil {
		s.t.Fatal(err)
	}
	var got []string
	for _, v := range s.book.Violations() {
		law, _, _ := strings.Cut(v, ":")
		got = append(got, law)
	}
	slices.Sort(got)
	if !slices.Equal(slices.Compact(got), laws) {
		s.t.Fatalf("found %v, want %v", s.book.Violations(), laws)
	}
}

func (s *shelf) once() Effect {
	return Effect{Execution: s.id.String(), Step: "a", Attempt: 1, Key: "x"}
}

func TestBookIsContentWithARightStore(t *testing.T) {
	s := newShelf(t)
	s.effect(s.once())
	s.keep()
	s.book.Heard("start k " + s.id.String())
	s.book.Heard("end k completed")
	s.finds()
	s.finds()
}

func TestI1TheBookMissesAnAcknowledgedStart(t *testing.T) {
	s := newShelf(t)
	s.keep()
	s.book.Heard("start other " + record.NewID(2, 2, 2).String())
	s.finds("I1")
}

func TestI6TheBookMissesAnAcknowledgedSignal(t *testing.T) {
	s := newShelf(t)
	s.keep()
	s.book.Heard("signal k s-k")
	s.finds("I6")
}

func TestI5TheBookSeesAnEffectWithoutIntent(t *testing.T) {
	s := newShelf(t)
	e := s.once()
	e.Attempt = 2
	s.effect(e)
	s.keep()
	s.finds("I5")
}

func TestI5TheBookSeesAKeyThatChanges(t *testing.T) {
	s := newShelf(t)
	s.effect(s.once())
	e := s.once()
	e.Attempt, e.Key = 0, "y"
	s.effect(e)
	s.keep()
	s.finds("I5")
}

func TestI4TheBookSeesFinishedWorkRunAgain(t *testing.T) {
	s := newShelf(t)
	s.keep()
	s.finds()
	s.effect(s.once())
	s.finds("I4")
}

func TestI24TheBookSeesAnAttemptThatRunsTwice(t *testing.T) {
	s := newShelf(t)
	s.effect(s.once())
	s.effect(s.once())
	s.keep()
	s.finds("I24")
}

func TestI2TheBookSeesAFlippedByte(t *testing.T) {
	s := newShelf(t)
	s.part.Entries[1].Sum++
	s.keep()
	s.finds("I2")
}

func TestI29TheBookSeesAHeadThatLies(t *testing.T) {
	s := newShelf(t)
	s.part.Heads[0].Status = "failed"
	s.keep()
	s.finds("I29")
}

func TestALineOfTheEffectLogThatWasCutGoes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "effects")
	if err := os.WriteFile(path, []byte(`{"execution":"a","step":"s","attempt":1,"key":"k"}`+"\n"+`{"execution":"a","st`), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Add(Effect{Execution: "b"}); err != nil {
		t.Fatal(err)
	}
	list, _, err := ReadLog(path, 0)
	if err != nil || len(list) != 2 || list[1].Execution != "b" {
		t.Fatal(list, err)
	}
}
