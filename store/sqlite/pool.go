package sqlite

import (
	"context"
	"errors"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/store"
)

// pool is a few connections for reading, opened when first needed.
type pool struct {
	open   func() (*lite.Conn, error)
	slots  chan *lite.Conn // nil: not opened yet
	closed chan struct{}
}

func newPool(n int, open func() (*lite.Conn, error)) *pool {
	p := &pool{open: open, slots: make(chan *lite.Conn, n), closed: make(chan struct{})}
	for range n {
		p.slots <- nil
	}
	return p
}

// close waits for readers that are under way.
func (p *pool) close() error {
	close(p.closed)
	var err error
	for range cap(p.slots) {
		if conn := <-p.slots; conn != nil {
			err = errors.Join(err, conn.Close())
		}
	}
	return err
}

// with calls fn with a connection that sees one state of the store from begin to end. When ctx ends, so does the
// statement that is running.
func (p *pool) with(ctx context.Context, fn func(c *lite.Conn) error) error {
	select {
	case <-p.closed:
		return store.ErrClosed
	default:
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case conn := <-p.slots:
		defer func() { p.slots <- conn }()
		if conn == nil {
			var err error
			if conn, err = p.open(); err != nil {
				return classify(err)
			}
		}
		return read(ctx, conn, fn)
	case <-ctx.Done():
		return ctx.Err()
	case <-p.closed:
		return store.ErrClosed
	}
}

func read(ctx context.Context, conn *lite.Conn, fn func(c *lite.Conn) error) error {
	err := exec(conn, "BEGIN")
	if err == nil {
		conn.SetInterrupt(ctx.Done())
		err = fn(conn)
		conn.SetInterrupt(nil)
	}
	if !conn.AutocommitEnabled() {
		err = errors.Join(err, exec(conn, "ROLLBACK"))
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return classify(err)
}
