package record_test

import (
	"testing"

	"github.com/pawl-dev/pawl/record"
)

func TestOnlyOne(t *testing.T) {
	a, b := record.ID{1}, record.ID{2}
	for _, c := range []struct {
		of   []record.ID
		want record.ID
	}{
		{nil, record.ID{}}, {[]record.ID{a}, a}, {[]record.ID{a, a}, a}, {[]record.ID{a, b}, record.ID{}}, {[]record.ID{a, b, b}, record.ID{}},
	} {
		var p record.Part
		for _, id := range c.of {
			p.Entries = append(p.Entries, record.Entry{Execution: id})
		}
		if got := p.Only(); got != c.want {
			t.Errorf("%v: %v", c.of, got)
		}
	}
}
