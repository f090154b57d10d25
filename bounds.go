package pawl

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/internal/spec"
)

// Bounds of what callers hand in, in bytes.
const (
	maxPayload = 16 << 20 // an input, or the data of a signal
	maxName    = 256      // the name or id of something
	maxReason  = 4 << 10
)

// checkText refuses text that no store can keep or nobody can read: too long, not UTF-8, with control characters.
func checkText(what, s string, limit int) error {
	switch {
	case len(s) > limit:
		return invalid("%s has %d bytes, more than %d", what, len(s), limit)
	case !utf8.ValidString(s):
		return invalid("%s is not valid UTF-8", what)
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		return invalid("%s holds a control character", what)
	}
	return nil
}

// checkPayload refuses what is too large to be kept. It is asked before anything reads raw.
func checkPayload(what string, raw []byte) error {
	if len(raw) > maxPayload {
		return &Error{Code: CodePayload, Message: fmt.Sprintf("%s has %d bytes, more than %d", what, len(raw), maxPayload)}
	}
	return nil
}

// checkJSON refuses what readers of JSON disagree about: duplicate keys, numbers beyond 64 bits, NUL and the like.
func checkJSON(what string, raw []byte) error {
	if bad := spec.ValidateInput(nil, raw); bad != nil {
		return &Error{Code: CodeInvalid, Message: what, Cause: bad}
	}
	return nil
}

// short quotes what a caller gave, so that a message stays readable.
func short(s string) string {
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}
