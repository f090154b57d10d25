package redis

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/pawl-dev/pawl/record"
)

// names are the keys of one store. Rows of executions lie in hashes by the time in their id, so that no key grows
// without bound and one command writes the rows of many executions.
type names struct{ prefix string }

func (n names) meta() string    { return n.prefix + "meta" }
func (n names) shards() string  { return n.prefix + "shards" }
func (n names) due() string     { return n.prefix + "due" }
func (n names) answers() string { return n.prefix + "answers" }

// bucket is the first four bytes of an id: executions of the same 65 seconds.
type bucket [4]byte

// bucketNames are the keys that hold the rows of one bucket.
type bucketNames struct{ journal, last, trimmed, heads, snapshots string }

func (n names) bucket(b bucket) bucketNames {
	x := hex.EncodeToString(b[:])
	return bucketNames{n.prefix + "j:" + x, n.prefix + "n:" + x, n.prefix + "g:" + x, n.prefix + "h:" + x, n.prefix + "s:" + x}
}

// bucketOf is where the rows of id lie; the rest of the id is the field.
func bucketOf(id record.ID) bucket { return bucket(id[:4]) }

func field(id record.ID) string { return string(id[4:]) }

// key is the name of a key row, unambiguous whatever its parts hold.
func (n names) key(k record.Key) string {
	return n.prefix + "k:" + sized(k.Namespace) + sized(k.Workflow) + k.Key
}

// blobs holds the blobs of one execution.
func (n names) blobs(id record.ID) string { return n.prefix + "o:" + id.String() }

// owners are the executions that have blobs, in order.
func (n names) owners() string { return n.prefix + "owners" }

// sized writes a text with its length before it.
func sized(s string) string { return strconv.Itoa(len(s)) + ":" + s + ":" }

func (n names) mail(s record.Shard) string { return n.prefix + "b:" + shardName(s) }

func shardName(s record.Shard) string { return strconv.FormatUint(uint64(s), 10) }

// shardBytes is a shard as it begins the members of sorted sets.
func shardBytes(s record.Shard) string { return string([]byte{byte(s >> 8), byte(s)}) }

// messageField is a message id as a field.
func messageField(id record.MessageID) string {
	var f [28]byte
	copy(f[:], id.From[:])
	binary.BigEndian.PutUint64(f[16:], id.Seq)
	binary.BigEndian.PutUint32(f[24:], id.N)
	return string(f[:])
}

func parseMessageField(f string) (id record.MessageID, ok bool) {
	if len(f) != 28 {
		return id, false
	}
	copy(id.From[:], f)
	id.Seq = binary.BigEndian.Uint64([]byte(f[16:24]))
	id.N = binary.BigEndian.Uint32([]byte(f[24:]))
	return id, true
}

// u64 is a number of which Lua keeps every bit: Lua's own numbers have 53.
func u64(v uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	return string(b[:])
}

// timeBytes orders times as bytes order.
func timeBytes(at int64) string { return u64(uint64(at) ^ 1<<63) }

func parseTime(b string) int64 { return int64(parseU64(b) ^ 1<<63) }

func parseU64(b string) uint64 {
	if len(b) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64([]byte(b[:8]))
}

// numberBytes orders numbers as bytes order: below zero every bit is turned, above it the sign.
func numberBytes(v float64) string {
	if v == 0 {
		v = 0 // of the two zeros one
	}
	b := math.Float64bits(v)
	if b>>63 == 1 {
		return u64(^b)
	}
	return u64(b | 1<<63)
}
