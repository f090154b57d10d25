package mysql

import (
	"bytes"
	"slices"
	"strconv"
)

// message is statements as text, one after the other. Its sessions speak "binary" and have NO_BACKSLASH_ESCAPES, so a
// quote is the only byte that a literal cannot hold as it is, and it is written twice.
type message struct {
	mariadb bool // which of the two servers reads it
	careful bool // written statement by statement, for what goes wrong otherwise
	changed int  // rows that the statement before must have changed, if that is not yet guarded; -1: nothing is to be guarded
	buf     []byte
	ends    []int // of the statements, each behind its semicolon
	rows    int   // of the statement under way
}

func (m *message) reset(careful bool) {
	m.buf, m.ends, m.rows, m.changed, m.careful = m.buf[:0], m.ends[:0], 0, -1, careful
}

func (m *message) sql(s string) {
	if m.changed >= 0 { // a statement begins that is no guard itself
		m.guard()
	}
	m.buf = append(m.buf, s...)
}

func (m *message) number(n int64) { m.buf = strconv.AppendInt(m.buf, n, 10) }

func (m *message) bytes(b []byte) { m.buf = quoted(m.buf, b) }

func (m *message) text(s string) { m.buf = quoted(m.buf, s) }

// quoted appends s as a literal.
func quoted[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '\'')
	from := 0
	for i := range len(s) {
		if s[i] == '\'' {
			dst = append(dst, s[from:i+1]...)
			from = i
		}
	}
	dst = append(dst, s[from:]...)
	return append(dst, '\'')
}

// literal is the length of b as a literal.
func literal(b []byte) int { return len(b) + bytes.Count(b, []byte("'")) + 2 }

// end ends a statement.
func (m *message) end() {
	m.buf = append(m.buf, ';')
	m.ends = append(m.ends, len(m.buf))
}

// start is where the statement under way begins.
func (m *message) start() int {
	if len(m.ends) == 0 {
		return 0
	}
	return m.ends[len(m.ends)-1]
}

// longest is the length of a statement to which no more rows are added.
const longest = 1 << 20

// row begins a row of a statement of many, which begins with head: behind a comma where it is not the first.
func (m *message) row(head string) {
	if m.rows == 0 {
		m.sql(head)
	} else {
		m.sql(",")
	}
	m.rows++
}

// full reports whether no more rows should follow.
func (m *message) full() bool { return len(m.buf)-m.start() > longest }

// many ends a statement of many rows and returns how many it has.
func (m *message) many(tail string) int {
	n := m.rows
	m.rows = 0
	m.sql(tail)
	m.end()
	return n
}

// raise is an expression that cannot be evaluated.
const raise = "(SELECT 1 UNION SELECT 2)"

// wrote ends everything with an error (1242) unless the statement before has changed so many rows; an upsert counts 1 for
// a new row, 2 for one that was there. The guard is part of the next statement where that is a guard too.
func (m *message) wrote(rows int) { m.changed = rows }

// pending is the condition of what the statement before is to have changed, for the guard under way.
func (m *message) pending() string {
	if m.changed < 0 {
		return ""
	}
	n := m.changed
	m.changed = -1
	return "ROW_COUNT()=" + strconv.Itoa(n) + " AND "
}

// guard writes what is pending as a statement of its own. SET, since DO forgives errors and a SELECT has rows to send
// back; but what reads a table is a SELECT, since a SET locks what it reads.
func (m *message) guard() {
	if m.changed >= 0 {
		m.buf = append(m.buf, "SET @pawl=IF("...)
		m.buf = append(m.buf, m.pending()...)
		m.buf = append(m.buf, "1,1,"+raise+")"...)
		m.end()
	}
}

// packets cuts the message at ends of statements, so that each piece has at most limit bytes.
func (m *message) packets(limit int) (out [][]byte) {
	from := 0
	for i, end := range m.ends {
		last := i == len(m.ends)-1
		if last || m.ends[i+1]-from > limit {
			out = append(out, m.buf[from:end-1])
			from = end
		}
	}
	return out
}

// each returns the statements one by one.
func (m *message) each() (out [][]byte) {
	from := 0
	for _, end := range m.ends {
		out = append(out, m.buf[from:end-1])
		from = end
	}
	return out
}

// pieces cuts a body that no single message can carry.
func pieces(b []byte, size int) [][]byte { return slices.Collect(slices.Chunk(b, size)) }
