package pawl

import (
	"context"
	"fmt"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/record"
)

// GetAt reads the execution id as it was after entry seq: folded from its journal, exactly as the engine had it then.
// What it waited for is told as of the time of that entry.
func (e *Engine) GetAt(ctx context.Context, id string, seq uint64) (*Execution, error) {
	x, err := e.parseID(id)
	if err != nil {
		return nil, err
	}
	if seq == 0 {
		return nil, invalid("entries are numbered from 1")
	}
	entries, err := e.entries(ctx, x, seq)
	if err != nil {
		return nil, err
	}
	s := kernel.New()
	for i := range entries {
		if err := kernel.Apply(s, entries[i].Seq, entries[i].At, entries[i].Ops); err != nil {
			return nil, damagedJournal(x, err)
		}
	}
	if s.Seq() < seq {
		return nil, notFound("the execution %s has %d entries, not %d", id, s.Seq(), seq)
	}
	got := e.copyState(s, s.At())
	if got.Input == nil {
		got.Input, err = e.inputOf(ctx, x)
	}
	return got, err
}

// entries reads and decodes a journal from its beginning, up to entry upto (0: to its end).
func (e *Engine) entries(ctx context.Context, id record.ID, upto uint64) (list []kernel.Entry, err error) {
	err = e.eachEntry(ctx, id, upto, func(en *kernel.Entry, first bool) error {
		if first {
			list = nil
		}
		list = append(list, *en)
		return nil
	})
	return list, err
}

// eachEntry is entries for those who keep none. first says that what came before, if anything, is gone.
func (e *Engine) eachEntry(ctx context.Context, id record.ID, upto uint64, do func(en *kernel.Entry, first bool) error) error {
	first, some := true, false
	for next := uint64(1); upto == 0 || next <= upto; {
		page, err := e.backend.Journal(ctx, id, next, historyPage)
		if err != nil {
			return wrapStore("reading the journal", err)
		}
		if len(page) == 0 {
			break
		}
		for i := range page {
			en := &page[i]
			if locked(en) {
				return lockedJournal(id)
			}
			if en.Seq > next && kernel.BeginsWithState(en.Body) { // what is before was removed
				if upto > 0 && upto < en.Seq {
					return notFound("the entries of the execution %s before %d were removed", id, en.Seq)
				}
				first, next = true, en.Seq
			}
			if en.Seq != next || len(en.Body) == 0 || en.Body[0] != record.CodecPlain || en.Checksum() != en.Sum {
				return damagedJournal(id, fmt.Errorf("entry %d", next))
			}
			ops, err := kernel.Decode(en.Body[1:])
			if err != nil {
				return damagedJournal(id, err)
			}
			if upto == 0 || next <= upto {
				if err := do(&kernel.Entry{Seq: en.Seq, At: en.At, Ops: ops}, first); err != nil {
					return err
				}
				first, some = false, true
			}
			next++
		}
	}
	if !some {
		return notFound("there is no execution %s", id)
	}
	return nil
}

func damagedJournal(id record.ID, cause error) error {
	return &Error{Code: CodeStore, Message: fmt.Sprintf("the journal of execution %s is damaged", id), Cause: cause}
}
