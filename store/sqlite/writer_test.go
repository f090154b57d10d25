package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// blocked makes the writer busy until release is called.
func blocked(t *testing.T, s *Store) (release func()) {
	t.Helper()
	began, gate := make(chan struct{}), make(chan struct{})
	_, err := s.writer.begin(t.Context(), func() { close(began); <-gate })
	if err != nil {
		t.Fatal(err)
	}
	<-began
	return sync.OnceFunc(func() { close(gate) })
}

// TestF32_I7_CallerGivesUp: before its batch began a caller learns that nothing happened; afterwards, nothing for
// certain, and the same bytes settle it.
func TestF32_I7_CallerGivesUp(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "pawl.db"))
	defer s.Close()
	b := &store.Batch{Lane: store.Lane{Owner: record.Owner{1}}, Number: 1, Digest: 5}

	release := blocked(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan store.Outcome)
	go func() { answer <- s.Commit(ctx, b) }()
	cancel()
	if o := <-answer; o.Result != store.NotCommitted || !errors.Is(o.Cause, context.Canceled) {
		t.Fatalf("given up before it began: %s %v", o.Result, o.Cause)
	}
	release()

	unlock := lockDatabase(t, s) // a slow disk: the batch begins and waits inside SQLite
	begun := &givesUpOnceBegun{}
	begun.Context, begun.cancel = context.WithCancel(t.Context())
	if o := s.Commit(begun, b); o.Result != store.Unknown || !errors.Is(o.Cause, context.Canceled) {
		t.Fatalf("given up after it began: %s %v", o.Result, o.Cause)
	}
	unlock()
	if o := s.Commit(t.Context(), b); o.Result != store.Committed {
		t.Fatalf("the same bytes: %s %v", o.Result, o.Cause)
	}
	b.Digest++
	if o := s.Commit(t.Context(), b); o.Result != store.Superseded || o.Winner != 5 {
		t.Fatalf("%s %v", o.Result, o.Cause)
	}
}

// givesUpOnceBegun is cancelled when it is asked for the second time: once the writer has the job.
type givesUpOnceBegun struct {
	context.Context
	asked  int
	cancel func()
}

func (c *givesUpOnceBegun) Done() <-chan struct{} {
	if c.asked++; c.asked == 2 {
		c.cancel()
	}
	return c.Context.Done()
}

// lockDatabase holds the write lock as another program may, until unlock.
func lockDatabase(t *testing.T, s *Store) (unlock func()) {
	t.Helper()
	shell, err := (&config{}).connect(strings.TrimSuffix(s.lock.file.Name(), lockSuffix))
	if err != nil {
		t.Fatal(err)
	}
	if err := exec(shell, "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := shell.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestCloseWaitsAndRefuses: what began is finished, what waits is refused, nobody hangs.
func TestCloseWaitsAndRefuses(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "pawl.db"))
	release := blocked(t, s)
	const waiting = 5
	answers := make(chan error, waiting)
	for n := range waiting {
		go func() { answers <- s.Send(t.Context(), []record.Message{{ID: record.MessageID{Seq: uint64(n)}}}) }()
	}
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	for range waiting {
		if err := <-answers; !errors.Is(err, store.ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
	release()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
}

// TestReadsEndWithTheirCaller: a search over much is interrupted, and its connection still works afterwards.
func TestReadsEndWithTheirCaller(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "pawl.db"))
	defer s.Close()
	for range 2 * readers {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.readers.with(ctx, func(c *lite.Conn) error {
			cancel()
			_, err := number(c, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		if _, err := s.Claims(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
