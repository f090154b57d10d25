package kernel

import "math"

// The forms of a value in a snapshot.
const (
	savedNil uint64 = iota
	savedBytes
	savedSeen // a value that was written before
	savedList
	savedMap
	savedHoles
	savedPart
	savedSpan
)

// sharedBytes is the size from which a value is written once, however many refer to it.
const sharedBytes = 64

// value keeps nil apart from null, and what is shared shared: a state that refers to one large value from many places
// is as large on disk as in memory.
func (c *codec) value(v **value) {
	if !c.save {
		*v = c.readValue()
		return
	}
	kind, n := c.kindOf(*v)
	c.u64(&kind)
	if kind == savedSeen {
		c.u64(&n)
	}
	if kind == savedNil || kind == savedSeen {
		return
	}
	c.parts(kind, *v)
	if kind != savedBytes || len((*v).raw) >= sharedBytes {
		c.index[*v] = uint64(len(c.index))
	}
}

func (c *codec) kindOf(v *value) (kind, n uint64) {
	if v == nil {
		return savedNil, 0
	}
	if n, ok := c.index[v]; ok {
		return savedSeen, n
	}
	if c.index == nil {
		c.index = map[*value]uint64{}
	}
	switch f := v.form; {
	case f == nil:
		v.bytes()
		return savedBytes, 0
	case f.list && f.keys != nil:
		return savedMap, 0
	case f.list:
		return savedList, 0
	case f.base != nil:
		return savedPart, 0
	case f.count > 0:
		return savedSpan, 0
	}
	return savedHoles, 0
}

func (c *codec) readValue() *value {
	var kind, n uint64
	c.u64(&kind)
	switch {
	case kind == savedNil || c.err != nil:
		return nil
	case kind == savedSeen:
		c.u64(&n)
		if n >= uint64(len(c.seen)) {
			c.fail()
			return nil
		}
		return c.seen[n]
	case kind > savedSpan:
		c.fail()
		return nil
	}
	if c.depth++; c.depth > deepValues {
		c.fail()
		return nil
	}
	v := c.made(kind)
	c.depth--
	if kind != savedBytes || len(v.raw) >= sharedBytes {
		c.seen = append(c.seen, v)
	}
	return v
}

// deepValues bounds how deep a damaged snapshot can lead.
const deepValues = 1000

func (c *codec) made(kind uint64) *value {
	v := &value{}
	if kind == savedBytes {
		c.bytes(&v.raw)
		return rawValue(v.raw)
	}
	v.form = &form{list: kind == savedList || kind == savedMap}
	c.parts(kind, v)
	switch f := v.form; {
	case f.list:
		return listValue(f.parts, f.keys)
	case f.base != nil:
		f.depth = f.base.depth()
		return v
	case kind == savedSpan:
		return numbersFrom(f.first, f.count-1)
	default:
		return holed(f.raw, f.holes)
	}
}

// parts walks what a value is made of.
func (c *codec) parts(kind uint64, v *value) {
	f := v.form
	switch kind {
	case savedBytes:
		c.bytes(&v.raw)
	case savedMap:
		list(c, &f.keys, func(k *string) { str(c, k) })
		list(c, &f.parts, c.value)
		if !c.save && len(f.keys) != len(f.parts) {
			c.fail()
		}
		if f.keys == nil {
			f.keys = []string{}
		}
	case savedList:
		list(c, &f.parts, c.value)
	case savedHoles:
		c.bytes(&f.raw)
		list(c, &f.holes, c.hole)
	case savedSpan:
		num(c, &f.first)
		num(c, &f.count)
		if f.count < 1 || f.count > math.MaxInt32+1 {
			c.fail()
			f.count = 1
		}
	case savedPart:
		c.value(&f.base)
		list(c, &f.path, func(k *string) { str(c, k) })
		if f.base == nil {
			c.fail()
		}
	}
}

func (c *codec) hole(h *hole) {
	str(c, &h.at)
	c.value(&h.v)
}
