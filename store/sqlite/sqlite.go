// Package sqlite keeps journals in one SQLite file, for one engine at a time. A commit is answered when the file's
// write-ahead log was flushed to the disk (WAL, synchronous=FULL).
//
// One goroutine writes through one connection and also copies the log into the database between commits; a few
// connections read. docs/internals/stores.md says what is where.
//
// The package must not know what entries mean or who drives it.
package sqlite

import (
	"context"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/store"
)

// shards is drawn when a file is created and never changes for it.
const shards = 16

// readers is the number of connections that read.
const readers = 4

// maxBody bounds a body of an entry, snapshot, message or blob, in bytes.
const maxBody = 16 << 20

// Option changes how a store is opened.
type Option func(*config)

type config struct {
	path       string
	normal     bool
	anywhere   bool
	restored   bool
	program    string
	busy       time.Duration // bounds the wait for a lock of another program
	maxPages   int           // tests: the file cannot grow beyond
	unsynced   bool          // tests: nothing is flushed
	migrations []migration   // tests: an older program
}

// SyncNormal flushes the log when it is copied into the database instead of at every commit: several times faster
// for small commits, but a power failure (not a crash of the process) may take the last commits back, although they
// had been acknowledged. The store then says that it is not durable.
func SyncNormal() Option { return func(c *config) { c.normal = true } }

// AnyFilesystem opens files on network file systems too, whose locks and flushes often do not hold. The store then
// says that it is not durable.
func AnyFilesystem() Option { return func(c *config) { c.anywhere = true } }

// Restored says that the file came back from a backup: the store draws a new incarnation, so that what the lost time
// after the backup gave away (tasks, tokens) is not taken for today's. Use it for one open, the first.
func Restored() Option { return func(c *config) { c.restored = true } }

// Program is the name and version that a second process is told when it finds the store in use. The default is the
// main module of the binary.
func Program(version string) Option { return func(c *config) { c.program = version } }

// Open returns an opener of the file at path, which is created where it does not exist (its folder is not).
func Open(path string, opts ...Option) store.Opener {
	c := &config{path: path, program: program(), busy: 2 * time.Second, migrations: migrations()}
	for _, o := range opts {
		o(c)
	}
	return c
}

// Store is an open file. It implements [store.Backend].
type Store struct {
	info    store.Info
	writer  *writer
	readers *pool
	lock    *lock
	closing sync.Once
	closed  chan struct{} // closed once Close has done its work
	err     error         // what Close found; read after closed
}

var _ store.Backend = (*Store)(nil)

// Info implements [store.Backend].
func (s *Store) Info() store.Info { return s.info }

// Close waits for what is being done, copies the log into the database and gives the file free. Calls that have not
// begun answer [store.ErrClosed].
func (s *Store) Close() error {
	s.closing.Do(func() {
		defer close(s.closed)
		first := func(err error) {
			if s.err == nil {
				s.err = err
			}
		}
		s.writer.stop()
		first(s.readers.close())
		first(s.writer.conn.Close())
		first(s.lock.release())
	})
	<-s.closed
	return s.err
}

// Open implements [store.Opener].
func (c *config) Open(ctx context.Context) (store.Backend, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := c.open()
	if err != nil {
		return nil, err
	}
	return s, nil
}
