package expr

import (
	"errors"
	"regexp"
	"regexp/syntax"
)

// pattern is a compiled regular expression with the size of its program, which multiplies the cost of a match.
type pattern struct {
	re   *regexp.Regexp
	size int
}

// compilePattern bounds a pattern before it is compiled: repeats multiply what is inside.
func compilePattern(text string, off int, show string) (*pattern, *Error) {
	if len(text) > MaxPattern {
		return nil, errorAt(off, CodeRegex, "", "the pattern has %d bytes, more than %d", len(text), MaxPattern)
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, errorAt(off, CodeRegex, "patterns are RE2: no look-around, no back-references", "the pattern %s is wrong: %s", show, reason(err))
	}
	size := weight(tree)
	if size > MaxProgram {
		return nil, errorAt(off, CodeRegex, "use smaller repeats", "the pattern %s is too large once its repeats are written out", show)
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, errorAt(off, CodeRegex, "", "the pattern %s is wrong: %s", show, reason(err))
	}
	return &pattern{re, size}, nil
}

// reason is why the parser of patterns refuses, without the text of the pattern.
func reason(err error) string {
	var e *syntax.Error
	if errors.As(err, &e) {
		return e.Code.String()
	}
	return "not a regular expression"
}

// weight estimates the instructions of a pattern; it stops above MaxProgram. The parser bounds the height of the tree.
func weight(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		if n += weight(sub); n > MaxProgram {
			return MaxProgram + 1
		}
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, MaxProgram+1)
}

// compilePattern compiles a pattern that is no literal; the last one is kept.
func (m *machine) compilePattern(text string, off int) (*pattern, *Error) {
	if m.pattern != nil && m.text == text {
		return m.pattern, nil
	}
	show := short(text)
	if m.late {
		show = "given"
	}
	if err := m.spend(1000+10*len(text), off); err != nil {
		return nil, err
	}
	p, err := compilePattern(text, off, show)
	if err != nil {
		return nil, err
	}
	m.pattern, m.text = p, text
	return p, m.spend(10*p.size, off)
}

// match pays for a match of p against s before it is made.
func (m *machine) match(p *pattern, s string, off int) *Error {
	return m.spend(1+(len(s)+1)*p.size/16, off)
}
