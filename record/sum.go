package record

import "hash/crc32"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum is the CRC-32C of body, as kept in [Entry.Sum] and [Snapshot.Sum].
func Checksum(body []byte) uint32 { return crc32.Checksum(body, castagnoli) }

// Codec bytes: the first byte of every entry and snapshot body.
const (
	CodecPlain     byte = 0
	CodecZstd      byte = 1 // reserved
	CodecEncrypted byte = 2 // reserved
)
