package semver

import (
	"strings"
)

// Constraint says which versions fit. It is made by [ParseConstraint].
type Constraint struct {
	// any one of the alternatives must hold, and of it every bound.
	alternatives [][]bound
}

// bound is one comparison.
type bound struct {
	op string // "<", "<=", ">", ">=", "="
	v  Version
	// written holds the pre-release of a version that the author wrote: only those bounds open the door to
	// pre-releases, and only to those of the same release.
	written bool
}

// ParseConstraint reads a constraint: an exact or partial version, alone or behind ^, ~, =, >, >=, < or <=; x, X or *
// for a part that may be anything; several of them separated by blanks, of which all must hold; and || between
// alternatives. The second result is false for anything else.
//
// A partial version stands for all that begin so: 1.2 is ~1.2 is 1.2.x is >=1.2.0 <1.3.0. ^ lets everything but the
// first number that is not zero change: ^1.2.3 is >=1.2.3 <2.0.0, ^0.2.3 is >=0.2.3 <0.3.0.
func ParseConstraint(s string) (Constraint, bool) {
	var c Constraint
	if len(s) > 4*Longest {
		return c, false
	}
	for _, alternative := range strings.Split(s, "||") {
		terms := join(strings.Fields(alternative))
		if len(terms) == 0 {
			return Constraint{}, false
		}
		var all []bound
		for _, t := range terms {
			bounds, ok := parseTerm(t)
			if !ok {
				return Constraint{}, false
			}
			all = append(all, bounds...)
		}
		c.alternatives = append(c.alternatives, all)
	}
	return c, true
}

// join puts an operator that stands alone in front of the version behind it.
func join(fields []string) []string {
	var out []string
	for i := 0; i < len(fields); i++ {
		f := fields[i]
		if strings.Trim(f, "^~<>=") == "" && i+1 < len(fields) {
			i++
			f += fields[i]
		}
		out = append(out, f)
	}
	return out
}

// parseTerm reads an operator with a version and gives the bounds that it stands for.
func parseTerm(t string) ([]bound, bool) {
	rest := strings.TrimLeft(t, "^~<>=")
	op := t[:len(t)-len(rest)]
	v, parts, ok := parsePartial(rest)
	if !ok {
		return nil, false
	}
	next := func(n int) bound { // the first version behind all that share n parts
		w := Version{}
		for i := range w.Numbers {
			switch {
			case i < n-1:
				w.Numbers[i] = v.Numbers[i]
			case i == n-1:
				w.Numbers[i] = increment(v.Numbers[i])
			default:
				w.Numbers[i] = "0"
			}
		}
		return bound{op: "<", v: w}
	}
	from := bound{op: ">=", v: v, written: true}
	switch {
	case parts == 0:
		return nil, op != "<" && op != ">" // below or above everything is nothing
	case op == "^":
		return []bound{from, next(caret(v, parts))}, true
	case op == "~":
		return []bound{from, next(min(parts, 2))}, true
	case (op == "" || op == "=") && parts < 3:
		return []bound{from, next(parts)}, true
	case op == "" || op == "=":
		return []bound{{op: "=", v: v, written: true}}, true
	case op == ">=" || op == "<":
		return []bound{{op: op, v: v, written: true}}, true
	case op == ">" && parts < 3:
		return []bound{{op: ">=", v: next(parts).v}}, true
	case op == "<=" && parts < 3:
		return []bound{next(parts)}, true
	case op == ">" || op == "<=":
		return []bound{{op: op, v: v, written: true}}, true
	}
	return nil, false
}

// caret is how many parts of v stay as they are under ^.
func caret(v Version, parts int) int {
	for i := range parts {
		if v.Numbers[i] != "0" {
			return i + 1
		}
	}
	return parts
}

// parsePartial reads one to three parts, where x, X and * end them, and says how many there are.
func parsePartial(s string) (v Version, parts int, ok bool) {
	if whole, ok := Parse(s); ok {
		return whole, 3, true
	}
	v.Numbers = [3]string{"0", "0", "0"}
	fields := strings.Split(s, ".")
	if s == "" || len(s) > Longest || len(fields) > 3 {
		return v, 0, false
	}
	open := false
	for i, f := range fields {
		switch {
		case f == "x" || f == "X" || f == "*":
			open = true
		case open || !number(f):
			return v, 0, false
		default:
			v.Numbers[i] = f
			parts++
		}
	}
	return v, parts, true
}

// Takes reports whether v fits. A pre-release fits only where the constraint names a pre-release of the same
// major.minor.patch; build metadata counts only where the constraint names it behind an exact version.
func (c Constraint) Takes(v Version) bool {
	for _, all := range c.alternatives {
		if takesAll(all, v) {
			return true
		}
	}
	return false
}

func takesAll(all []bound, v Version) bool {
	invited := len(v.Pre) == 0
	for _, b := range all {
		if !b.takes(v) {
			return false
		}
		invited = invited || b.written && len(b.v.Pre) > 0 && b.v.Numbers == v.Numbers
	}
	return invited
}

func (b bound) takes(v Version) bool {
	c := v.Compare(b.v)
	switch b.op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	}
	return c == 0 && (b.v.Build == "" || b.v.Build == v.Build)
}

// Highest gives the index of the highest of versions that fits, -1 where none does. Of equal ones, which differ only
// in their build metadata, the last wins.
func (c Constraint) Highest(versions []string) int {
	best := -1
	var top Version
	for i, s := range versions {
		v, ok := Parse(s)
		if !ok || !c.Takes(v) {
			continue
		}
		if best < 0 || v.Compare(top) >= 0 {
			best, top = i, v
		}
	}
	return best
}
