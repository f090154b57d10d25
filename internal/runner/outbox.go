package runner

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxCalls bounds the Report calls under way at a time.
	maxCalls = 32
	// eager calls start with whatever there is; further ones wait for chunk results, so that results which come in
	// while a commit is under way travel in few calls and are all there when the next commit starts.
	eager = 8
	chunk = 64
	// maxReports bounds one call.
	maxReports = 1024
)

// outbox carries results to the source until each has a final answer.
type outbox struct {
	run   *Runner
	bound int64
	// ctx is that of every call; it ends with the runner.
	ctx  context.Context
	stop context.CancelFunc
	// left counts the results without a final answer.
	left atomic.Int64

	mu     sync.Mutex
	more   *sync.Cond // there may be a call to make
	ready  []Report
	again  []bundle // to be sent again now
	later  []bundle // to be sent again, each at its due time
	calls  int      // under way
	idle   int      // senders waiting
	number int      // senders
	alarm  *time.Timer
	closed bool
	ended  bool          // the source answers nothing any more
	empty  chan struct{} // closed when nothing is left to wait for; nil until somebody asks
}

// bundle is what had no final answer and is sent again together.
type bundle struct {
	reports []Report
	tries   int
	due     time.Time
}

// newOutbox makes an outbox that is full at bound unanswered reports. It still takes more: full only stops leasing.
func newOutbox(r *Runner, bound int) *outbox {
	o := &outbox{run: r, bound: int64(bound)}
	o.more = sync.NewCond(&o.mu)
	return o
}

// add takes one result.
func (o *outbox) add(r Report) {
	o.left.Add(1)
	o.mu.Lock()
	o.ready = append(o.ready, r)
	o.start()
	o.mu.Unlock()
}

// start gets a sender going if there is a call to make. The lock is held.
func (o *outbox) start() {
	if !o.worthwhile() {
		return
	}
	if o.idle > 0 {
		o.more.Signal()
		return
	}
	if o.number < maxCalls && o.number == o.calls {
		o.number++
		go o.send()
	}
}

// worthwhile reports whether a call should be made now. The lock is held.
func (o *outbox) worthwhile() bool {
	n := len(o.ready)
	return len(o.again) > 0 && o.calls < maxCalls || n > 0 && (o.calls < eager || n >= chunk && o.calls < maxCalls)
}

// send is the life of one sender.
func (o *outbox) send() {
	var room []Report // where new results go during the next call, made while no lock is held
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		for !o.worthwhile() {
			if o.closed {
				o.number--
				return
			}
			o.idle++
			o.more.Wait()
			o.idle--
		}
		room = o.call(room)
	}
}

// call sends one batch and returns room for as many. The lock is held, but not during the call.
func (o *outbox) call(room []Report) []Report {
	batch, tries := o.take(room)
	o.calls++
	o.start()
	o.mu.Unlock()
	failed := o.deliver(batch)
	room = make([]Report, 0, len(batch))
	o.mu.Lock()
	o.calls--
	o.retry(failed, tries)
	o.settled(int64(len(batch) - len(failed)))
	return room
}

// take removes one batch: one that was sent tries times already, or else of new results; what comes after them goes
// into room. The lock is held.
func (o *outbox) take(room []Report) (batch []Report, tries int) {
	if n := len(o.again); n > 0 {
		b := o.again[n-1]
		o.again[n-1] = bundle{}
		o.again = o.again[:n-1]
		return b.reports, b.tries
	}
	n := min(len(o.ready), maxReports)
	batch = o.ready[:n:n]
	o.ready = append(room, o.ready[n:]...)
	return batch, 0
}

// deliver makes the call and returns what must be sent again.
func (o *outbox) deliver(batch []Report) []Report {
	verdicts, err := o.run.Source.Report(o.ctx, batch)
	if err != nil || len(verdicts) != len(batch) {
		if errors.Is(err, ErrEnded) {
			o.end()
		}
		if o.ctx.Err() == nil {
			o.run.Logger.Warn("results could not be reported and are sent again", "results", len(batch), "error", err)
		}
		return batch
	}
	var failed []Report
	for i, v := range verdicts {
		if v == NotOwner || v == Unavailable {
			failed = append(failed, batch[i])
		}
	}
	return failed
}

// end says that nothing will be answered any more, so that nobody waits for it.
func (o *outbox) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	if o.empty != nil {
		close(o.empty)
		o.empty = nil
	}
}

// retry keeps what failed for later, after it was sent tries times before. The lock is held.
func (o *outbox) retry(failed []Report, tries int) {
	if len(failed) == 0 || o.closed {
		return
	}
	now := time.Now()
	o.later = append(o.later, bundle{failed, tries + 1, now.Add(backoff(tries))})
	o.arm(now)
}

// arm sets the alarm to the earliest due time. The lock is held.
func (o *outbox) arm(now time.Time) {
	if len(o.later) == 0 {
		return
	}
	first := o.later[0].due
	for _, p := range o.later[1:] {
		if p.due.Before(first) {
			first = p.due
		}
	}
	if o.alarm == nil {
		o.alarm = time.AfterFunc(first.Sub(now), o.ring)
		return
	}
	o.alarm.Reset(first.Sub(now))
}

// ring makes what is due ready, in few bundles: what failed apart goes on together.
func (o *outbox) ring() {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	soon := now.Add(firstPause)
	keep := o.later[:0]
	for _, b := range o.later {
		if b.due.After(soon) {
			keep = append(keep, b)
			continue
		}
		o.merge(b)
	}
	clear(o.later[len(keep):])
	o.later = keep
	o.arm(now)
	o.start()
}

// merge adds b to what is sent again now. The lock is held.
func (o *outbox) merge(b bundle) {
	if n := len(o.again); n > 0 && len(o.again[n-1].reports)+len(b.reports) <= maxReports {
		last := &o.again[n-1]
		last.reports = append(last.reports, b.reports...)
		last.tries = max(last.tries, b.tries)
		return
	}
	o.again = append(o.again, b)
}

// settled counts n final answers and tells those who wait for room or for the end. The lock is held; the pools' locks
// come after it.
func (o *outbox) settled(n int64) {
	left := o.left.Add(-n)
	if left < o.bound && left+n >= o.bound {
		for _, p := range o.run.pools {
			p.hint()
		}
	}
	if left == 0 && o.empty != nil {
		close(o.empty)
		o.empty = nil
	}
}

// full reports whether so much is unanswered that no more tasks should be leased.
func (o *outbox) full() bool { return o.left.Load() >= o.bound }

// flush waits until everything was answered, for at most limit, and returns how many reports are left.
func (o *outbox) flush(limit time.Duration) int {
	o.mu.Lock()
	var done chan struct{}
	if o.left.Load() > 0 && !o.ended {
		done = make(chan struct{})
		o.empty = done
	}
	o.mu.Unlock()
	if done != nil {
		up := time.NewTimer(limit)
		defer up.Stop()
		select {
		case <-done:
		case <-up.C:
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	if o.alarm != nil {
		o.alarm.Stop()
	}
	o.more.Broadcast()
	o.ready, o.again, o.later = nil, nil, nil
	o.stop()
	return int(o.left.Load())
}
