// Package sqlstore is what the drivers of SQL databases share: migrations, reads, ownership, definitions, and the path
// of a commit from a batch to an outcome. A driver brings its connections, its dialect, and how it writes the rows of a
// batch in as few messages as its server allows.
//
// A commit is first tried as if nothing could be wrong: the driver writes lane, fences and rows behind guards, and the
// database refuses all of it when a guard does not hold. Only then is it asked what the matter is, and package judge
// names the culprits ([Store.Commit]).
//
// All SQL here is written with ? for arguments and pawl. before every table; [Translator] makes it the server's.
// The package must not know any one database, what entries mean or who drives it.
package sqlstore

import (
	"context"
	"sync"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/judge"
)

// Querier runs statements. Arguments are string, []byte, int64, int, bool, float64, nil, and what [Dialect.Values] gives.
type Querier interface {
	// Exec returns the number of rows that the statement changed (where it set them, whether or not they differ).
	Exec(ctx context.Context, sql string, args ...any) (int64, error)
	// Query calls row for each row. Nil columns are scanned into *[]byte and pointers to pointers.
	Query(ctx context.Context, sql string, args []any, row func(scan func(dest ...any) error) error) error
}

// Tx is a transaction. Rollback after a commit does nothing; both give the connection back.
type Tx interface {
	Querier
	Commit(ctx context.Context) error
	Rollback()
}

// DB is a pool of connections.
type DB interface {
	Querier
	// Write begins a transaction that reads what is committed at each statement.
	Write(ctx context.Context) (Tx, error)
	// Read begins one that reads everything as of one moment and writes nothing.
	Read(ctx context.Context) (Tx, error)
	// Close waits for what is being done.
	Close()
}

// Driver is what a database adds.
type Driver interface {
	// Commit writes a batch in one transaction that is refused as a whole unless all holds: the lane advances from the
	// number before b to b (at number 1 it is inserted), every fence of rows holds and stays share-locked, and the rows
	// fit. It returns nil when they are durable. An error of before anything was sent is wrapped in [NotSent].
	Commit(ctx context.Context, b *store.Batch, rows *Rows) error
	// WriteRows writes the rows of one part in a transaction that holds lane and fences.
	WriteRows(ctx context.Context, tx Tx, rows *Rows) error
}

// Config is everything that a store is made of.
type Config struct {
	DB DB
	// Searches is where searches, counts and scans run, so that slow ones keep nothing else waiting; nil is DB. Whoever
	// closes DB closes it.
	Searches DB
	Driver   Driver
	Dialect  *Dialect
	Words    *Words // how it is searched
	Info     store.Info
	Limits   judge.Limits
}

// Store implements [store.Backend] but for what the driver adds.
type Store struct {
	Config
	gate   sync.RWMutex // held for reading by every call, for writing by Close
	closed bool
	rows   sync.Pool // of *Rows
}

var _ store.Backend = (*Store)(nil)

// New makes a store over a database that is migrated and settled.
func New(c Config) *Store {
	if c.Searches == nil {
		c.Searches = c.DB
	}
	s := &Store{Config: c}
	s.rows.New = func() any { return &Rows{} }
	return s
}

// Info implements [store.Backend].
func (s *Store) Info() store.Info { return s.Config.Info }

// Close implements [store.Store]: it waits for calls that have begun; later ones answer [store.ErrClosed].
func (s *Store) Close() error {
	s.gate.Lock()
	defer s.gate.Unlock()
	if !s.closed {
		s.closed = true
		s.DB.Close()
	}
	return nil
}

// enter begins a call; leave ends it.
func (s *Store) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.gate.RLock()
	if s.closed {
		s.gate.RUnlock()
		return nil, store.ErrClosed
	}
	return s.gate.RUnlock, nil
}

// call runs f on the pool.
func (s *Store) call(ctx context.Context, f func(q Querier) error) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return s.Dialect.explain(f(s.DB))
}

// transact runs f in a transaction and commits it if f agrees.
func (s *Store) transact(ctx context.Context, f func(q Querier) error) error {
	return s.within(ctx, s.DB.Write, f)
}

// moment runs f on one moment of the database.
func (s *Store) moment(ctx context.Context, f func(q Querier) error) error {
	return s.within(ctx, s.DB.Read, f)
}

func (s *Store) within(ctx context.Context, begin func(context.Context) (Tx, error), f func(q Querier) error) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	tx, err := begin(ctx)
	if err != nil {
		return s.Dialect.explain(err)
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return s.Dialect.explain(err)
	}
	return s.Dialect.explain(tx.Commit(ctx))
}

// toID reads an execution id; nil is the zero id.
func toID(b []byte) (id record.ID) {
	copy(id[:], b)
	return id
}

func toOwner(b []byte) (o record.Owner) {
	copy(o[:], b)
	return o
}

// blob is the argument for bytes that are never null.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
