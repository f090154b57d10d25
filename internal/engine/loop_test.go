package engine

import (
	"testing"

	"github.com/pawl-dev/pawl/model"
)

func TestChainRunsDurably(t *testing.T) {
	r := newRig(t, openMemory(t))
	w := chain("chain", function("a"), function("b"), function("c"))
	r.deploy(w)
	r.start(Config{})
	start := r.begin(w, "")
	r.ask(start)
	if got := r.ended(start.Execution); got != model.Completed {
		t.Fatalf("ended %s", got)
	}
	r.sound()
	r.stop()
	entries, err := r.backend.Journal(t.Context(), start.Execution, 1, 100)
	if err != nil || len(entries) != 4 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
}
