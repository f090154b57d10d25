package sealed

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl/record"
)

// What is stored begins with a byte of package record:
//
//	CodecZstd       format, sum of the plain body (4 bytes), payload
//	CodecEncrypted  format, id of the data key (8), salt (8), nonce (12), then encrypted: sum (4), payload, and the tag (16)
//	anything else   the body as it is
//
// The payload is the body, or, where the format says so, its length and a zstd frame. The sum is the one that came with
// the body, so that who reads it checks what the writer had; what is stored has its own.

const (
	formatRaw  byte = 0x10
	formatZstd byte = 0x11

	sumBytes  = 4
	keyBytes  = 8
	saltBytes = 8
	// sealOverhead is what encryption adds to a payload: header, nonce, tag.
	headBytes    = 2 + keyBytes + saltBytes
	sealOverhead = headBytes + 12 + 16
	overhead     = sealOverhead + sumBytes
)

// codec seals and opens bodies.
type codec struct {
	above int // size from which bodies are compressed; negative: never
	keys  *keyring
}

// work is memory of one goroutine.
type work struct{ plain, bound []byte }

// seal appends the stored form of body to dst. changed is false where that is the body as it is, and dst is unchanged.
func (c *codec) seal(ctx context.Context, w *work, dst, body []byte, sum uint32, to bound) (out []byte, changed bool, err error) {
	var with *session
	if c.keys.encrypts() {
		if with, err = c.keys.session(ctx, to.namespace); err != nil {
			return body, false, err
		}
	}
	w.plain = binary.LittleEndian.AppendUint32(w.plain[:0], sum)
	format := formatRaw
	if c.above >= 0 && len(body) >= c.above && len(body) <= mostOpened {
		w.plain = binary.AppendUvarint(w.plain, uint64(len(body)))
		if w.plain = compress(w.plain, body); len(w.plain)-sumBytes < len(body) {
			format = formatZstd
		} else {
			w.plain = w.plain[:sumBytes]
		}
	}
	if with == nil && format == formatRaw && !marked(body) {
		return body, false, nil
	}
	if format == formatRaw {
		w.plain = append(w.plain, body...)
	}
	if with == nil {
		dst = append(dst, record.CodecZstd, format)
		return append(dst, w.plain...), true, nil
	}
	from := len(dst)
	dst = append(dst, record.CodecEncrypted, format)
	dst = binary.LittleEndian.AppendUint64(dst, with.key)
	dst = append(dst, with.salt[:]...)
	w.bound = to.append(append(w.bound[:0], dst[from:]...))
	return with.aead.Seal(dst, nil, w.plain, w.bound), true, nil
}

// marked reports whether body looks like one that was sealed.
func marked(body []byte) bool {
	return len(body) > 0 && (body[0] == record.CodecZstd || body[0] == record.CodecEncrypted)
}

// errDamaged: what is stored is not what was written, or was written for another row.
var errDamaged = errors.New("the stored body is not what was written for this row")

// open is the body of what is stored and the sum that came with it. sealed is false where it is stored as it is, and
// sum counts for nothing. The namespace of to is not asked for: it is that of the data key, which is returned.
func (c *codec) open(ctx context.Context, stored []byte, to bound) (o opened, err error) {
	if !marked(stored) {
		return opened{body: stored}, nil
	}
	if len(stored) < 2 || stored[1] != formatRaw && stored[1] != formatZstd {
		return o, errDamaged
	}
	plain := stored[2:]
	if stored[0] == record.CodecEncrypted {
		if plain, o.namespace, err = c.decrypt(ctx, stored, to); err != nil {
			return o, err
		}
	}
	if len(plain) < sumBytes {
		return o, errDamaged
	}
	o.sealed, o.sum, o.body = true, binary.LittleEndian.Uint32(plain), plain[sumBytes:]
	if stored[1] == formatZstd {
		o.body, err = decompress(o.body)
	}
	return o, err
}

// opened is a body that was read.
type opened struct {
	body      []byte
	sum       uint32
	sealed    bool
	namespace string // of its data key; "" where it was not encrypted
}

// of reports whether the body may belong to a namespace. The key of no namespace is that of rows that name none.
func (o *opened) of(namespace string) bool { return o.namespace == "" || o.namespace == namespace }

// whole reports whether the body is the one that was summed.
func (o *opened) whole() bool { return !o.sealed || record.Checksum(o.body) == o.sum }

func (c *codec) decrypt(ctx context.Context, stored []byte, to bound) (plain []byte, namespace string, err error) {
	if len(stored) < sealOverhead {
		return nil, "", errDamaged
	}
	id := binary.LittleEndian.Uint64(stored[2:])
	salt := [saltBytes]byte(stored[2+keyBytes:])
	aead, namespace, err := c.keys.opener(ctx, id, salt)
	if err != nil {
		return nil, "", err
	}
	to.namespace = namespace
	var buf [192]byte
	plain, err = aead.Open(nil, nil, stored[headBytes:], to.append(append(buf[:0], stored[:headBytes]...)))
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", errDamaged, err)
	}
	return plain, namespace, nil
}
