package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestRun runs the program as main does. The requests are two for each of the 12 pages, because the first is answered
// with 503, one for the page that is not there, and one for the report.
func TestRun(t *testing.T) {
	const want = "12 pages in 26 requests: 60 products, 391.20 EUR; a page that is not there: 404\n"
	var out strings.Builder
	if err := run(t.Context(), &out, filepath.Join(t.TempDir(), "fetch.db")); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("got  %swant %s", out.String(), want)
	}
}
