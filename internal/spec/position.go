package spec

import (
	"strings"
	"unicode/utf8"
)

// Position returns line and column, from 1, of a field of a node: "" is the workflow, the field "" the node's id. A
// field may go deeper, as in with/headers/Accept; what is not found is answered with what holds it.
func (d *Document) Position(node, field string) (line, column int) {
	v := d.locate(node, field)
	return v.line, v.col
}

// locate finds the value at a field of a node, or the nearest thing around it.
func (d *Document) locate(node, field string) *value {
	w := d.nodes[node]
	if w == nil {
		w = d.nodes[""]
	}
	if field == "" {
		return w.key
	}
	at, rest := longest(w.fields, field)
	if at == nil {
		// The compiler names a configuration by its type, as in wait/arms/0/for and foreach/items.
		_, tail, _ := strings.Cut(field, "/")
		if at, rest = longest(w.fields, tail); at == nil {
			at, rest = w.fields["with"], tail
		}
	}
	if at == nil {
		return w.key
	}
	for _, step := range strings.Split(rest, "/") {
		next, ok := at.find([]string{step})
		if !ok {
			next, ok = at.find([]string{strings.NewReplacer("~1", "/", "~0", "~").Replace(step)})
		}
		if !ok {
			break
		}
		at = next
	}
	return at
}

// longest finds the longest beginning of a path that was noted, and what is left of the path.
func longest(fields map[string]*value, path string) (*value, string) {
	for head := path; ; {
		if v := fields[head]; v != nil {
			return v, strings.TrimPrefix(path[len(head):], "/")
		}
		i := strings.LastIndexByte(head, '/')
		if i < 0 {
			return nil, ""
		}
		head = head[:i]
	}
}

// offset returns where byte i of the text of v stands. src finds lines of the file.
func (v *value) offset(src *lines, i int) (line, col int) {
	if v.kind != isText || i < 0 || i > len(v.text) {
		return v.line, v.col
	}
	switch v.style {
	case plain:
		if v.text == v.raw && !strings.Contains(v.raw, "\n") && strings.HasPrefix(after(src.text(v.line), v.col), v.text) {
			return v.line, v.col + utf8.RuneCountInString(v.text[:i])
		}
	case single, double:
		if n, ok := v.quoted(after(src.text(v.line), v.col), i); ok {
			return v.line, v.col + n
		}
	case literal:
		return v.literalOffset(src, i)
	}
	return v.line, v.col
}

// after is the rest of a line from a column.
func after(line string, col int) string {
	for i := range line {
		if col--; col == 0 {
			return line[i:]
		}
	}
	return ""
}

// quoted counts the characters of a quoted text on one line up to byte i of its content.
func (v *value) quoted(src string, i int) (n int, ok bool) {
	if src == "" {
		return 0, false
	}
	quote := rune(src[0])
	src, n = src[1:], 1
	for done := 0; done < i; {
		ch, size := utf8.DecodeRuneInString(src)
		switch {
		case src == "":
			return 0, false // goes on in the next line
		case ch == quote && quote == '\'' && strings.HasPrefix(src, "''"):
			size, done, n = 2, done+1, n+2
		case ch == '\\' && quote == '"':
			var bytes int
			size, bytes = escape(src)
			done, n = done+bytes, n+size
		default:
			done, n = done+size, n+1
		}
		src = src[min(size, len(src)):]
	}
	return n, true
}

// escape gives the length of an escape in the source, and of what it stands for.
func escape(src string) (size, bytes int) {
	if len(src) < 2 {
		return len(src), 1
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[src[1]]
	if digits == 0 {
		return 2, 1
	}
	code := rune(0)
	for i := 2; i < 2+digits && i < len(src); i++ {
		code = code<<4 | rune(strings.IndexByte("0123456789abcdef", src[i]|0x20)&15)
	}
	return 2 + digits, max(utf8.RuneLen(code), 1)
}

// literalOffset finds byte i of a block scalar that keeps its lines.
func (v *value) literalOffset(src *lines, i int) (line, col int) {
	before := v.text[:i]
	at := v.line + 1 + strings.Count(before, "\n")
	first := v.line + 1
	for strings.TrimSpace(src.text(first)) == "" && first < at {
		first++
	}
	text := src.text(first)
	indent := len(text) - len(strings.TrimLeft(text, " "))
	return at, indent + 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}
