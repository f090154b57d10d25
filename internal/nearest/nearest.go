// Package nearest finds what a mistyped word was meant to be, for hints in errors. It is pure and must not know where
// words come from.
package nearest

import "strings"

// Bounds keep a hint cheap whatever is mistyped.
const (
	maxWord       = 64
	maxCandidates = 2000
)

// Word returns the candidate that a slip of the hand turns into word: the one with the fewest typing errors, at most
// a third of its letters. Of equally near ones that with the same first letter wins, then the first. It is "" where
// none is near.
func Word(word string, candidates []string) string {
	if word == "" || len(word) > maxWord {
		return ""
	}
	limit := max(1, len(word)/3)
	best, least := "", 2*limit+2
	for _, c := range candidates[:min(len(candidates), maxCandidates)] {
		if c == "" || c == word || len(c) > maxWord {
			continue
		}
		d := 2 * slips(strings.ToLower(word), strings.ToLower(c), limit)
		if d <= 2*limit && !strings.EqualFold(word[:1], c[:1]) {
			d++
		}
		if d < least {
			best, least = c, d
		}
	}
	return best
}

// Hint is "did you mean x?", or "" where no candidate is near.
func Hint(word string, candidates []string) string {
	if best := Word(word, candidates); best != "" {
		return "did you mean " + best + "?"
	}
	return ""
}

// slips counts the letters to insert, remove, replace or swap to turn a into b (optimal string alignment); above
// limit it returns limit+1.
func slips(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit+1)
}
