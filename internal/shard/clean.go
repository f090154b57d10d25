package shard

import (
	"strings"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/record"
)

// Bounds of text in heads, in bytes.
const (
	errorLongest = 512
	tagLongest   = 512
	tagsMost     = 32

	waitingLongest = 256
)

// waitingOn is what the head of s says of it.
func waitingOn(s *kernel.State) string { return cleanText(kernel.WaitingOn(s), waitingLongest) }

// clean makes the text of h fit for every store: valid UTF-8, no NUL, bounded. Names and keys were checked before.
func clean(h *record.Head) {
	h.Error = cleanText(h.Error, errorLongest)
	h.Waiting = cleanText(h.Waiting, waitingLongest)
	h.Outcome = cleanText(h.Outcome, tagLongest)
	if len(h.Tags) > tagsMost {
		h.Tags = h.Tags[:tagsMost]
	}
	for i := range h.Tags {
		h.Tags[i].Name = cleanText(h.Tags[i].Name, tagLongest)
		h.Tags[i].Text = cleanText(h.Tags[i].Text, tagLongest)
	}
}

func cleanText(s string, longest int) string {
	if len(s) <= longest && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) <= longest {
		return s
	}
	cut := longest
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}
