package spec

import (
	"fmt"
	"strings"
	"unicode"
)

// Colours of a terminal.
const (
	red    = "\x1b[1;31m"
	yellow = "\x1b[1;33m"
	blue   = "\x1b[1;34m"
	bold   = "\x1b[1m"
	reset  = "\x1b[0m"
)

// Pretty is f for people: the line of [Fault.String], the source with a caret under it, and the hint.
func (f Fault) Pretty(color bool) string {
	paint := func(code, s string) string {
		if !color {
			return s
		}
		return code + s + reset
	}
	tone := red
	if f.Warn {
		tone = yellow
	}
	var b strings.Builder
	b.WriteString(paint(bold, visible(f.place())) + " " + paint(tone, f.label()) + " " + paint(bold, visible(f.Message)) + "\n")
	gutter := fmt.Sprintf("%4d", f.Line)
	blank := strings.Repeat(" ", len(gutter))
	bar := paint(blue, "|")
	text, before, under := f.excerpt()
	fmt.Fprintf(&b, "%s %s %s\n", paint(blue, gutter), bar, text)
	fmt.Fprintf(&b, "%s %s %s%s\n", blank, bar, strings.Repeat(" ", before), paint(tone, strings.Repeat("^", under)))
	if f.Hint != "" {
		fmt.Fprintf(&b, "%s %s %s %s\n", blank, paint(blue, "="), paint(bold, "hint:"), visible(f.Hint))
	}
	return b.String()
}

// excerpt returns the part of the source line around the fault, the columns before the mark, and the mark's width.
func (f Fault) excerpt() (text string, before, under int) {
	const room = 110
	source := []rune(f.source)
	at := min(max(f.Column-1, 0), len(source))
	from := 0
	if len(source) > room && at > room*2/3 {
		from = min(at-room/3, len(source)-room)
	}
	to := min(from+room, len(source))
	if from > 0 {
		text, before = "...", 3
	}
	for i, ch := range source[from:to] {
		shown, cells := cell(ch)
		text += shown
		switch at := at - from; {
		case i < at:
			before += cells
		case i < at+f.width:
			under += cells
		}
	}
	if to < len(source) {
		text += "..."
	}
	return text, before, max(under, 1)
}

// cell gives how ch is shown, so that no text can move the cursor or colour the terminal, and how many columns it takes.
func cell(ch rune) (string, int) {
	switch {
	case ch == '\t':
		return "    ", 4
	case !unicode.IsPrint(ch):
		return "?", 1
	case wide(ch):
		return string(ch), 2
	case unicode.Is(unicode.Mn, ch):
		return string(ch), 0
	}
	return string(ch), 1
}

// wide reports whether terminals give ch two columns: East Asian scripts and emoji.
func wide(ch rune) bool {
	switch {
	case ch < 0x1100:
		return false
	case ch <= 0x115f, ch >= 0x2e80 && ch <= 0xa4cf, ch >= 0xac00 && ch <= 0xd7a3, ch >= 0xf900 && ch <= 0xfaff,
		ch >= 0xfe30 && ch <= 0xfe6f, ch >= 0xff00 && ch <= 0xff60, ch >= 0x1f300 && ch <= 0x1faff, ch >= 0x20000 && ch <= 0x3fffd:
		return true
	}
	return false
}

// visible replaces what a terminal would obey rather than show.
func visible(s string) string {
	return strings.Map(func(ch rune) rune {
		if !unicode.IsPrint(ch) {
			return '?'
		}
		return ch
	}, s)
}
