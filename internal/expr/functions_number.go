package expr

import (
	"math"
	"strconv"
	"strings"
)

var numberFunctions = []function{
	{Function: Function{"abs", "abs(number) number", "Without its sign.", groupNumber, "abs(-3)", "3"}, min: 1, max: 1, call: callAbs},
	{Function: Function{"ceil", "ceil(number) int", "The least whole number that is not smaller.", groupNumber, "ceil(1.2)", "2"}, min: 1, max: 1, call: callCeil},
	{Function: Function{"floor", "floor(number) int", "The greatest whole number that is not larger.", groupNumber, "floor(-1.2)", "-2"}, min: 1, max: 1, call: callFloor},
	{Function: Function{"round", "round(number, digits?) number", "Rounded to so many decimal digits (0 to 15), halves away from zero, as the number is written. Without digits the result is an int.", groupNumber, "round(2.675, 2)", "2.68"}, min: 1, max: 2, call: callRound},
}

func callAbs(_ *machine, n *callNode, a []any) (any, *Error) {
	switch x := a[0].(type) {
	case int64:
		if x < 0 {
			return n.result(integers('-', 0, x))
		}
		return x, nil
	case float64:
		return math.Abs(x), nil
	}
	return nil, n.want(a, 0, "a number")
}

func callCeil(_ *machine, n *callNode, a []any) (any, *Error) { return n.whole(a, math.Ceil) }

func callFloor(_ *machine, n *callNode, a []any) (any, *Error) { return n.whole(a, math.Floor) }

// whole applies f to a float; the result is an int if it is within int64.
func (n *callNode) whole(a []any, f func(float64) float64) (any, *Error) {
	if x, ok := a[0].(int64); ok {
		return x, nil
	}
	x, err := n.float(a, 0)
	if err != nil {
		return nil, err
	}
	return floatResult(f(x)), nil
}

func callRound(_ *machine, n *callNode, a []any) (any, *Error) {
	if len(a) == 1 {
		return n.whole(a, math.Round)
	}
	digits, err := n.int(a, 1)
	if err != nil {
		return nil, err
	}
	if digits < 0 || digits > 15 {
		return nil, n.fail(CodeValue, "", "the digits must be 0 to 15")
	}
	if x, ok := a[0].(int64); ok {
		return x, nil
	}
	x, err := n.float(a, 0)
	if err != nil {
		return nil, err
	}
	return roundDecimal(x, int(digits)), nil
}

// roundDecimal rounds the shortest decimal form of x, so that 2.675 is 2.68 although the float is a little smaller.
func roundDecimal(x float64, digits int) float64 {
	s := strconv.FormatFloat(x, 'f', -1, 64)
	dot := strings.IndexByte(s, '.')
	if dot < 0 || len(s)-dot-1 <= digits {
		return x
	}
	up := s[dot+1+digits] >= '5'
	kept := []byte(s[:dot+1+digits])
	if up {
		kept = increment(kept)
	}
	f, err := strconv.ParseFloat(string(kept), 64)
	if err != nil {
		return x
	}
	return f
}

// increment adds one to the last digit of a decimal number, away from zero.
func increment(s []byte) []byte {
	for i := len(s) - 1; i >= 0; i-- {
		switch {
		case s[i] == '.':
		case s[i] == '-':
			return append([]byte("-1"), s[1:]...)
		case s[i] == '9':
			s[i] = '0'
		default:
			s[i]++
			return s
		}
	}
	return append([]byte("1"), s...)
}
