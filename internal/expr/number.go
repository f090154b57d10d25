package expr

import (
	"math"
	"math/bits"
)

// fault is why an operation on numbers has no result; "" is none.
type fault string

const (
	overflow   fault = "the result is beyond int64"
	zero       fault = "division by zero"
	infinite   fault = "the result is not a finite number"
	notNumbers fault = "not numbers"
)

// arithmetic applies + - * / % ** to two numbers. Two ints give an int, or overflow; / always gives a float; % takes
// ints only.
func arithmetic(op byte, a, b any) (any, fault) {
	x, xi := a.(int64)
	y, yi := b.(int64)
	if xi && yi && op != '/' {
		r, f := integers(op, x, y)
		if op == '^' && f == notNumbers {
			return floats(op, float64(x), float64(y))
		}
		return r, f
	}
	f, ok := asFloat(a)
	g, ok2 := asFloat(b)
	if !ok || !ok2 || op == '%' {
		return nil, notNumbers
	}
	return floats(op, f, g)
}

func asFloat(v any) (float64, bool) {
	switch x := v.(type) {
	case int64:
		return float64(x), true
	case float64:
		return x, true
	}
	return 0, false
}

func integers(op byte, x, y int64) (any, fault) {
	var r int64
	ok := true
	switch op {
	case '+':
		r, ok = addInt(x, y)
	case '-':
		r = x - y
		ok = (x >= y) == (r >= 0)
	case '*':
		r, ok = mulInt(x, y)
	case '%':
		if y == 0 {
			return nil, zero
		}
		r = x % y
	case '^':
		if y < 0 {
			return nil, notNumbers
		}
		r, ok = powInt(x, y)
	}
	if !ok {
		return nil, overflow
	}
	return r, ""
}

func addInt(x, y int64) (int64, bool) {
	r := x + y
	return r, (r > x) == (y > 0)
}

func mulInt(x, y int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(x), magnitude(y))
	if hi != 0 {
		return 0, false
	}
	if (x < 0) != (y < 0) {
		return -int64(lo), lo <= 1<<63
	}
	return int64(lo), lo < 1<<63
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// powInt raises x to y >= 0 by squaring; at most 63 rounds.
func powInt(x, y int64) (int64, bool) {
	r, ok := int64(1), true
	for {
		if y&1 == 1 {
			if r, ok = mulInt(r, x); !ok {
				return 0, false
			}
		}
		if y >>= 1; y == 0 {
			return r, true
		}
		if x, ok = mulInt(x, x); !ok {
			return 0, false
		}
	}
}

func floats(op byte, x, y float64) (any, fault) {
	var r float64
	switch op {
	case '+':
		r = x + y
	case '-':
		r = x - y
	case '*':
		r = x * y
	case '/':
		if y == 0 {
			return nil, zero
		}
		r = x / y
	case '^':
		r = math.Pow(x, y)
	}
	if math.IsNaN(r) || math.IsInf(r, 0) {
		return nil, infinite
	}
	return r, ""
}

// compareNumbers orders two numbers exactly: -1, 0 or 1. ok is false if one is no number.
func compareNumbers(a, b any) (order int, ok bool) {
	switch x := a.(type) {
	case int64:
		switch y := b.(type) {
		case int64:
			return compare(x, y), true
		case float64:
			return compareIntFloat(x, y), true
		}
	case float64:
		switch y := b.(type) {
		case int64:
			return -compareIntFloat(y, x), true
		case float64:
			return compare(x, y), true
		}
	}
	return 0, false
}

func compare[T int64 | float64 | string](x, y T) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func compareIntFloat(i int64, f float64) int {
	switch {
	case f >= 1<<63:
		return -1
	case f < -1<<63:
		return 1
	}
	whole := math.Trunc(f)
	if c := compare(i, int64(whole)); c != 0 {
		return c
	}
	return compare(whole, f)
}

// floatResult is f as an int if it is whole and within int64, else f.
func floatResult(f float64) any {
	if i, ok := exactInt(f); ok {
		return i
	}
	return f
}
