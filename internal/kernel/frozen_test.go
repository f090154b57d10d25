package kernel

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/pawl-dev/pawl/model"
)

// Golden is a journal with what folding it gives.
type Golden struct {
	Name    string          `json:"name"`
	Entries []GoldenEntry   `json:"entries"`
	Status  model.Status    `json:"status"`
	Outcome string          `json:"outcome,omitempty"`
	Output  json.RawMessage `json:"output,omitempty"`
	Open    []string        `json:"open,omitempty"`
}

// GoldenEntry is one entry of a journal.
type GoldenEntry struct {
	At   int64           `json:"at"`
	Body json.RawMessage `json:"body"`
}

// Golden is the journal so far.
func (s *Script) Golden(name string) Golden {
	g := goldenOf(s.e.s, name)
	for i, body := range s.e.journal {
		g.Entries = append(g.Entries, GoldenEntry{s.e.ats[i], body})
	}
	return g
}

func goldenOf(s *State, name string) Golden {
	g := Golden{Name: name, Status: s.Status(), Outcome: s.Outcome(), Output: s.Output()}
	for o := range Open(s) {
		g.Open = append(g.Open, fmt.Sprintf("%d %s attempt %d since %d until %d %v", o.Kind, o.Step, o.Attempt, o.Since, o.Until, o.Names))
	}
	return g
}

// Refold folds the entries of a golden journal and says what they give now.
func (g Golden) Refold() (Golden, error) {
	s := New()
	for i, e := range g.Entries {
		ops, err := Decode(e.Body)
		if err != nil {
			return Golden{}, fmt.Errorf("entry %d: %w", i+1, err)
		}
		if err := s.Agrees(ops); err != nil {
			return Golden{}, fmt.Errorf("entry %d: %w", i+1, err)
		}
		if err := Apply(s, uint64(i+1), e.At, ops); err != nil {
			return Golden{}, err
		}
	}
	again := goldenOf(s, g.Name)
	for i, e := range g.Entries {
		if err := g.refoldFrom(uint64(i+1), e, again); err != nil {
			return Golden{}, err
		}
	}
	again.Entries = g.Entries
	return again, nil
}

// refoldFrom folds from the entry at seq, where it begins with the state, and wants what the whole journal gives.
func (g Golden) refoldFrom(seq uint64, e GoldenEntry, whole Golden) error {
	ops, err := Decode(e.Body)
	if err != nil || seq == 1 || ops[0].kind != opBase {
		return err
	}
	s := New()
	for ; seq <= uint64(len(g.Entries)); seq++ {
		if ops, err = Decode(g.Entries[seq-1].Body); err != nil {
			return err
		}
		if err = Apply(s, seq, g.Entries[seq-1].At, ops); err != nil {
			return err
		}
	}
	if got := goldenOf(s, g.Name); !reflect.DeepEqual(got, whole) {
		return fmt.Errorf("from the state at its beginning it gives %+v, not %+v", got, whole)
	}
	return nil
}

// Goldens are the journals of the executions of a town.
func (n *Town) Goldens(name string) (all []Golden) {
	for _, c := range n.people {
		all = append(all, c.Golden(name+", "+c.name))
	}
	return all
}

// Vocabulary is what an operation of the journal can be, and which fields each can have by the table of encode.go.
func Vocabulary() (words []string) {
	for kind, name := range opNames {
		if name == "" {
			continue
		}
		words = append(words, name)
		f := reflect.ValueOf(opFields[kind])
		for i := range f.NumField() {
			if key := f.Field(i).String(); key != "" {
				words = append(words, name+" "+key)
			}
		}
	}
	slices.Sort(words)
	return words
}

// Said notes which operations, with which fields, an entry holds.
func Said(body []byte, said map[string]bool) error {
	var entry struct{ Ops []map[string]json.RawMessage }
	if err := json.Unmarshal(body, &entry); err != nil {
		return err
	}
	return saidBy(entry.Ops, said)
}

func saidBy(ops []map[string]json.RawMessage, said map[string]bool) error {
	for _, o := range ops {
		var name string
		if err := json.Unmarshal(o["op"], &name); err != nil {
			return err
		}
		said[name] = true
		for key, raw := range o {
			said[name+" "+key] = true
			if key != "ops" { // what is copied
				continue
			}
			var inner []map[string]json.RawMessage
			if err := json.Unmarshal(raw, &inner); err != nil {
				return err
			}
			if err := saidBy(inner, said); err != nil {
				return err
			}
		}
	}
	return nil
}
