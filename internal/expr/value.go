package expr

import (
	"fmt"
	"math"
	"strconv"
)

// TypeName names the type of v in the words of the language: null, bool, int, float, string, list or map.
func TypeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "bool"
	case int64:
		return "int"
	case float64:
		return "float"
	case string:
		return "string"
	case []any:
		return "list"
	case map[string]any, Object:
		return "map"
	}
	return fmt.Sprintf("Go %T", v)
}

// kindOf is TypeName with an article, for messages.
func kindOf(v any) string {
	switch t := TypeName(v); t {
	case "null":
		return t
	case "int":
		return "an int"
	default:
		return "a " + t
	}
}

// equalBudget bounds the work of Equal: values that share parts may stand for more elements than memory holds.
const equalBudget = 10_000_000

// Equal reports whether a and b are the same value. An int and a float are equal if they are the same number, compared
// exactly; an Object equals a map with the same keys and values. Values deeper than MaxDepth, values with more than
// ten million elements and values that cannot be read are equal to nothing.
func Equal(a, b any) bool {
	e := equality{left: equalBudget}
	return e.equal(a, b, 0) && e.err == nil
}

// equality compares while a budget lasts. After a failure err is set and results mean nothing.
type equality struct {
	left int
	err  *Error
}

func (e *equality) equal(a, b any, depth int) bool {
	if e.left--; e.left < 0 || e.err != nil {
		return false
	}
	switch x := a.(type) {
	case nil:
		return b == nil
	case bool:
		y, ok := b.(bool)
		return ok && x == y
	case string:
		y, ok := b.(string)
		if !ok || len(x) != len(y) {
			return false
		}
		e.left -= len(x) / 64
		return x == y
	case int64:
		switch y := b.(type) {
		case int64:
			return x == y
		case float64:
			i, ok := exactInt(y)
			return ok && i == x
		}
		return false
	case float64:
		switch y := b.(type) {
		case int64:
			i, ok := exactInt(x)
			return ok && i == y
		case float64:
			return x == y
		}
		return false
	case []any:
		y, ok := b.([]any)
		return ok && len(x) == len(y) && e.lists(x, y, depth+1)
	}
	x, ok := fieldsOf(a)
	if !ok {
		return false
	}
	y, ok := fieldsOf(b)
	return ok && e.maps(x, y, depth+1)
}

func (e *equality) deep(depth int) bool {
	if err := tooDeep(depth); err != nil && e.err == nil {
		e.err = err
	}
	return e.err != nil
}

func (e *equality) lists(x, y []any, depth int) bool {
	if e.deep(depth) {
		return false
	}
	for i := range x {
		if !e.equal(x[i], y[i], depth) {
			return false
		}
	}
	return true
}

func (e *equality) maps(x, y fields, depth int) bool {
	if e.deep(depth) {
		return false
	}
	keys, others := x.keys(), y.keys()
	e.left -= len(keys) + len(others)
	if len(keys) != len(others) {
		return false
	}
	for i, k := range keys {
		if k != others[i] {
			return false
		}
	}
	for _, k := range keys {
		a, err := x.get(k)
		if err == nil {
			var b any
			if b, err = y.get(k); err == nil && !e.equal(a, b, depth) {
				return false
			}
		}
		if err != nil {
			e.err = err
			return false
		}
	}
	return true
}

// fields is a map or an Object.
type fields struct {
	m map[string]any
	o Object
}

func fieldsOf(v any) (fields, bool) {
	switch x := v.(type) {
	case map[string]any:
		return fields{m: x}, true
	case Object:
		return fields{o: x}, true
	}
	return fields{}, false
}

func (f fields) keys() []string {
	if f.o != nil {
		return f.o.Keys()
	}
	return appendKeys(make([]string, 0, len(f.m)), f.m)
}

func (f fields) size() int {
	if f.o != nil {
		return len(f.o.Keys())
	}
	return len(f.m)
}

func (f fields) get(key string) (any, *Error) {
	if f.o == nil {
		return f.m[key], nil
	}
	v, err := f.o.Get(key)
	if err != nil {
		return nil, readError(key, err)
	}
	return v, nil
}

func (f fields) has(key string) bool {
	if f.o == nil {
		_, ok := f.m[key]
		return ok
	}
	for _, k := range f.o.Keys() {
		if k == key {
			return true
		}
	}
	return false
}

// exactInt converts a float that is a whole number within int64.
func exactInt(f float64) (int64, bool) {
	if f < -1<<63 || f >= 1<<63 || f != math.Trunc(f) {
		return 0, false
	}
	return int64(f), true
}

// plain appends s without quotes and escapes.
func (w *writer) plain(s string) *Error {
	if len(s) > w.limit-len(w.b) {
		return w.tooLarge()
	}
	w.b = append(w.b, s...)
	return nil
}

// quoteValue shows a short scalar in a message.
func quoteValue(v any) string {
	switch x := v.(type) {
	case string:
		return short(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	return kindOf(v)
}
