package kernel

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/record"
)

// A journal without end is kept short by bases: entries that begin with the whole state before them, so that a fold
// may begin there as well as at entry 1. What lies before a base can be removed by an entry that names it and the hash
// of its state (docs/adr/0009-endless-work.md).

// Trim is how much of its journal an execution needs no more.
type Trim struct {
	// Base writes the state at the beginning of this entry.
	Base bool
	// Keep is how many entries are kept at least; those before a base so far back go. 0: count is no reason.
	Keep uint64
	// Before is a time, Unix milliseconds: entries before a base that is not younger go, and the steps in them do not
	// count any more towards the bound on steps. 0: age is no reason.
	Before int64
}

// mark is a base in the journal.
type mark struct {
	seq   uint64
	at    int64
	steps int64 // scheduled before it
	sum   string
}

// errBase: an entry begins with a state that is not the one before it.
var errBase = errors.New("the state at the beginning of the entry is not the state before it")

// trim handles InTrim, the first input of its transition: a base must be the first operation of its entry.
func (x *decider) trim(t *Trim) {
	if x.s.start.ID.IsZero() || x.s.status.Closed() || len(x.ops) > 0 {
		return
	}
	if t.Base {
		body := Save(nil, x.s)
		raw := append(base64.StdEncoding.AppendEncode([]byte{'"'}, body), '"')
		x.emit(Op{kind: opBase, text: sumOf(body), data: raw, hasData: true})
		x.size -= len(raw) // it is no reason to stop early
	}
	last := -1
	aged := false
	for i := range x.s.bases {
		b := &x.s.bases[i]
		old := t.Before > 0 && b.at <= t.Before
		if (old || t.Keep > 0 && b.seq+t.Keep <= x.s.seq) && b.seq > x.s.first {
			last, aged = i, aged || old
		}
	}
	if last < 0 || x.err != nil {
		return
	}
	b := x.s.bases[last]
	x.out.Trim = b.seq
	x.emit(Op{kind: opTrim, n: int64(b.seq), text: b.sum, flag: aged})
}

func sumOf(state []byte) string {
	sum := sha256.Sum256(state)
	return fmt.Sprintf("%x", sum[:16])
}

// First is the number of the first entry that the journal has to have; what is before may be gone.
func (s *State) First() uint64 { return max(s.first, 1) }

// LastBase is the number of the newest entry that begins with the whole state; 0 where there is none.
func (s *State) LastBase() uint64 {
	if n := len(s.bases); n > 0 {
		return s.bases[n-1].seq
	}
	return 0
}

// manyBases bounds how many bases a state remembers; older ones just stay in the journal.
const manyBases = 16

func (s *State) applyBase(o *Op) {
	if len(s.bases) == manyBases {
		s.bases = slices.Delete(s.bases, 0, 1)
	}
	s.bases = append(s.bases, mark{seq: s.seq, at: s.at, steps: s.scheduled, sum: o.text})
}

func (s *State) applyTrim(o *Op) {
	s.first = uint64(o.n)
	for _, b := range s.bases {
		if o.flag && b.seq == s.first {
			s.forgiven = b.steps
		}
	}
	s.bases = slices.DeleteFunc(s.bases, func(b mark) bool { return b.seq < s.first })
}

// Base returns the state with which an entry begins; nil where it does not begin with one.
func Base(ops []Op) (*State, error) {
	if len(ops) == 0 || ops[0].kind != opBase {
		return nil, nil
	}
	body, err := baseBody(&ops[0])
	if err != nil {
		return nil, err
	}
	return Restore(body)
}

// BeginsWithState reports whether the body of an entry, with its codec byte, begins with a state.
func BeginsWithState(body []byte) bool {
	return len(body) > 0 && body[0] == record.CodecPlain && bytes.HasPrefix(body[1:], []byte(`{"v":1,"ops":[{"op":"base"`))
}

func baseBody(o *Op) ([]byte, error) {
	var body []byte
	if err := json.Unmarshal(o.data, &body); err != nil {
		return nil, errBase
	}
	if sumOf(body) != o.text {
		return nil, errBase
	}
	return body, nil
}

// Agrees checks an entry that begins with a state against s, which is at the entry before: what a fold through the base
// gives is what a fold from it gives. The auditor asks; folding itself does not.
func (s *State) Agrees(ops []Op) error {
	if len(ops) == 0 || ops[0].kind != opBase || s.seq == 0 {
		return nil
	}
	now := Save(nil, s)
	if sumOf(now) == ops[0].text {
		return nil
	}
	base, err := Base(ops) // it may be of an earlier format
	if err == nil && !bytes.Equal(Save(nil, base), now) {
		err = errBase
	}
	return err
}

// begins makes s the state with which the entry seq begins, where s is new and the entry is not the first.
func (s *State) begins(seq uint64, ops []Op) error {
	if s.seq != 0 || seq < 2 {
		return nil
	}
	base, err := Base(ops)
	if err != nil || base == nil {
		return err
	}
	*s = *base
	return nil
}
