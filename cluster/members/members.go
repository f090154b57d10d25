// Package members is membership by heartbeats in the store that the members share: no other service is needed, and who
// cannot reach the store is no member.
//
// The package must not know what members do, or which database beats.
package members

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/cluster"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Options shape a membership.
type Options struct {
	// TTL is how long a member may be silent; the same for all: 10 s.
	TTL time.Duration
	// Every is the time between beats: a fifth of TTL.
	Every time.Duration
}

// Members keeps one member's beats, and watches those of the others.
type Members struct {
	store store.Ownership
	o     Options
	born  time.Time

	mu      sync.Mutex
	roster  cluster.Roster
	self    store.Beat
	joined  bool
	list    []cluster.Member
	changed chan struct{}
	stop    context.CancelFunc
	done    chan struct{}
}

var _ cluster.Membership = (*Members)(nil)

// New is a membership of s, of which nobody is told before [Members.Join].
func New(s store.Ownership, o Options) *Members {
	if o.TTL == 0 {
		o.TTL = 10 * time.Second
	}
	if o.Every == 0 {
		o.Every = o.TTL / 5
	}
	return &Members{store: s, o: o, born: time.Now(), roster: cluster.Roster{TTL: o.TTL}, changed: make(chan struct{})}
}

// Join implements [cluster.Membership]. The first beat is sent before it returns; an error means that it was not, and
// nothing runs.
func (m *Members) Join(ctx context.Context, self cluster.Member) error {
	if self.Owner == (record.Owner{}) {
		return errors.New("a member needs an owner")
	}
	m.mu.Lock()
	if m.joined {
		m.mu.Unlock()
		return errors.New("this membership has been joined before")
	}
	m.joined, m.self = true, store.Beat{Owner: self.Owner, Addr: self.Addr}
	m.mu.Unlock()
	if err := m.beat(ctx); err != nil {
		m.mu.Lock()
		m.joined = false
		m.mu.Unlock()
		return err
	}
	run, stop := context.WithCancel(context.Background())
	m.mu.Lock()
	m.stop, m.done = stop, make(chan struct{})
	m.mu.Unlock()
	go m.run(run)
	return nil
}

// run beats until Leave. A beat that fails is tried again at the next time: others count on the TTL.
func (m *Members) run(ctx context.Context) {
	defer close(m.done)
	t := time.NewTicker(m.o.Every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		short, cancel := context.WithTimeout(ctx, m.o.TTL)
		_ = m.beat(short)
		cancel()
		m.look()
	}
}

// beat sends the own beat and notes those of the others.
func (m *Members) beat(ctx context.Context) error {
	m.mu.Lock()
	m.self.Count++
	self := m.self
	m.mu.Unlock()
	beats, _, err := m.store.Beat(ctx, self)
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.roster.Heard(time.Since(m.born), beats)
	m.mu.Unlock()
	m.look()
	return nil
}

// look publishes who lives, where that has changed.
func (m *Members) look() {
	m.mu.Lock()
	defer m.mu.Unlock()
	living := m.roster.Living(time.Since(m.born))
	if slices.Equal(living, m.list) {
		return
	}
	m.list = living
	close(m.changed)
	m.changed = make(chan struct{})
}

// Members implements [cluster.Membership].
func (m *Members) Members() ([]cluster.Member, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.list), m.changed
}

// Leave implements [cluster.Membership].
func (m *Members) Leave(ctx context.Context) error {
	m.mu.Lock()
	stop, done := m.stop, m.done
	m.mu.Unlock()
	if stop == nil {
		return nil
	}
	stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
