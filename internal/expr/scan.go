package expr

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is as much as is needed to bound the shape of an expression and to find its end.
type tokenKind uint8

const (
	tokEnd        tokenKind = iota
	tokWord                 // a name, keyword or number
	tokString               // a quoted string
	tokOpen                 // ( [ {
	tokClose                // ) ] }
	tokOperator             // anything else
	tokOpenString           // a string that does not end
	tokOpenComment
)

type token struct {
	kind       tokenKind
	start, end int
}

// nextToken reads the token at or behind i, passing over blanks and comments.
func nextToken(s string, i int) token {
	for i < len(s) {
		c := s[i]
		switch {
		case c == ' ' || '\t' <= c && c <= '\r':
			i++
		case strings.HasPrefix(s[i:], "//"):
			n := strings.IndexByte(s[i:], '\n')
			if n < 0 {
				return token{tokEnd, len(s), len(s)}
			}
			i += n + 1
		case strings.HasPrefix(s[i:], "/*"):
			n := strings.Index(s[i+2:], "*/")
			if n < 0 {
				return token{tokOpenComment, i, len(s)}
			}
			i += n + 4
		default:
			return tokenAt(s, i)
		}
	}
	return token{tokEnd, len(s), len(s)}
}

func tokenAt(s string, i int) token {
	switch c := s[i]; c {
	case '(', '[', '{':
		return token{tokOpen, i, i + 1}
	case ')', ']', '}':
		return token{tokClose, i, i + 1}
	case '\'', '"':
		return quoted(s, i)
	case '`':
		return rawQuoted(s, i)
	}
	end := i
	for end < len(s) {
		r, n := utf8.DecodeRuneInString(s[end:])
		if r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		end += n
	}
	if end > i {
		return token{tokWord, i, end}
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	if i+1 < len(s) && s[i+1] == s[i] && strings.IndexByte("*&|?.", s[i]) >= 0 {
		n = 2
	}
	if strings.HasPrefix(s[i:], "?.") {
		n = 2
	}
	return token{tokOperator, i, i + n}
}

func quoted(s string, start int) token {
	for i := start + 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '\n':
			return token{tokOpenString, start, i}
		case s[start]:
			return token{tokString, start, i + 1}
		}
	}
	return token{tokOpenString, start, len(s)}
}

// rawQuoted reads a string in backticks, in which a doubled backtick stands for one.
func rawQuoted(s string, start int) token {
	for i := start + 1; i < len(s); i++ {
		if s[i] != '`' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '`' {
			i++
			continue
		}
		return token{tokString, start, i + 1}
	}
	return token{tokOpenString, start, len(s)}
}

// unclosed is the error of a token that does not end.
func unclosed(t token) *Error {
	if t.kind == tokOpenComment {
		return errorAt(t.start, CodeSyntax, "", "a comment is not closed")
	}
	return errorAt(t.start, CodeSyntax, "close it with the same quote on the same line", "a string is not closed")
}

// expressionEnd returns the position of the } that closes the expression beginning at i.
func expressionEnd(s string, i int) (int, *Error) {
	begin, depth := i, 0
	for {
		t := nextToken(s, i)
		switch t.kind {
		case tokEnd:
			return 0, errorAt(begin-2, CodeSyntax, "close it with }, or write $${ for the text ${", "the expression is not closed")
		case tokOpenString, tokOpenComment:
			return 0, unclosed(t)
		case tokOpen:
			depth++
		case tokClose:
			if depth == 0 && s[t.start] == '}' {
				return t.start, nil
			}
			depth = max(depth-1, 0)
		}
		i = t.end
	}
}

// shape is what prescan follows through one expression. The parser recurses at brackets, prefix operators, the
// parts of a ternary, lets, ifs and powers, so their sum over the open brackets bounds its stack.
type shape struct {
	open  []level
	level level
	sum   int // of the levels in open
}

// level counts what is pending since a bracket was opened: long until the next comma, short also until the next
// logical operator.
type level struct {
	long, short int
	// wrap: the bracket that is open inside is a map to be put in parentheses.
	wrap bool
}

