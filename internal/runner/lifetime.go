package runner

import (
	"context"
	"sync"
	"time"
)

// lifetime is the context of an attempt. The real one is made when somebody first asks for more than the deadline:
// most functions never do, and making and ending a context costs as much as all the rest of a small task.
type lifetime struct {
	base     context.Context
	deadline time.Time // zero where there is none; set before the context is given away

	mu     sync.Mutex
	real   context.Context
	cancel context.CancelCauseFunc
	expire context.CancelFunc
	ended  bool
	cause  error
}

// Deadline implements context.Context.
func (l *lifetime) Deadline() (time.Time, bool) { return l.deadline, !l.deadline.IsZero() }

// Done implements context.Context.
func (l *lifetime) Done() <-chan struct{} { return l.context().Done() }

// Err implements context.Context.
func (l *lifetime) Err() error { return l.context().Err() }

// Value implements context.Context.
func (l *lifetime) Value(key any) any { return l.context().Value(key) }

func (l *lifetime) context() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.real != nil {
		return l.real
	}
	l.real, l.cancel = context.WithCancelCause(l.base)
	if !l.deadline.IsZero() {
		l.real, l.expire = context.WithDeadlineCause(l.real, l.deadline, ErrTimeout)
	}
	if l.ended {
		l.finish()
	}
	return l.real
}

// end ends the context; the first cause counts, nil is context.Canceled.
func (l *lifetime) end(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended, l.cause = true, cause
	if l.real != nil {
		l.finish()
	}
}

// finish ends the real context. The lock is held.
func (l *lifetime) finish() {
	l.cancel(l.cause)
	if l.expire != nil {
		l.expire()
	}
}

// past reports whether the deadline has come.
func (l *lifetime) past() bool { return !l.deadline.IsZero() && !time.Now().Before(l.deadline) }
