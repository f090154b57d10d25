package modelstore

import (
	"slices"

	"github.com/pawl-dev/pawl/store"
)

// Search returns one page of the heads of a namespace, newest first.
func (m *Model) Search(namespace string, f store.Filter) (store.Page, error) {
	lo, hi, err := f.Range()
	if err != nil {
		return store.Page{}, err
	}
	var p store.Page
	for _, id := range slices.Backward(m.IDs()) {
		h := &m.execs[id].Head
		if compareIDs(id, lo) < 0 || compareIDs(id, hi) > 0 || h.Namespace != namespace || !f.Match(h) {
			continue
		}
		if len(p.Heads) == f.Size() {
			p.Next = p.Heads[len(p.Heads)-1].Execution.String()
			break
		}
		p.Heads = append(p.Heads, *h)
	}
	return p, nil
}
