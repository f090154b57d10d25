package query

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/pawl-dev/pawl/internal/expr"
)

// String writes q as [Parse] reads it; what cannot be said in the language, as a time beyond the year 9999, is written
// all the same and not read back.
func (q *Query) String() string {
	var terms []string
	for _, name := range Fields {
		terms = append(terms, q.print(name)...)
	}
	for i := range q.Tags {
		terms = append(terms, q.Tags[i].String())
	}
	for i := range q.Except {
		text := q.Except[i].String()
		if q.Except[i].terms() == 1 {
			terms = append(terms, "-"+text)
		} else {
			terms = append(terms, "-("+text+")")
		}
	}
	return strings.Join(terms, " ")
}

// terms is how many terms q is written with.
func (q *Query) terms() int {
	n := len(q.Tags) + len(q.Except)
	for _, name := range Fields {
		n += len(q.print(name))
	}
	return n
}

// print writes one field.
func (q *Query) print(name string) (terms []string) {
	if list := q.list(name); list != nil {
		if words := grouped(name, *list); len(words) > 0 {
			terms = append(terms, name+":"+strings.Join(words, ","))
		}
		return terms
	}
	if one := q.single(name); one != nil {
		if *one != "" {
			terms = append(terms, name+":"+spell(*one))
		}
		return terms
	}
	if name == fSort {
		if q.Oldest {
			terms = append(terms, "sort:oldest")
		}
		return terms
	}
	from, to := q.bounds(name)
	if *from != 0 {
		terms = append(terms, name+GreaterEqual+expr.FormatTime(*from))
	}
	if *to != 0 {
		terms = append(terms, name+Less+expr.FormatTime(*to))
	}
	return terms
}

// grouped spells the words of a list; statuses that one word stands for become that word.
func grouped(name string, list []string) (words []string) {
	for _, g := range groups {
		if name == fStatus && slices.Equal(list, g.statuses) {
			return []string{g.word}
		}
	}
	for _, s := range list {
		words = append(words, spell(s))
	}
	return words
}

// String writes a comparison of a tag.
func (t *Tag) String() string {
	name := t.Name
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return special(r) || strings.ContainsRune(":=<>!()", r) }) {
		name = quoted(name)
	}
	if t.Is == Exists {
		return tagPrefix + name + ":*"
	}
	op := t.Is
	if op == Equal {
		op = ":"
	}
	var words []string
	for _, v := range t.Values {
		words = append(words, v.String())
	}
	return tagPrefix + name + op + strings.Join(words, ",")
}

// String writes a value so that it is read as what it is.
func (v Value) String() string {
	if v.IsNum {
		return strconv.FormatFloat(v.Num, 'g', -1, 64)
	}
	if _, number := (word{text: v.Text}).number(); number {
		return quoted(v.Text)
	}
	return spell(v.Text)
}

// spell writes text, in quotes where it needs them.
func spell(s string) string {
	if s == "" || s == "*" || strings.HasPrefix(s, "=") || strings.ContainsFunc(s, special) || strings.ContainsRune(s, ')') {
		return quoted(s)
	}
	return s
}

// special characters end a word.
func special(r rune) bool { return unicode.IsSpace(r) || r == '"' || r == ',' || r == '\\' }

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
