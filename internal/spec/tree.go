package spec

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Tree is a value of a file with the place where it was written, for readers of other formats than ours. The zero Tree
// is no value. Trees can be compared: equal ones are the same place of the same file.
type Tree struct{ v *value }

// Text is a file read as a tree, and what is found wrong with it.
type Text struct {
	Root Tree
	c    *collector
}

// ReadText reads a file of one document, JSON or YAML, within the bounds of a definition. What only our own files
// refuse, such as words that older YAML readers take as booleans, is a warning here.
func ReadText(src []byte, file string) *Text {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	t := &Text{c: &collector{file: file, lines: newLines(src[:min(len(src), MaxFile)])}}
	if len(src) > MaxDocument {
		t.c.add(1, 1, 1, Fault{Code: CodeTooLarge, Message: "the file is larger than 512 KiB", Hint: "import its parts one by one"})
		return t
	}
	if at, problem, hint := unreadable(src); problem != "" {
		line, col := chunk{src, 1}.place(at)
		t.c.add(line, col, 1, Fault{Code: CodeEncoding, Message: problem, Hint: hint})
		return t
	}
	found := roots(t.c, chunk{src, 1}, looksJSON(src, file))
	for i := range t.c.faults {
		if code := t.c.faults[i].Code; code == CodeBoolWord || code == CodeTag {
			t.c.faults[i].Warn = true
		}
	}
	switch {
	case len(found) > 1:
		t.Add(Tree{found[1]}, Fault{Code: CodeTooMany, Message: "a second document begins here", Hint: "import one file for each"})
	case len(found) == 1:
		t.Root = Tree{found[0]}
	case !t.Faults().Bad():
		t.c.add(1, 1, 1, Fault{Code: CodeEmpty, Message: "there is nothing in the file"})
	}
	return t
}

// Add reports something wrong at a place of the file.
func (t *Text) Add(at Tree, f Fault) {
	if at.v == nil {
		t.c.add(1, 1, 1, f)
		return
	}
	t.c.add(at.v.line, at.v.col, at.v.width(), f)
}

// Faults are those of reading and those added, in the order of the file.
func (t *Text) Faults() Faults {
	c := *t.c
	c.faults = slices.Clone(c.faults) // result sorts in place
	return c.result()
}

// Exists reports whether there is a value, be it null.
func (t Tree) Exists() bool { return t.v != nil }

// Kind is null, bool, number, text, list or map; "" where there is no value.
func (t Tree) Kind() string {
	if t.v == nil {
		return ""
	}
	return [...]string{"null", "bool", "number", "text", "list", "map"}[t.v.kind]
}

// Place gives line and column, from 1.
func (t Tree) Place() (line, column int) {
	if t.v == nil {
		return 1, 1
	}
	return t.v.line, t.v.col
}

// Text is the content of a text; a number or boolean as it was written.
func (t Tree) Text() string {
	if t.v == nil {
		return ""
	}
	return t.v.written()
}

// JSON is the value in canonical form.
func (t Tree) JSON() json.RawMessage { return t.v.json() }

// Len is the number of elements or keys.
func (t Tree) Len() int {
	if t.v == nil {
		return 0
	}
	return len(t.v.items)
}

// At is element i of a list, or the value of key i of a map, in written order.
func (t Tree) At(i int) Tree { return Tree{t.v.items[i]} }

// Key is key i of a map.
func (t Tree) Key(i int) Tree { return Tree{t.v.keys[i]} }

// Get is the value of a key of a map; no value where there is none.
func (t Tree) Get(key string) Tree {
	if t.v == nil || t.v.kind != isMap {
		return Tree{}
	}
	return Tree{t.v.get(key)}
}
