package offload

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/pawl-dev/pawl/record"
)

// What is stored of a body that was parted:
//
//	record.CodecApart, the sum that came with the whole body (4 bytes, little endian), its length and the number of
//	pieces (uvarints), for each piece the bytes of the rest before it and its own length (uvarints) and its SHA-256, then the rest
//
// A body that is not parted and begins like one has no pieces.

// blob is a piece of a body.
type blob struct {
	namespace string
	execution record.ID
	epoch     uint64 // of the fence under which it is committed; 0 for none
	sum       [sha256.Size]byte
	body      []byte
}

func newBlob(body []byte) blob { return blob{sum: sha256.Sum256(body), body: body} }

// owned adds got to list as blobs of an execution.
func owned(list, got []blob, namespace string, id record.ID, epoch uint64) []blob {
	for _, b := range got {
		b.namespace, b.execution, b.epoch = namespace, id, epoch
		list = append(list, b)
	}
	return list
}

func marked(body []byte) bool { return len(body) > 0 && body[0] == record.CodecApart }

// Depths of what may be cut out of the JSON of a body: what lies above is not payload but structure.
const (
	inEntry   = 3 // {"ops":[{"output": here
	inMessage = 1 // {"output": here
)

// texts are the values to be cut out of a body that is JSON behind its first byte.
func (s *Store) texts(body []byte, depth int) []record.Span {
	if len(body) <= s.o.Above {
		return nil
	}
	return values(nil, body, record.Span{From: 1, To: len(body)}, depth, s.o.Above)
}

// inside are the values to be cut out of the texts in a body.
func (s *Store) inside(body []byte, texts []record.Span) (out []record.Span) {
	if len(body) <= s.o.Above {
		return nil
	}
	for _, t := range texts {
		out = values(out, body, t, 0, s.o.Above)
	}
	return out
}

// values appends the smallest values of at least above bytes in a JSON text, in order: an object or a list where what is
// left of it without the large ones in it is still large, and a string. So the same value is cut the same way wherever
// it stands. Where the text is not JSON what is found is still whole bytes of it.
func values(out []record.Span, b []byte, text record.Span, depth, above int) []record.Span {
	type open struct{ from, first, cut int } // cut is how much of it was cut out
	var around []open
	found := func(v open, to int) {
		if len(around) >= depth && to-v.from-v.cut >= above {
			out = append(out[:v.first], record.Span{From: v.from, To: to})
			v.cut = to - v.from
		}
		if n := len(around); n > 0 {
			around[n-1].cut += v.cut
		}
	}
	for i := text.From; i < text.To; i++ {
		switch b[i] {
		case '{', '[':
			around = append(around, open{from: i, first: len(out)})
		case '}', ']':
			if len(around) == 0 {
				return out
			}
			v := around[len(around)-1]
			around = around[:len(around)-1]
			found(v, i+1)
		case '"':
			end := stringEnd(b[:text.To], i)
			if end < 0 {
				return out
			}
			if end-i >= above {
				found(open{from: i, first: len(out)}, end)
			}
			i = end - 1
		}
	}
	return out
}

// stringEnd is where the JSON string ends that begins at from; -1: nowhere.
func stringEnd(b []byte, from int) int {
	for i := from + 1; ; {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1
		}
		i += n + 1
		escapes := 0
		for b[i-2-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
	}
}

// cut takes spans out of body. The result is nil where body is to be kept as it is; it and the pieces refer to no memory
// but body's and their own.
func (s *Store) cut(body []byte, sum uint32, spans []record.Span) (out []byte, blobs []blob) {
	if len(spans) == 0 && !marked(body) {
		return nil, nil
	}
	spans = s.pieces(spans)
	left := len(body)
	for _, p := range spans {
		left -= p.To - p.From
	}
	out = make([]byte, 0, 16+len(spans)*(2*binary.MaxVarintLen32+sha256.Size)+left)
	out = binary.LittleEndian.AppendUint32(append(out, record.CodecApart), sum)
	out = binary.AppendUvarint(out, uint64(len(body)))
	out = binary.AppendUvarint(out, uint64(len(spans)))
	at := 0
	for _, p := range spans {
		b := newBlob(body[p.From:p.To])
		blobs = append(blobs, b)
		out = binary.AppendUvarint(out, uint64(p.From-at))
		out = binary.AppendUvarint(out, uint64(p.To-p.From))
		out = append(out, b.sum[:]...)
		at = p.To
	}
	at = 0
	for _, p := range spans {
		out = append(out, body[at:p.From]...)
		at = p.To
	}
	return append(out, body[at:]...), blobs
}

// pieces divides what is too long for one blob.
func (s *Store) pieces(spans []record.Span) []record.Span {
	var out []record.Span
	for _, p := range spans {
		for ; p.To-p.From > s.o.Piece; p.From += s.o.Piece {
			out = append(out, record.Span{From: p.From, To: p.From + s.o.Piece})
		}
		out = append(out, p)
	}
	return out
}

// errDamaged: what is stored is not what was written.
var errDamaged = errors.New("the stored body is not what was written")

// most bounds a body that is put together again, in bytes, so that damage does not ask for all memory.
const most = 1 << 30

// parted is a stored body, read.
type parted struct {
	sum    uint32
	size   int
	pieces []pieceAt
	rest   []byte
}

type pieceAt struct {
	gap, size int // bytes of the rest before it, and its own
	sum       [sha256.Size]byte
}

func read(stored []byte) (*parted, error) {
	if len(stored) < 1+4 {
		return nil, errDamaged
	}
	p := &parted{sum: binary.LittleEndian.Uint32(stored[1:])}
	in := stored[5:]
	number := func() int {
		v, n := binary.Uvarint(in)
		if n <= 0 || v > most {
			in = nil
			return -1
		}
		in = in[n:]
		return int(v)
	}
	p.size = number()
	count := number()
	if p.size < 0 || count < 0 || count > len(in)/sha256.Size {
		return nil, errDamaged
	}
	p.pieces = make([]pieceAt, count)
	left := p.size
	for i := range p.pieces {
		at := &p.pieces[i]
		at.gap, at.size = number(), number()
		if at.gap < 0 || at.size < 0 || len(in) < sha256.Size {
			return nil, errDamaged
		}
		copy(at.sum[:], in)
		in = in[sha256.Size:]
		left -= at.gap + at.size
		if left < 0 {
			return nil, errDamaged
		}
	}
	gaps := 0
	for i := range p.pieces {
		gaps += p.pieces[i].gap
	}
	if len(in) != gaps+left {
		return nil, errDamaged
	}
	p.rest = in
	return p, nil
}

// Refs are the hashes of the blobs that a stored body refers to; none where it was not parted.
func Refs(stored []byte) ([][sha256.Size]byte, error) {
	if !marked(stored) {
		return nil, nil
	}
	p, err := read(stored)
	if err != nil {
		return nil, err
	}
	out := make([][sha256.Size]byte, len(p.pieces))
	for i := range p.pieces {
		out[i] = p.pieces[i].sum
	}
	return out, nil
}

// whole puts the body together; got are the pieces.
func (p *parted) whole(got [][]byte) ([]byte, error) {
	for i := range p.pieces {
		if len(got[i]) != p.pieces[i].size || sha256.Sum256(got[i]) != p.pieces[i].sum {
			return nil, errDamaged
		}
	}
	out, rest := make([]byte, 0, p.size), p.rest
	for i := range p.pieces {
		at := &p.pieces[i]
		out = append(append(out, rest[:at.gap]...), got[i]...)
		rest = rest[at.gap:]
	}
	return append(out, rest...), nil
}
