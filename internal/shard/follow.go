package shard

import (
	"errors"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Follower is an execution as the store has it, for a member that does not own it: everything that is durable and
// nothing else.
type Follower struct{ e execution }

// Follow folds what was loaded. See [NeedsWhole].
func Follow(l *Loaded) (*Follower, error) {
	f := &Follower{}
	if err := f.e.fold(l); err != nil {
		return nil, err
	}
	if model.Status(l.Head.Status).Closed() && !f.e.closed() {
		return nil, errors.New("the journal ends before the end that the head tells of")
	}
	return f, nil
}

// NeedsWhole reports whether [Follow] failed because of a snapshot, so that it works without, from all entries.
func NeedsWhole(err error) bool { return errors.Is(err, errSnapshot) }

// Add folds the entries that follow.
func (f *Follower) Add(entries []record.Entry) error {
	for i := range entries {
		if err := applyEntry(f.e.state, &entries[i]); err != nil {
			return err
		}
	}
	return nil
}

// State is what is followed; not to be changed or kept.
func (f *Follower) State() *kernel.State { return f.e.state }
