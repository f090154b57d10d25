package query

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/nearest"
)

// CodeQuery is the code of every error.
const CodeQuery = "bad_query"

// Parse reads a query. now is the time that relative times count from, Unix milliseconds. The error is *[expr.Error],
// with the place in text.
func Parse(text string, now int64) (Query, error) {
	p := parser{text: text, now: now}
	switch {
	case len(text) > maxText:
		return Query{}, &expr.Error{Code: CodeQuery, Message: fmt.Sprintf("the query has %d bytes, at most %d are read", len(text), maxText)}
	case !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0:
		return Query{}, &expr.Error{Code: CodeQuery, Message: "the query is not UTF-8 text"}
	}
	var q Query
	if err := p.terms(&q, false); err != nil {
		return Query{}, err
	}
	return q, nil
}

// parser is at a byte of the text.
type parser struct {
	text string
	at   int
	now  int64
}

func (p *parser) fail(at int, hint, format string, args ...any) error {
	return &expr.Error{Code: CodeQuery, Message: fmt.Sprintf(format, args...), Hint: hint, Offset: at, Source: p.text}
}

func (p *parser) rest() string { return p.text[p.at:] }

func (p *parser) skipSpace() {
	p.at = len(p.text) - len(strings.TrimLeftFunc(p.rest(), unicode.IsSpace))
}

// terms reads terms to the end, or inside -( ) to the bracket.
func (p *parser) terms(q *Query, inside bool) error {
	seen := map[string]int{}
	for {
		p.skipSpace()
		switch {
		case p.rest() == "":
			if inside {
				return p.fail(p.at, "write )", "the bracket is not closed")
			}
			return nil
		case p.rest()[0] == ')' && inside:
			p.at++
			return nil
		}
		begin := p.at
		if err := p.term(q, seen, inside); err != nil {
			return err
		}
		if len(q.Tags) > maxTerms || len(q.Except) > maxTerms {
			return p.fail(begin, "", "there are more than %d tags or exceptions", maxTerms)
		}
		if r := p.rest(); r != "" && r[0] != ')' && strings.TrimLeftFunc(r[:1], unicode.IsSpace) != "" {
			return p.fail(p.at, "put a space between terms", "%s does not belong to the term before it", quote(first(r)))
		}
	}
}

// first is the first character of s.
func first(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}

// term reads one term into q, or into an exception of q.
func (p *parser) term(q *Query, seen map[string]int, inside bool) error {
	begin := p.at
	if p.rest()[0] != '-' {
		return p.field(q, seen, inside)
	}
	if inside {
		return p.fail(begin, "write it outside of the brackets", "a term in -( ) cannot be negated")
	}
	p.at++
	var x Query
	if strings.HasPrefix(p.rest(), "(") {
		p.at++
		if err := p.terms(&x, true); err != nil {
			return err
		}
		if x.empty() {
			return p.fail(begin, "", "there is nothing in the brackets")
		}
	} else if p.rest() == "" || strings.TrimLeftFunc(first(p.rest()), unicode.IsSpace) == "" {
		return p.fail(begin, "write -status:completed", "there is nothing behind the minus")
	} else if err := p.field(&x, map[string]int{}, true); err != nil {
		return err
	}
	q.Except = append(q.Except, x)
	return nil
}

// field reads name, comparison and values.
func (p *parser) field(q *Query, seen map[string]int, inside bool) error {
	t := term{parser: p, begin: p.at, negated: inside}
	if err := t.readName(); err != nil {
		return err
	}
	if err := t.readOperator(); err != nil {
		return err
	}
	if err := t.readValues(); err != nil {
		return err
	}
	if t.op == NotEqual && t.kind != aTag {
		return t.notEqual(q)
	}
	if once := t.once(); once != "" {
		if _, again := seen[once]; again {
			return p.fail(t.begin, "write "+t.name+":this,that for one of several", "%s is there twice, and both would have to hold", t.name)
		}
		seen[once] = t.begin
	}
	return t.apply(q)
}

// notEqual makes an exception of a term such as status!=failed.
func (t *term) notEqual(q *Query) error {
	if t.negated {
		return t.parser.fail(t.begin, "write "+t.name+":"+t.values[0].text, "%s is negated twice", t.name)
	}
	var x Query
	t.op, t.negated = ":", true
	if err := t.apply(&x); err != nil {
		return err
	}
	q.Except = append(q.Except, x)
	return nil
}

// kind is what the left side of a term is.
type kind int

