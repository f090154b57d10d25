// Package transfer works on whole stores: it looks at all that one holds, copies it to another, writes it as lines of JSON
// and reads those back, whatever drivers there are on both sides. docs/moves.md is the page for users.
//
// Everything is written as an engine would: under fences, through a lane. What is not carried: snapshots, which engines
// make again; answers to senders that have read theirs or will ask again.
//
// The package must not know what bodies mean, which database keeps them, or who drives it.
package transfer

import (
	"errors"
	"fmt"
	"time"

	"github.com/pawl-dev/pawl/record"
)

// Errors of this package.
var (
	// ErrAlive: somebody works on the store.
	ErrAlive = errors.New("a member of the store is at work")
	// ErrDiffers: something is there already, and is not what was to be written.
	ErrDiffers = errors.New("it is there already, with other content")
	// ErrChanged: somebody took a shard of the source while it was read.
	ErrChanged = errors.New("the store was opened by somebody while it was read")
)

// Options say what is moved and how.
type Options struct {
	// Namespace is the only one that is moved; "" is all.
	Namespace string
	// DryRun looks at everything and writes nothing.
	DryRun bool
	// Watch is how long an owner of shards must be silent before it counts as gone; it must be more than the members' TTL.
	// 12 seconds. Stores that admit one program at a time need no watch.
	Watch time.Duration
	// Progress is called from time to time, by one goroutine. None.
	Progress func(Done)
}

const (
	watchFor  = 12 * time.Second
	tellEvery = time.Second
)

func (o Options) watch() time.Duration {
	if o.Watch > 0 {
		return o.Watch
	}
	return watchFor
}

// Done counts what was moved.
type Done struct {
	DataKeys    int `json:"data_keys"`
	Definitions int `json:"definitions"`
	Executions  int `json:"executions"`
	Entries     int `json:"entries"`
	Messages    int `json:"messages"`
	// Blobs are the large payloads that were kept apart.
	Blobs int `json:"blobs"`
	// Same counts executions that were there already, equal; they are among Executions.
	Same int `json:"same"`
	// Unclean: the source was not closed, so what its tasks did is not known; who opens the target treats it so.
	Unclean bool `json:"unclean"`
	// Damaged are executions with entries of which the checksum does not fit, up to [MostNamed]; they were moved as they are.
	Damaged []record.ID `json:"-"`
}

// MostNamed bounds how many executions a report names.
const MostNamed = 100

// teller reports progress, not too often.
type teller struct {
	to   func(Done)
	last time.Time
}

func (t *teller) tell(d *Done) {
	if t.to != nil && time.Since(t.last) >= tellEvery {
		t.last = time.Now()
		t.to(*d)
	}
}

// about says what an error is about.
func about(id record.ID, err error) error { return fmt.Errorf("execution %s: %w", id, err) }
