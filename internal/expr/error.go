package expr

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Codes of errors. The message says what is wrong with this expression; the code says which rule it broke.
const (
	CodeSyntax     = "expression_syntax"      // the grammar refuses it
	CodeTooComplex = "expression_too_complex" // too long or too deeply nested to be parsed
	CodeName       = "expression_name"        // no such name, or it cannot be used here
	CodeFunction   = "expression_function"    // no such function, or wrong arguments in number or shape
	CodeType       = "expression_type"        // a value has the wrong type
	CodeNull       = "expression_null"        // null where a value is needed
	CodeNumber     = "expression_number"      // overflow, division by zero, NaN, infinity
	CodeValue      = "expression_value"       // the right type, but a value the function refuses
	CodeRegex      = "expression_regex"       // a pattern that is no RE2 or is too large
	CodeCost       = "expression_cost"        // the budget of evaluation is spent
	CodeSize       = "expression_size"        // a list, map or text became too large or too deep
	CodeRead       = "expression_read"        // a name could not be read
	CodeLateMixed  = "late_mixed"             // secrets or task beside other names
	CodeLate       = "late_value"             // secrets or task where the value is needed now
	CodeBadJSON    = "bad_json"               // not JSON, or with duplicate keys, invalid UTF-8, trailing bytes
	CodeBadNumber  = "bad_number"             // a JSON integer beyond int64
	CodeComplex    = "json_too_complex"       // JSON too deep, with too many values, or a number too long or too large
	CodeDuration   = "bad_duration"
)

// Error is why an expression, template or JSON text was refused or failed. Messages never hold values of secrets.
type Error struct {
	Code    string
	Message string
	// Hint says what to write instead; may be empty.
	Hint string
	// Offset is the position in bytes within Source.
	Offset int
	// Pointer is the JSON pointer of the string within a template; empty for a bare expression.
	Pointer string
	// Source is the whole string that holds the expression.
	Source string
}

// Error is one line: code, message and hint.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	b.WriteString(": ")
	b.WriteString(e.Message)
	if e.Hint != "" {
		b.WriteString("; ")
		b.WriteString(e.Hint)
	}
	if e.Pointer != "" {
		b.WriteString(" (at ")
		b.WriteString(e.Pointer)
		b.WriteByte(')')
	}
	return b.String()
}

// caretWidth bounds the drawn part of a line, in characters.
const caretWidth = 100

// Caret draws the line of Source that holds Offset, and under it a caret. It is empty where there is no source.
func (e *Error) Caret() string {
	if e.Source == "" || !utf8.ValidString(e.Source) {
		return ""
	}
	off := min(max(e.Offset, 0), len(e.Source))
	start := strings.LastIndexByte(e.Source[:off], '\n') + 1
	end := len(e.Source)
	if i := strings.IndexByte(e.Source[off:], '\n'); i >= 0 {
		end = off + i
	}
	lead, trail := "", ""
	before, after := []rune(tail(e.Source[start:off], 4*caretWidth)), []rune(head(e.Source[off:end], 4*caretWidth))
	if n := len(before) - caretWidth*3/4; n > 0 {
		before, lead = before[n:], "..."
	}
	if n := caretWidth - len(before); len(after) > n {
		after, trail = after[:n], "..."
	}
	var b strings.Builder
	b.WriteString(lead)
	writeLine(&b, before)
	writeLine(&b, after)
	b.WriteString(trail)
	b.WriteByte('\n')
	b.WriteString(strings.Repeat(" ", len(lead)+len(before)))
	b.WriteByte('^')
	return b.String()
}

// head and tail cut s to about n bytes, between characters.
func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func tail(s string, n int) string {
	i := max(len(s)-n, 0)
	for i < len(s) && !utf8.RuneStart(s[i]) {
		i++
	}
	return s[i:]
}

// writeLine writes characters that take one column each: tabs and control characters become blanks.
func writeLine(b *strings.Builder, line []rune) {
	for _, r := range line {
		if r < ' ' {
			r = ' '
		}
		b.WriteRune(r)
	}
}

func errorAt(off int, code, hint, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint, Offset: off}
}
