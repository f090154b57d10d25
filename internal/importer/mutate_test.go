package importer

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestMutations imports definitions in which something was taken away, doubled, renamed or replaced. Whatever comes out
// is a definition without faults of the importer's own making.
func TestMutations(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 12
	}
	for _, format := range Formats() {
		good := 0
		for _, file := range sources(t)[format] {
			for seed := range rounds {
				m := &mutator{rand.New(rand.NewPCG(uint64(seed), 1))}
				var tree any
				if err := yaml.Unmarshal(read(t, file), &tree); err != nil {
					t.Fatal(err)
				}
				for range 1 + m.IntN(4) {
					tree = m.change(tree, 0)
				}
				src, err := json.Marshal(tree)
				if err != nil {
					t.Fatal(err)
				}
				if holds(t, format, src, fmt.Sprintf("%s, seed %d", file, seed)) {
					good++
				}
			}
		}
		if good < rounds/4 {
			t.Errorf("%s: only %d mutations could be imported", format, good)
		}
	}
}

type mutator struct{ *rand.Rand }

var strange = []any{
	nil, true, false, 0, -1, 7, 1.5, 1e300, "", " ", "true", "null", "5", "${ secrets.x }", "$${", "$shared.a.b[0]", "$params.", "$input", "$shared.", "a: b # c",
	"- x", "line\nbreak\n", " lead", "trail ", "tab\there", "'quoted' \"twice\"", "\u2028\u202e", "é", "stop", "fail", "any", "else", "default", "error", "approved",
	"{{.x}}", "{{if}}", "{{", "}}", "0 0 0 0 0 0", "node-with-dashes", "9lives", strings.Repeat("x", 300), []any{}, map[string]any{}, []any{nil, 1, "a"},
	map[string]any{"eq": []any{1, "x"}}, map[string]any{"": "", "a b": 1},
}

// change walks to a random place and changes it.
func (m *mutator) change(v any, depth int) any {
	if depth > 0 && m.IntN(6) == 0 {
		return strange[m.IntN(len(strange))]
	}
	switch x := v.(type) {
	case map[string]any:
		if len(x) == 0 {
			return x
		}
		k := slices.Sorted(maps.Keys(x))[m.IntN(len(x))]
		switch m.IntN(12) {
		case 0:
			delete(x, k)
		case 1:
			x[fmt.Sprint(strange[m.IntN(len(strange))])] = x[k]
		default:
			x[k] = m.change(x[k], depth+1)
		}
		return x
	case []any:
		if len(x) == 0 {
			return x
		}
		i := m.IntN(len(x))
		switch m.IntN(12) {
		case 0:
			return slices.Delete(x, i, i+1)
		case 1:
			return append(x, x[i])
		default:
			x[i] = m.change(x[i], depth+1)
		}
		return x
	}
	if m.IntN(2) == 0 {
		return strange[m.IntN(len(strange))]
	}
	return v
}
