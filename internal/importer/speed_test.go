package importer

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestLargeSources imports definitions near the bound of what is read: the time must not grow with their square.
func TestLargeSources(t *testing.T) {
	for format, source := range map[string]func(n int) string{
		"gofi": func(n int) string {
			return chain(n/2, `{"name": "x", "nodes": [`, `{"id": "a%d", "name": "x", "type": "GRPC", "params": "{\"address\": \"h\"}"}`,
				`], "connections": [`, `{"input_node": "a%[1]d", "output_node": "a%[2]d"}, {"input_node": "a0", "output_node": "a%[2]d"}`, `]}`)
		},
		"parevo": func(n int) string {
			return chain(n, `{"id": "x", "nodes": [`, `{"id": "a%d", "type": "log", "config": {"message": "x"}}`, `], "edges": [`, `{"sourceId": "a%d", "targetId": "a%d"}`, `]}`)
		},
		"pocketflow": func(n int) string {
			return chain(n, `{"start": "a0", "nodes": {`, `"a%[1]d": {"func": "f", "exec_type": "local_func", "post": {"output_key": "k%[1]d"}}`, `}, "edges": [`, `{"from": "a%d", "to": "a%d"}`, `]}`)
		},
	} {
		src := source(3000)
		began := time.Now()
		j, doc := readOnly(format, []byte(src))
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: %d bytes took %s", format, len(src), took)
		}
		if j.src.Faults().Bad() || doc.get("nodes").empty() {
			t.Errorf("%s: %v", format, j.src.Faults())
		}
	}
}

// readOnly reads a source without checking what comes out, whose cost is the compiler's.
func readOnly(format string, src []byte) (*job, *val) {
	for _, f := range formats() {
		if f.name == format {
			j := newJob(f.name, src, Options{File: "x.json"})
			doc := f.read(j)
			j.leftovers(j.root())
			return j, doc
		}
	}
	return nil, nil
}

func chain(n int, head, node, middle, edge, tail string) string {
	var nodes, edges []string
	for i := range n {
		nodes = append(nodes, fmt.Sprintf(node, i))
		if i > 0 {
			edges = append(edges, fmt.Sprintf(edge, i-1, i))
		}
	}
	return head + strings.Join(nodes, ",") + middle + strings.Join(edges, ",") + tail
}
