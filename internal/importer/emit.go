package importer

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// lineWidth is what a value may take to stand on one line.
const lineWidth = 110

// emitter writes YAML: maps and lists on lines of their own, short ones in brackets, comments above what they are about.
type emitter struct {
	b    bytes.Buffer
	over bool
}

// write gives the text of a definition, false where it would be larger than MaxText.
func write(doc *val) ([]byte, bool) {
	e := &emitter{}
	for _, n := range doc.notes {
		e.b.WriteString("# " + n + "\n")
	}
	e.entries(doc, 0)
	return e.b.Bytes(), !e.over
}

// entries writes the keys of a map, each on a line of its own.
func (e *emitter) entries(m *val, indent int) {
	for i, k := range m.keys {
		e.comments(m.items[i], indent)
		e.pad(indent)
		e.b.WriteString(scalar(k) + ":")
		e.value(m.items[i], indent)
	}
}

func (e *emitter) comments(v *val, indent int) {
	for _, n := range v.notes {
		e.pad(indent)
		e.b.WriteString("# " + n + "\n")
	}
}

func (e *emitter) pad(indent int) { e.b.WriteString(strings.Repeat("  ", indent)) }

// value writes what stands behind a key or a dash, and ends the line.
func (e *emitter) value(v *val, indent int) {
	if e.b.Len() > MaxText {
		e.over = true
	}
	if e.over {
		return
	}
	if block, ok := literalBlock(v, indent+1); ok {
		e.b.WriteString(block)
		return
	}
	if s, ok := flow(v, lineWidth-2*indent); ok && !v.open && !noted(v) || v.empty() {
		if v.empty() {
			s, _ = flow(v, MaxText)
		}
		e.b.WriteString(" " + s + "\n")
		return
	}
	e.b.WriteByte('\n')
	if v.kind == 'm' {
		e.entries(v, indent+1)
		return
	}
	for _, it := range v.items {
		e.comments(it, indent+1)
		e.pad(indent + 1)
		e.b.WriteByte('-')
		if s, ok := flow(it, lineWidth-2*indent); it.kind != 'm' || it.empty() || ok && !it.open && !noted(it) && s != "" {
			e.value(it, indent+1)
			continue
		}
		e.item(it, indent+1)
	}
}

// item writes a map as an element of a list: its first key stands behind the dash.
func (e *emitter) item(m *val, indent int) {
	start := e.b.Len()
	e.entries(m, indent+1)
	if first := e.b.Bytes()[start:]; len(m.items[0].notes) == 0 && len(first) > 2*indent+2 {
		copy(first, first[2*indent+1:]) // the dash is written; of the indentation one blank is left
		e.b.Truncate(e.b.Len() - 2*indent - 1)
		return
	}
	text := string(e.b.Bytes()[start:])
	e.b.Truncate(start)
	e.b.WriteString("\n" + text)
}

// noted reports whether a comment stands somewhere inside v.
func noted(v *val) bool {
	for _, it := range v.items {
		if len(it.notes) > 0 || it.open || noted(it) {
			return true
		}
	}
	return false
}

// flow writes v on one line, if it fits into width. Scalars always do.
func flow(v *val, width int) (string, bool) {
	var b strings.Builder
	if !appendFlow(&b, v, width) {
		return "", false
	}
	return b.String(), v.kind == 's' || v.kind == 'j' || b.Len() <= width
}

func appendFlow(b *strings.Builder, v *val, width int) bool {
	switch v.kind {
	case 's':
		b.WriteString(scalar(v.text))
		return true
	case 'j':
		b.WriteString(v.text)
		return true
	}
	brackets := "{}"
	if v.kind == 'l' {
		brackets = "[]"
	}
	b.WriteByte(brackets[0])
	for i, it := range v.items {
		if i > 0 {
			b.WriteString(", ")
		}
		if v.kind == 'm' {
			b.WriteString(scalar(v.keys[i]) + ": ")
		}
		if b.Len() > width || !appendFlow(b, it, width) {
			return false
		}
	}
	b.WriteByte(brackets[1])
	return true
}

// scalar writes a text so that every YAML reader takes it as that text.
func scalar(s string) string {
	if plainSafe(s) || measure.MatchString(s) {
		return s
	}
	if strings.ContainsAny(s, `"\\`) && strings.IndexFunc(s, func(ch rune) bool { return ch < 0x20 || ch == '\'' || hidden(ch) || ch == utf8.RuneError }) < 0 {
		return "'" + s + "'"
	}
	quoted := str(s)
	if strings.IndexFunc(quoted, hidden) < 0 {
		return quoted
	}
	var out strings.Builder
	for _, ch := range quoted {
		if hidden(ch) {
			fmt.Fprintf(&out, `\u%04x`, ch)
			continue
		}
		out.WriteRune(ch)
	}
	return out.String()
}

// measure are durations, versions and per cents, which no reader takes as anything but text.
var measure = regexp.MustCompile(`^(([0-9]{1,9}(ms|s|m|h|d)){1,4}|[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}|[0-9]{1,3}%)$`)

// hidden are characters that a definition writes as escapes.
func hidden(ch rune) bool {
	return ch >= 0x7f && ch < 0xa0 || ch >= 0x2028 && ch <= 0x202e || ch >= 0x2066 && ch <= 0x2069 || ch == 0xfeff || ch == 0xfffe || ch == 0xffff
}

// plainSafe: letters, digits and a few signs, beginning with a letter, and no word that a reader takes as anything else.
func plainSafe(s string) bool {
	if s == "" || len(s) > 200 || s[0]|0x20 < 'a' || s[0]|0x20 > 'z' || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && strings.IndexByte("_-./ ()+;", c) < 0 {
			return false
		}
	}
	return !readerWord(s)
}

// readerWord are words that some YAML reader takes as a boolean or null.
func readerWord(s string) bool {
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return true
	}
	return false
}

// literalBlock writes a text of several lines as a block scalar where that keeps it exactly.
func literalBlock(v *val, indent int) (string, bool) {
	s := v.text
	body := strings.TrimSuffix(s, "\n")
	if v.kind != 's' || !strings.Contains(body, "\n") || strings.HasSuffix(body, "\n") || strings.IndexFunc(s, func(ch rune) bool {
		return ch != '\n' && ch < 0x20 || hidden(ch) || ch == 0x85 || ch == utf8.RuneError
	}) >= 0 {
		return "", false
	}
	if body[0] == ' ' || body[0] == '\n' {
		return "", false
	}
	var b strings.Builder
	b.WriteString(" |")
	if body == s {
		b.WriteByte('-')
	}
	b.WriteByte('\n')
	for _, line := range strings.Split(body, "\n") {
		if line != "" {
			b.WriteString(strings.Repeat("  ", indent) + line)
		}
		b.WriteByte('\n')
	}
	return b.String(), true
}
