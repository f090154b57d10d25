// Package semver reads semantic versions (2.0.0), orders them, and says which of them a constraint takes.
//
// It must not know where versions are kept (store) or what is deployed under them (package pawl).
package semver

import (
	"cmp"
	"slices"
	"strings"
)

// Longest bounds the text of a version, in bytes.
const Longest = 128

// Version is a semantic version. The zero value is no version.
type Version struct {
	// Numbers are major, minor and patch as written: digits of any length, without leading zeros.
	Numbers [3]string
	// Pre are the identifiers of the pre-release, none for a release.
	Pre []string
	// Build is the metadata behind +. It has no part in the order.
	Build string
}

// Parse reads major.minor.patch with an optional -pre.release and +build. The second result is false for anything
// else, such as a leading v, a missing part or a leading zero.
func Parse(s string) (Version, bool) {
	var v Version
	if len(s) > Longest {
		return v, false
	}
	s, build, hasBuild := strings.Cut(s, "+")
	if hasBuild && !identifiers(build, false) {
		return v, false
	}
	v.Build = build
	s, pre, hasPre := strings.Cut(s, "-")
	if hasPre {
		if !identifiers(pre, true) {
			return v, false
		}
		v.Pre = strings.Split(pre, ".")
	}
	parts := strings.Split(s, ".")
	if len(parts) != len(v.Numbers) {
		return v, false
	}
	for i, p := range parts {
		if !number(p) {
			return v, false
		}
		v.Numbers[i] = p
	}
	return v, true
}

// Valid reports whether s is a semantic version.
func Valid(s string) bool {
	_, ok := Parse(s)
	return ok
}

// identifiers: dotted, of letters, digits and dashes; in a pre-release numbers have no leading zero.
func identifiers(s string, pre bool) bool {
	for _, p := range strings.Split(s, ".") {
		if p == "" || strings.ContainsFunc(p, func(r rune) bool { return !word(r) }) {
			return false
		}
		if pre && digits(p) && !number(p) {
			return false
		}
	}
	return true
}

func word(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-'
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// number is digits without a leading zero.
func number(s string) bool { return digits(s) && (s == "0" || s[0] != '0') }

// String writes v as it was read.
func (v Version) String() string {
	s := strings.Join(v.Numbers[:], ".")
	if len(v.Pre) > 0 {
		s += "-" + strings.Join(v.Pre, ".")
	}
	if v.Build != "" {
		s += "+" + v.Build
	}
	return s
}

// Compare orders a and b by precedence: numbers as numbers, a release after its pre-releases, build metadata ignored.
func (v Version) Compare(w Version) int {
	if c := slices.CompareFunc(v.Numbers[:], w.Numbers[:], compareNumbers); c != 0 {
		return c
	}
	switch {
	case len(v.Pre) == 0 && len(w.Pre) == 0:
		return 0
	case len(v.Pre) == 0:
		return 1
	case len(w.Pre) == 0:
		return -1
	}
	return slices.CompareFunc(v.Pre, w.Pre, compareIdentifiers)
}

// compareNumbers compares digits of any length.
func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// compareIdentifiers: numbers as numbers, words as text, a number before a word.
func compareIdentifiers(a, b string) int {
	an, bn := digits(a), digits(b)
	switch {
	case an && bn:
		return compareNumbers(a, b)
	case an:
		return -1
	case bn:
		return 1
	}
	return cmp.Compare(a, b)
}

// Compare orders two texts; what is no version comes before every version, in the order of text.
func Compare(a, b string) int {
	v, isV := Parse(a)
	w, isW := Parse(b)
	switch {
	case isV && isW:
		return v.Compare(w)
	case isV:
		return 1
	case isW:
		return -1
	}
	return cmp.Compare(a, b)
}

// NextPatch is the release with the next patch number.
func (v Version) NextPatch() Version {
	n := Version{Numbers: v.Numbers}
	n.Numbers[2] = increment(v.Numbers[2])
	return n
}

// NextMajor is the release that may break what users of v rely on.
func (v Version) NextMajor() Version {
	return Version{Numbers: [3]string{increment(v.Numbers[0]), "0", "0"}}
}

// Compatible reports whether both lie in one line of versions in which a later one takes what an earlier one took:
// equal majors, and before 1.0.0 equal minors.
func (v Version) Compatible(w Version) bool {
	if v.Numbers[0] != w.Numbers[0] {
		return false
	}
	return v.Numbers[0] != "0" || v.Numbers[1] == w.Numbers[1]
}

// increment adds one to digits of any length.
func increment(s string) string {
	b := []byte(s)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != '9' {
			b[i]++
			return string(b)
		}
		b[i] = '0'
	}
	return "1" + string(b)
}
