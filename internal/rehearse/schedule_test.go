package rehearse_test

import (
	"os"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/rehearse"
)

// loadFiles makes a suite of w.test.yaml and the definitions that it names.
func loadFiles(t *testing.T, files map[string]string) *rehearse.Suite {
	t.Helper()
	s, err := rehearse.Load("w.test.yaml", types, func(path string) ([]byte, error) {
		if text, ok := files[path]; ok {
			return []byte(text), nil
		}
		return nil, os.ErrNotExist
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const nightly = `
workflow: nightly
triggers: [{cron: "0 2 * * *", zone: Europe/Berlin}]
nodes:
  - sum: {call: sum, args: "${ trigger.time }"}
  - rest: {wait: {for: 1h}}
`

// TestSchedulesOfACase lets nights pass, the one among them in which clocks change (F46).
func TestSchedulesOfACase(t *testing.T) {
	s := load(t, nightly, `
mocks: {sum: {output: "${ args }"}}
cases:
  - case: two nights
    at: "2026-03-28T00:30:00Z"
    schedules: true
    then: [{after: 1h, expect: {open: [rest]}}, {after: 1d}]
    expect:
      output: null
      path: [sum, rest]
      took: 1h
      others: [{workflow: nightly, path: [sum, rest]}]
  - case: nothing starts without time
    schedules: true
`)
	if got := problems(s); !strings.Contains(got, "no schedule has started nightly") || strings.Count(got, "\n") > 0 {
		t.Error(got)
	}
	r, tried := s.Everywhere(&s.Spec.Cases[0])
	for _, p := range r.Problems {
		t.Errorf("%d: %s", p.Line, p.Text)
	}
	if tried == 0 {
		t.Error("no crash was tried")
	}
}

const (
	first = `
workflow: order
version: 1.0.0
nodes:
  - charge: {call: charge}
  - ship: {call: ship}
`
	second = `
workflow: order
version: 2.0.0
nodes:
  - charge: {call: charge}
  - pack: {call: pack}
  - dispatch: {call: dispatch}
`
)

// TestActsWithVersions migrates, forks and runs again, also with the version of another file.
func TestActsWithVersions(t *testing.T) {
	s := loadFiles(t, map[string]string{"v1.yaml": first, "v2.yaml": second, "w.test.yaml": `
test: [v1.yaml, v2.yaml]
mocks: {any: {}}
cases:
  - case: starts use the first version
    expect: {path: [charge, ship]}
  - case: an execution goes on with the other version
    mocks: {charge: {delay: 1h}}
    then: [{until: charge, migrate: 2.0.0}]
    expect: {path: [charge, pack, dispatch]}
  - case: with other names
    mocks: {ship: {delay: 1h}}
    then:
      - {until: ship, migrate: 2.0.0, refused: cannot_migrate}
      - {migrate: 2.0.0, map: {ship: dispatch}}
    expect: {path: [charge, ship]}
  - case: a failed execution runs again with the other version
    key: o-1
    mocks: {ship: {error: no_courier, delay: 1s}}
    then:
      - {rerun: true, refused: open}
      - {after: 1s}
      - {rerun: charge, version: 2.0.0, refused: cannot_migrate}
      - {rerun: charge, version: 2.0.0, map: {ship: dispatch}}
    expect:
      error: no_courier
      path: [charge, {ship: error}]
      others: [{workflow: order, passes: ["charge#2", pack, "dispatch#2"]}]
  - case: a failed execution runs again from its failed step
    mocks: {ship: [{error: no_courier}, {}]}
    then: [{after: 1s}, {rerun: true}]
    expect:
      error: no_courier
      others: [{workflow: order, passes: [charge, "ship#2"]}]
  - case: a fork of one that runs
    mocks: {charge: {delay: 1h}}
    then: [{until: charge, fork: charge}]
    expect: {path: [charge, ship], others: [{workflow: order, passes: ["charge#2", ship]}]}
`})
	if got := problems(s); got != "" {
		t.Error(got)
	}
	for i := range s.Spec.Cases {
		r, _ := s.Everywhere(&s.Spec.Cases[i])
		for _, p := range r.Problems {
			t.Errorf("%s: %d: %s", r.Case, p.Line, p.Text)
		}
	}
}
