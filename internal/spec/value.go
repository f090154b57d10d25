package spec

import (
	"encoding/json"
	"slices"
	"strings"
)

// kind is the kind of a value.
type kind uint8

const (
	isNull kind = iota
	isBool
	isNumber
	isText
	isList
	isMap
)

var kindNames = [...]string{"null", "a boolean", "a number", "text", "a list", "a map"}

// String names the kind for people.
func (k kind) String() string { return kindNames[k] }

// style is how a scalar was written; it decides where a byte of it stands in the source.
type style uint8

const (
	plain style = iota
	single
	double
	literal
	folded
)

// value is a JSON value with the place where it was written. Values are never changed once read: aliases share them.
type value struct {
	kind  kind
	style style
	// text is the content of a text, else the canonical JSON of a number or boolean.
	text string
	// raw is a scalar as it was written, without quotes.
	raw string
	// line and col count from 1, in lines of the file and in characters.
	line, col int
	// items are the elements of a list or the values of a map, keys the keys of the latter, in written order.
	items []*value
	keys  []*value
	// cost and depth bound what the value is once all aliases are expanded.
	cost, depth int
}

// get returns the value of a key of a map, nil where there is none.
func (v *value) get(key string) *value {
	if v == nil {
		return nil
	}
	for i, k := range v.keys {
		if k.text == key {
			return v.items[i]
		}
	}
	return nil
}

// key returns the key itself, for its position.
func (v *value) key(key string) *value {
	for _, k := range v.keys {
		if k.text == key {
			return k
		}
	}
	return v
}

// written is a scalar as its author thinks of it: text without quotes and escapes, a number as it was typed.
func (v *value) written() string {
	if v.kind == isText {
		return v.text
	}
	return v.raw
}

// template reports whether v is text with an expression in it.
func (v *value) template() bool { return v.kind == isText && hasExpr(v.text) }

// hasExpr reports whether s holds ${ that is not written $${.
func hasExpr(s string) bool {
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			return false
		}
		if i == 0 || s[i-1] != '$' {
			return true
		}
		s = s[i+2:]
	}
}

// json is the canonical form: keys sorted, no blanks.
func (v *value) json() json.RawMessage {
	if v == nil {
		return nil
	}
	return v.append(make([]byte, 0, 64))
}

func (v *value) append(b []byte) []byte {
	switch v.kind {
	case isBool, isNumber:
		return append(b, v.text...)
	case isText:
		return appendText(b, v.text)
	case isList:
		b = append(b, '[')
		for i, it := range v.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = it.append(b)
		}
		return append(b, ']')
	case isMap:
		b = append(b, '{')
		for n, i := range v.sorted() {
			if n > 0 {
				b = append(b, ',')
			}
			b = appendText(b, v.keys[i].text)
			b = append(b, ':')
			b = v.items[i].append(b)
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

// sorted returns the indices of the keys in key order.
func (v *value) sorted() []int {
	order := make([]int, len(v.keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(v.keys[a].text, v.keys[b].text) })
	return order
}

func appendText(b []byte, s string) []byte {
	// Marshalling a string cannot fail.
	quoted, _ := json.Marshal(s)
	return append(b, quoted...)
}

// Values that canonical forms are built of. They stand where from was written.

func textAt(from *value, s string) *value {
	return &value{kind: isText, text: s, raw: s, line: from.line, col: from.col}
}

func listAt(from *value, items []*value) *value {
	return &value{kind: isList, items: items, line: from.line, col: from.col}
}

func mapAt(from *value) *value { return &value{kind: isMap, line: from.line, col: from.col} }

// with adds a key to a map that is being built; a nil value adds nothing.
func (v *value) with(key string, item *value) *value {
	if item == nil {
		return v
	}
	v.keys = append(v.keys, textAt(item, key))
	v.items = append(v.items, item)
	return v
}
