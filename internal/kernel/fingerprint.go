package kernel

import (
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fingerprintLongest bounds how much of a message counts, in bytes.
const fingerprintLongest = 2048

// Fingerprint is 16 hex digits that errors share which differ only in what varies from one to the next: numbers, ids and
// quoted text.
func Fingerprint(code, message string) string {
	h := fnv.New64a()
	h.Write([]byte(code))
	h.Write([]byte{0})
	h.Write([]byte(lasting(clean(message, fingerprintLongest))))
	return fmt.Sprintf("%016x", h.Sum64())
}

// lasting is a message without what varies: quoted text is left out, and so are words with a digit in them. What is
// between words counts as one space.
func lasting(message string) string {
	var b strings.Builder
	for rest, afterWord := message, false; rest != ""; {
		if n := quoted(rest); n > 0 && !afterWord {
			rest = rest[n:]
			continue
		}
		n := strings.IndexFunc(rest, func(r rune) bool { return !inWord(r) })
		if n < 0 {
			n = len(rest)
		}
		if afterWord = n > 0; !afterWord {
			_, size := utf8.DecodeRuneInString(rest)
			rest = rest[size:]
			continue
		}
		w := strings.Trim(rest[:n], "-.:/")
		if w != "" && !strings.ContainsFunc(w, unicode.IsDigit) {
			b.WriteByte(' ')
			b.WriteString(strings.ToLower(w))
		}
		rest = rest[n:]
	}
	return b.String()
}

// inWord: an id, an address or a time is one word.
func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-.:/+%@#$", r)
}

// quoted is the length of the quoted text that s begins with; 0 where it begins with none.
func quoted(s string) int {
	for _, q := range [...][2]string{{`"`, `"`}, {"'", "'"}, {"`", "`"}, {"\u201c", "\u201d"}, {"\u00ab", "\u00bb"}} {
		if rest, ok := strings.CutPrefix(s, q[0]); ok {
			if end := strings.Index(rest, q[1]); end >= 0 {
				return len(q[0]) + end + len(q[1])
			}
		}
	}
	return 0
}
