package engine

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// digest identifies the content of a batch. Bodies enter by their checksum and length.
func digest(b *store.Batch) uint64 {
	d := mixer(b.Number)
	for i := range b.Parts {
		d.part(&b.Parts[i])
	}
	return uint64(d)
}

// mixer is a running hash of words.
type mixer uint64

func (d *mixer) u64(v uint64) {
	hi, lo := bits.Mul64(uint64(*d)^0x9e3779b97f4a7c15, v^0xd6e8feb86659fd93)
	*d = mixer(bits.RotateLeft64(uint64(*d), 23) ^ hi ^ lo)
}

func (d *mixer) id(id *record.ID) {
	d.u64(binary.BigEndian.Uint64(id[:8]))
	d.u64(binary.BigEndian.Uint64(id[8:]))
}

func (d *mixer) text(s string) {
	d.u64(uint64(len(s)))
	for len(s) >= 8 {
		d.u64(uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56)
		s = s[8:]
	}
	var rest uint64
	for i := range len(s) {
		rest |= uint64(s[i]) << (8 * i)
	}
	d.u64(rest)
}

func (d *mixer) flag(v bool) {
	if v {
		d.u64(1)
	} else {
		d.u64(2)
	}
}

func (d *mixer) part(p *record.Part) {
	d.u64(uint64(p.Fence.Shard))
	d.u64(p.Fence.Epoch)
	d.u64(p.Number)
	for i := range p.Entries {
		e := &p.Entries[i]
		d.id(&e.Execution)
		d.u64(e.Seq)
		d.u64(uint64(e.At))
		d.u64(uint64(e.Sum)<<32 | uint64(len(e.Body)))
	}
	for i := range p.Heads {
		d.head(&p.Heads[i])
	}
	for i := range p.Snapshots {
		s := &p.Snapshots[i]
		d.id(&s.Execution)
		d.u64(s.Seq)
		d.u64(uint64(s.Sum)<<32 | uint64(len(s.Body)))
	}
	d.rest(p)
}

func (d *mixer) head(h *record.Head) {
	d.id(&h.Execution)
	d.flag(h.Insert)
	d.text(h.Status)
	d.text(h.Outcome)
	d.text(h.Error)
	d.text(h.Fingerprint)
	d.text(h.Waiting)
	d.text(h.Key)
	d.u64(uint64(h.Ended))
	d.u64(uint64(h.NextAt))
	for i := range h.Tags {
		d.text(h.Tags[i].Name)
		d.text(h.Tags[i].Text)
		d.u64(math.Float64bits(h.Tags[i].Num))
	}
}

func (d *mixer) rest(p *record.Part) {
	d.u64(uint64(len(p.Entries))<<32 | uint64(len(p.Heads)))
	for i := range p.Trims {
		d.id(&p.Trims[i].Execution)
		d.u64(p.Trims[i].Before)
	}
	for i := range p.Keys {
		k := &p.Keys[i]
		d.text(k.Key.Key)
		d.id(&k.Execution)
		d.id(&k.Old)
		d.u64(uint64(k.ClosedAt))
		d.flag(k.Delete)
	}
	for i := range p.Sends {
		s := &p.Sends[i]
		d.id(&s.ID.From)
		d.u64(s.ID.Seq<<32 | uint64(s.ID.N))
		d.u64(uint64(record.Checksum(s.Body)))
	}
	for i := range p.Takes {
		t := &p.Takes[i]
		d.id(&t.From)
		d.u64(t.Seq<<32 | uint64(t.N))
	}
	for i := range p.Forgets {
		d.id(&p.Forgets[i])
	}
	for i := range p.Answers {
		a := &p.Answers[i]
		d.id(&a.To)
		d.u64(uint64(a.At))
		d.u64(uint64(record.Checksum(a.Body)))
	}
	d.u64(uint64(p.Expire))
}
