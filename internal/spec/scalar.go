package spec

import (
	"math"
	"strconv"
	"strings"
)

// plainScalar gives kind and canonical JSON of an unquoted YAML scalar after the core schema of YAML 1.2. problem is
// set where JSON has no such value.
func plainScalar(s string) (k kind, text, problem string) {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return isNull, "", ""
	case "true", "True", "TRUE":
		return isBool, "true", ""
	case "false", "False", "FALSE":
		return isBool, "false", ""
	}
	if c := s[0]; c != '-' && c != '+' && c != '.' && (c < '0' || c > '9') {
		return isText, s, ""
	}
	switch strings.ToLower(strings.TrimLeft(s, "+-")) {
	case ".inf", ".nan":
		return isNumber, "0", "infinity and NaN are no numbers here"
	}
	if text, problem, ok := plainInt(s); ok {
		return isNumber, text, problem
	}
	if looksFloat(s) {
		text, problem := canonicalFloat(s)
		return isNumber, text, problem
	}
	return isText, s, ""
}

const tooBig = "the number does not fit into 64 bits; write it as text"

// plainInt reads decimal, 0o and 0x integers.
func plainInt(s string) (text, problem string, ok bool) {
	digits, base := strings.TrimLeft(s, "+-"), 10
	switch {
	case len(s)-len(digits) > 1:
		return "", "", false
	case strings.HasPrefix(s, "0o"):
		digits, base = s[2:], 8
	case strings.HasPrefix(s, "0x"):
		digits, base = s[2:], 16
	}
	if !allDigits(digits, base) {
		return "", "", false
	}
	if s[0] == '-' {
		digits = "-" + digits
	}
	n, err := strconv.ParseInt(digits, base, 64)
	if err != nil {
		return "0", tooBig, true
	}
	return strconv.FormatInt(n, 10), "", true
}

func allDigits(s string, base int) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		switch {
		case s[i] >= '0' && s[i] <= '9' && int(s[i]-'0') < base:
		case base == 16 && c >= 'a' && c <= 'f':
		default:
			return false
		}
	}
	return s != ""
}

// looksFloat reports whether s is [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
func looksFloat(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	whole := strings.TrimLeft(s, "0123456789")
	digits := len(s) - len(whole)
	s = whole
	if strings.HasPrefix(s, ".") {
		rest := strings.TrimLeft(s[1:], "0123456789")
		digits += len(s) - 1 - len(rest)
		s = rest
	}
	if digits == 0 {
		return false
	}
	if s == "" {
		return true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	s = s[1:]
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	return allDigits(s, 10)
}

// canonicalFloat writes a decimal fraction as JSON: whole where it is whole and exact, so 1.0 and 1 are one value.
func canonicalFloat(s string) (text, problem string) {
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || math.IsInf(f, 0) || math.IsNaN(f):
		return "0", "the number is beyond what 64 bits hold"
	case f == 0:
		return "0", ""
	case f == math.Trunc(f) && math.Abs(f) < 1<<53:
		return strconv.FormatInt(int64(f), 10), ""
	case math.Abs(f) < 1e-6 || math.Abs(f) >= 1<<53:
		return strconv.FormatFloat(f, 'e', -1, 64), ""
	}
	return strconv.FormatFloat(f, 'f', -1, 64), ""
}

// falseFriend reports whether tools of YAML 1.1 read s as a boolean.
func falseFriend(s string) bool {
	switch strings.ToLower(s) {
	case "yes", "no", "on", "off":
		return true
	}
	return false
}
