package expr

import (
	"strings"
	"unicode/utf8"
)

// Positions and lengths of strings count characters (code points), not bytes.

func runes(s string) int { return utf8.RuneCountInString(s) }

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// substring returns the characters from to to, which are in range.
func substring(s string, from, to int) string {
	if ascii(s) {
		return s[from:to]
	}
	start := byteAt(s, from)
	return s[start : start+byteAt(s[start:], to-from)]
}

// byteAt returns the position in bytes of the n-th character.
func byteAt(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// charAt is s[pos] as a string, null where there is none.
func (m *machine) charAt(s string, pos int64, off int) (any, *Error) {
	if err := m.scan(len(s), off); err != nil {
		return nil, err
	}
	size := int64(runes(s))
	if pos < 0 {
		pos += size
	}
	if pos < 0 || pos >= size {
		return nil, nil
	}
	return substring(s, int(pos), int(pos)+1), nil
}

// indexIn counts the characters before the first or last part in s; -1 where it is not.
func indexIn(s, part string, last bool) int64 {
	i := strings.Index(s, part)
	if last {
		i = strings.LastIndex(s, part)
	}
	if i < 0 {
		return -1
	}
	return int64(runes(s[:i]))
}
