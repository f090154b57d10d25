package spec

import (
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/semver"
	"github.com/pawl-dev/pawl/model"
)

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
	// maxName bounds ids and names.
	maxName = 64
)

// safe reports whether s begins with one of first and goes on with those and more, within maxName.
func safe(s, first, more string) bool {
	if s == "" || len(s) > maxName || strings.IndexByte(first, s[0]) < 0 {
		return false
	}
	return strings.Trim(s[1:], first+more) == ""
}

// identifier reads a name that expressions can use behind a dot.
func (r *reader) identifier(v *value, what string) bool {
	if !r.want(v, isText, what, "") {
		return false
	}
	if safe(v.text, letters+"_", digits) {
		return r.noBoolean(v, what)
	}
	hint := "letters, digits and _, not beginning with a digit, at most 64"
	if fixed := strings.Map(underscore, v.text); safe(fixed, letters+"_", digits) {
		hint = "write " + fixed
	}
	r.fault(v, CodeName, what+" cannot be "+quote(v.text), hint)
	return false
}

func underscore(ch rune) rune {
	if ch == '-' || ch == ' ' || ch == '.' {
		return '_'
	}
	return ch
}

// outcome reads the label of an outcome, a branch or an arm.
func (r *reader) outcome(v *value, what string) bool {
	if !r.want(v, isText, what, "") {
		return false
	}
	if !safe(v.text, letters+"_", digits+"-") {
		r.fault(v, CodeName, what+" cannot be "+quote(v.text), "letters, digits, _ and -, beginning with a letter, at most 64")
		return false
	}
	return r.noBoolean(v, what)
}

// outcomeWord reads the outcome that a node ends with, which cannot be one of the words for several.
func (r *reader) outcomeWord(v *value, what string) string {
	if v == nil || !r.outcome(v, what) {
		return ""
	}
	if v.text == model.OnElse || v.text == model.OnAny {
		r.fault(v, CodeReserved, v.text+" stands for several outcomes", "choose another word")
		return ""
	}
	return v.text
}

// noBoolean refuses the words that older YAML readers take as booleans.
func (r *reader) noBoolean(v *value, what string) bool {
	if !falseFriend(v.text) && v.text != "true" && v.text != "false" && v.text != "null" {
		return true
	}
	if v.style == plain && falseFriend(v.text) && r.reported(v) {
		return false
	}
	r.fault(v, CodeBoolWord, what+" cannot be "+v.text+": YAML readers take it as a boolean or null", "choose another word, such as approved or rejected")
	return false
}

// reported tells whether a fault stands at v already.
func (r *reader) reported(v *value) bool {
	for _, f := range r.c.faults {
		if f.Line == v.line && f.Column == v.col {
			return true
		}
	}
	return false
}

// label reads a name with dots and dashes: of a signal, a tag, a policy, a label.
func (r *reader) label(v *value, what string) bool {
	if !r.want(v, isText, what, "") {
		return false
	}
	if safe(v.text, letters+"_", digits+"-.:/") {
		return r.noBoolean(v, what)
	}
	r.fault(v, CodeName, what+" cannot be "+quote(v.text), "letters, digits, _ - . : and /, beginning with a letter, at most 64")
	return false
}

// workflowName reads the name of a workflow.
func (r *reader) workflowName(v *value, what string) string {
	if v == nil || !r.want(v, isText, what, "") {
		return ""
	}
	if safe(v.text, letters[:26]+digits, "-") && !strings.HasSuffix(v.text, "-") {
		return v.text
	}
	hint := "a-z, 0-9 and -, at most 64, beginning and ending with a letter or digit"
	fixed := strings.ReplaceAll(strings.ToLower(strings.Map(underscore, v.text)), "_", "-")
	if fixed != v.text && safe(fixed, letters[:26]+digits, "-") {
		hint = "write " + fixed
	}
	r.fault(v, CodeName, what+" cannot be "+quote(v.text), hint)
	return ""
}

// semver reads a semantic version.
func (r *reader) semver(v *value) string {
	if v == nil {
		return ""
	}
	if v.kind == isNumber {
		r.fault(v, CodeVersion, "the version is a number to YAML", "write three parts: "+threeParts(v.raw))
		return ""
	}
	if !r.want(v, isText, "version", "") {
		return ""
	}
	if !semver.Valid(v.text) {
		hint := "such as 1.2.0 or 2.0.0-beta.1"
		if rest := threeParts(strings.TrimPrefix(v.text, "v")); semver.Valid(rest) {
			hint = "write " + rest
		}
		r.fault(v, CodeVersion, quote(v.text)+" is no semantic version", hint)
		return ""
	}
	return v.text
}

func threeParts(s string) string {
	for strings.Count(s, ".") < 2 {
		s += ".0"
	}
	return s
}

// numeral is a number without leading zeros that fits into 32 bits.
func numeral(s string) bool {
	_, err := strconv.ParseUint(s, 10, 31)
	return err == nil && s[0] != '+' && (s == "0" || s[0] != '0')
}

// constraint reads what versions of a child fit; see [semver.ParseConstraint].
func (r *reader) constraint(v *value) {
	if v == nil {
		return
	}
	if v.kind != isNumber && !r.want(v, isText, "version", "") {
		return
	}
	text := v.written()
	if strings.TrimSpace(text) == "" {
		r.fault(v, CodeVersion, "the version constraint is empty", "such as ^2; leave it out for the active version")
		return
	}
	if _, ok := semver.ParseConstraint(text); !ok {
		r.fault(v, CodeVersion, quote(text)+" is no version constraint", "such as ^2, ~1.4, 1.2.0 or >=1.2.0 <2.0.0")
	}
}
