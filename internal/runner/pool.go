package runner

import (
	"context"
	"sync"
)

// pool is a bounded set of slots with long-lived workers and a short queue. A slot is taken from the lease until the
// executor has returned or was abandoned; what waits to be reported holds none.
type pool struct {
	run   *Runner
	types []string
	size  int

	mu   sync.Mutex
	work *sync.Cond // a task was queued, or the pool closed
	room *sync.Cond // a slot became free, the outbox drained, or leasing ends

	queue []Lease // leased, not begun: queue[head:]
	head  int
	slots []*attempt // by worker; nil while it idles
	busy  int        // attempts in slots
	spare []int      // slots without a worker goroutine
	idle  int        // workers waiting for work
	// waking is set from the signal to one worker until that one took a task, so that a burst wakes workers one
	// after the other, as fast as they can run and no faster.
	waking  bool
	hanging int // abandoned executors that have not returned
	noLease bool
	closed  bool
	calm    chan struct{} // closed when nothing is queued or running; nil until somebody asks
	workers sync.WaitGroup
}

func newPool(r *Runner, cfg Pool) *pool {
	p := &pool{run: r, types: cfg.Types, size: cfg.Workers, slots: make([]*attempt, cfg.Workers)}
	p.work, p.room = sync.NewCond(&p.mu), sync.NewCond(&p.mu)
	for i := cfg.Workers - 1; i >= 0; i-- {
		p.spare = append(p.spare, i)
	}
	return p
}

// leaseUntil asks for tasks whenever there is room, until ctx ends.
func (p *pool) leaseUntil(ctx context.Context) {
	stop := context.AfterFunc(ctx, p.endLeasing)
	defer stop()
	for tries := 0; ; {
		free := p.awaitRoom()
		if free == 0 {
			return
		}
		got, err := p.run.Source.Lease(ctx, Demand{Types: p.types, Max: free})
		if len(got) > 0 {
			tries = 0
			p.add(got)
			continue
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			p.run.Logger.Warn("no tasks can be leased at the moment", "error", err, "tries", tries+1)
		}
		// An empty answer is a source that does not wait; asking it at once again would spin.
		sleep(ctx, backoff(tries))
		tries++
	}
}

func (p *pool) endLeasing() {
	p.mu.Lock()
	p.noLease = true
	p.mu.Unlock()
	p.room.Broadcast()
}

// awaitRoom waits until it is worth asking for tasks and returns for how many; 0 when leasing has ended. It is worth
// it when nothing is queued, or half of the slots are free: a source is asked for few large batches.
func (p *pool) awaitRoom() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if p.noLease {
			return 0
		}
		free := p.size - p.busy - p.queued()
		if free > 0 && (p.queued() == 0 || 2*free >= p.size) && !p.run.out.full() {
			return free
		}
		p.room.Wait()
	}
}

// hint wakes the leaser to look again.
func (p *pool) hint() {
	p.mu.Lock()
	p.room.Signal()
	p.mu.Unlock()
}

func (p *pool) queued() int { return len(p.queue) - p.head }

// add queues leases and wakes one worker, which wakes the next.
func (p *pool) add(got []Lease) {
	p.mu.Lock()
	if p.head > 0 && p.head == len(p.queue) {
		p.queue, p.head = p.queue[:0], 0
	}
	p.queue = append(p.queue, got...)
	p.wake()
	p.mu.Unlock()
}

// wake gets one more worker going, unless one is on its way. The lock is held.
func (p *pool) wake() {
	if p.waking || p.queued() == 0 {
		return
	}
	switch {
	case p.idle > 0:
		p.waking = true
		p.work.Signal()
	case len(p.spare) > 0:
		p.waking = true
		slot := p.spare[len(p.spare)-1]
		p.spare = p.spare[:len(p.spare)-1]
		p.workers.Add(1)
		go p.worker(slot)
	}
}

// worker is the life of one goroutine. It ends when the pool closes, or when its executor was abandoned or ended the
// goroutine: then the slot is another's.
func (p *pool) worker(slot int) {
	woken := true
	for {
		a := &attempt{pool: p, slot: slot}
		a.life.base = p.run.base
		if !p.next(a, woken) {
			p.workers.Done()
			return
		}
		woken = false
		if !a.perform() {
			return
		}
	}
}

