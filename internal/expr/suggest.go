package expr

import "strings"

// suggest returns a hint "did you mean x?" with the candidate nearest to name, or "" if none is near.
func suggest(name string, candidates []string) string {
	if near := nearest(name, candidates); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

// nearest returns the candidate with the fewest typing errors, or "" if all have too many. Of equally near ones that
// with the same first letter wins, then the first.
func nearest(name string, candidates []string) string {
	if name == "" || len(name) > 40 {
		return ""
	}
	limit := max(1, len(name)/3)
	best, least := "", 2*limit+2
	for _, c := range candidates {
		d := 2 * distance(strings.ToLower(name), strings.ToLower(c), limit)
		if d <= 2*limit && !strings.EqualFold(name[:1], c[:1]) {
			d++
		}
		if d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts insertions, deletions, replacements and swaps of neighbours that turn a into b; above limit it
// returns limit+1.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	older, old, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(old[j]+1, row[j-1]+1, old[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, old, row = old, row, older
	}
	return min(old[len(b)], limit+1)
}
