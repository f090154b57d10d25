package runner

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a value that enters a journal.
const maxDepth = 64

// checkJSON says what is wrong with b as a value of the journal, "" if nothing: one JSON value, nested at most
// maxDepth deep, valid UTF-8 without NUL and lone surrogates, no key twice in an object, integers that fit in 64 bits
// and finite numbers. Expressions read nothing else. It allocates only where there are keys.
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
	// keys of the objects that are open, those of the innermost last.
	keys [][]byte
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
	outer := len(s.keys)
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
			why := repeated(s.keys[outer:])
			s.keys = s.keys[:outer]
			return why
		default:
			return notJSON
		}
	}
}

func (s *scanner) key() string {
	if s.peek() != '"' {
		return notJSON
	}
	from := s.i
	if why := s.text(); why != "" {
		return why
	}
	if s.keys == nil {
		s.keys = make([][]byte, 0, 16)
	}
	s.keys = append(s.keys, keyText(s.b[from:s.i]))
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
	code, ok := s.code(s.i)
	if !ok {
		return notJSON
	}
	s.i += 5
	switch {
	case code == 0:
		return "holds a NUL character"
	case utf16.IsSurrogate(code):
		low, ok := rune(0), false
		if s.i+1 < len(s.b) && s.b[s.i] == '\\' && s.b[s.i+1] == 'u' {
			low, ok = s.code(s.i + 1)
		}
		if !ok || utf16.DecodeRune(code, low) == utf8.RuneError {
			return "holds half of a surrogate pair, which is no character"
		}
		s.i += 6
	}
	return ""
}

// code reads the four digits behind the u at position at.
func (s *scanner) code(at int) (rune, bool) {
	if at+5 > len(s.b) || s.b[at+1] == '+' {
		return 0, false
	}
	code, err := strconv.ParseUint(string(s.b[at+1:at+5]), 16, 32)
	return rune(code), err == nil
}

// keyText is the text of a key, in whatever way it is written.
func keyText(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	var text string
	_ = json.Unmarshal(quoted, &text) // it was scanned already
	return []byte(text)
}

// few keys are compared each with each, which is faster than sorting them.
const few = 12

// repeated says which key is there twice, "" if none.
func repeated(keys [][]byte) string {
	if len(keys) > few {
		sorted := slices.Clone(keys)
		slices.SortFunc(sorted, bytes.Compare)
		return neighbours(sorted)
	}
	for i, k := range keys {
		for _, before := range keys[:i] {
			if bytes.Equal(k, before) {
				return twice(k)
			}
		}
	}
	return ""
}

func neighbours(sorted [][]byte) string {
	for i, k := range sorted[1:] {
		if bytes.Equal(k, sorted[i]) {
			return twice(k)
		}
	}
	return ""
}

func twice(key []byte) string {
	return "holds the key " + strconv.Quote(clip(string(key), 40)) + " twice in one object"
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
