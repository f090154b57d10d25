package sim

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
)

func TestGeneratedDefinitionsCompile(t *testing.T) {
	for seed := range uint64(3000) {
		for _, d := range definitions(rand.New(rand.NewPCG(seed, 1)), 3) {
			_, faults := kernel.Compile(d)
			for _, f := range faults {
				if !f.Warn {
					text, _ := json.Marshal(d)
					t.Fatalf("seed %d: %s: node %q field %q: %s\n%s", seed, f.Code, f.Node, f.Field, f.Message, text)
				}
			}
		}
	}
}
