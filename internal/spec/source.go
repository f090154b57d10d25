package spec

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// chunk is the text between two document markers. first is the number of its first line.
type chunk struct {
	text  []byte
	first int
}

// split cuts a file at its document markers. A line that begins with --- is one wherever it stands, block scalars
// included, so every document can be read, and its faults told, whatever is wrong with the others.
func split(src []byte) []chunk {
	var out []chunk
	start, first := 0, 1
	line := 1
	for at := 0; at < len(src); {
		end := lineEnd(src, at)
		if at > start && marker(src[at:end]) {
			out = append(out, chunk{src[start:at], first})
			start, first = at, line
		}
		at, line = end, line+1
	}
	return append(out, chunk{src[start:], first})
}

// marker reports whether a line begins a document.
func marker(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	return ok && (len(rest) == 0 || strings.IndexByte(" \t\r\n", rest[0]) >= 0)
}

// lineEnd is the index behind the line break (LF, CR LF or CR) of the line that begins at i.
func lineEnd(src []byte, i int) int {
	for ; i < len(src); i++ {
		switch {
		case src[i] == '\n':
			return i + 1
		case src[i] == '\r' && i+1 < len(src) && src[i+1] == '\n':
			return i + 2
		case src[i] == '\r':
			return i + 1
		}
	}
	return i
}

// vacant reports whether c holds comments and markers only.
func (c chunk) vacant() bool {
	for at := 0; at < len(c.text); {
		end := lineEnd(c.text, at)
		line := strings.TrimSpace(string(c.text[at:min(end, at+80)]))
		if marker(c.text[at:end]) {
			line = strings.TrimSpace(line[3:])
		}
		if line != "" && line != "..." && line[0] != '#' && !strings.HasPrefix(line, "%YAML") {
			return false
		}
		at = end
	}
	return true
}

// unreadable finds the first byte that no definition may hold: what is not UTF-8, control characters, and those that
// make a reader see another order than the parser. problem is "" where there is none.
func unreadable(text []byte) (at int, problem, hint string) {
	for at < len(text) {
		c := text[at]
		if c >= 0x20 && c < 0x7f || c == '\n' || c == '\r' || c == '\t' {
			at++
			continue
		}
		ch, n := utf8.DecodeRune(text[at:])
		switch {
		case ch == utf8.RuneError && n == 1 && bytes.IndexByte(text, 0) >= 0:
			return at, "the file is not UTF-8", "save it as UTF-8; it looks like UTF-16 or a binary file"
		case ch == utf8.RuneError && n == 1:
			return at, "this byte is not UTF-8", "save the file as UTF-8"
		case ch == 0:
			return at, "a NUL byte", "remove it; in a quoted text write \\0"
		case ch < 0x20 || ch >= 0x7f && ch < 0xa0 && ch != 0x85:
			return at, "a control character", "remove it; in a quoted text write it as an escape such as \\x1b"
		case bidi(ch):
			return at, "a character that hides the true order of the text", "remove it; in a quoted text write it as an escape such as \\u202e"
		}
		at += n
	}
	return at, "", ""
}

// bidi reports whether ch overrides the direction of the text around it.
func bidi(ch rune) bool { return ch >= 0x202a && ch <= 0x202e || ch >= 0x2066 && ch <= 0x2069 }

// place gives line and column, from 1, of the byte at in c.
func (c chunk) place(at int) (line, col int) {
	line = c.first
	start := 0
	for {
		end := lineEnd(c.text, start)
		if at < end || end == len(c.text) {
			return line, utf8.RuneCount(c.text[start:min(at, len(c.text))]) + 1
		}
		start = end
		line++
	}
}

// lines finds the text of a line by its number.
type lines struct {
	src    []byte
	starts []int
	// before is the number of lines that stand before src in its file.
	before int
}

func newLines(src []byte) *lines {
	l := &lines{src: src}
	for at := 0; at < len(src); at = lineEnd(src, at) {
		l.starts = append(l.starts, at)
	}
	return l
}

// text returns line n (from 1) without its break; "" where there is no such line.
func (l *lines) text(n int) string {
	n -= l.before
	if n < 1 || n > len(l.starts) {
		return ""
	}
	end := len(l.src)
	if n < len(l.starts) {
		end = l.starts[n]
	}
	return strings.TrimRight(string(l.src[l.starts[n-1]:end]), "\r\n")
}
