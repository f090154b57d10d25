package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/model"
)

// applySpawn notes that children were sent for, or that all of them were asked to end.
func (s *State) applySpawn(st *step, o *Op) error {
	c := st.comp
	if c == nil {
		return errNoComposite(st)
	}
	if o.flag {
		c.recalled = true
		return nil
	}
	if o.hasData {
		c.captured = rawValue(o.data)
		st.sc.bytes += len(o.data)
		s.bytes += len(o.data)
	}
	for i := o.n; i < o.n+o.until; i++ {
		c.kids = append(c.kids, int32(i))
	}
	c.live += int(o.until)
	c.next = int(o.n + o.until)
	if c.room() {
		s.push(workFill, st)
	}
	return nil
}

// applyReturned notes that children have ended, all of them alike.
func (s *State) applyReturned(st *step, o *Op) error {
	c := st.comp
	if c == nil {
		return errNoComposite(st)
	}
	st.doubt = st.doubt || o.flag || !badEnd(o.word)
	for _, i := range o.taken {
		at, ok := slices.BinarySearch(c.kids, i)
		if !ok {
			continue
		}
		c.kids = slices.Delete(c.kids, at, at+1)
		c.live--
		if st.over() {
			st.sc.leftovers--
			continue
		}
		if c.verdict == "" {
			s.countKid(st, int(i), o)
		}
	}
	switch {
	case st.over():
		st.release()
	case c.room():
		s.push(workFill, st)
	}
	return nil
}

func (s *State) countKid(st *step, i int, o *Op) {
	c := st.comp
	switch {
	case o.word == model.Withdrawn:
	case model.Bad(o.word):
		c.failed++
		c.errors = append(c.errors, instanceError{i, o.err})
	default:
		c.good++
		if i < len(c.results) && o.hasData {
			c.results[i] = rawValue(o.data)
			st.sc.bytes += len(o.data)
			s.bytes += len(o.data)
		}
	}
}

func (b *Body) append(dst []byte) []byte {
	dst = append(dst, '{')
	dst = appendString(append(dst, `"node":`...), b.Node)
	dst = appendInt(dst, "index", int64(b.Index))
	dst = appendText(dst, "name", b.Name, false)
	dst = appendRaw(dst, "item", b.Item)
	dst = appendRaw(dst, "captured", b.Captured)
	return append(dst, '}')
}

func (p *parser) body() *Body {
	b := &Body{}
	p.object(func(key string) {
		switch key {
		case "node":
			b.Node = p.string()
		case "index":
			b.Index = int(p.int())
		case "name":
			b.Name = p.string()
		case "item":
			b.Item = p.raw()
		case "captured":
			b.Captured = p.raw()
		default:
			p.unknown(key)
		}
	})
	return b
}

// body walks what a child of a foreach runs.
func (c *codec) body(s *State) {
	has := s.start.Body != nil
	c.flag(&has)
	if !has {
		return
	}
	if !c.save {
		s.start.Body = &Body{}
	}
	b := s.start.Body
	str(c, &b.Node)
	num(c, &b.Index)
	str(c, &b.Name)
	c.value(&s.item)
	c.value(&s.captured)
}

// kids walks the children of a composite.
func (c *codec) kids(k *comp) {
	list(c, &k.kids, func(i *int32) { num(c, i) })
	c.flag(&k.recalled)
	c.value(&k.captured)
}
