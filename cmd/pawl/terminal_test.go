package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// screen is a terminal that calls back as soon as it shows a text.
type screen struct {
	mu   sync.Mutex
	all  bytes.Buffer
	wait string
	then func()
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all.Write(b)
	if s.then != nil && strings.Contains(s.all.String(), s.wait) {
		go s.then()
		s.then = nil
	}
	return len(b), nil
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.String()
}

// TestTerminal: on a terminal the tree is painted and a person is asked for the signal that a step waits for.
func TestTerminal(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "ask.yaml")
	err := os.WriteFile(file, []byte("workflow: ask\nsignals: {answer: {schema: {type: object}}}\nnodes: [{ask: {signal: answer}}]\noutput: ${ nodes.ask.output.mood }\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	typed, keyboard := io.Pipe()
	defer keyboard.Close()
	var out bytes.Buffer
	terminal := &screen{wait: "empty: later", then: func() { io.WriteString(keyboard, "wrong\n{\"mood\": \"good\"}\n") }}
	e := &env{in: typed, out: &out, err: terminal, inTTY: true, errTTY: true,
		getenv: func(string) string { return "" }, size: func() (int, int) { return 80, 24 }}
	code := run(context.Background(), []string{"run", file, "--store", filepath.Join(dir, "pawl.db")}, e)
	if code != exitOK || out.String() != "\"good\"\n" {
		t.Errorf("exit code %d, output %q; the screen:\n%s", code, out.String(), terminal.text())
	}
	for _, want := range []string{"ask waits for the signal answer", "must be a map", "\x1b[32mcompleted", "\x1b[?25h"} {
		if !strings.Contains(terminal.text(), want) {
			t.Errorf("the screen never showed %q:\n%s", want, terminal.text())
		}
	}
}

// TestNoColour: NO_COLOR leaves the tree and takes the colours.
func TestNoColour(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "one.yaml")
	if err := os.WriteFile(file, []byte("workflow: one\nnodes: [{one: {set: {}}}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	terminal := &screen{}
	e := &env{in: strings.NewReader(""), out: io.Discard, err: terminal, errTTY: true,
		getenv: func(name string) string { return map[string]string{"NO_COLOR": "1"}[name] }, size: func() (int, int) { return 80, 24 }}
	if code := run(context.Background(), []string{"run", file, "--store", filepath.Join(dir, "pawl.db")}, e); code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, terminal.text())
	}
	if text := terminal.text(); !strings.Contains(text, "✓ one") || strings.Contains(text, "\x1b[3") {
		t.Errorf("the screen:\n%q", text)
	}
}
