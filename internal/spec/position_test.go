package spec

import (
	"strings"
	"testing"
)

// TestCaretStandsAtTheByte marks a byte of a text in every style, written with ▲ behind the character.
func TestCaretStandsAtTheByte(t *testing.T) {
	for name, c := range map[string]struct {
		yaml, content string // content is what stands before the marked byte
	}{
		"plain":             {"a: input.x ▲+ 1", "input.x "},
		"plain, non-ASCII":  {"é: größe ▲+ 1", "größe "},
		"single quotes":     {"a: 'it''s ▲x'", "it's "},
		"double quotes":     {`a: "tab\t\"é\" \u00e9\x41 ▲x"`, "tab\t\"é\" éA "},
		"in a list":         {"a: [x, {b: \"1 ▲+\"}]", "1 "},
		"literal":           {"a: |\n  one\n  two ▲three\n", "one\ntwo "},
		"literal, indented": {"a:\n  b: |\n\n      one\n        two ▲three\n", "\none\n  two "},
	} {
		t.Run(name, func(t *testing.T) {
			src := strings.Replace(c.yaml, "▲", "", 1)
			r := &yamlReader{c: &collector{lines: newLines([]byte(src))}, chunk: chunk{[]byte(src), 1}}
			docs := r.documents()
			if len(docs) != 1 {
				t.Fatal(r.c.faults)
			}
			found := false
			for _, v := range texts(nil, docs[0]) {
				if !strings.HasPrefix(v.text, c.content) {
					continue
				}
				found = true
				line, col := v.offset(r.c.lines, len(c.content))
				before, _, _ := strings.Cut(c.yaml, "▲")
				wantLine := strings.Count(before, "\n") + 1
				wantCol := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
				if line != wantLine || col != wantCol {
					t.Errorf("%d:%d, want %d:%d", line, col, wantLine, wantCol)
				}
			}
			if !found {
				t.Errorf("no text begins with %q", c.content)
			}
		})
	}
}

func TestPosition(t *testing.T) {
	src := "# a comment\nworkflow: w\nnodes:\n  - a:\n      http:\n        url: x\n        headers: {A: b}\n      if: true\n  - b: {wait: {for: 2d}}\n"
	d := one(t, src, "")
	for _, c := range []struct {
		node, field string
		line, col   int
	}{
		{"", "workflow", 2, 11}, {"a", "", 4, 5}, {"a", "with/url", 6, 14}, {"a", "with/headers/A", 7, 22}, {"a", "with/headers/B", 7, 18},
		{"a", "if", 8, 11}, {"b", "wait/arms/0/for", 9, 21}, {"nobody", "if", 2, 1}, {"a", "nothing", 6, 9},
	} {
		if line, col := d.Position(c.node, c.field); line != c.line || col != c.col {
			t.Errorf("%s %s is at %d:%d, want %d:%d", c.node, c.field, line, col, c.line, c.col)
		}
	}
}

// TestPrettyIsInert: no text of a definition reaches the terminal as a command.
func TestPrettyIsInert(t *testing.T) {
	_, faults := Parse([]byte("workflow: w\nnodes:\n  a: {call: x, \"\\e[2J\\u202e\": 1}\n"), testOptions("x\x1b[31m.yaml"))
	if len(faults) == 0 {
		t.Fatal("no fault")
	}
	for _, f := range faults {
		if s := f.Pretty(false); strings.ContainsAny(s, "\x1b\u202e") {
			t.Errorf("%q", s)
		}
	}
}

func TestPrettyMarksWideText(t *testing.T) {
	_, faults := Parse([]byte("workflow: w\nnodes: {a: {http: {url: 日本, methd: GET}}}\n"), testOptions("w.yaml"))
	lines := strings.Split(faults[0].Pretty(false), "\n")
	if len(faults) != 1 || strings.Index(lines[2], "^") != strings.Index(strings.ReplaceAll(lines[1], "日本", "xxxx"), "methd") {
		t.Errorf("the caret is off:\n%s", strings.Join(lines, "\n"))
	}
}
