package sqlite

import (
	"context"
	"time"

	lite "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/pawl-dev/pawl/store"
)

// writer is the only one that changes the file: one goroutine with one connection, taking one job after the other.
// A job is handed over without a queue, so a caller that gives up before it begins knows that nothing happened.
type writer struct {
	conn    *lite.Conn
	jobs    chan job
	closing chan struct{} // closed by stop
	idle    chan struct{} // closed when the goroutine ended
	commit  *committer
	log     log
}

// job is work for the writer's goroutine. run leaves no transaction open.
type job struct {
	run  func()
	done chan struct{}
}

// newWriter starts the goroutine. busy is how long conn waits for locks.
func newWriter(conn *lite.Conn, shards int, busy time.Duration) (*writer, error) {
	c, err := newCommitter(conn, shards)
	if err != nil {
		return nil, err
	}
	w := &writer{
		conn: conn, commit: c,
		log:  log{busy: busy},
		jobs: make(chan job), closing: make(chan struct{}), idle: make(chan struct{}),
	}
	if w.log.pageSize, err = number(conn, "PRAGMA page_size"); err != nil {
		return nil, err
	}
	go w.loop()
	return w, nil
}

func (w *writer) loop() {
	defer close(w.idle)
	for {
		select {
		case j := <-w.jobs:
			j.run()
			close(j.done)
			w.log.checkpoint(w.conn)
		case <-w.closing:
			return
		}
	}
}

// stop waits for the job being done and takes no more.
func (w *writer) stop() {
	close(w.closing)
	<-w.idle
}

// begin hands work to the writer's goroutine and returns the channel that is closed when it is done. With an error
// the work has not begun and never will.
func (w *writer) begin(ctx context.Context, run func()) (done <-chan struct{}, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	j := job{run, make(chan struct{})}
	select {
	case w.jobs <- j:
		return j.done, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-w.closing:
		return nil, store.ErrClosed
	}
}

// transact runs fn in a transaction of the writer. Once begun it is waited for, since fn reads what the caller may
// want to use again.
func (s *Store) transact(ctx context.Context, fn func(c *lite.Conn) error) error {
	var failed error
	done, err := s.writer.begin(ctx, func() { failed = s.writer.transact(fn) })
	if err != nil {
		return err
	}
	<-done
	return failed
}

func (w *writer) transact(fn func(c *lite.Conn) error) (err error) {
	end, err := sqlitex.ImmediateTransaction(w.conn)
	if err != nil {
		return classify(err)
	}
	w.log.wrote(1, 0)
	err = fn(w.conn)
	end(&err)
	return classify(err)
}

// Commit implements [store.Store]. A caller that gives up while the batch is being written gets Unknown.
func (s *Store) Commit(ctx context.Context, b *store.Batch) store.Outcome {
	answer := make(chan store.Outcome, 1)
	done, err := s.writer.begin(ctx, func() { answer <- s.writer.write(b) })
	if err != nil {
		return store.Outcome{Result: store.NotCommitted, Cause: err}
	}
	select {
	case <-done:
		return <-answer
	case <-ctx.Done():
		return store.Outcome{Result: store.Unknown, Cause: ctx.Err()}
	}
}

func (w *writer) write(b *store.Batch) store.Outcome {
	o := w.commit.commit(b)
	w.log.wrote(w.commit.rows, w.commit.bytes)
	return o
}
