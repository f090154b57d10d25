package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// printTable lines the rows up for a person, and separates them by tabs in a pipe.
func printTable(w io.Writer, columns []column, rows [][]string, wide, colour, tty bool) {
	var show []int
	for i, c := range columns {
		if wide || !c.wide {
			show = append(show, i)
		}
	}
	if !tty {
		for _, r := range rows {
			cells := make([]string, len(show))
			for j, i := range show {
				cells[j] = oneLine(r[i])
			}
			fmt.Fprintln(w, strings.Join(cells, "\t"))
		}
		return
	}
	widths := make([]int, len(columns))
	for _, i := range show {
		widths[i] = utf8.RuneCountInString(columns[i].title)
		for _, r := range rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(oneLine(r[i])))
		}
	}
	line := func(cell func(i int) string, dim bool) {
		var b strings.Builder
		for j, i := range show {
			s := cell(i)
			gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(s))
			switch {
			case columns[i].right:
				b.WriteString(gap + s)
			case j == len(show)-1:
				b.WriteString(s)
			default:
				b.WriteString(s + gap)
			}
			if j < len(show)-1 {
				b.WriteString("  ")
			}
		}
		text := strings.TrimRight(b.String(), " ")
		if dim && colour {
			text = "\x1b[2m" + text + "\x1b[0m"
		}
		fmt.Fprintln(w, text)
	}
	line(func(i int) string { return columns[i].title }, true)
	for _, r := range rows {
		line(func(i int) string { return oneLine(r[i]) }, false)
	}
}

// oneLine keeps control characters of data out of the terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			return '·'
		}
		return r
	}, s)
}
