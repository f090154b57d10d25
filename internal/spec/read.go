package spec

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"

	"github.com/pawl-dev/pawl/internal/nearest"
)

// reader turns the tree of one document into the model.
type reader struct {
	o   *Options
	c   *collector
	doc *Document
	w   *model.Workflow

	// node and field are what is being read, for faults.
	node, field string

	// ids are the nodes of the whole file; detached those that no edge reaches: compensations and finally nodes.
	ids      map[string]*value
	idList   []string
	detached map[string]*value

	policies map[string]model.Retry
	signals  []string // declared; nil where any is accepted
	defaults *value
	builds   []*build
	// later holds checks that need every node of the file.
	later   []func()
	schemas map[string]*configSchema
}

// fault reports something wrong at v.
func (r *reader) fault(v *value, code, message, hint string) *Fault {
	return r.c.add(v.line, v.col, v.width(), Fault{Code: code, Message: message, Hint: hint, Node: r.node, Field: r.field})
}

// warn reports something that works and is probably not meant.
func (r *reader) warn(v *value, code, message, hint string) {
	r.c.add(v.line, v.col, v.width(), Fault{Code: code, Message: message, Hint: hint, Node: r.node, Field: r.field, Warn: true})
}

// meant is the hint for a word that is none of the candidates. It costs nothing once faults are no longer shown.
func (r *reader) meant(word string, candidates []string) string {
	if r.c.full() {
		return ""
	}
	if best := nearest.Word(word, candidates); best != "" {
		return "did you mean " + best + "?"
	}
	if len(candidates) == 0 || len(candidates) > 40 {
		return ""
	}
	return "known: " + strings.Join(candidates, ", ")
}

// note remembers where a field of the current node was written, for the compiler's faults.
func (r *reader) note(field string, v *value) {
	if v == nil {
		return
	}
	w := r.doc.nodes[r.node]
	if w == nil {
		w = &written{fields: map[string]*value{}}
		r.doc.nodes[r.node] = w
	}
	w.fields[field] = v
}

// in reads with node and field set for faults, and puts the former ones back.
func (r *reader) in(node, field string, read func()) {
	n, f := r.node, r.field
	r.node, r.field = node, field
	read()
	r.node, r.field = n, f
}

// at returns the value of a key and makes it the current field; nil where it is absent.
func (r *reader) at(v *value, key string) *value {
	item := v.get(key)
	if item != nil {
		r.field = key
		r.note(key, item)
	}
	return item
}

