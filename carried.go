package pawl

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
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

// keepAhead keeps a large payload of id before anything refers to it, so that only its caller waits for that.
func (e *Engine) keepAhead(ctx context.Context, id record.ID, raw []byte) error {
	return wrapStore("keeping the payload", e.backend.Ahead(ctx, e.opts.Namespace, id, raw))
}

// keepOutput keeps a large output before it is reported, and does not give up while only that fails: the commit would have
// to wait for it, and all others with it.
func (e *Engine) keepOutput(ctx context.Context, namespace string, id record.ID, output []byte) {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		err := e.backend.Ahead(ctx, namespace, id, output)
		if err == nil || errors.Is(err, store.ErrLocked) || errors.Is(err, store.ErrClosed) {
			return
		}
		e.opts.Logger.Warn("a large output cannot be kept yet; its task waits", "execution", id.String(), "error", err.Error())
		if rest(ctx, wait) != nil {
			return
		}
	}
}

// thinkers are the places of [Engine.think]: two for each processor.
type thinkers chan struct{}

func newThinkers() thinkers { return make(thinkers, 2*runtime.GOMAXPROCS(0)) }

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
