package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/internal/expr"
)

// value is a JSON value of the journal: raw bytes, decoded on first use, shared by everything that refers to it and
// never changed.
type value struct {
	raw  []byte
	dec  any
	done bool
	own  bool // dec is a list with room behind it that nobody else uses
	n    int  // size where raw is not known
	form *form
}

// form is what a value is made of where it has no bytes of its own: it is put together only when it is read, and a
// snapshot keeps what it is made of. It is the results of a composite (list), bytes with holes, a part of another, or a
// span of whole numbers.
type form struct {
	list  bool
	parts []*value
	keys  []string // of a map

	raw   []byte
	holes []hole

	base *value
	path []string

	count, first int64 // of a span; count is one more than it has

	depth int // of values with holes in values with holes
}

var null = &value{raw: []byte("null"), done: true}

func rawValue(raw []byte) *value {
	if len(raw) == 0 {
		return null
	}
	return &value{raw: raw}
}

// listValue is a list of parts, or with keys a map.
func listValue(parts []*value, keys []string) *value {
	v := &value{form: &form{list: true, parts: parts, keys: keys}}
	for _, p := range parts {
		v.n += p.size()
		v.form.depth = max(v.form.depth, p.depth()+1)
	}
	return v
}

// numbersFrom is the list of n whole numbers from the first on.
func numbersFrom(first, n int64) *value {
	return &value{n: 16, form: &form{first: first, count: n + 1}}
}

// span reads v, the first and the last of a range, as the list of its numbers; nil where it is no such pair.
func (v *value) span() *value {
	d, _ := v.decode()
	pair, _ := d.([]any)
	if len(pair) != 2 {
		return nil
	}
	first, isInt := pair[0].(int64)
	last, areInts := pair[1].(int64)
	if !isInt || !areInts || last < first-1 {
		return nil
	}
	return numbersFrom(first, last-first+1)
}

func (v *value) isSpan() bool { return v != nil && v.form != nil && v.form.count > 0 }

// inSpan is number i of a span, or with a batch the list of so many.
func (v *value) inSpan(i, batch int) *value {
	f := v.form
	if batch == 0 {
		return &value{dec: f.first + int64(i), done: true, n: 16}
	}
	from := int64(i) * int64(batch)
	return numbersFrom(f.first+from, min(int64(batch), f.count-1-from))
}

// holed is raw with holes filled by other values.
func holed(raw []byte, holes []hole) *value {
	v := &value{n: len(raw), form: &form{raw: raw, holes: holes}}
	for _, h := range holes {
		v.n += h.v.size()
		v.form.depth = max(v.form.depth, h.v.depth()+1)
	}
	return v
}

// copied is an equal value that shares nothing but bytes and what was decoded.
func (v *value) copied() *value {
	c := &value{raw: v.raw, dec: v.dec, done: v.done, n: v.n}
	if v.form != nil && !v.done {
		c.raw = v.bytes()
	}
	return c
}

func (v *value) depth() int {
	if v == nil || v.form == nil {
		return 0
	}
	return v.form.depth
}

// within is the part of v at a path of keys; nil where there is no such part.
func (v *value) within(path []string) *value {
	if v == nil {
		return nil
	}
	d, err := v.step(path)
	if err != nil || d == nil {
		return nil
	}
	if f := v.form; f != nil && f.base != nil { // a part of a part leads to the whole, so that no chain can grow
		return &value{dec: d, done: true, form: &form{base: f.base, path: slices.Concat(f.path, path), depth: f.depth}}
	}
	return &value{dec: d, done: true, form: &form{base: v, path: path, depth: v.depth()}}
}

// step reads the part of v at a path of keys; nil where there is none.
func (v *value) step(path []string) (any, error) {
	d, err := v.decode()
	for _, key := range path {
		m, ok := d.(map[string]any)
		if !ok {
			return nil, err
		}
		d = m[key]
	}
	return d, err
}

// decode returns the value for expressions; bytes in the state were checked when they came in.
func (v *value) decode() (any, error) {
	if v == nil {
		return nil, nil
	}
	if v.done {
		return v.dec, nil
	}
	var err error
	if v.form != nil {
		v.dec, err = v.form.decode()
	} else {
		v.dec, err = expr.Decode(v.raw)
	}
	if err != nil {
		return nil, err
	}
	v.done = true
	return v.dec, nil
}

func (f *form) decode() (any, error) {
	switch {
	case f.list:
		return f.decodeParts()
	case f.base != nil:
		return f.base.step(f.path)
	case f.count > 0:
		l := make([]any, f.count-1)
		for i := range l {
			l[i] = f.first + int64(i)
		}
		return l, nil
	}
	d, err := expr.Decode(f.raw)
	if err != nil {
		return nil, err
	}
	return plug(d, f.holes)
}

func (f *form) decodeParts() (any, error) {
	if f.keys != nil {
		m := make(map[string]any, len(f.parts))
		for i, p := range f.parts {
			d, err := p.decode()
			if err != nil {
				return nil, err
			}
			m[f.keys[i]] = d
		}
		return m, nil
	}
	l := make([]any, len(f.parts))
	for i, p := range f.parts {
		d, err := p.decode()
		if err != nil {
			return nil, err
		}
		l[i] = d
	}
	return l, nil
}

// bytes returns the JSON; "null" for nil.
func (v *value) bytes() []byte {
	switch {
	case v == nil:
		return null.raw
	case v.raw != nil:
	case v.form == nil || v.form.base != nil || v.form.count > 0:
		d, err := v.decode()
		if err != nil {
			return null.raw // the base was checked when it came in
		}
		v.raw, _ = expr.Append(nil, d) // it came from expr, so it can be written
	case v.form.list:
		v.raw = v.form.join()
	default:
		v.raw = fill(v.form.raw, v.form.holes)
	}
	return v.raw
}

func (f *form) join() []byte {
	b := make([]byte, 0, 2+16*len(f.parts))
	opening, closing := byte('['), byte(']')
	if f.keys != nil {
		opening, closing = '{', '}'
	}
	b = append(b, opening)
	for i, p := range f.parts {
		if i > 0 {
			b = append(b, ',')
		}
		if f.keys != nil {
			b = appendString(b, f.keys[i])
			b = append(b, ':')
		}
		b = append(b, p.bytes()...)
	}
	return append(b, closing)
}

func (v *value) size() int {
	if v == nil || v == null {
		return 0
	}
	return max(len(v.raw), v.n) + 64
}
