// Package redis keeps journals in one Redis 7 server, or in the primary of a replicated one. A commit is one script
// that compares everything first and then only uses commands that cannot fail. What a server promises depends on its
// settings; they are read when the store is opened, and Info says what they are worth.
//
// docs/internals/stores.md says what lies where. The package must not know what entries mean or who drives it.
package redis

import (
	"context"
	"encoding/hex"
	"sync"

	"github.com/redis/rueidis"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// shards is drawn when a store is created and never changes for it.
const shards = 64

// maxBody bounds a body of an entry, snapshot, message, answer or blob, in bytes.
const maxBody = 16 << 20

// defaultPrefix begins all keys of a store.
const defaultPrefix = "pawl:"

// Option changes how a store is opened.
type Option func(*config)

type config struct {
	url      string
	prefix   string
	restored bool
}

// Prefix begins all keys of the store, so that several stores and other programs share a server. The default is
// "pawl:", or what the URL says.
func Prefix(p string) Option { return func(c *config) { c.prefix = p } }

// Restored says that the server came back from a backup, or from a replica that was promoted without what the primary
// had last: the store draws a new incarnation, so that what the lost time gave away (tasks, tokens) is not taken for
// today's. Use it for one open, the first, while no other process has the store open.
func Restored() Option { return func(c *config) { c.restored = true } }

// Open returns an opener of the store at url: redis://user:password@host:port/db?prefix=pawl: with everything but the
// host optional, rediss:// for TLS, or unix:///path?db=0.
func Open(url string, opts ...Option) store.Opener {
	c := &config{url: url}
	for _, o := range opts {
		o(c)
	}
	return c
}

// Store is an open store. It implements [store.Backend].
type Store struct {
	names
	info        store.Info
	incarnation string
	client      rueidis.Client
	seen        *epochs

	mu     sync.RWMutex // held for reading by every call, for writing by Close
	closed bool
}

var _ store.Backend = (*Store)(nil)

// Info implements [store.Backend].
func (s *Store) Info() store.Info { return s.info }

// Close waits for the calls that have begun and closes the connections. Later calls answer [store.ErrClosed].
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		s.client.Close()
	}
	return nil
}

// enter begins a call.
func (s *Store) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return nil, store.ErrClosed
	}
	return s.mu.RUnlock, nil
}

// epochs are the highest that this process has seen of each shard. They only grow, unless the server lost some.
type epochs struct {
	mu  sync.Mutex
	top [shards]record.Fence
}

// now is what was seen until now: what an answer to a question asked from now on can be compared with. Answers may
// overtake each other.
func (e *epochs) now() [shards]record.Fence {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.top
}

// row notes the row of a shard as the server has it, and compares it with what was seen before the question.
func (e *epochs) row(before *[shards]record.Fence, s record.Shard, row string) error {
	if s >= shards {
		return nil
	}
	f, top := parseFence(s, row), before[s]
	none := record.Owner{}
	if f.Epoch < top.Epoch || f.Epoch == top.Epoch && f.Owner != none && top.Owner != none && f.Owner != top.Owner {
		return store.WentBack("shard %d is at epoch %d, and was at %d", s, f.Epoch, top.Epoch)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if at := &e.top[s]; f.Epoch > at.Epoch || f.Epoch == at.Epoch && f.Owner != none {
		*at = f
	}
	return nil
}

// parseFence reads the row of a shard.
func parseFence(s record.Shard, row string) record.Fence {
	f := record.Fence{Shard: s}
	if len(row) == 24 {
		f.Epoch = parseU64(row)
		copy(f.Owner[:], row[8:])
	}
	return f
}

// drawn is an incarnation as text.
func drawn(i [16]byte) string { return hex.EncodeToString(i[:]) }
