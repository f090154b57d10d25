package expr

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Decode reads one JSON text exactly: a number without a fraction and exponent is an int64, any other a finite
// float64. Strings share one copy of raw. It refuses duplicate keys, invalid UTF-8 and lone surrogates, bytes
// behind the value, integers beyond int64, and whatever is deeper or larger than the bounds. The error is *Error
// with the offset in raw.
func Decode(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, errorAt(invalidAt(raw), CodeBadJSON, "", "the JSON is not valid UTF-8")
	}
	var elems [16]any
	var pairs [16]pair
	d := decoder{s: string(raw), elems: elems[:0], pairs: pairs[:0]}
	v, err := d.value(0)
	if err == nil {
		d.skip()
		if d.i < len(d.s) {
			err = d.bad("bytes behind the JSON value")
		}
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

func invalidAt(raw []byte) int {
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(raw)
}

// decoder holds finished elements on two stacks, so that each list and map is made once with its exact size.
type decoder struct {
	s      string
	i      int
	values int
	elems  []any
	pairs  []pair
}

type pair struct {
	key   string
	value any
}

func (d *decoder) bad(what string) *Error {
	return errorAt(d.i, CodeBadJSON, "", "invalid JSON: %s", what)
}

func (d *decoder) skip() {
	for d.i < len(d.s) {
		switch d.s[d.i] {
		case ' ', '\t', '\n', '\r':
			d.i++
		default:
			return
		}
	}
}

func (d *decoder) value(depth int) (any, *Error) {
	d.skip()
	if d.i >= len(d.s) {
		return nil, d.bad("it ends where a value is expected")
	}
	if d.values++; d.values > maxValues {
		return nil, errorAt(d.i, CodeComplex, "", "the JSON has more than %d values", maxValues)
	}
	switch c := d.s[d.i]; {
	case c == '"':
		s, err := d.text()
		if err != nil {
			return nil, err
		}
		return s, nil
	case c == '{':
		return d.object(depth + 1)
	case c == '[':
		return d.array(depth + 1)
	case c == '-' || '0' <= c && c <= '9':
		return d.number()
	case c == 't':
		return true, d.word("true")
	case c == 'f':
		return false, d.word("false")
	case c == 'n':
		return nil, d.word("null")
	}
	return nil, d.bad("unexpected " + strconv.QuoteRune(d.rune()))
}

func (d *decoder) rune() rune {
	r, _ := utf8.DecodeRuneInString(d.s[d.i:])
	return r
}

func (d *decoder) word(w string) *Error {
	if !strings.HasPrefix(d.s[d.i:], w) {
		return d.bad("unexpected word, want " + w)
	}
	d.i += len(w)
	return nil
}

func (d *decoder) deep(depth int) *Error {
	if depth > MaxDepth {
		return errorAt(d.i, CodeComplex, "", "the JSON is nested more than %d deep", MaxDepth)
	}
	return nil
}

// next reads the separator behind an element: it reports whether the container has ended.
func (d *decoder) next(closing byte) (ended bool, err *Error) {
	d.skip()
	if d.i >= len(d.s) {
		return false, d.bad("it ends inside a list or object")
	}
	switch d.s[d.i] {
	case ',':
		d.i++
		return false, nil
	case closing:
		d.i++
		return true, nil
	}
	return false, d.bad("want , or " + string(closing))
}

func (d *decoder) array(depth int) (any, *Error) {
	if err := d.deep(depth); err != nil {
		return nil, err
	}
	d.i++
	d.skip()
	if d.i < len(d.s) && d.s[d.i] == ']' {
		d.i++
		return []any{}, nil
	}
	mark := len(d.elems)
	for {
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		d.elems = append(d.elems, v)
		ended, err := d.next(']')
		if err != nil {
			return nil, err
		}
		if ended {
			break
		}
	}
	list := make([]any, len(d.elems)-mark)
	copy(list, d.elems[mark:])
	d.elems = d.elems[:mark]
	return list, nil
}

func (d *decoder) object(depth int) (any, *Error) {
	if err := d.deep(depth); err != nil {
		return nil, err
	}
	start := d.i
	d.i++
	d.skip()
	if d.i < len(d.s) && d.s[d.i] == '}' {
		d.i++
		return map[string]any{}, nil
	}
	mark := len(d.pairs)
	for {
		p, err := d.pair(depth)
		if err != nil {
			return nil, err
		}
		if d.pairs = append(d.pairs, p); len(d.pairs)-mark > maxKeys {
			return nil, errorAt(d.i, CodeComplex, "", "a JSON object has more than %d keys", maxKeys)
		}
		ended, err := d.next('}')
		if err != nil {
			return nil, err
		}
		if ended {
			break
		}
	}
	return d.fields(start, mark)
}

func (d *decoder) pair(depth int) (pair, *Error) {
	d.skip()
	if d.i >= len(d.s) || d.s[d.i] != '"' {
		return pair{}, d.bad("want a key in double quotes")
	}
	key, err := d.text()
	if err != nil {
		return pair{}, err
	}
	d.skip()
	if d.i >= len(d.s) || d.s[d.i] != ':' {
		return pair{}, d.bad("want : behind a key")
	}
	d.i++
	v, err := d.value(depth)
	return pair{key, v}, err
}

// fields makes the map of the pairs above mark.
func (d *decoder) fields(start, mark int) (any, *Error) {
	pairs := d.pairs[mark:]
	m := make(map[string]any, len(pairs))
	for i, p := range pairs {
		m[p.key] = p.value
		if len(m) != i+1 {
			return nil, errorAt(start, CodeBadJSON, "", "invalid JSON: the key %s stands twice in one object", short(p.key))
		}
	}
	clear(pairs)
	d.pairs = d.pairs[:mark]
	return m, nil
}

// text reads a string; the decoder stands at its opening quote.
func (d *decoder) text() (string, *Error) {
	start := d.i + 1
	for i := start; i < len(d.s); i++ {
		switch c := d.s[i]; {
		case c == '"':
			d.i = i + 1
			return d.s[start:i], nil
		case c == '\\':
			return d.escaped(start, i)
		case c < ' ':
			d.i = i
			return "", d.bad("a control character inside a string")
		}
	}
	d.i = len(d.s)
	return "", d.bad("it ends inside a string")
}

// escaped reads on from the first backslash, at i.
func (d *decoder) escaped(start, i int) (string, *Error) {
	b := append(make([]byte, 0, i-start+32), d.s[start:i]...)
	for i < len(d.s) {
		switch c := d.s[i]; {
		case c == '"':
			d.i = i + 1
			return string(b), nil
		case c == '\\':
			r, n := unescape(d.s[i:])
			if n == 0 {
				d.i = i
				return "", d.bad("a wrong escape inside a string")
			}
			b = utf8.AppendRune(b, r)
			i += n
		case c < ' ':
			d.i = i
			return "", d.bad("a control character inside a string")
		default:
			b = append(b, c)
			i++
		}
	}
	d.i = len(d.s)
	return "", d.bad("it ends inside a string")
}

// unescape reads one escape at the start of s and returns the character and the bytes read, 0 if it is wrong.
func unescape(s string) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r, ok := hex4(s)
		if !ok {
			return 0, 0
		}
		if !utf16.IsSurrogate(r) {
			return r, 6
		}
		low, ok := hex4(s[6:])
		if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
			return 0, 0
		}
		return r, 12
	}
	return 0, 0
}

