package rehearse

import (
	"maps"
	"slices"
	"strings"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// differenceMost bounds the lines that are compared; what is longer is shown as it is.
const differenceMost = 2000

// Difference shows two lists of lines as one: "-" was wanted and is not there, "+" is there and was not wanted.
func Difference(want, got []string) string {
	if len(want) > differenceMost || len(got) > differenceMost {
		return "  " + strings.Join(got[:min(len(got), 20)], "\n  ") + "\n  ..."
	}
	common := longest(want, got)
	var b strings.Builder
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && want[i] == got[j]:
			b.WriteString("    " + want[i] + "\n")
			i, j = i+1, j+1
		case j >= len(got) || i < len(want) && common[i+1][j] >= common[i][j+1]:
			b.WriteString("  - " + want[i] + "\n")
			i++
		default:
			b.WriteString("  + " + got[j] + "\n")
			j++
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// longest gives, for each pair of tails, the length of their longest common subsequence.
func longest(a, b []string) [][]int {
	t := make([][]int, len(a)+1)
	for i := range t {
		t[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				t[i][j] = t[i+1][j+1] + 1
			} else {
				t[i][j] = max(t[i+1][j], t[i][j+1])
			}
		}
	}
	return t
}
