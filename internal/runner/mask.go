package runner

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/model"
)

const (
	// hidden is what stands where a secret stood.
	hidden = "***"
	// minSecret is the shortest value that is searched for: hiding "1" would hide everything.
	minSecret = 4
)

// hider hides the values of secrets in what leaves the runner: as they are, JSON-escaped, URL-encoded, in base64 at
// any of its three alignments (a secret inside a Basic authorization), in hex. A nil hider hides nothing.
type hider struct {
	all   *strings.Replacer
	forms []string
}

// hider makes one for the values a task was given and those of Params.Mask; nil where there are none.
func (r *Runner) hider(used []string) *hider {
	if len(used) == 0 && len(r.Mask) == 0 {
		return nil
	}
	return newHider(append(slices.Clip(used), r.Mask...))
}

func newHider(values []string) *hider {
	var forms []string
	for _, v := range values {
		if len(v) >= minSecret {
			forms = append(forms, formsOf(v)...)
		}
	}
	if len(forms) == 0 {
		return nil
	}
	// Longest first: of two forms that match at one place the longer one hides more.
	slices.SortFunc(forms, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	forms = slices.Compact(forms)
	pairs := make([]string, 0, 2*len(forms))
	for _, f := range forms {
		pairs = append(pairs, f, hidden)
	}
	return &hider{all: strings.NewReplacer(pairs...), forms: forms}
}

// formsOf lists the ways in which v may appear in text.
func formsOf(v string) []string {
	quoted, _ := json.Marshal(v)
	var plainQuoted bytes.Buffer
	enc := json.NewEncoder(&plainQuoted)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	forms := []string{
		v,
		string(quoted[1 : len(quoted)-1]),
		strings.Trim(plainQuoted.String(), "\"\n"),
		url.QueryEscape(v),
		url.PathEscape(v),
		hex.EncodeToString([]byte(v)),
		strings.ToUpper(hex.EncodeToString([]byte(v))),
	}
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			forms = append(forms, aligned(enc, v, shift))
		}
	}
	return slices.DeleteFunc(forms, func(f string) bool { return len(f) < minSecret })
}

// aligned is the part of the base64 of v that does not depend on what stands around it, when shift bytes (mod 3) come
// before.
func aligned(enc *base64.Encoding, v string, shift int) string {
	s := enc.EncodeToString([]byte(strings.Repeat("\x00", shift) + v))
	from := (shift*8 + 5) / 6
	to := (shift + len(v)) * 8 / 6
	if from >= to {
		return ""
	}
	return s[from:to]
}

// text hides in plain text.
func (h *hider) text(s string) string {
	if h == nil {
		return s
	}
	return h.all.Replace(s)
}

// result hides in everything of res.
func (h *hider) result(res *model.Result) {
	if h == nil {
		return
	}
	res.Output = h.json(res.Output)
	for i := range res.Log {
		res.Log[i] = h.text(res.Log[i])
	}
	res.Set = slices.Clone(res.Set)
	for i := range res.Set {
		res.Set[i].Value = h.json(res.Set[i].Value)
	}
	if len(res.Tags) > 0 {
		tags := make(map[string]json.RawMessage, len(res.Tags))
		for _, name := range sortedTags(res.Tags) {
			tags[name] = h.json(res.Tags[name])
		}
		res.Tags = tags
	}
	if res.Error != nil {
		e := *res.Error
		e.Message, e.Details = h.text(e.Message), h.details(e.Details)
		res.Error = &e
	}
}

// details drops what is no JSON, since it could not be searched.
func (h *hider) details(b json.RawMessage) json.RawMessage {
	if len(b) > 0 && checkJSON(b) != "" {
		return nil
	}
	return h.json(b)
}

// json hides inside the strings, keys and numbers of valid JSON; the result is valid JSON.
func (h *hider) json(b json.RawMessage) json.RawMessage {
	if h == nil || !h.suspect(b) {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c == '"':
			end := endOfText(b, i)
			out = h.literal(out, b[i:end])
			i = end
		case c == '-' || c >= '0' && c <= '9':
			end := endOfNumber(b, i)
			out = h.number(out, b[i:end])
			i = end
		default:
			out = append(out, c)
			i++
		}
	}
	return out
}

// suspect reports whether b may hold a form: directly, or behind an escape.
func (h *hider) suspect(b []byte) bool {
	if bytes.IndexByte(b, '\\') >= 0 {
		return true
	}
	return slices.ContainsFunc(h.forms, func(f string) bool { return bytes.Contains(b, []byte(f)) })
}

// literal appends a string literal with what is hidden in it. It is decoded first, so no escape hides a secret.
func (h *hider) literal(dst, lit []byte) []byte {
	var s string
	if json.Unmarshal(lit, &s) != nil {
		return append(dst, lit...)
	}
	masked := h.all.Replace(s)
	if masked == s {
		return append(dst, lit...)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(masked)
	return append(dst, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}

// number appends a number, or a masked string in its place.
func (h *hider) number(dst, num []byte) []byte {
	if h.all.Replace(string(num)) == string(num) {
		return append(dst, num...)
	}
	return append(dst, `"`+hidden+`"`...)
}

// endOfText is the index behind the string literal that begins at i.
func endOfText(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

func endOfNumber(b []byte, i int) int {
	for i < len(b) && (b[i] >= '0' && b[i] <= '9' || b[i] == '-' || b[i] == '+' || b[i] == '.' || b[i] == 'e' || b[i] == 'E') {
		i++
	}
	return i
}