// prescan refuses an expression that would take the parser deep, and returns the edits with which the parser shall
// read it. It reads every byte once and does not recurse.
func prescan(src string) (edits, *Error) {
	if len(src) > MaxSource {
		return nil, errorAt(0, CodeTooComplex, "split it over several nodes or variables", "the expression has %d bytes, more than %d", len(src), MaxSource)
	}
	if !utf8.ValidString(src) {
		return nil, errorAt(invalidAt([]byte(src)), CodeSyntax, "", "the expression is not valid UTF-8")
	}
	var sh shape
	var out edits
	last, lastText := token{}, ""
	operand := false // whether last ends an operand
	for i := 0; ; i = last.end {
		t := nextToken(src, i)
		switch t.kind {
		case tokEnd:
			return out, nil
		case tokOpenString, tokOpenComment:
			return nil, unclosed(t)
		}
		text := src[t.start:t.end]
		property := lastText == "." || lastText == "?."
		switch {
		case text == "(" && last.kind == tokWord && aliases[lastText] != "":
			out = append(out, edit{last.start, aliases[lastText], true})
		case text == "{" && (lastText == "," || lastText == "(") && mapFollows(src, t.end):
			out = append(out, edit{t.start, "(", false})
			sh.level.wrap = true
		}
		operand = sh.step(t, text, operand, property)
		if sh.depth() > MaxNesting {
			return nil, errorAt(t.start, CodeTooComplex, "use let, or split it over several nodes", "the expression is nested more than %d deep", MaxNesting)
		}
		if t.kind == tokClose && sh.level.wrap {
			out = append(out, edit{t.end, ")", false})
			sh.level.wrap = false
		}
		if last, lastText = t, text; property && t.kind == tokWord {
			last.kind = tokString // a property, never a function
		}
	}
}

// mapFollows reports whether the { before i opens a map: it is empty, or a key and a colon follow.
func mapFollows(src string, i int) bool {
	t := nextToken(src, i)
	if t.kind == tokClose {
		return src[t.start] == '}'
	}
	if t.kind != tokWord && t.kind != tokString {
		return false
	}
	colon := nextToken(src, t.end)
	return colon.kind == tokOperator && src[colon.start:colon.end] == ":"
}

func (sh *shape) depth() int { return sh.sum + len(sh.open) + sh.level.long + sh.level.short }

// step takes one token and reports whether it ends an operand.
func (sh *shape) step(t token, text string, operand, property bool) bool {
	switch t.kind {
	case tokString:
		return true
	case tokOpen:
		sh.open = append(sh.open, sh.level)
		sh.sum += sh.level.long + sh.level.short
		sh.level = level{}
		return false
	case tokClose:
		if n := len(sh.open); n > 0 {
			sh.level = sh.open[n-1]
			sh.open = sh.open[:n-1]
			sh.sum -= sh.level.long + sh.level.short
		}
		return true
	case tokWord:
		if property {
			return true
		}
	}
	switch text {
	case ",":
		sh.level.long, sh.level.short = 0, 0
	case "&&", "||", "and", "or", ";":
		sh.level.short = 0
	case "?", "let", "if":
		sh.level.long++
	case "**", "^", "not":
		sh.level.short++
	case "-", "+", "!":
		if !operand {
			sh.level.short++
		}
	case "#":
		return true
	case "in", "matches", "contains", "startsWith", "endsWith", "else":
	default:
		return t.kind == tokWord
	}
	return false
}

// aliases are functions of ours that take a predicate, under a name of the grammar that has the same length and
// shape: the parser knows predicates only by its own names. Positions stay, and the compiler reads the true name at
// the position.
var aliases = map[string]string{
	"countBy": "groupBy", "flatMap": "groupBy", "keyBy": "count", "minBy": "count", "maxBy": "count",
	"uniqueBy": "findLast", "mapValues": "findIndex",
}

// edit puts text into a source, over as many bytes or, if over is not set, between two.
type edit struct {
	at   int
	text string
	over bool
}

// edits make of an expression what the grammar reads: aliases, and parentheses around a map that stands where the
// grammar would take its { for the beginning of a predicate. They are in the order of their positions.
type edits []edit

func (es edits) apply(src string) string {
	if len(es) == 0 {
		return src
	}
	var b strings.Builder
	done := 0
	for _, e := range es {
		b.WriteString(src[done:e.at])
		b.WriteString(e.text)
		if done = e.at; e.over {
			done += len(e.text)
		}
	}
	b.WriteString(src[done:])
	return b.String()
}

// offsets maps the characters of the edited source to bytes of src.
func (es edits) offsets(src string) []int {
	out := make([]int, 0, len(src)+len(es))
	for i := range src {
		for len(es) > 0 && es[0].at <= i {
			if !es[0].over {
				out = append(out, i)
			}
			es = es[1:]
		}
		out = append(out, i)
	}
	return out
}