// next ends the hold of the slot's last attempt, waits for a task and puts it into a; false when the pool is closed.
// woken says that the worker was started for a task.
func (p *pool) next(a *attempt, woken bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.empty(a.slot)
	for p.queued() == 0 {
		if woken {
			p.waking = false
		}
		if p.closed {
			return false
		}
		p.room.Signal()
		p.idle++
		p.work.Wait()
		p.idle--
		woken = true
	}
	if woken {
		p.waking = false
	}
	a.lease = p.queue[p.head]
	p.queue[p.head] = Lease{}
	p.head++
	p.slots[a.slot] = a
	p.busy++
	p.wake()
	if p.queued() == 0 || 2*(p.size-p.busy-p.queued()) >= p.size {
		p.room.Signal()
	}
	return true
}

// empty frees a slot. The lock is held.
func (p *pool) empty(slot int) {
	if p.slots[slot] == nil {
		return
	}
	p.slots[slot] = nil
	p.busy--
	p.tell()
}

// forsake frees the slot of a, whose goroutine is gone or hangs, for another worker.
func (p *pool) forsake(a *attempt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.empty(a.slot)
	p.workers.Done()
	p.spare = append(p.spare, a.slot)
	p.wake()
	p.room.Signal()
}

// tell closes calm when nothing is left. The lock is held.
func (p *pool) tell() {
	if p.calm != nil && p.busy == 0 && p.queued() == 0 {
		close(p.calm)
		p.calm = nil
	}
}

// quiet returns a channel that is closed when nothing is queued or running.
func (p *pool) quiet() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calm == nil {
		p.calm = make(chan struct{})
	}
	c := p.calm
	p.tell()
	return c
}

// takeBack empties the queue.
func (p *pool) takeBack() []Token {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Token
	for _, l := range p.queue[p.head:] {
		out = append(out, l.Token)
	}
	p.queue, p.head = nil, 0
	p.tell()
	return out
}

// live lists the attempts in slots.
func (p *pool) live() []*attempt {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []*attempt
	for _, a := range p.slots {
		if a != nil {
			out = append(out, a)
		}
	}
	return out
}

// stopAll ends the context of everything that runs.
func (p *pool) stopAll(cause error) {
	for _, a := range p.live() {
		a.stop(cause)
	}
}

// holds appends the tokens of everything leased and not executed.
func (p *pool) holds(dst []Token) []Token {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.slots {
		if a != nil {
			dst = append(dst, a.lease.Token)
		}
	}
	for _, l := range p.queue[p.head:] {
		dst = append(dst, l.Token)
	}
	return dst
}

// find returns the attempt with token t if it runs here; if it is still queued, it is taken out of the queue and
// unrun is true.
func (p *pool) find(t Token) (a *attempt, unrun bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.slots {
		if a != nil && a.lease.Token == t {
			return a, false
		}
	}
	for i := p.head; i < len(p.queue); i++ {
		if p.queue[i].Token != t {
			continue
		}
		copy(p.queue[i:], p.queue[i+1:])
		p.queue[len(p.queue)-1] = Lease{}
		p.queue = p.queue[:len(p.queue)-1]
		p.room.Signal()
		p.tell()
		return nil, true
	}
	return nil, false
}

func (p *pool) count(s *Stats) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Queued += p.queued()
	s.Running += p.busy
	s.Hanging += p.hanging
}

// close ends the idle workers, waits for those that still work for a moment, and returns how many executors hang.
func (p *pool) close() int {
	p.mu.Lock()
	p.closed = true
	stuck := p.busy
	p.mu.Unlock()
	p.work.Broadcast()
	if stuck == 0 {
		p.workers.Wait()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hanging + p.busy
}

// hang counts an executor that is to be abandoned; false if there are too many already.
func (p *pool) hang() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hanging >= p.run.Abandoned {
		return false
	}
	p.hanging++
	return true
}

func (p *pool) unhang() {
	p.mu.Lock()
	p.hanging--
	p.mu.Unlock()
}