// hex4 reads \uXXXX at the start of s.
func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[2:6]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

func (d *decoder) digits(i int) int {
	for i < len(d.s) && '0' <= d.s[i] && d.s[i] <= '9' {
		i++
	}
	return i
}

func (d *decoder) number() (any, *Error) {
	start := d.i
	i := start
	if d.s[i] == '-' {
		i++
	}
	whole := d.digits(i)
	if whole == i || d.s[i] == '0' && whole > i+1 {
		return nil, d.bad("a number without digits, or with a leading zero")
	}
	end, ok := d.fraction(whole)
	if !ok {
		return nil, d.bad("a number without digits behind . or e")
	}
	d.i = end
	text := d.s[start:end]
	if len(text) > maxDigits {
		return nil, errorAt(start, CodeComplex, "", "a JSON number has more than %d characters", maxDigits)
	}
	if end == whole {
		return integer(text, start)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, errorAt(start, CodeComplex, "", "the JSON number %s is beyond float64", short(text))
	}
	return f, nil
}

// fraction returns the end of the number whose whole part ends at i.
func (d *decoder) fraction(i int) (int, bool) {
	if i < len(d.s) && d.s[i] == '.' {
		end := d.digits(i + 1)
		if end == i+1 {
			return 0, false
		}
		i = end
	}
	if i < len(d.s) && (d.s[i] == 'e' || d.s[i] == 'E') {
		i++
		if i < len(d.s) && (d.s[i] == '+' || d.s[i] == '-') {
			i++
		}
		end := d.digits(i)
		if end == i {
			return 0, false
		}
		i = end
	}
	return i, true
}

// integer reads digits that the grammar has checked.
func integer(text string, off int) (any, *Error) {
	if len(text) < 18 {
		digits, negative := text, text[0] == '-'
		if negative {
			digits = text[1:]
		}
		var n int64
		for _, c := range []byte(digits) {
			n = n*10 + int64(c-'0')
		}
		if negative {
			n = -n
		}
		return n, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return nil, errorAt(off, CodeBadNumber, "send it as a string", "the JSON integer %s is beyond int64", short(text))
	}
	return n, nil
}

// short quotes s for a message, cut to a readable length.
func short(s string) string {
	const most = 40
	if len(s) <= most {
		return strconv.Quote(s)
	}
	return strconv.Quote(head(s, most)) + "..."
}
