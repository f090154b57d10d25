package postgres

import (
	"encoding/binary"
	"math"

	"github.com/jackc/pgx/v5/pgtype"
)

// params are the arguments of one statement in the binary format of the protocol, one behind the other in one buffer
// that is used again. Arrays are written straight from the rows, without a value in between.
type params struct {
	buf    []byte
	ends   []int
	nulls  []bool
	values [][]byte
}

func (p *params) reset() {
	p.buf, p.ends, p.nulls = p.buf[:0], p.ends[:0], p.nulls[:0]
}

// end closes the argument that was appended to buf.
func (p *params) end() {
	p.ends = append(p.ends, len(p.buf))
}

// all returns the arguments; valid until the next reset.
func (p *params) all() [][]byte {
	p.values = p.values[:0]
	begin := 0
	for _, end := range p.ends {
		p.values = append(p.values, p.buf[begin:end:end])
		begin = end
	}
	return p.values
}

func (p *params) int(n int64) {
	p.buf = binary.BigEndian.AppendUint64(p.buf, uint64(n))
	p.end()
}

func (p *params) bytes(b []byte) {
	p.buf = append(p.buf, b...)
	p.end()
}

// array begins an argument of n elements of a type; end must follow them.
func (p *params) array(n int, element uint32, nulls bool) {
	if n == 0 {
		p.buf = append(p.buf, 0, 0, 0, 0, 0, 0, 0, 0)
		p.buf = binary.BigEndian.AppendUint32(p.buf, element)
		return
	}
	has := byte(0)
	if nulls {
		has = 1
	}
	p.buf = append(p.buf, 0, 0, 0, 1, 0, 0, 0, has) // one dimension
	p.buf = binary.BigEndian.AppendUint32(p.buf, element)
	p.buf = binary.BigEndian.AppendUint32(p.buf, uint32(n))
	p.buf = append(p.buf, 0, 0, 0, 1) // counted from 1
}

func (p *params) elementInt(n int64) {
	p.buf = append(p.buf, 0, 0, 0, 8)
	p.buf = binary.BigEndian.AppendUint64(p.buf, uint64(n))
}

func (p *params) elementBytes(b []byte) {
	p.buf = binary.BigEndian.AppendUint32(p.buf, uint32(len(b)))
	p.buf = append(p.buf, b...)
}

func (p *params) elementText(s string) {
	p.buf = binary.BigEndian.AppendUint32(p.buf, uint32(len(s)))
	p.buf = append(p.buf, s...)
}

func (p *params) elementFloat(f float64) {
	p.buf = append(p.buf, 0, 0, 0, 8)
	p.buf = binary.BigEndian.AppendUint64(p.buf, math.Float64bits(f))
}

func (p *params) elementNull() {
	p.buf = append(p.buf, 0xff, 0xff, 0xff, 0xff)
}

// column writes an array of one element for each row.
func column[R any](p *params, rows []R, element uint32, write func(row R)) {
	p.array(len(rows), element, true)
	for i := range rows {
		write(rows[i])
	}
	p.end()
}

func ints[R any](p *params, rows []R, of func(row R) int64) {
	column(p, rows, pgtype.Int8OID, func(row R) { p.elementInt(of(row)) })
}

func texts[R any](p *params, rows []R, of func(row R) string) {
	column(p, rows, pgtype.TextOID, func(row R) { p.elementText(of(row)) })
}

func bytesOf[R any](p *params, rows []R, of func(row R) []byte) {
	column(p, rows, pgtype.ByteaOID, func(row R) { p.elementBytes(of(row)) })
}
