package expr

import (
	"net/url"
	"strings"
)

var textFunctions = []function{
	{Function: Function{"upper", "upper(string) string", "In upper case.", groupText, "upper(\"grün\")", `"GRÜN"`}, min: 1, max: 1, call: callUpper},
	{Function: Function{"lower", "lower(string) string", "In lower case.", groupText, "lower(\"ABC\")", `"abc"`}, min: 1, max: 1, call: callLower},
	{Function: Function{"trim", "trim(string, characters?) string", "Without blanks, or without these characters, at both ends.", groupText, "trim(\"  a \") + trim(\"--b-\", \"-\")", `"ab"`}, min: 1, max: 2, call: callTrim},
	{Function: Function{"trimPrefix", "trimPrefix(string, prefix) string", "Without the prefix, if it is there.", groupText, "trimPrefix(\"v1.2\", \"v\")", `"1.2"`}, min: 2, max: 2, call: callTrimPrefix},
	{Function: Function{"trimSuffix", "trimSuffix(string, suffix) string", "Without the suffix, if it is there.", groupText, "trimSuffix(\"a.txt\", \".txt\")", `"a"`}, min: 2, max: 2, call: callTrimSuffix},
	{Function: Function{"split", "split(string, separator, n?) list", "The parts between the separators, at most n; with an empty separator the characters.", groupText, "split(\"a,b,c\", \",\", 2)", `["a","b,c"]`}, min: 2, max: 3, call: callSplit},
	{Function: Function{"replace", "replace(string, old, new) string", "With every occurrence of old replaced.", groupText, "replace(\"a-b-c\", \"-\", \"+\")", `"a+b+c"`}, min: 3, max: 3, call: callReplace},
	{Function: Function{"repeat", "repeat(string, n) string", "The string n times.", groupText, "repeat(\"ab\", 3)", `"ababab"`}, min: 2, max: 2, call: callRepeat},
	{Function: Function{"padStart", "padStart(string, n, with?) string", "Filled up at the front to n characters, with blanks or with the character given.", groupText, "padStart(string(7), 3, \"0\")", `"007"`}, min: 2, max: 3, call: callPadStart},
	{Function: Function{"padEnd", "padEnd(string, n, with?) string", "Filled up at the end to n characters, with blanks or with the character given.", groupText, "padEnd(\"ab\", 4, \".\")", `"ab.."`}, min: 2, max: 3, call: callPadEnd},
	{Function: Function{"indexOf", "indexOf(string or list, part) int", "The position of the first occurrence, -1 if there is none.", groupText, "indexOf(\"abcb\", \"b\")", "1"}, min: 2, max: 2, call: callIndexOf},
	{Function: Function{"lastIndexOf", "lastIndexOf(string or list, part) int", "The position of the last occurrence, -1 if there is none.", groupText, "lastIndexOf(\"abcb\", \"b\")", "3"}, min: 2, max: 2, call: callLastIndexOf},
	{Function: Function{"extract", "extract(string, pattern) list", "The first match of an RE2 pattern and its groups, null if it does not match. A group that took no part is null.", groupText, "extract(\"order-42\", \"([a-z]+)-([0-9]+)\")", `["order-42","order","42"]`}, min: 2, max: 2, call: callExtract},
	{Function: Function{"urlEncode", "urlEncode(string) string", "Escaped for a query or form of a URL.", groupText, "urlEncode(\"a b&c\")", `"a+b%26c"`}, min: 1, max: 1, call: callURLEncode},
}

// converted pays for a string made of argument 0.
func (m *machine) converted(n *callNode, a []any, f func(string) string) (any, *Error) {
	s, err := n.text(a, 0)
	if err != nil {
		return nil, err
	}
	if err := m.bytes(len(s), n.off); err != nil {
		return nil, err
	}
	out := f(s)
	return out, m.bytes(max(0, len(out)-len(s)), n.off)
}

func callUpper(m *machine, n *callNode, a []any) (any, *Error) {
	return m.converted(n, a, strings.ToUpper)
}

func callLower(m *machine, n *callNode, a []any) (any, *Error) {
	return m.converted(n, a, strings.ToLower)
}

func callURLEncode(m *machine, n *callNode, a []any) (any, *Error) {
	return m.converted(n, a, url.QueryEscape)
}

// texts reads all arguments as strings and pays for reading the first.
func (m *machine) texts(n *callNode, a []any) ([]string, *Error) {
	out := make([]string, len(a))
	for i := range a {
		s, err := n.text(a, i)
		if err != nil {
			return nil, err
		}
		out[i] = s
	}
	return out, m.scan(len(out[0]), n.off)
}

func callTrim(m *machine, n *callNode, a []any) (any, *Error) {
	s, err := m.texts(n, a)
	if err != nil {
		return nil, err
	}
	if len(s) == 1 {
		return strings.TrimSpace(s[0]), nil
	}
	return strings.Trim(s[0], s[1]), m.spend(len(s[1])*(1+len(s[0])/16), n.off)
}

