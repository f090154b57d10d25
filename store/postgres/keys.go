package postgres

import (
	"github.com/pawl-dev/pawl/record"
)

// keys adds the changes of keys by what each must find: nothing there and a row afterwards, nothing and nothing, the
// row of an execution to change, or to delete.
func (m *message) keys(all []record.KeyChange) {
	if len(all) == 0 {
		return
	}
	var by [4][]*record.KeyChange
	for i := range all {
		c, n := &all[i], 0
		if c.Delete {
			n = 1
		}
		if !c.Old.IsZero() {
			n += 2
		}
		by[n] = append(by[n], c)
	}
	for n, s := range []*statement{&keyInsert, &keyAbsent, &keyUpdate, &keyDelete} {
		if some := by[n]; len(some) > 0 {
			m.step(s, func(p *params) { keyColumns(p, some) })
		}
	}
}

// keyColumns writes the columns that the change needs; all of some are of the same kind.
func keyColumns(p *params, some []*record.KeyChange) {
	type row = *record.KeyChange
	texts(p, some, func(c row) string { return c.Namespace })
	texts(p, some, func(c row) string { return c.Workflow })
	texts(p, some, func(c row) string { return c.Key.Key })
	if !some[0].Delete {
		bytesOf(p, some, func(c row) []byte { return c.Execution[:] })
		ints(p, some, func(c row) int64 { return int64(c.Digest) })
		ints(p, some, func(c row) int64 { return c.ClosedAt })
	}
	if !some[0].Old.IsZero() {
		bytesOf(p, some, func(c row) []byte { return c.Old[:] })
	}
}
