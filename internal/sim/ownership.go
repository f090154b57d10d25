package sim

import (
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/record"
)

// claim is one on its way through the server.
type claim struct {
	m      *member
	life   int // of the member's process
	server int // of the server's, when it was sent
	self   record.Owner
	asks   engine.Claim
	lost   bool // an error, or applied and not heard of
	inLine bool // counted among those that wait
	wait   wait
}

// claim runs at the server once no commit holds the fence.
func (w *world) claim(m *member, r engine.Claim) {
	if m.incarnation != w.incarnation {
		m.must(w.hop(), engine.Claimed{Shard: r.Shard, Err: errOther})
		return
	}
	c := &claim{m: m, life: m.life, server: w.restarts, self: m.owner, asks: r, lost: w.goesWrong(claimFails)}
	w.after(w.hop(), func() { w.turn(func() { w.try(c) }) })
}

// try waits for the commits that hold the fence, for as long as the store lets it, and claims.
func (w *world) try(c *claim) {
	n := c.asks.Shard
	gone := w.down || c.server != w.restarts
	free := w.store.CanClaim(n)
	if !free && !gone && !w.impatient(&c.wait) {
		w.standInLine(c, true)
		w.after(50*time.Microsecond, func() { w.try(c) })
		return
	}
	w.standInLine(c, false)
	if c.lost && w.r.IntN(2) == 0 || c.m.cut == cutToStore || w.readOnly || gone || !free {
		c.m.answer(c.life, w.upTo(time.Second), engine.Claimed{Shard: n, Err: errGone})
		return
	}
	f, err := w.store.Claim(n, c.asks.Seen, c.self)
	w.judge.claimed(f, err)
	w.note("claim", uint64(n), f.Epoch, "member %d shard %d epoch %d: %v", c.m.n, n, f.Epoch, err)
	if err == nil {
		w.tell("member %d owns shard %d in epoch %d", c.m.n, n, f.Epoch)
	}
	if c.lost || c.m.cut == cutFromStore {
		f, err = record.Fence{}, errGone
	}
	c.m.answer(c.life, w.hop(), engine.Claimed{Shard: n, Fence: f, Err: err})
}

// standInLine notes that commits come after the claim, where the store keeps such an order.
func (w *world) standInLine(c *claim, stands bool) {
	if !w.profile.inLine || c.inLine == stands {
		return
	}
	c.inLine = stands
	if stands {
		w.claims[c.asks.Shard]++
	} else {
		w.claims[c.asks.Shard]--
	}
}

func (m *member) answer(life int, d time.Duration, e engine.Event) {
	if m.life == life {
		m.to(d, e)
	}
}

func (w *world) release(m *member, r engine.Release) {
	fences := slices.Clone(r.Fences)
	for _, f := range fences {
		if f.Owner != m.owner {
			w.judge.fail("R1", "member %d releases shard %d of another owner", m.n, f.Shard)
		}
	}
	if m.incarnation != w.incarnation {
		m.must(w.hop(), engine.Released{Fences: fences, Err: errOther})
		return
	}
	life := m.life
	failed := w.goesWrong(readFails) || m.cut == cutToStore || w.readOnly
	arrive := func() {
		if failed || w.down {
			m.answer(life, w.hop(), engine.Released{Fences: fences, Err: errGone})
			return
		}
		w.store.Release(fences)
		w.note("release", uint64(m.n), uint64(len(fences)), "member %d %v", m.n, fences)
		if m.cut == cutFromStore {
			m.answer(life, w.upTo(5*time.Second), engine.Released{Fences: fences, Err: errGone})
			return
		}
		m.answer(life, w.hop(), engine.Released{Fences: fences})
	}
	w.after(w.hop(), func() { w.turn(arrive) })
}
