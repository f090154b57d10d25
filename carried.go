package pawl

import (
	"context"
	"runtime"
	"sync/atomic"
)

// carried counts the bytes of calls that are not answered yet. They are bounded here, before anything else is made of
// them, because very many calls at once can bring more than the engine has come to count.
type carried struct{ bytes atomic.Int64 }

// carry takes raw along until done is called, or refuses it as overloaded. A call that is alone is always let in.
func (e *Engine) carry(raw []byte) (done func(), err error) {
	n := int64(len(raw))
	if all := e.carried.bytes.Add(n); all > n && all > int64(e.opts.Memory/4) {
		e.carried.bytes.Add(-n)
		return nil, &Error{Code: CodeOverloaded, Message: "the memory for calls is used up; try again later"}
	}
	return func() { e.carried.bytes.Add(-n) }, nil
}

// thinkers are the places of [Engine.think]: a few for each processor.
type thinkers chan struct{}

func newThinkers() thinkers { return make(thinkers, 4*runtime.GOMAXPROCS(0)) }

// think runs what reads or writes whole inputs. Each takes several times the memory of its input while it lasts, so few
// are under way at once; it is the processor that they wait for, in any case.
func (e *Engine) think(ctx context.Context, f func() error) error {
	select {
	case e.thinkers <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-e.thinkers }()
	return f()
}
