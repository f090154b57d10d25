package expr

import (
	"crypto/sha256"
	"encoding/hex"
)

var otherFunctions = []function{
	{Function: Function{"uuid", "uuid() string", "A UUID (version 4 in form) derived from the step: the same on every replay, another at every call.", groupOther, "", ""}, min: 0, max: 0, drawn: true, call: callUUID},
	{Function: Function{"random", "random(from?, to?) number", "A float from 0 up to but not including 1, or an int between two ints, both included; derived from the step. Not for secrets.", groupOther, "", ""}, min: 0, max: 2, drawn: true, call: callRandom},
	{Function: Function{"hash", "hash(value) string", "The SHA-256 of a string, or of any other value as JSON, in hexadecimal.", groupOther, "hash(\"\")[0:8]", `"e3b0c442"`}, min: 1, max: 1, call: callHash},
}

// draw gives the next 64 bits of the seed's sequence (SplitMix64).
func (m *machine) draw() uint64 {
	m.drawn++
	z := m.c.Seed + m.drawn*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func callUUID(m *machine, n *callNode, _ []any) (any, *Error) {
	hi, lo := m.draw(), m.draw()
	var b [16]byte
	for i := range 8 {
		b[i], b[8+i] = byte(hi>>(8*i)), byte(lo>>(8*i))
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:], m.bytes(36, n.off)
}

func callRandom(m *machine, n *callNode, a []any) (any, *Error) {
	switch len(a) {
	case 0:
		return float64(m.draw()>>11) / (1 << 53), nil
	case 1:
		return nil, n.fail(CodeFunction, "it is "+n.fn.Signature, "give both bounds or none")
	}
	from, err := n.int(a, 0)
	if err != nil {
		return nil, err
	}
	to, err := n.int(a, 1)
	if err != nil {
		return nil, err
	}
	if from > to {
		return nil, n.fail(CodeValue, "", "the first bound is above the second")
	}
	span := uint64(to) - uint64(from) + 1
	r := m.draw()
	if span != 0 {
		r %= span
	}
	return int64(uint64(from) + r), nil
}

func callHash(m *machine, n *callNode, a []any) (any, *Error) {
	b, err := m.hashed(n, a[0])
	if err != nil {
		return nil, err
	}
	if err := m.spend(len(b)+64, n.off); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

func (m *machine) hashed(n *callNode, v any) ([]byte, *Error) {
	if s, ok := v.(string); ok {
		return []byte(s), m.scan(len(s), n.off)
	}
	return m.json(nil, v, n.off)
}
