package kernel

import (
	"github.com/pawl-dev/pawl/internal/expr"
)

// value is a JSON value of the journal: raw bytes, decoded on first use, shared by everything that refers to it and
// never changed. A list value stands for the results of a composite and is put together only when read.
type value struct {
	raw  []byte
	dec  any
	done bool
	n    int // size where raw is not known
	// parts and keys are the elements of a list value (keys: of a map).
	parts []*value
	keys  []string
	list  bool
}

var null = &value{raw: []byte("null"), done: true}

func rawValue(raw []byte) *value {
	if len(raw) == 0 {
		return null
	}
	return &value{raw: raw}
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
	if v.list && v.raw == nil {
		v.dec, err = v.decodeParts()
	} else {
		v.dec, err = expr.Decode(v.raw)
	}
	if err != nil {
		return nil, err
	}
	v.done = true
	return v.dec, nil
}

func (v *value) decodeParts() (any, error) {
	if v.keys != nil {
		m := make(map[string]any, len(v.parts))
		for i, p := range v.parts {
			d, err := p.decode()
			if err != nil {
				return nil, err
			}
			m[v.keys[i]] = d
		}
		return m, nil
	}
	l := make([]any, len(v.parts))
	for i, p := range v.parts {
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
	if v == nil {
		return null.raw
	}
	if v.raw != nil {
		return v.raw
	}
	if !v.list {
		v.raw, _ = expr.Append(nil, v.dec) // dec came from expr, so it can be written
		return v.raw
	}
	b := make([]byte, 0, 2+16*len(v.parts))
	opening, closing := byte('['), byte(']')
	if v.keys != nil {
		opening, closing = '{', '}'
	}
	b = append(b, opening)
	for i, p := range v.parts {
		if i > 0 {
			b = append(b, ',')
		}
		if v.keys != nil {
			b = appendString(b, v.keys[i])
			b = append(b, ':')
		}
		b = append(b, p.bytes()...)
	}
	v.raw = append(b, closing)
	return v.raw
}

func (v *value) size() int {
	if v == nil || v == null {
		return 0
	}
	return max(len(v.raw), v.n) + 64
}
