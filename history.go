package pawl

import (
	"context"
	"fmt"
	"iter"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/record"
)

// historyPage is how many entries History reads at a time.
const historyPage = 64

// History yields what happened to the execution id, from entry from on (0: from the start), up to now. The iteration
// ends at the first error.
func (e *Engine) History(ctx context.Context, id string, from uint64) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		x, err := e.parseID(id)
		if err != nil {
			yield(Event{}, err)
			return
		}
		next := max(from, 1)
		for {
			events, last, err := e.journal(ctx, x, next)
			if err == nil && last == 0 && next == 1 {
				err = notFound("there is no execution %s", id)
			}
			for _, ev := range events {
				if !yield(ev, nil) {
					return
				}
			}
			if err != nil {
				yield(Event{}, err)
				return
			}
			if last == 0 {
				return
			}
			next = last + 1
		}
	}
}

// journal reads one page of entries as events. last is the number of the last entry read, 0 where there is none. With
// an error the events are those before the damage.
func (e *Engine) journal(ctx context.Context, id record.ID, from uint64) (events []Event, last uint64, err error) {
	entries, err := e.backend.Journal(ctx, id, from, historyPage)
	if err != nil {
		return nil, 0, wrapStore("reading the journal", err)
	}
	var buf []kernel.Event
	for i := range entries {
		next := from
		if last > 0 {
			next = last + 1
		}
		if buf, err = decodeEntry(buf[:0], &entries[i], next); err != nil {
			return events, last, err
		}
		for _, k := range buf {
			events = append(events, eventOf(k))
		}
		last = entries[i].Seq
	}
	return events, last, nil
}

// locked reports whether an entry was read by who has no key for it.
func locked(en *record.Entry) bool {
	return len(en.Body) > 0 && en.Body[0] == record.CodecEncrypted && en.Checksum() == en.Sum
}

func lockedJournal(id record.ID) error {
	return &Error{Code: CodeLocked, Message: fmt.Sprintf("the journal of execution %s is encrypted, and no key that is here opens it", id)}
}

// decodeEntry gives the events of an entry, which must be the one with number seq.
func decodeEntry(dst []kernel.Event, en *record.Entry, seq uint64) ([]kernel.Event, error) {
	damaged := func(cause error) error {
		return &Error{Code: CodeStore, Message: fmt.Sprintf("entry %d of execution %s is damaged", seq, en.Execution), Cause: cause}
	}
	if locked(en) {
		return nil, lockedJournal(en.Execution)
	}
	if en.Seq < seq || en.Seq > seq && !kernel.BeginsWithState(en.Body) {
		return nil, damaged(fmt.Errorf("entry %d follows instead", en.Seq))
	}
	if len(en.Body) == 0 || en.Body[0] == record.CodecDamaged || en.Checksum() != en.Sum {
		return nil, damaged(nil)
	}
	if en.Body[0] != record.CodecPlain {
		return nil, damaged(fmt.Errorf("unknown codec %d", en.Body[0]))
	}
	ops, err := kernel.Decode(en.Body[1:])
	if err != nil {
		return nil, damaged(err)
	}
	if en.Seq > seq {
		dst = append(dst, kernel.Event{Seq: en.Seq, At: en.At, Type: kernel.TypeTrimmed, Text: fmt.Sprintf("entries %d to %d were removed", seq, en.Seq-1)})
	}
	return kernel.Events(dst, en.Seq, en.At, ops), nil
}