func callTrimPrefix(m *machine, n *callNode, a []any) (any, *Error) {
	s, err := m.texts(n, a)
	if err != nil {
		return nil, err
	}
	return strings.TrimPrefix(s[0], s[1]), nil
}

func callTrimSuffix(m *machine, n *callNode, a []any) (any, *Error) {
	s, err := m.texts(n, a)
	if err != nil {
		return nil, err
	}
	return strings.TrimSuffix(s[0], s[1]), nil
}

func callSplit(m *machine, n *callNode, a []any) (any, *Error) {
	s, err := m.texts(n, a[:2])
	if err != nil {
		return nil, err
	}
	most := int64(-1)
	if len(a) > 2 {
		if most, err = n.int(a, 2); err != nil {
			return nil, err
		}
	}
	parts := int64(strings.Count(s[0], s[1])) + 1
	if most >= 0 {
		parts = min(parts, most)
	}
	if err := m.elements(int(parts), n.off); err != nil {
		return nil, err
	}
	split := strings.SplitN(s[0], s[1], int(min(most, MaxElements)))
	out := make([]any, len(split))
	for i, p := range split {
		out[i] = p
	}
	return out, nil
}

func callReplace(m *machine, n *callNode, a []any) (any, *Error) {
	s, err := m.texts(n, a)
	if err != nil {
		return nil, err
	}
	size := len(s[0]) + strings.Count(s[0], s[1])*(len(s[2])-len(s[1]))
	if err := m.bytes(size, n.off); err != nil {
		return nil, err
	}
	return strings.ReplaceAll(s[0], s[1], s[2]), nil
}

// repeated pays for s times a count that is not trusted.
func (m *machine) repeated(n *callNode, s string, times int64) (string, *Error) {
	if times < 0 {
		return "", n.fail(CodeValue, "", "the count is negative")
	}
	size, ok := mulInt(times, int64(len(s)))
	if !ok || size > MaxString {
		size = MaxString + 1
	}
	if err := m.bytes(int(size), n.off); err != nil {
		return "", err
	}
	if s == "" {
		return "", nil
	}
	return strings.Repeat(s, int(times)), nil
}

func callRepeat(m *machine, n *callNode, a []any) (any, *Error) {
	s, err := n.text(a, 0)
	if err != nil {
		return nil, err
	}
	times, err := n.int(a, 1)
	if err != nil {
		return nil, err
	}
	return m.repeated(n, s, times)
}

// padding reads (string, n, with?) and returns the string and its filling.
func (m *machine) padding(n *callNode, a []any) (s, fill string, err *Error) {
	if s, err = n.text(a, 0); err != nil {
		return "", "", err
	}
	size, err := n.int(a, 1)
	if err != nil {
		return "", "", err
	}
	with := " "
	if len(a) > 2 {
		if with, err = n.text(a, 2); err != nil {
			return "", "", err
		}
		if runes(with) != 1 {
			return "", "", n.fail(CodeValue, "", "argument 3 must be one character")
		}
	}
	if err := m.bytes(len(s), n.off); err != nil {
		return "", "", err
	}
	fill, err = m.repeated(n, with, max(0, min(size, 2*MaxString)-int64(runes(s))))
	return s, fill, err
}

func callPadStart(m *machine, n *callNode, a []any) (any, *Error) {
	s, fill, err := m.padding(n, a)
	return fill + s, err
}

func callPadEnd(m *machine, n *callNode, a []any) (any, *Error) {
	s, fill, err := m.padding(n, a)
	return s + fill, err
}

func callIndexOf(m *machine, n *callNode, a []any) (any, *Error) { return m.position(n, a, false) }

func callLastIndexOf(m *machine, n *callNode, a []any) (any, *Error) { return m.position(n, a, true) }

func (m *machine) position(n *callNode, a []any, last bool) (any, *Error) {
	list, ok := a[0].([]any)
	if !ok {
		s, err := m.texts(n, a)
		if err != nil {
			return nil, err
		}
		return indexIn(s[0], s[1], last), nil
	}
	found := int64(-1)
	for i, v := range list {
		same, err := m.equal(v, a[1], n.off)
		if err != nil {
			return nil, err
		}
		if same {
			found = int64(i)
			if !last {
				break
			}
		}
	}
	return found, nil
}

func callExtract(m *machine, n *callNode, a []any) (any, *Error) {
	s, err := m.texts(n, a)
	if err != nil {
		return nil, err
	}
	p, err := m.compilePattern(s[1], n.off)
	if err != nil {
		return nil, err
	}
	if err := m.match(p, s[0], n.off); err != nil {
		return nil, err
	}
	at := p.re.FindStringSubmatchIndex(s[0])
	if at == nil {
		return nil, nil
	}
	out := make([]any, len(at)/2)
	for i := range out {
		if at[2*i] >= 0 {
			out[i] = s[0][at[2*i]:at[2*i+1]]
		}
	}
	return out, m.spend(len(out), n.off)
}
