package engine

import (
	"testing"

	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
)

// A start by another execution gets the highest version that fits and is not retired.
func TestResolveForAStartByAnother(t *testing.T) {
	s, err := memory.Open().Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	from := ""
	for _, v := range []string{"1.9.0", "1.10.0", "2.0.0", "1.11.0"} {
		if err := s.Put(t.Context(), store.Definition{Namespace: "n", Workflow: "w", Version: v, Hash: "h" + v}, &store.Move{From: from}); err != nil {
			t.Fatal(err)
		}
		from = v
	}
	if err := s.Retire(t.Context(), "n", "w", "1.11.0", true); err != nil {
		t.Fatal(err)
	}
	for constraint, want := range map[string]string{
		"^1": "1.10.0", "~1.9": "1.9.0", "*": "2.0.0", "1.9.0": "1.9.0",
		"":       "retired: w 1.11.0, the active version, is retired",
		"1.11.0": "unknown_workflow: no version of w fits 1.11.0; there is 2.0.0, 1.11.0 (retired), 1.10.0, 1.9.0",
	} {
		r := resolve(t.Context(), s, shard.Resolve{Namespace: "n", Workflow: "w", Constraint: constraint})
		got := r.Version
		if r.Fault != nil {
			got = r.Fault.Error()
		} else if r.Hash != "h"+got {
			t.Errorf("%q: the hash is %s", constraint, r.Hash)
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", constraint, got, want)
		}
	}
	if r := resolve(t.Context(), s, shard.Resolve{Namespace: "other", Workflow: "w"}); r.Fault == nil || r.Fault.Message != "there is no workflow w" {
		t.Errorf("got %+v", r)
	}
}
