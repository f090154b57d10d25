package expr

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Append writes v as compact JSON with the keys of maps in byte order: equal values give equal bytes. Whole floats
// within int64 are written without a fraction. NaN, infinity, invalid UTF-8, other Go types, more than MaxDepth
// levels and more than MaxJSON bytes are errors; then dst comes back unchanged. The error is *Error.
func Append(dst []byte, v any) ([]byte, error) {
	w := writer{b: dst, limit: len(dst) + MaxJSON}
	if err := w.value(v, 0); err != nil {
		return dst, err
	}
	return w.b, nil
}

// writer appends JSON up to a limit on its length.
type writer struct {
	b     []byte
	limit int
	full  bool // the limit was met
}

func (w *writer) tooLarge() *Error {
	w.full = true
	return errorAt(0, CodeSize, "", "the value is too large to be written")
}

func (w *writer) value(v any, depth int) *Error {
	if len(w.b) > w.limit {
		return w.tooLarge()
	}
	switch x := v.(type) {
	case nil:
		w.b = append(w.b, "null"...)
	case bool:
		w.b = strconv.AppendBool(w.b, x)
	case int64:
		w.b = strconv.AppendInt(w.b, x, 10)
	case float64:
		return w.float(x)
	case string:
		return w.text(x)
	case []any:
		return w.list(x, depth+1)
	case map[string]any:
		return w.fields(x, depth+1)
	case Object:
		return w.object(x, depth+1)
	default:
		return errorAt(0, CodeType, "", "a Go %T is not a value of the language", v)
	}
	return nil
}

func tooDeep(depth int) *Error {
	if depth > MaxDepth {
		return errorAt(0, CodeSize, "", "the value is nested more than %d deep", MaxDepth)
	}
	return nil
}

func (w *writer) float(f float64) *Error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return errorAt(0, CodeNumber, "", "the number is not finite")
	}
	w.b = appendFloat(w.b, f)
	return nil
}

// appendFloat writes a finite number: as an integer if it is whole and within int64, else in the shortest form that
// reads back as f, with an exponent where that is shorter than zeros.
func appendFloat(b []byte, f float64) []byte {
	if i, ok := exactInt(f); ok {
		return strconv.AppendInt(b, i, 10)
	}
	if a := math.Abs(f); a < 1e-6 || a >= 1e21 {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	if f == math.Trunc(f) { // beyond int64: an exponent keeps it a float for whoever reads it
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

func (w *writer) list(list []any, depth int) *Error {
	if err := tooDeep(depth); err != nil {
		return err
	}
	w.b = append(w.b, '[')
	for i, v := range list {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		if err := w.value(v, depth); err != nil {
			return err
		}
	}
	w.b = append(w.b, ']')
	return nil
}

func (w *writer) fields(m map[string]any, depth int) *Error {
	if err := tooDeep(depth); err != nil {
		return err
	}
	var buf [16]string
	w.b = append(w.b, '{')
	for i, k := range appendKeys(buf[:0], m) {
		if err := w.key(i, k); err != nil {
			return err
		}
		if err := w.value(m[k], depth); err != nil {
			return err
		}
	}
	w.b = append(w.b, '}')
	return nil
}

func (w *writer) object(o Object, depth int) *Error {
	if err := tooDeep(depth); err != nil {
		return err
	}
	w.b = append(w.b, '{')
	for i, k := range o.Keys() {
		if err := w.key(i, k); err != nil {
			return err
		}
		v, err := o.Get(k)
		if err != nil {
			return readError(k, err)
		}
		if err := w.value(v, depth); err != nil {
			return err
		}
	}
	w.b = append(w.b, '}')
	return nil
}

func (w *writer) key(i int, key string) *Error {
	if i > 0 {
		w.b = append(w.b, ',')
	}
	if err := w.text(key); err != nil {
		return err
	}
	w.b = append(w.b, ':')
	return nil
}

func (w *writer) text(s string) *Error {
	w.b = append(w.b, '"')
	err := w.escape(s)
	w.b = append(w.b, '"')
	return err
}

// escape appends s as it stands between the quotes of a JSON string.
func (w *writer) escape(s string) *Error {
	if len(s) > w.limit-len(w.b) {
		return w.tooLarge()
	}
	if !utf8.ValidString(s) {
		return errorAt(0, CodeValue, "", "a string is not valid UTF-8")
	}
	w.b = appendEscaped(w.b, s)
	return nil
}

// appendEscaped writes valid UTF-8 with its escapes.
func appendEscaped(b []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			b = append(b, s[start:i]...)
			b = appendEscape(b, c)
			start = i + 1
		}
	}
	return append(b, s[start:]...)
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// appendKeys appends the keys of m in byte order.
func appendKeys(keys []string, m map[string]any) []string {
	for k := range m { //archtest:ordered sorted below
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// readError is what a failed lookup becomes; an *Error inside keeps its code.
func readError(name string, err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		c := *e
		return &c
	}
	return errorAt(0, CodeRead, "", "%s cannot be read: %v", name, err)
}
