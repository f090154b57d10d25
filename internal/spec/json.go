package spec

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// jsonReader reads strict JSON with positions: no duplicate keys, no text behind the value, numbers that 64 bits hold,
// no lone surrogates. It recurses no deeper than depth.
type jsonReader struct {
	src       []byte
	at        int
	line      int
	lineStart int
	// counted is where the last column was counted, and chars how many characters of the line stand before it.
	counted, chars int

	depth int
	fault *jsonFault
	// duplicates are told and read over, so that a file's other faults are found, too.
	duplicates []jsonFault
}

type jsonFault struct {
	line, col int
	code      string
	message   string
}

// readJSON reads src as one value. The fault is nil where it is one.
func readJSON(src []byte, depth int) (*value, *jsonFault, []jsonFault) {
	r := &jsonReader{src: src, line: 1, depth: depth}
	v := r.value(0)
	r.blanks()
	if r.fault == nil && r.at < len(r.src) {
		r.fail(CodeSyntax, "there is text behind the value")
	}
	if r.fault != nil {
		return nil, r.fault, nil
	}
	return v, nil, r.duplicates
}

func (r *jsonReader) fail(code, message string) {
	if r.fault == nil {
		r.fault = &jsonFault{r.line, r.col(r.at), code, message}
	}
}

// col is the column of a byte of the current line. It counts on from the last answer, as lines may be long.
func (r *jsonReader) col(at int) int {
	at = min(at, len(r.src))
	if r.counted < r.lineStart || r.counted > at {
		r.counted, r.chars = r.lineStart, 0
	}
	if at > r.counted {
		r.chars += utf8.RuneCount(r.src[r.counted:at])
		r.counted = at
	}
	return r.chars + 1
}

func (r *jsonReader) blanks() {
	for ; r.at < len(r.src); r.at++ {
		switch r.src[r.at] {
		case ' ', '\t', '\r':
		case '\n':
			r.line++
			r.lineStart = r.at + 1
		default:
			return
		}
	}
}

func (r *jsonReader) peek() byte {
	if r.at < len(r.src) {
		return r.src[r.at]
	}
	return 0
}

func (r *jsonReader) value(depth int) *value {
	r.blanks()
	v := &value{line: r.line, col: r.col(r.at), cost: 1, depth: 1}
	if depth > r.depth {
		r.fail(CodeTooDeep, "nesting is deeper than "+decimal(r.depth))
		return v
	}
	switch c := r.peek(); {
	case c == '{':
		r.object(v, depth)
	case c == '[':
		r.array(v, depth)
	case c == '"':
		v.kind, v.style = isText, double
		v.text, v.raw = r.text()
	case c == '-' || c >= '0' && c <= '9':
		r.number(v)
	case r.word("true"):
		v.kind, v.text, v.raw = isBool, "true", "true"
	case r.word("false"):
		v.kind, v.text, v.raw = isBool, "false", "false"
	case r.word("null"):
		v.raw = "null"
	default:
		r.fail(CodeSyntax, "a JSON value was expected here")
	}
	return v
}

func (r *jsonReader) word(w string) bool {
	if !strings.HasPrefix(string(r.src[r.at:min(r.at+len(w), len(r.src))]), w) {
		return false
	}
	r.at += len(w)
	return true
}

func (r *jsonReader) array(v *value, depth int) {
	v.kind = isList
	r.at++
	for r.blanks(); r.fault == nil; r.blanks() {
		if len(v.items) == 0 && r.peek() == ']' {
			r.at++
			return
		}
		v.items = append(v.items, r.value(depth+1))
		r.blanks()
		switch r.peek() {
		case ',':
			r.at++
		case ']':
			r.at++
			return
		default:
			r.fail(CodeSyntax, "a comma or ] was expected here")
		}
	}
}

func (r *jsonReader) object(v *value, depth int) {
	v.kind = isMap
	seen := map[string]bool{}
	r.at++
	for r.blanks(); r.fault == nil; r.blanks() {
		if len(seen) == 0 && r.peek() == '}' {
			r.at++
			return
		}
		key := r.key()
		item := r.value(depth + 1)
		if r.fault != nil {
			return
		}
		if seen[key.text] {
			r.duplicates = append(r.duplicates, jsonFault{key.line, key.col, CodeDuplicate, "the key " + quote(key.text) + " is written twice"})
		} else {
			seen[key.text] = true
			v.keys, v.items = append(v.keys, key), append(v.items, item)
		}
		r.blanks()
		switch r.peek() {
		case ',':
			r.at++
		case '}':
			r.at++
			return
		default:
			r.fail(CodeSyntax, "a comma or } was expected here")
		}
	}
}

func (r *jsonReader) key() *value {
	k := &value{kind: isText, style: double, line: r.line, col: r.col(r.at), cost: 1, depth: 1}
	if r.peek() != '"' {
		r.fail(CodeSyntax, "a key in double quotes was expected here")
		return k
	}
	k.text, k.raw = r.text()
	r.blanks()
	if r.peek() != ':' {
		r.fail(CodeSyntax, "a colon was expected here")
		return k
	}
	r.at++
	return k
}

// text reads a quoted text; raw is what stands between the quotes.
func (r *jsonReader) text() (text, raw string) {
	start := r.at
	for r.at++; r.at < len(r.src) && r.src[r.at] != '"'; r.at++ {
		switch {
		case r.src[r.at] == '\\':
			r.at++
		case r.src[r.at] < 0x20:
			r.fail(CodeSyntax, "a line break or control character in a text; write it as an escape")
			return "", ""
		}
	}
	if r.at >= len(r.src) {
		r.at = start
		r.fail(CodeSyntax, "a quote is opened here and never closed")
		return "", ""
	}
	r.at++
	token := r.src[start:r.at]
	if json.Unmarshal(token, &text) != nil || !utf8.Valid(token) {
		r.at = start
		r.fail(CodeSyntax, "no such escape, or text that is not UTF-8")
		return "", ""
	}
	if strings.IndexByte(text, 0) >= 0 {
		r.at = start
		r.fail(CodeSyntax, "NUL is no character of a text")
		return "", ""
	}
	raw = string(token[1 : len(token)-1])
	if strings.ContainsRune(text, utf8.RuneError) && !strings.ContainsRune(raw, utf8.RuneError) && !strings.Contains(strings.ToLower(raw), `\ufffd`) {
		r.at = start
		r.fail(CodeSyntax, "half of a surrogate pair is no character")
	}
	return text, raw
}

func (r *jsonReader) number(v *value) {
	start := r.at
	for r.at < len(r.src) && strings.IndexByte("+-.eE0123456789", r.src[r.at]) >= 0 {
		r.at++
	}
	v.kind, v.raw = isNumber, string(r.src[start:r.at])
	end := r.at
	r.at = start
	if end-start > 400 || !json.Valid([]byte(v.raw)) {
		r.fail(CodeNumber, "no number that JSON or 64 bits can hold")
		return
	}
	var problem string
	if strings.ContainsAny(v.raw, ".eE") {
		v.text, problem = canonicalFloat(v.raw)
	} else {
		v.text, problem, _ = plainInt(v.raw)
	}
	if problem != "" {
		r.fail(CodeNumber, clip(v.raw)+": "+problem)
		return
	}
	r.at = end
}
