package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pawl-dev/pawl"
)

// answers are what --answer gives: for each node the data of the signals its steps wait for, in order; the last one
// is used again.
type answers struct {
	byNode map[string][]json.RawMessage
	used   map[string]int
	asked  map[string]bool // steps answered or declined by this process
}

func newAnswers(e *env, args []string) (*answers, error) {
	a := &answers{byNode: map[string][]json.RawMessage{}, used: map[string]int{}, asked: map[string]bool{}}
	for _, arg := range args {
		node, value, ok := strings.Cut(arg, "=")
		if !ok || node == "" {
			return nil, usage("--answer %q is not node=JSON", arg)
		}
		data, err := signalData(e, value)
		if err != nil {
			return nil, err
		}
		a.byNode[node] = append(a.byNode[node], data)
	}
	return a, nil
}

// next is the answer for a step that waits; ok is false where there is none.
func (a *answers) next(w pawl.Waiting) (signal string, data json.RawMessage, ok bool) {
	for _, s := range w.Signals {
		for _, name := range []string{w.Node + ":" + s, w.Node, w.Step} {
			if list := a.byNode[name]; len(list) > 0 {
				i := min(a.used[name], len(list)-1)
				a.used[name]++
				return s, list[i], true
			}
		}
	}
	return "", nil, false
}

// answer sends a signal to a step that waits for it. The id makes a second try harmless.
func (f *follower) answer(ctx context.Context, w pawl.Waiting, signal string, data json.RawMessage) error {
	id := fmt.Sprintf("answer/%s/%d", w.Step, w.Since.UnixMilli())
	return f.run.Signal(ctx, signal, data, pawl.SignalID(id), pawl.Why("answered on the command line"))
}

// ask lets a person on the terminal answer for a step that waits. An empty line leaves it waiting.
func (f *follower) ask(ctx context.Context, w pawl.Waiting) error {
	if f.screen != nil {
		f.paint()
		f.screen.Pause()
	}
	signal := w.Signals[0]
	if len(w.Signals) > 1 {
		answer, err := f.line(ctx, fmt.Sprintf("%s waits. Which signal? (%s) ", w.Step, strings.Join(w.Signals, ", ")))
		if err != nil || answer == "" {
			return err
		}
		if !slices.Contains(w.Signals, answer) {
			return nil
		}
		signal = answer
	}
	for {
		answer, err := f.line(ctx, fmt.Sprintf("%s waits for the signal %s. Its data (JSON or text; empty: later): ", w.Step, signal))
		if err != nil || answer == "" {
			return err
		}
		err = f.answer(ctx, w, signal, looseJSON(answer))
		if err == nil || ctx.Err() != nil {
			return err
		}
		f.say(oneLineError(err))
	}
}

// say writes a line below the picture that the next picture replaces.
func (f *follower) say(text string) {
	f.env.say("%s", text)
	f.below(text)
}

// below tells the screen that text stands on lines of its own below the picture.
func (f *follower) below(text string) {
	if f.screen != nil {
		cols, _ := f.env.size()
		f.screen.Below(1 + (utf8.RuneCountInString(text)-1)/cols)
	}
}

// line prompts and reads one line; ctx ends it.
func (f *follower) line(ctx context.Context, prompt string) (string, error) {
	fmt.Fprint(f.env.err, prompt)
	if f.typed == nil {
		f.typed = readLines(f.env)
	}
	select {
	case s, ok := <-f.typed:
		if !ok {
			f.deaf = true
			fmt.Fprintln(f.env.err)
		}
		f.below(prompt + s)
		return strings.TrimSpace(s), nil
	case <-ctx.Done():
		fmt.Fprintln(f.env.err)
		return "", ctx.Err()
	}
}

// readLines hands out what is typed. Reading a terminal cannot be stopped, so it is done once, for as long as the
// process lives.
func readLines(e *env) <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		s := bufio.NewScanner(e.in)
		for s.Scan() {
			out <- s.Text()
		}
	}()
	return out
}
