package engine

import (
	"context"

	"github.com/pawl-dev/pawl/internal/shard"
)

// Do runs one command and returns when its reply may leave. The error is that of ctx, or why the loop has ended; a
// command that is refused has Reply.Error.
func (l *Loop) Do(ctx context.Context, c Command) (Reply, error) {
	ch := l.channels.Get().(chan Reply)
	c.Ref = l.refs.Add(1)
	l.mu.Lock()
	if l.over {
		defer l.mu.Unlock()
		return Reply{}, l.err
	}
	l.calls[c.Ref] = ch
	l.in.commands = append(l.in.commands, c)
	l.mu.Unlock()
	l.knock()
	select {
	case r := <-ch:
		l.channels.Put(ch)
		if l.followed(&c, &r) {
			return l.follow(ctx, &c)
		}
		return r, nil
	case <-ctx.Done():
		return l.hangUp(ctx, &c, ch)
	case <-l.done:
		return l.last(ch)
	}
}

// hangUp ends the wait for a reply, unless that has come meanwhile.
func (l *Loop) hangUp(ctx context.Context, c *Command, ch chan Reply) (Reply, error) {
	l.mu.Lock()
	_, waiting := l.calls[c.Ref]
	delete(l.calls, c.Ref)
	if waiting && c.Verb == shard.Wait {
		l.pushLocked(Forget{c.Ref, c.Execution})
	}
	l.mu.Unlock()
	l.knock()
	if !waiting {
		return <-ch, nil
	}
	return Reply{}, ctx.Err()
}

// last returns a reply that came with the end of the loop.
func (l *Loop) last(ch chan Reply) (Reply, error) {
	select {
	case r := <-ch:
		return r, nil
	default:
		return Reply{}, l.Err()
	}
}
