package record

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
)

// ID names an execution: 48-bit Unix milliseconds, 64 random bits, 16-bit slot last. Ids sort by time, in bytes and
// as text.
type ID [16]byte

// NewID makes an id from its three fields.
func NewID(ms int64, random uint64, slot uint16) ID {
	var id ID
	var t [8]byte
	binary.BigEndian.PutUint64(t[:], uint64(ms)<<16)
	copy(id[:6], t[:6])
	binary.BigEndian.PutUint64(id[6:14], random)
	binary.BigEndian.PutUint16(id[14:], slot)
	return id
}

// Millis is the time in the id, Unix milliseconds.
func (id ID) Millis() int64 { return int64(binary.BigEndian.Uint64(id[:8]) >> 16) }

// Random is the random part. That of an execution started with a request id is derived from it, so that the execution
// of a repeated request can be told from its id.
func (id ID) Random() uint64 { return binary.BigEndian.Uint64(id[6:14]) }

// Slot decides the shard.
func (id ID) Slot() uint16 { return binary.BigEndian.Uint16(id[14:]) }

// Shard is the share of all executions that id belongs to.
func (id ID) Shard(shards int) Shard { return Shard(int(id.Slot()) % shards) }

// IsZero reports whether id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// Crockford's base32, lower case: no i, l, o, u.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// String is the 26-character form.
func (id ID) String() string {
	var out [26]byte
	hi, lo := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
	for i := 25; i >= 0; i-- {
		out[i] = alphabet[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}

// ErrBadID is returned by [ParseID].
var ErrBadID = errors.New("not an execution id: want 26 characters of 0-9 and a-z without i, l, o, u")

// ParseID reads the 26-character form, in either case.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 26 || s[0] > '7' {
		return id, ErrBadID
	}
	var hi, lo uint64
	for i := range len(s) {
		v := digit(s[i])
		if v < 0 {
			return ID{}, ErrBadID
		}
		hi = hi<<5 | lo>>59
		lo = lo<<5 | uint64(v)
	}
	binary.BigEndian.PutUint64(id[:8], hi)
	binary.BigEndian.PutUint64(id[8:], lo)
	return id, nil
}

func digit(c byte) int {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	for i := range len(alphabet) {
		if alphabet[i] == c {
			return i
		}
	}
	return -1
}

// KeySlot is the slot of an execution started with a key, so that all starts of one key meet in one shard.
func KeySlot(k Key) uint16 {
	h := fnv.New32a()
	for _, s := range []string{k.Namespace, k.Workflow, k.Key} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	v := h.Sum32()
	return uint16(v ^ v>>16)
}
