package sealed

import (
	"encoding/binary"

	"github.com/pawl-dev/pawl/record"
)

// kind says what a body is of.
type kind byte

const (
	ofEntry kind = iota + 1
	ofSnapshot
	ofMessage
	ofAnswer
	ofBlob
)

// bound is the row that a body belongs to. It is authenticated with the body, so that what was copied from another row,
// execution or namespace is refused.
type bound struct {
	namespace string
	kind      kind
	n         int
	of        [56]byte
}

func (b *bound) bytes(p []byte) {
	b.n += copy(b.of[b.n:], p)
}

func (b *bound) u64(v uint64) {
	binary.LittleEndian.PutUint64(b.of[b.n:], v)
	b.n += 8
}

// append is what is authenticated: everything of fixed length, and the namespace last.
func (b *bound) append(dst []byte) []byte {
	dst = append(append(dst, byte(b.kind)), b.of[:b.n]...)
	return append(dst, b.namespace...)
}

func entryBound(e *record.Entry) bound {
	b := bound{namespace: e.Namespace, kind: ofEntry}
	b.bytes(e.Execution[:])
	b.u64(e.Seq)
	b.u64(uint64(e.At))
	return b
}

func snapshotBound(s *record.Snapshot) bound {
	b := bound{namespace: s.Namespace, kind: ofSnapshot}
	b.bytes(s.Execution[:])
	b.u64(s.Seq)
	return b
}

func messageBound(m *record.Message) bound {
	b := bound{namespace: m.Namespace, kind: ofMessage}
	b.bytes(m.ID.From[:])
	b.u64(m.ID.Seq)
	b.u64(uint64(m.ID.N))
	b.bytes(m.To[:])
	b.u64(uint64(m.At))
	return b
}

func answerBound(a *record.Answer) bound {
	b := bound{namespace: a.Namespace, kind: ofAnswer}
	b.bytes(a.To[:])
	b.u64(uint64(a.At))
	return b
}

func blobBound(namespace string, id record.ID, sum [32]byte) bound {
	b := bound{namespace: namespace, kind: ofBlob}
	b.bytes(id[:])
	b.bytes(sum[:])
	return b
}
