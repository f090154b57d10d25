// Package memory is a store that lives in this process: for tests, for trying things out, and as the shortest
// reading of what package store asks for. Everything is gone when the process ends; it says so in its Info.
//
// The package must not know what entries mean or who drives it.
package memory

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// shards is the number of shards of every memory store.
const shards = 16

// maxBody bounds a body of an entry, snapshot, message or blob in bytes, as in package sqlite.
const maxBody = 16 << 20

// Option changes how a store behaves.
type Option func(*data)

// WithNow sets the store's clock (Unix milliseconds); the default is the machine's.
func WithNow(now func() int64) Option { return func(d *data) { d.now = now } }

// WithIncarnation sets the incarnation, which is otherwise drawn, so that two runs can be equal.
func WithIncarnation(i [16]byte) Option { return func(d *data) { d.incarnation = i } }

// Open returns an opener of one empty store. What is written stays while the opener lives, so closing and opening
// again is a restart; a second open before the close is [store.ErrInUse].
func Open(opts ...Option) store.Opener {
	d := &data{
		now:        func() int64 { return time.Now().UnixMilli() },
		executions: map[record.ID]*execution{},
		lanes:      map[store.Lane]laneState{},
		keys:       map[record.Key]record.KeyRow{},
		blobs:      map[record.ID]map[[32]byte][]byte{},
		answers:    map[record.ID]answer{},
		dataKeys:   map[uint64]store.DataKey{},
		members:    map[record.Owner]store.Beat{},
		versions:   map[versionKey]*store.Definition{},
		active:     map[workflowKey]string{},
	}
	rand.Read(d.incarnation[:])
	for i := range d.shards {
		d.shards[i].fence.Shard = record.Shard(i)
		d.shards[i].due = map[record.ID]int64{}
		d.shards[i].inbox.init()
	}
	for _, o := range opts {
		o(d)
	}
	return d
}

// data is the content of a store; mu guards it.
type data struct {
	now         func() int64
	incarnation [16]byte

	mu         sync.RWMutex
	open       bool
	shards     [shards]shard
	lanes      map[store.Lane]laneState
	members    map[record.Owner]store.Beat
	executions map[record.ID]*execution
	keys       map[record.Key]record.KeyRow
	blobs      map[record.ID]map[[32]byte][]byte
	answers    map[record.ID]answer
	dataKeys   map[uint64]store.DataKey
	versions   map[versionKey]*store.Definition
	active     map[workflowKey]string
}

type shard struct {
	fence record.Fence
	// due holds next_at of every execution that has one.
	due   map[record.ID]int64
	inbox inbox
}

// answer is kept with the shard whose owner wrote it.
type answer struct {
	record.Answer
	shard record.Shard
}

type laneState struct{ number, digest uint64 }

type execution struct {
	head     record.Head
	entries  []record.Entry
	gone     uint64 // entries that were trimmed
	snapshot *record.Snapshot
}

// Open implements [store.Opener].
func (d *data) Open(context.Context) (store.Backend, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open {
		return nil, fmt.Errorf("memory store: %w: this one, close it first", store.ErrInUse)
	}
	d.open = true
	return &Store{data: d}, nil
}

// Store is an open store.
type Store struct {
	*data
	closed atomic.Bool
}

var _ store.Backend = (*Store)(nil)

// Close ends the use of the store; the opener can open it again.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed.Swap(true) {
		s.open = false
	}
	return nil
}

// Info says that nothing survives the process.
func (s *Store) Info() store.Info {
	return store.Info{
		Driver: "memory", Version: "1", Shards: shards, Lanes: 1, Incarnation: s.incarnation,
		Warnings: []string{"everything is in memory and lost when this process ends"},
	}
}

// read and write take the lock for one call, or say that the store is closed.
func (s *Store) read(ctx context.Context) (unlock func(), err error) {
	s.mu.RLock()
	return s.admit(ctx, s.mu.RUnlock)
}

func (s *Store) write(ctx context.Context) (unlock func(), err error) {
	s.mu.Lock()
	return s.admit(ctx, s.mu.Unlock)
}

func (s *Store) admit(ctx context.Context, unlock func()) (func(), error) {
	err := ctx.Err()
	if s.closed.Load() {
		err = store.ErrClosed
	}
	if err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

func compareIDs(a, b record.ID) int { return bytes.Compare(a[:], b[:]) }

func compareDue(a, b record.Due) int {
	return cmp.Or(cmp.Compare(a.At, b.At), compareIDs(a.Execution, b.Execution))
}

// keepHead is a copy of h that shares nothing with its caller, tags by name, the last of a name winning.
func keepHead(h *record.Head) record.Head {
	c := *h
	c.Insert = false
	c.Tags = nil
	for _, t := range h.Tags {
		i, found := slices.BinarySearchFunc(c.Tags, t.Name, func(t record.Tag, name string) int { return cmp.Compare(t.Name, name) })
		if found {
			c.Tags[i] = t
			continue
		}
		c.Tags = slices.Insert(c.Tags, i, t)
	}
	return c
}