const (
	aField kind = iota
	aTag
)

// term is one term while it is read.
type term struct {
	*parser
	begin   int
	name    string // of the field, or of the tag
	kind    kind
	op      string
	opAt    int
	values  []word
	negated bool
}

// word is a value as it was written.
type word struct {
	text   string
	quoted bool
	at     int
}

const tagPrefix = "tag."

func (t *term) readName() error {
	if err := t.bareName(); err != nil {
		return err
	}
	if rest, ok := strings.CutPrefix(t.name, tagPrefix); ok {
		t.kind, t.name = aTag, rest
		if rest == "" {
			if !strings.HasPrefix(t.rest(), `"`) {
				return t.fail(t.begin, "write tag.customer:acme", "the tag has no name")
			}
			w, err := t.readQuoted()
			t.name = w.text
			return err
		}
	}
	return nil
}

// bareName reads up to the comparison.
func (t *term) bareName() error {
	n := strings.IndexFunc(t.rest(), func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`:=<>!",()`, r) })
	if n < 0 {
		n = len(t.rest())
	}
	t.name = t.rest()[:n]
	t.at += n
	if t.name == "" {
		return t.fail(t.begin, "write a field, a comparison and a value: status:failed", "%s begins no term", quote(first(t.rest())))
	}
	return nil
}

func (t *term) readOperator() error {
	t.opAt = t.at
	for _, op := range []string{":", NotEqual, LessEqual, GreaterEqual, Equal, Less, Greater} {
		if strings.HasPrefix(t.rest(), op) {
			t.op = op
			t.at += len(op)
			if op == Equal {
				t.op = ":"
			}
			return t.place()
		}
	}
	hint := "write a field before it, such as workflow:" + t.name + ` or error:"` + t.name + `"`
	if t.kind == aTag || isField(t.name) {
		hint = "write a comparison and a value behind it"
	}
	return t.fail(t.begin, hint, "%s stands alone", quote(t.name))
}

// place decides what the name is, now that the comparison is known: a comparison of what is no field is one of a tag.
func (t *term) place() error {
	if t.kind == aTag || isField(t.name) {
		return nil
	}
	near := nearest.Word(t.name, fieldNames())
	if near == "" && t.text[t.opAt] != ':' {
		t.kind = aTag
		return nil
	}
	hint := "for a tag write tag." + t.name
	if near != "" {
		hint = "did you mean " + near + "? For a tag write tag." + t.name
	}
	return t.fail(t.begin, hint, "there is no field %s", t.name)
}

func (t *term) readValues() error {
	for {
		w, err := t.readValue()
		if err != nil {
			return err
		}
		if t.values = append(t.values, w); len(t.values) > maxValues {
			return t.fail(w.at, "", "%s has more than %d values", t.name, maxValues)
		}
		if !strings.HasPrefix(t.rest(), ",") {
			return nil
		}
		t.at++
	}
}

func (t *term) readValue() (word, error) {
	if strings.HasPrefix(t.rest(), `"`) {
		return t.readQuoted()
	}
	stop := `",`
	if t.negated {
		stop += ")"
	}
	n := strings.IndexFunc(t.rest(), func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(stop, r) })
	if n < 0 {
		n = len(t.rest())
	}
	w := word{text: t.rest()[:n], at: t.at}
	t.at += n
	if n == 0 {
		return w, t.fail(w.at, `for empty text write ""`, "%s has no value", t.name)
	}
	return w, nil
}

// readQuoted reads text in double quotes, in which a backslash takes the meaning from what follows.
func (t *term) readQuoted() (word, error) {
	w := word{quoted: true, at: t.at}
	var b strings.Builder
	for i := t.at + 1; i < len(t.text); i++ {
		switch c := t.text[i]; {
		case c == '\\' && i+1 < len(t.text):
			i++
			b.WriteByte(t.text[i])
		case c == '"':
			t.at, w.text = i+1, b.String()
			return w, nil
		default:
			b.WriteByte(c)
		}
	}
	return w, t.fail(w.at, `write a second "`, "the quote is not closed")
}

// number reads a number as JSON writes it; what is written otherwise, as 007, is text.
func (w word) number() (float64, bool) {
	s := strings.TrimPrefix(w.text, "-")
	if w.quoted || s == "" || s[0] < '0' || s[0] > '9' || len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9' ||
		strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(w.text, 64)
	return n, err == nil && !math.IsInf(n, 0)
}

// quote shows text in a message.
func quote(s string) string { return strconv.Quote(s) }
