package kernel

import (
	"encoding/binary"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// codec walks a state in one fixed order, writing (save) or reading every field: the two directions are one code, so
// that they cannot drift apart.
type codec struct {
	b    []byte
	save bool
	err  error
	s    *State
	// Values that may be shared, in order of their first appearance: written once, referred to afterwards.
	index  map[*value]uint64
	seen   []*value
	depth  int
	format uint64
	// texts are the large values that were written.
	texts []record.Span
}

func (c *codec) fail() {
	if c.err == nil {
		c.err = errSnapshot
	}
	c.b = nil
}

func (c *codec) u64(v *uint64) {
	if c.save {
		c.b = binary.AppendUvarint(c.b, *v)
		return
	}
	n, size := binary.Uvarint(c.b)
	if size <= 0 {
		c.fail()
		return
	}
	*v, c.b = n, c.b[size:]
}

func num[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16](c *codec, v *T) {
	u := uint64(int64(*v)<<1) ^ uint64(int64(*v)>>63)
	c.u64(&u)
	if !c.save {
		*v = T(int64(u>>1) ^ -int64(u&1))
	}
}

func (c *codec) flag(v *bool) {
	var u uint64
	if *v {
		u = 1
	}
	c.u64(&u)
	if !c.save { // an error may be read by others while it is saved
		*v = u == 1
	}
}

// count writes or reads the length of something; reading, it is bounded by the bytes that are left.
func (c *codec) count(n int) int {
	u := uint64(n)
	c.u64(&u)
	if !c.save && u > uint64(len(c.b)) {
		c.fail()
		return 0
	}
	return int(u)
}

func (c *codec) bytes(v *[]byte) {
	n := c.count(len(*v))
	if c.save {
		if n >= record.LargeText {
			c.texts = append(c.texts, record.Span{From: len(c.b), To: len(c.b) + n})
		}
		c.b = append(c.b, *v...)
		return
	}
	*v = nil
	if n > 0 {
		*v, c.b = c.b[:n:n], c.b[n:]
	}
}

func str[T ~string](c *codec, v *T) {
	n := c.count(len(*v))
	if c.save {
		c.b = append(c.b, *v...)
		return
	}
	*v, c.b = T(c.b[:n]), c.b[n:]
}

// digest is a text that formats before 4 do not have.
func (c *codec) digest(v *string) {
	if c.format >= 4 {
		str(c, v)
	}
}

func list[T any](c *codec, v *[]T, each func(*T)) {
	n := c.count(len(*v))
	if !c.save {
		*v = nil
		if n > 0 {
			*v = make([]T, n)
		}
	}
	for i := range *v {
		if c.err != nil {
			return
		}
		each(&(*v)[i])
	}
}

func (c *codec) error(e **model.Error) {
	has := *e != nil
	c.flag(&has)
	if !has {
		*e = nil
		return
	}
	if !c.save {
		*e = &model.Error{}
	}
	v := *e
	str(c, &v.Code)
	str(c, &v.Message)
	str(c, &v.Step)
	details := []byte(v.Details)
	c.bytes(&details)
	if !c.save {
		v.Details = details
	}
	num(c, &v.RetryAfter)
	known := v.Retryable != nil
	c.flag(&known)
	if known {
		if !c.save {
			v.Retryable = new(bool)
		}
		c.flag(v.Retryable)
	}
}

func (c *codec) id(id *record.ID) {
	if c.save {
		c.b = append(c.b, id[:]...)
		return
	}
	if len(c.b) < len(id) {
		c.fail()
		return
	}
	c.b = c.b[copy(id[:], c.b):]
}
