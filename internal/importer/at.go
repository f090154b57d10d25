package importer

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/nearest"
	"github.com/pawl-dev/pawl/internal/spec"
)

// at is a place of the source. The zero place is none, and gives the zero value of whatever is asked of it.
type at struct {
	j    *job
	t    spec.Tree
	key  string
	path string
	// inside is the text of the source that the value stands in, where the source holds JSON in a text.
	inside spec.Tree
}

// there reports whether something other than null stands here.
func (x at) there() bool { return x.t.Exists() && x.t.Kind() != "null" }

// get is the value of a key.
func (x at) get(key string) at {
	return at{j: x.j, t: x.t.Get(key), key: key, path: join(x.path, key), inside: x.inside}
}

func join(p, key string) string {
	if p == "" {
		return key
	}
	return p + "." + key
}

// is reports whether the value is of that kind; it is a fault where it is of another.
func (x at) is(kind string) bool {
	if !x.there() {
		return false
	}
	if x.t.Kind() == kind {
		return true
	}
	x.j.fault(x, spec.CodeWrongType, x.label()+" must be "+article(kind)+", this is "+kindName(x.t), "")
	return false
}

func (x at) label() string {
	if x.path == "" {
		return "this"
	}
	return clip(x.path)
}

func article(kind string) string {
	if kind == "text" {
		return kind
	}
	return "a " + kind
}

func kindName(t spec.Tree) string {
	if k := t.Kind(); k == "text" || k == "null" {
		return k
	} else if k == "" {
		return "nothing"
	}
	return "a " + t.Kind()
}

// str is a text; numbers and booleans are taken as they are written.
func (x at) str() string {
	switch x.t.Kind() {
	case "", "null":
		return ""
	case "text", "number", "bool":
		return x.t.Text()
	}
	x.is("text")
	return ""
}

// count is a whole number from 0; 0 where there is none.
func (x at) count() int {
	if !x.is("number") {
		return 0
	}
	n, err := strconv.Atoi(string(x.t.JSON()))
	if err != nil || n < 0 || n > 1<<53 {
		x.j.fault(x, spec.CodeNumber, x.label()+" must be a whole number from 0", "")
		return 0
	}
	return n
}

// list are the elements of a list.
func (x at) list() []at {
	if !x.is("list") {
		return nil
	}
	out := make([]at, x.t.Len())
	for i := range out {
		out[i] = at{j: x.j, t: x.t.At(i), path: x.path + "[" + strconv.Itoa(i) + "]", inside: x.inside}
	}
	return out
}

// fields are the keys of a map with their values, in written order.
func (x at) fields() []at {
	if !x.is("map") {
		return nil
	}
	out := make([]at, x.t.Len())
	for i := range out {
		k := x.t.Key(i).Text()
		out[i] = at{j: x.j, t: x.t.At(i), key: k, path: join(x.path, k), inside: x.inside}
	}
	return out
}

// kept says that x means the same at to.
func (x at) kept(to string) { x.tell(Kept, to, "") }

// changed says that x became something else, and what a person should know about it.
func (x at) changed(to, note string) { x.tell(Changed, to, note) }

// out says that x is not carried over, and why.
func (x at) out(why string) { x.tell(Out, "", why) }

// look says that a person must look at to, and why.
func (x at) look(to, why string) { x.tell(Look, to, why) }

// place is line and column in the source.
func (x at) place() (line, column int) {
	if x.inside.Exists() {
		return x.inside.Place()
	}
	return x.t.Place()
}

func (x at) tell(v Verdict, to, note string) {
	if !x.t.Exists() {
		return
	}
	x.j.told[x.t] = true
	line, col := x.place()
	x.j.rep.add(Item{Line: line, Column: col, From: x.label(), Verdict: v, To: to, Note: oneLine(note)})
}

// leftovers tells every value that nobody told anything about.
func (j *job) leftovers(x at) {
	if j.told[x.t] {
		return
	}
	switch x.t.Kind() {
	case "map":
		for _, f := range x.fields() {
			j.leftovers(f)
		}
	case "list":
		for _, e := range x.list() {
			j.leftovers(e)
		}
	case "null", "":
	default:
		why := "the format has no such key"
		if slices.Contains(vocabulary[j.rep.Format], x.key) || strings.Contains(x.path, ".params.") || x.key == "" {
			why = "nothing reads it here"
		} else if best := nearest.Word(x.key, vocabulary[j.rep.Format]); best != "" && best != x.key {
			why += "; " + best + " was perhaps meant"
		}
		x.out(why)
	}
}

// ms is a duration of ours for a number of milliseconds.
func ms(n int) string { return expr.FormatDuration(int64(n)) }

func quote(s string) string { return strconv.Quote(clip(s)) }

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return s
}

// oneLine keeps what a source says from breaking out of a comment or a line of the report.
func oneLine(s string) string {
	return strings.Map(func(ch rune) rune {
		if ch < 0x20 || ch >= 0x7f && ch < 0xa0 || ch == 0x2028 || ch == 0x2029 || ch >= 0x202a && ch <= 0x202e || ch >= 0x2066 && ch <= 0x2069 || ch == 0xfffd {
			return ' '
		}
		return ch
	}, s)
}
