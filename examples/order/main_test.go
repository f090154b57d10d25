package main

import (
	"path/filepath"
	"strings"
	"testing"
)

const want = `order-41 shipped 39.98 EUR, receipt R-order-41-3998, parcel T-order-41
order-42 refused the card was declined
order-43 sold_out 100 of ratchet wanted, 3 in stock
order-44 shipped 14.99 EUR, receipt R-order-44-1499, parcel T-order-44
12 calls

the same keys again, in a new engine on the same store:
order-41 shipped 39.98 EUR, receipt R-order-41-3998, parcel T-order-41
order-42 refused the card was declined
order-43 sold_out 100 of ratchet wanted, 3 in stock
order-44 shipped 14.99 EUR, receipt R-order-44-1499, parcel T-order-44
0 calls
`

// TestRun runs the program as main does. The calls are 5 for order-41 (two of them while the gateway was busy), 3 for
// order-42 with its release, 1 for order-43 and 3 for order-44.
func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out, filepath.Join(t.TempDir(), "orders.db")); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(out.String()) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	if got := strings.Join(lines, "\n") + "\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
