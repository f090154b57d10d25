package archtest

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"
)

// Excuse drops the findings that an exception covers, and adds one for each exception that covers none or gives no
// reason. The result is ordered by path and line.
func (h House) Excuse(found []Finding) []Finding {
	used := make([]bool, len(h.Except))
	var rest []Finding
	for _, f := range found {
		i := slices.IndexFunc(h.Except, func(e Exception) bool { return e.covers(f) })
		if i < 0 {
			rest = append(rest, f)
			continue
		}
		used[i] = true
	}
	for i, e := range h.Except {
		if !used[i] {
			rest = append(rest, Finding{e.Path, 0, "the exception for " + e.Text + " excuses nothing; remove it"})
		}
		if strings.TrimSpace(e.Reason) == "" {
			rest = append(rest, Finding{e.Path, 0, "the exception for " + e.Text + " has no reason"})
		}
	}
	slices.SortFunc(rest, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), strings.Compare(a.Text, b.Text))
	})
	return rest
}

// covers reports whether e excuses f. Path may be a pattern of path.Match.
func (e Exception) covers(f Finding) bool {
	ok, err := path.Match(e.Path, f.Path)
	return err == nil && ok && strings.Contains(f.Text, e.Text)
}

// Check runs every rule over t. With an error, the findings are those of the rules that need no types.
func (h House) Check(t *Tree) ([]Finding, error) {
	found := h.Table(t)
	found = append(found, h.Imports(t)...)
	found = append(found, h.Linked(t)...)
	found = append(found, h.Purity(t)...)
	found = append(found, h.Budgets(t)...)
	order, err := h.MapOrder(t)
	return h.Excuse(append(found, order...)), err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
