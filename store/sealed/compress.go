package sealed

import (
	"encoding/binary"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// mostOpened bounds a body after it is decompressed, in bytes: a small stored one cannot make a large one (S23).
const mostOpened = 16 << 20

// Without entropy coding a kilobyte takes 2 µs and not 5, and becomes 350 bytes and not 275: the lane's time is dearer.

// zipped makes the encoder and the decoder when they are first needed; both serve all goroutines.
var zipped = struct {
	encoder func() *zstd.Encoder
	decoder func() *zstd.Decoder
}{
	sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithNoEntropyCompression(true), zstd.WithSingleSegment(true), zstd.WithLowerEncoderMem(true))
		if err != nil {
			panic(err) // the options are constants
		}
		return e
	}),
	sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(mostOpened), zstd.WithDecoderLowmem(true))
		if err != nil {
			panic(err) // the options are constants
		}
		return d
	}),
}

// compress appends a zstd frame of body.
func compress(dst, body []byte) []byte { return zipped.encoder().EncodeAll(body, dst) }

// decompress reads a length and a frame of exactly so many bytes.
func decompress(payload []byte) ([]byte, error) {
	n, at := binary.Uvarint(payload)
	if at <= 0 || n > mostOpened {
		return nil, errDamaged
	}
	body, err := zipped.decoder().DecodeAll(payload[at:], make([]byte, 0, min(n, 16*uint64(len(payload))+1024)))
	if err != nil || uint64(len(body)) != n {
		return nil, errDamaged
	}
	return body, nil
}
