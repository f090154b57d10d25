package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// env is the world of one invocation, so that tests can give their own.
type env struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	// inTTY, outTTY and errTTY say whether a person sits at that end.
	inTTY, outTTY, errTTY bool
	// size is that of the terminal behind err, in columns and rows.
	size func() (cols, rows int)
	user string
}

func osEnv() *env {
	tty := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	e := &env{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv,
		inTTY: tty(os.Stdin), outTTY: tty(os.Stdout), errTTY: tty(os.Stderr),
	}
	e.size = func() (int, int) {
		cols, rows, err := term.GetSize(int(os.Stderr.Fd()))
		if err != nil || cols < 20 || rows < 5 {
			return 80, 24
		}
		return cols, rows
	}
	e.user = os.Getenv("USER")
	return e
}

// colour reports whether escape codes may be written to an end that is a terminal or not.
func (e *env) colour(tty bool) bool {
	return tty && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb"
}

// say writes progress and advice to stderr.
func (e *env) say(format string, args ...any) { fmt.Fprintf(e.err, format+"\n", args...) }
