package model

import (
	"errors"
	"strconv"
	"strings"
)

// MaxMillis is the longest duration a definition may name: 100 years.
const MaxMillis Millis = 100 * 365 * 24 * 3600 * 1000

// Faults of [ParseMillis].
var (
	errDuration     = errors.New("want a duration such as 250ms, 90s, 1h30m or 7d")
	errDurationLong = errors.New("the duration is longer than 100 years")
)

// units of a duration, largest first.
var units = []struct {
	name string
	ms   Millis
}{{"d", 86_400_000}, {"h", 3_600_000}, {"m", 60_000}, {"s", 1000}, {"ms", 1}}

// ParseMillis reads a duration as definitions write it: whole numbers with the units d, h, m, s and ms, each at most
// once and the largest first, such as 1h30m. There is no sign and no fraction.
func ParseMillis(s string) (Millis, error) {
	if s == "" {
		return 0, errDuration
	}
	var total Millis
	next := 0
	for s != "" {
		digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
		n, err := strconv.ParseInt(s[:digits], 10, 64)
		if digits == 0 {
			return 0, errDuration
		}
		i, rest := unit(s[digits:], next)
		if i < 0 {
			return 0, errDuration
		}
		if err != nil || Millis(n) > (MaxMillis-total)/units[i].ms {
			return 0, errDurationLong
		}
		total += Millis(n) * units[i].ms
		s, next = rest, i+1
	}
	return total, nil
}

// unit finds the unit at the beginning of s, not before units[from], and what follows it; -1 where there is none.
func unit(s string, from int) (int, string) {
	word := s[:len(s)-len(strings.TrimLeft(s, "dhms"))]
	for i := from; i < len(units); i++ {
		if units[i].name == word {
			return i, s[len(word):]
		}
	}
	return -1, s
}

// String writes m as definitions do, such as 1h30m; [ParseMillis] reads it back. A negative m has a minus sign.
func (m Millis) String() string {
	if m == 0 {
		return "0s"
	}
	var b []byte
	if m < 0 {
		b = append(b, '-')
		m = -m
	}
	for _, u := range units {
		if n := m / u.ms; n > 0 {
			b = strconv.AppendInt(b, int64(n), 10)
			b = append(b, u.name...)
			m -= n * u.ms
		}
	}
	return string(b)
}
