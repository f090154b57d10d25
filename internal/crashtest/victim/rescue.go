package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	pawl "github.com/pawl-dev/pawl"
)

// patience is how long the engine waits for a sign of who works on an order before it gives the attempt up.
const patience = 60 * time.Millisecond

// What has ended stays open for a while, so that late answers find the step and not only that its execution is over.
var rescueText = fmt.Sprintf(`
workflow: rescue
version: 1.0.0
nodes:
  - work: {call: order, callback: true, heartbeat: %dms, retry: {max_attempts: 2, initial_interval: 5ms, backoff_coefficient: 1, jitter: 0}, next: {error: given_up}}
  - last: {call: effect}
  - nap: {wait: {for: 100ms}}
  - done: {end: {outcome: done}}
  - given_up: {wait: {for: 200ms}}
  - ended: {end: {outcome: given_up}}
`, patience.Milliseconds())

// token is what is known of an order that somebody works on.
type token struct {
	execution string
	attempt   int
	text      string
}

// ledger notes orders in a file, so that the next life can answer those of this one.
type ledger struct {
	mu     sync.Mutex
	f      *os.File
	v      *victim
	work   sync.WaitGroup
	failed error
}

// rescue runs executions whose one step is answered from outside at about the moment at which its attempt is given up:
//
//	told <execution> <attempt>   the answer of that attempt was accepted
//	late <execution> <attempt>   it was refused as stale
//
// First it answers what earlier lives have ordered. With grow 0 it starts nothing and waits for the end of everything.
func (v *victim) rescue(ctx context.Context, o *orders) error {
	old, err := readTokens(o.effects + ".tokens")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(o.effects+".tokens", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	l := &ledger{f: f, v: v}
	v.ledger.Store(l)
	for _, t := range old[max(0, len(old)-64):] {
		l.answerSoon(ctx, t, time.Duration(v.draw(100))*time.Millisecond)
	}
	first, n := o.from, o.grow
	if n == 0 {
		first, n = 0, o.from
	}
	err = each(n, 48, func(i int) error {
		key := fmt.Sprint("k", first+i)
		var run *pawl.Run
		if err := patiently(ctx, func(ctx context.Context) (err error) {
			run, err = v.eng.Start(ctx, "rescue", nil, pawl.Key(key))
			return err
		}); err != nil {
			return err
		}
		say("start %s %s", key, run.ID())
		return v.await(ctx, run, key)
	})
	l.work.Wait()
	return errors.Join(err, l.failed)
}

// order gives the work to somebody else, who answers or is silent.
func (v *victim) order(ctx context.Context, in struct{}) (int, error) {
	if _, err := v.effect(ctx, in); err != nil {
		return 0, err
	}
	t := pawl.TaskFrom(ctx)
	l := v.ledger.Load()
	for ; l == nil; l = v.ledger.Load() { // what is open goes on before anything is asked for
		if err := pause(ctx, time.Millisecond); err != nil {
			return 0, err
		}
	}
	got := token{t.Execution, t.Attempt, t.Token}
	l.mu.Lock()
	_, err := fmt.Fprintf(l.f, "%s %d %s .\n", got.execution, got.attempt, got.text)
	l.mu.Unlock()
	// Some answer in good time, most at about the last moment, and some far too late.
	after := patience + time.Duration(v.draw(21)-10)*time.Millisecond
	switch v.draw(8) {
	case 0:
		after = 0
	case 1:
		after = 3 * patience
	}
	l.answerSoon(context.WithoutCancel(ctx), got, after)
	return 0, err
}

// answerSoon answers a token after a while, and says what it was told.
func (l *ledger) answerSoon(ctx context.Context, t token, after time.Duration) {
	l.work.Go(func() {
		if err := pause(ctx, after); err != nil {
			return
		}
		id := pawl.RequestID(fmt.Sprint("answer-", t.attempt))
		err := patiently(ctx, func(ctx context.Context) error { return l.v.eng.CompleteTask(ctx, t.text, t.attempt, id) })
		switch {
		case err == nil:
			say("told %s %d", t.execution, t.attempt)
		case pawl.Code(err) == pawl.CodeStale:
			say("late %s %d", t.execution, t.attempt)
		default:
			l.mu.Lock()
			l.failed = errors.Join(l.failed, err)
			l.mu.Unlock()
		}
	})
}

// readTokens reads a file that may not be there, but for lines that a kill has cut.
func readTokens(path string) (list []token, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return list, nil
		}
		var t token
		if n, _ := fmt.Sscanf(line, "%s %d %s .\n", &t.execution, &t.attempt, &t.text); n == 3 && strings.HasSuffix(line, " .\n") && strings.Count(line, " ") == 3 {
			list = append(list, t)
		}
	}
}
