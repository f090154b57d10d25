package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/internal/sim/bug"
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
		c.captured, c.near = rawValue(o.data), o.name == nearIDs
		st.sc.bytes += len(o.data)
		s.bytes += len(o.data)
	}
	for i := o.n; i < o.n+o.until; i++ {
		c.kids = append(c.kids, int32(i))
	}
	c.live += int(o.until)
	c.next = int(o.n + o.until)
	s.refill(st)
	return nil
}

// applyReturned notes that children have ended, all of them alike.
func (s *State) applyReturned(st *step, o *Op) error {
	c := st.comp
	if c == nil {
		return errNoComposite(st)
	}
	outputs, err := o.outputs()
	if err != nil {
		return err
	}
	st.doubt = st.doubt || o.flag || !badEnd(o.word)
	for k, i := range o.taken {
		at, ok := slices.BinarySearch(c.kids, i)
		switch {
		case ok:
			c.kids = slices.Delete(c.kids, at, at+1)
		case !bug.On(bug.EndedTwice):
			continue
		}
		c.live--
		if st.over() {
			st.sc.leftovers--
			continue
		}
		if c.verdict == "" {
			s.countKid(st, int(i), o, outputs[k])
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

// keptErrors is how many errors of children their composite keeps: the first ones and the last.
const keptErrors = 1000

// outputs are what the children gave, nil where one gave nothing: the data of one child, and of several a list.
func (o *Op) outputs() ([][]byte, error) {
	outputs := make([][]byte, len(o.taken))
	switch {
	case !o.hasData:
	case len(o.taken) == 1:
		outputs[0] = o.data
	default:
		p, i := &parser{b: o.data}, 0
		p.array(func() {
			if raw := p.raw(); i < len(outputs) {
				outputs[i] = raw
			}
			i++
		})
		if p.err != nil || i != len(outputs) {
			return nil, errEntry
		}
	}
	return outputs, nil
}

func (s *State) countKid(st *step, i int, o *Op, output []byte) {
	c := st.comp
	switch {
	case o.word == model.Withdrawn:
	case model.Bad(o.word):
		c.failed++
		if len(c.errors) == keptErrors { // the last is why the foreach fails, if it does
			c.errors = c.errors[:keptErrors-1]
		}
		c.errors = append(c.errors, instanceError{i, o.err})
	default:
		c.good++
		if i < len(c.results) && output != nil {
			c.results[i] = rawValue(output)
			c.gathered += c.results[i].size()
			st.sc.bytes += len(output)
			s.bytes += len(output)
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
	var bits uint64
	if k.recalled {
		bits = 1
	}
	if k.near {
		bits |= 2
	}
	c.u64(&bits)
	if !c.save {
		k.recalled, k.near = bits&1 != 0, bits&2 != 0
	}
	c.value(&k.captured)
}
