package expr

import (
	"strconv"
	"strings"
)

// units of durations in descending order, in milliseconds.
var units = [...]struct {
	name string
	ms   int64
}{{"d", 24 * 60 * 60 * 1000}, {"h", 60 * 60 * 1000}, {"m", 60 * 1000}, {"s", 1000}, {"ms", 1}}

const durationHint = "write a number with a unit: 250ms, 90s, 1h30m, 7d, 1d12h"

// ParseDuration reads a duration in milliseconds: numbers with a unit d, h, m, s or ms, each unit at most once, the
// larger first. A fraction is allowed if it is whole milliseconds, as in 1.5s. Negative durations are errors. The
// error is *Error with code CodeDuration.
func ParseDuration(s string) (ms int64, err error) {
	if s == "" {
		return 0, badDuration(s, 0, "an empty duration")
	}
	if strings.Trim(s, "0123456789") == "" {
		e := badDuration(s, len(s), "the duration "+short(s)+" has no unit")
		if len(s) < 18 {
			e.Hint = "write " + s + "s for seconds or " + s + "ms for milliseconds"
		}
		return 0, e
	}
	least := 0
	for i := 0; i < len(s); {
		value, unit, next, e := durationPart(s, i, least)
		if e != nil {
			return 0, e
		}
		sum, ok := addInt(ms, value)
		if !ok {
			return 0, badDuration(s, i, "the duration is too long")
		}
		ms, least, i = sum, unit+1, next
	}
	return ms, nil
}

func badDuration(s string, off int, what string) *Error {
	return &Error{Code: CodeDuration, Message: what, Hint: durationHint, Offset: off, Source: s}
}

// durationPart reads one number with its unit, which must not come before units[least].
func durationPart(s string, i, least int) (ms int64, unit, next int, err *Error) {
	start := i
	for i < len(s) && ('0' <= s[i] && s[i] <= '9' || s[i] == '.') {
		i++
	}
	number := s[start:i]
	word := i
	for i < len(s) && 'a' <= s[i] && s[i] <= 'z' {
		i++
	}
	if number == "" || i == word {
		return 0, 0, 0, badDuration(s, start, short(s)+" is not a duration")
	}
	for unit = range units {
		if units[unit].name != s[word:i] {
			continue
		}
		if unit < least {
			return 0, 0, 0, badDuration(s, word, "the units of "+short(s)+" are not in falling order")
		}
		ms, ok := scale(number, units[unit].ms)
		if !ok {
			return 0, 0, 0, badDuration(s, start, "the number "+short(number)+" of a duration is wrong, too large, or finer than a millisecond")
		}
		return ms, unit, i, nil
	}
	return 0, 0, 0, badDuration(s, word, "a duration has no unit "+short(s[word:i]))
}

// scale multiplies a decimal number by a unit exactly.
func scale(number string, unit int64) (int64, bool) {
	whole, frac, dotted := strings.Cut(number, ".")
	if dotted && (frac == "" || len(frac) > 9) || len(whole) > 18 || strings.Contains(frac, ".") {
		return 0, false
	}
	if whole == "" {
		return 0, false
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, false
	}
	ms, ok := mulInt(n, unit)
	if !ok || frac == "" {
		return ms, ok
	}
	f, err := strconv.ParseInt(frac, 10, 64)
	if err != nil {
		return 0, false
	}
	tenth := int64(1)
	for range frac {
		tenth *= 10
	}
	part, ok := mulInt(f, unit)
	if !ok || part%tenth != 0 {
		return 0, false
	}
	return addInt(ms, part/tenth)
}

// FormatDuration writes milliseconds as ParseDuration reads them, without zero parts: 90000 is "1m30s", 0 is "0s".
// Negative values have a leading minus, which ParseDuration refuses.
func FormatDuration(ms int64) string {
	if ms == 0 {
		return "0s"
	}
	var b []byte
	left := magnitude(ms)
	if ms < 0 {
		b = append(b, '-')
	}
	for _, u := range units {
		if n := left / uint64(u.ms); n > 0 {
			b = strconv.AppendUint(b, n, 10)
			b = append(b, u.name...)
			left -= n * uint64(u.ms)
		}
	}
	return string(b)
}
