package narrow

import (
	"encoding/json"
	"math/big"
)

// limit is the tightest of bounds in one direction; nil value: none.
type limit struct {
	value     *big.Rat
	exclusive bool
}

// tighter reports whether l refuses something that m takes; down: they are upper bounds.
func (l limit) tighter(m limit, down bool) bool {
	if l.value == nil {
		return false
	}
	if m.value == nil {
		return true
	}
	c := l.value.Cmp(m.value)
	if down {
		c = -c
	}
	return c > 0 || c == 0 && l.exclusive && !m.exclusive
}

// limitOf is the tightest bound that one schema sets on numbers; whole: only whole numbers count.
func limitOf(m map[string]any, down, whole bool) limit {
	inclusive, exclusive := "minimum", "exclusiveMinimum"
	step := big.NewRat(1, 1)
	if down {
		inclusive, exclusive = "maximum", "exclusiveMaximum"
		step = big.NewRat(-1, 1)
	}
	l := limit{value: bound(m, inclusive)}
	x := limit{value: bound(m, exclusive), exclusive: true}
	if whole && x.value != nil && x.value.IsInt() {
		x = limit{value: new(big.Rat).Add(x.value, step)}
	}
	if x.tighter(l, down) {
		return x
	}
	return l
}

func (f facts) limit(down, whole bool) limit {
	var best limit
	for _, m := range f.all {
		if l := limitOf(m, down, whole); l.tighter(best, down) {
			best = l
		}
	}
	return best
}

// String says what the bound asks for.
func (l limit) words(down bool) string {
	s := "at least "
	switch {
	case down && l.exclusive:
		s = "less than "
	case down:
		s = "at most "
	case l.exclusive:
		s = "more than "
	}
	return s + decimal(l.value)
}

func decimal(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	f, _ := r.Float64()
	return canonical(f)
}

// numbers compares bounds and multiples.
func numbers(path string, f facts, left kinds, now map[string]any) []Loss {
	var out []Loss
	whole := !left.has("fraction")
	for _, down := range []bool{false, true} {
		is, was := limitOf(now, down, whole), f.limit(down, whole)
		if !is.tighter(was, down) {
			continue
		}
		message := "must be " + is.words(down)
		if was.value != nil {
			message += ", was " + was.words(down)
		}
		out = append(out, Loss{path, message, false})
	}
	if unreadable(now, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf") {
		out = append(out, Loss{path, "has a bound that cannot be compared", true})
	}
	m := bound(now, "multipleOf")
	if m == nil || m.Sign() <= 0 || whole && new(big.Rat).Inv(m).IsInt() {
		return out
	}
	for _, o := range f.all {
		if b := bound(o, "multipleOf"); b != nil && new(big.Rat).Quo(b, m).IsInt() {
			return out
		}
	}
	return append(out, Loss{path, "must be a multiple of " + decimal(m), false})
}

func unreadable(m map[string]any, keys ...string) bool {
	for _, k := range keys {
		if n, ok := m[k].(json.Number); ok && rational(n) == nil {
			return true
		}
	}
	return false
}

// counts compares a lower and an upper bound on a count of things.
func counts(path string, f facts, now map[string]any, low, high, things string) []Loss {
	var out []Loss
	is, was := limit{value: bound(now, low)}, limit{value: new(big.Rat)}
	for _, m := range f.all {
		if l := (limit{value: bound(m, low)}); l.tighter(was, false) {
			was = l
		}
	}
	if is.tighter(was, false) {
		out = append(out, Loss{path, "must have " + is.words(false) + things + was.before(false), false})
	}
	is, was = limit{value: bound(now, high)}, limit{}
	for _, m := range f.all {
		if l := (limit{value: bound(m, high)}); l.tighter(was, true) {
			was = l
		}
	}
	if is.tighter(was, true) {
		out = append(out, Loss{path, "must have " + is.words(true) + things + was.before(true), false})
	}
	return out
}

// before says what the bound was, where there was one worth a word.
func (l limit) before(down bool) string {
	if l.value == nil || l.value.Sign() == 0 {
		return ""
	}
	return ", was " + l.words(down)
}

// texts compares what is asked of text.
func texts(path string, f facts, now map[string]any) []Loss {
	out := counts(path, f, now, "minLength", "maxLength", " characters")
	for _, k := range []struct{ key, was, is string }{
		{"pattern", "must match another pattern, ", "must match "},
		{"format", "has another format, ", "must be of the format "},
	} {
		want, ok := now[k.key].(string)
		if !ok || f.has(k.key, want) {
			continue
		}
		had := false
		for _, m := range f.all {
			had = had || m[k.key] != nil
		}
		if had {
			out = append(out, Loss{path, k.was + want, true})
			continue
		}
		out = append(out, Loss{path, k.is + want, false})
	}
	return out
}
