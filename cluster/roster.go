package cluster

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Roster judges by heartbeats who lives: a member whose count has changed within the TTL, by the monotonic clock of the
// one who looks. Clocks of others are never compared. The zero value needs TTL. It is for one goroutine, and pure: time
// is an argument.
type Roster struct {
	TTL time.Duration
	all []seen
}

// seen is what is known of a member: its count last seen, and since when that has not changed.
type seen struct {
	Member
	count uint64
	since time.Duration
	beats int
}

// Heard notes the beats that a store gave at the time now. Who has been silent for long and is not among them is
// forgotten.
func (r *Roster) Heard(now time.Duration, beats []store.Beat) {
	for i := range beats {
		r.saw(now, &beats[i])
	}
	r.all = slices.DeleteFunc(r.all, func(s seen) bool {
		return now-s.since >= 10*r.TTL && !slices.ContainsFunc(beats, func(b store.Beat) bool { return b.Owner == s.Owner })
	})
}

func (r *Roster) saw(now time.Duration, b *store.Beat) {
	s := r.find(b.Owner)
	if s == nil {
		r.all = append(r.all, seen{Member: Member{b.Owner, b.Addr}, count: b.Count, since: now})
		return
	}
	if s.count != b.Count {
		s.count, s.since, s.Addr = b.Count, now, b.Addr
		s.beats++
	}
}

func (r *Roster) find(o record.Owner) *seen {
	for i := range r.all {
		if r.all[i].Owner == o {
			return &r.all[i]
		}
	}
	return nil
}

// Gone reports whether a member has been silent for a TTL, so that others may take what it owns. One that nothing is
// known of is watched from now.
func (r *Roster) Gone(now time.Duration, o record.Owner) bool {
	if s := r.find(o); s != nil {
		return now-s.since >= r.TTL
	}
	r.all = append(r.all, seen{Member: Member{Owner: o}, since: now})
	return false
}

// Living lists the members that live, ordered by owner: those whose count was seen to change, and not too long ago.
func (r *Roster) Living(now time.Duration) []Member {
	var out []Member
	for i := range r.all {
		if r.all[i].lives(now, r.TTL) {
			out = append(out, r.all[i].Member)
		}
	}
	slices.SortFunc(out, func(a, b Member) int { return bytes.Compare(a.Owner[:], b.Owner[:]) })
	return out
}

// Steady is until when the same members live where nothing is heard meanwhile: before it [Roster.Living] and
// [Roster.Home] answer what they answer now.
func (r *Roster) Steady(now time.Duration) time.Duration {
	until := time.Duration(math.MaxInt64)
	for i := range r.all {
		if s := &r.all[i]; s.lives(now, r.TTL) {
			until = min(until, s.since+r.TTL)
		}
	}
	return until
}

func (s *seen) lives(now, ttl time.Duration) bool { return s.beats > 0 && now-s.since < ttl }

// Home is the member to whom a shard falls, of self and those that live: the one with the highest rendezvous hash, so
// that a join or a leave moves only the shards that it must.
func (r *Roster) Home(now time.Duration, n record.Shard, self record.Owner) record.Owner {
	best, most := self, weight(self, n)
	for i := range r.all {
		s := &r.all[i]
		if !s.lives(now, r.TTL) {
			continue
		}
		if w := weight(s.Owner, n); w > most || w == most && bytes.Compare(s.Owner[:], best[:]) > 0 {
			best, most = s.Owner, w
		}
	}
	return best
}

// weight is the rendezvous hash of a member and a shard.
func weight(o record.Owner, n record.Shard) uint64 {
	h := uint64(n)
	for _, v := range []uint64{binary.BigEndian.Uint64(o[:8]), binary.BigEndian.Uint64(o[8:]), uint64(n)} {
		hi, lo := bits.Mul64(h^0x9e3779b97f4a7c15, v^0xd6e8feb86659fd93)
		h = bits.RotateLeft64(h, 23) ^ hi ^ lo
	}
	return h
}