// keys reports keys that are none of the section's.
func (r *reader) keys(v *value, s *section, more ...string) {
	known := append(s.names(), more...)
	for _, k := range v.keys {
		if !contains(known, k.text) {
			r.fault(k, CodeUnknownKey, s.name+" has no key "+quote(k.text), r.meant(k.text, known))
		}
	}
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// must reports required keys of a map that are not there.
func (r *reader) must(v *value, s *section) bool {
	ok := true
	for _, k := range s.keys {
		if k.must && v.get(k.name) == nil {
			r.fault(v, CodeMissing, s.name+" needs "+k.name, "such as "+k.example)
			ok = false
		}
	}
	return ok
}

// kindHints say how a value of each kind is written.
var kindHints = [...]string{"write null", "write true or false, without quotes", "write a number without quotes, such as 3", "write text", "write a list, such as [a, b]", "write a map, such as {key: value}"}

// want reports a value of another kind. hint may be "".
func (r *reader) want(v *value, k kind, what, hint string) bool {
	if v.kind == k {
		return true
	}
	is := v.kind.String()
	if v.kind == isText && len(v.text) < 40 && v.text != "" {
		is = quote(v.text)
	}
	if hint == "" && v.kind == isNull {
		hint = "write a value, or remove the key"
	}
	if hint == "" && k == isText && (v.kind == isNumber || v.kind == isBool) {
		hint = `quote it: "` + v.raw + `"`
	}
	if hint == "" {
		hint = kindHints[k]
	}
	r.fault(v, CodeWrongType, what+" is "+k.String()+", not "+is, hint)
	return false
}

// text reads text.
func (r *reader) text(v *value, what string) string {
	if v == nil || !r.want(v, isText, what, "") {
		return ""
	}
	return v.text
}

// list reads a list.
func (r *reader) list(v *value, what, hint string) []*value {
	if v == nil || !r.want(v, isList, what, hint) {
		return nil
	}
	return v.items
}

// boolean reads true or false.
func (r *reader) boolean(v *value, what string) bool {
	if v == nil {
		return false
	}
	hint := ""
	if v.kind == isText && falseFriend(v.text) {
		hint = "write true or false"
	}
	return r.want(v, isBool, what, hint) && v.text == "true"
}

// integer reads a whole number between least and most.
func (r *reader) integer(v *value, what string, least, most int64) int64 {
	if v == nil || !r.want(v, isNumber, what, "") {
		return 0
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	if err != nil {
		r.fault(v, CodeNumber, what+" is a whole number, not "+clip(v.raw), "round it")
		return 0
	}
	if n < least || n > most {
		r.fault(v, CodeNumber, what+" cannot be "+strconv.FormatInt(n, 10), "a whole number from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10))
		return 0
	}
	return n
}

// number reads a number between least and most.
func (r *reader) number(v *value, what string, least, most float64) float64 {
	if v == nil || !r.want(v, isNumber, what, "") {
		return 0
	}
	f, err := strconv.ParseFloat(v.text, 64)
	if err != nil || f < least || f > most {
		r.fault(v, CodeNumber, what+" cannot be "+clip(v.raw), "a number from "+strconv.FormatFloat(least, 'g', -1, 64)+" to "+strconv.FormatFloat(most, 'g', -1, 64))
		return 0
	}
	return f
}

// count reads a whole number of at least 1, or text with ${ } that gives one.
func (r *reader) count(v *value, what string) *value {
	if v == nil || v.template() {
		return v
	}
	if r.integer(v, what, 1, 1_000_000_000) == 0 {
		return nil
	}
	return v
}

// countText is count as text.
func (r *reader) countText(v *value, what string) model.Text {
	if v = r.count(v, what); v == nil {
		return ""
	}
	return model.Text(v.text)
}

// maxDuration bounds durations: 100 years, in milliseconds.
const maxDuration = 100 * 365 * 24 * 3600 * 1000

// millis reads a duration without expressions. ok is false where a fault was reported.
func (r *reader) millis(v *value, what string) (ms model.Millis, ok bool) {
	if v.kind == isNumber {
		r.fault(v, CodeDuration, what+" has no unit", "write "+v.raw+"s for seconds; units are ms, s, m, h and d")
		return 0, false
	}
	if !r.want(v, isText, what, "") {
		return 0, false
	}
	n, err := expr.ParseDuration(v.text)
	var e *expr.Error
	if errors.As(err, &e) {
		r.fault(v, CodeDuration, what+": "+e.Message, e.Hint)
		return 0, false
	}
	if n > maxDuration {
		r.fault(v, CodeDuration, what+" is longer than 100 years", "write a shorter one, or leave the key out for no bound")
		return 0, false
	}
	return model.Millis(n), true
}

// span reads a duration without expressions; nil is 0.
func (r *reader) span(v *value, what string) model.Millis {
	if v == nil {
		return 0
	}
	ms, _ := r.millis(v, what)
	return ms
}

// duration reads a duration or text with ${ }, in one canonical spelling. Zero is refused.
func (r *reader) duration(v *value, what string) model.Text {
	if v == nil {
		return ""
	}
	if v.template() {
		return model.Text(v.text)
	}
	ms, ok := r.millis(v, what)
	if ok && ms == 0 {
		r.fault(v, CodeDuration, what+" must be longer than nothing", "remove the key for no bound")
	}
	if ms == 0 {
		return ""
	}
	return model.Text(expr.FormatDuration(int64(ms)))
}

// expression reads a bare expression.
func (r *reader) expression(v *value, what string) string {
	if v == nil {
		return ""
	}
	if v.kind == isBool || v.kind == isNumber {
		return v.text
	}
	if !r.want(v, isText, what, "") {
		return ""
	}
	s := strings.TrimSpace(v.text)
	inner, open := strings.CutPrefix(s, "${")
	switch {
	case s == "":
		r.fault(v, CodeExpr, what+" is an empty expression", "write a condition, or remove the key")
	case open && strings.HasSuffix(inner, "}"):
		r.fault(v, CodeExpr, what+" is an expression already and takes no ${ }", "write "+clip(strings.TrimSpace(strings.TrimSuffix(inner, "}"))))
	}
	return s
}

// word reads one of several words.
func (r *reader) word(v *value, what string, words ...string) string {
	if v == nil || !r.want(v, isText, what, "one of "+strings.Join(words, ", ")) {
		return ""
	}
	if contains(words, v.text) {
		return v.text
	}
	hint := "one of " + strings.Join(words, ", ")
	if best := nearest.Word(v.text, words); best != "" {
		hint = "did you mean " + best + "?"
	}
	r.fault(v, CodeValue, what+" cannot be "+quote(v.text), hint)
	return ""
}

// values reads a map from names to templates.
func (r *reader) values(v *value, what string, name func(*value, string) bool) map[string]json.RawMessage {
	if v == nil || !r.want(v, isMap, what, "") || len(v.keys) == 0 {
		return nil
	}
	out := make(map[string]json.RawMessage, len(v.keys))
	for i, k := range v.keys {
		if name(k, what) {
			out[k.text] = v.items[i].json()
		}
	}
	return out
}
