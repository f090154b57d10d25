package main

import (
	"strings"
	"testing"
)

const want = `heard of ada first; 1 of 2 others were sent
{"kg":2,"to":"ada"} completed
{"kg":40,"to":"bruno"} failed too_heavy
{"kg":5,"to":"chen"} completed
`

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
