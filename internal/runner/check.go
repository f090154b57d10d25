package runner

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a value that enters a journal.
const maxDepth = 64

// checkJSON says what is wrong with b as a value of the journal, "" if nothing: one JSON value, nested at most
// maxDepth deep, valid UTF-8 without NUL, integers that fit in 64 bits and finite numbers. It does not allocate.
func checkJSON(b []byte) string {
	s := scanner{b: b}
	s.blank()
	if why := s.value(0); why != "" {
		return why
	}
	s.blank()
	if s.i != len(s.b) {
		return "is not JSON: there is text behind the value"
	}
	return ""
}

const notJSON = "is not JSON"

// scanner walks one JSON text.
type scanner struct {
	b []byte
	i int
}

func (s *scanner) peek() byte {
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

func (s *scanner) blank() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

func (s *scanner) value(depth int) string {
	if depth > maxDepth {
		return "is nested deeper than " + strconv.Itoa(maxDepth)
	}
	switch c := s.peek(); {
	case c == '{':
		return s.list(depth, '}', true)
	case c == '[':
		return s.list(depth, ']', false)
	case c == '"':
		return s.text()
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	}
	return notJSON
}

// list scans an object (keyed) or an array.
func (s *scanner) list(depth int, end byte, keyed bool) string {
	s.i++
	s.blank()
	if s.peek() == end {
		s.i++
		return ""
	}
	for {
		if keyed {
			if why := s.key(); why != "" {
				return why
			}
		}
		if why := s.value(depth + 1); why != "" {
			return why
		}
		s.blank()
		switch s.peek() {
		case ',':
			s.i++
			s.blank()
		case end:
			s.i++
			return ""
		default:
			return notJSON
		}
	}
}

func (s *scanner) key() string {
	if s.peek() != '"' {
		return notJSON
	}
	if why := s.text(); why != "" {
		return why
	}
	s.blank()
	if s.peek() != ':' {
		return notJSON
	}
	s.i++
	s.blank()
	return ""
}

func (s *scanner) text() string {
	s.i++
	from, ascii := s.i, true
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			if !ascii && !utf8.Valid(s.b[from:s.i]) {
				return "holds text that is not valid UTF-8"
			}
			s.i++
			return ""
		case c == '\\':
			if why := s.escape(); why != "" {
				return why
			}
		case c < ' ':
			if c == 0 {
				return "holds a NUL character"
			}
			return notJSON
		default:
			ascii = ascii && c < utf8.RuneSelf
			s.i++
		}
	}
	return notJSON
}

func (s *scanner) escape() string {
	s.i++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.i++
		return ""
	case 'u':
	default:
		return notJSON
	}
	if s.i+5 > len(s.b) {
		return notJSON
	}
	code, err := strconv.ParseUint(string(s.b[s.i+1:s.i+5]), 16, 32)
	if err != nil || s.b[s.i+1] == '+' {
		return notJSON
	}
	if code == 0 {
		return "holds a NUL character"
	}
	s.i += 5
	return ""
}

func (s *scanner) literal(word string) string {
	if s.i+len(word) > len(s.b) || string(s.b[s.i:s.i+len(word)]) != word {
		return notJSON
	}
	s.i += len(word)
	return ""
}

// number scans one number and refuses what decoding would change without a word.
func (s *scanner) number() string {
	from := s.i
	if s.peek() == '-' {
		s.i++
	}
	whole := s.digits()
	if whole == 0 || whole > 1 && s.b[s.i-whole] == '0' {
		return notJSON
	}
	integer := true
	if s.peek() == '.' {
		s.i++
		integer = false
		if s.digits() == 0 {
			return notJSON
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.i++
		integer = false
		if c := s.peek(); c == '+' || c == '-' {
			s.i++
		}
		if s.digits() == 0 {
			return notJSON
		}
	}
	return rangeOf(s.b[from:s.i], integer)
}

func (s *scanner) digits() int {
	from := s.i
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i - from
}

// rangeOf checks the size of a number; short ones always fit.
func rangeOf(b []byte, integer bool) string {
	if len(b) <= 18 && integer {
		return ""
	}
	if integer {
		if _, err := strconv.ParseInt(string(b), 10, 64); err != nil {
			return "holds the integer " + clip(string(b), 24) + ", which does not fit in 64 bits"
		}
		return ""
	}
	if f, err := strconv.ParseFloat(string(b), 64); err != nil || math.IsInf(f, 0) {
		return "holds the number " + clip(string(b), 24) + ", which is too large"
	}
	return ""
}
