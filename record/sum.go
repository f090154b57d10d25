package record

import (
	"encoding/binary"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum is the CRC-32C of body, as kept in [Snapshot.Sum].
func Checksum(body []byte) uint32 { return crc32.Checksum(body, castagnoli) }

// Checksum is what [Entry.Sum] must be: the CRC-32C of the execution, seq, time and body, so that a flipped bit in
// any of them is noticed (F31).
func (e *Entry) Checksum() uint32 {
	var head [32]byte
	copy(head[:16], e.Execution[:])
	binary.BigEndian.PutUint64(head[16:], e.Seq)
	binary.BigEndian.PutUint64(head[24:], uint64(e.At))
	return crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, e.Body)
}

// Codec bytes: the first byte of every entry and snapshot body.
const (
	CodecPlain     byte = 0
	CodecZstd      byte = 1 // compressed, or made so that it is not taken for that
	CodecEncrypted byte = 2 // who reads it has no key for it
	CodecApart     byte = 3 // parts of it are blobs
	// CodecDamaged is all that is left of a body that is not what was written. It is never stored.
	CodecDamaged byte = 255
)
