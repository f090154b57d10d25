package draw

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl/model"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files instead of comparing with them; look at every one")

func TestGolden(t *testing.T) {
	formats := map[string]func(*model.Workflow) string{"txt": Text, "svg": SVG, "mmd": Mermaid, "dot": DOT}
	for _, name := range slices.Sorted(maps.Keys(samples)) {
		for _, ext := range slices.Sorted(maps.Keys(formats)) {
			t.Run(name+"."+ext, func(t *testing.T) {
				golden(t, filepath.Join("testdata", name+"."+ext), formats[ext](samples[name]()))
			})
		}
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", path, got, want)
	}
}

func TestSVGIsWellFormed(t *testing.T) {
	for name, sample := range samples {
		d := xml.NewDecoder(strings.NewReader(SVG(sample())))
		for {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

// TestAnyGraph draws random graphs, with cycles, forks and composites: every node shows, nothing leaves the picture,
// no line runs through a box, no two boxes touch, and the same graph gives the same picture.
func TestAnyGraph(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &model.Workflow{Name: "any"}
		w.Root.Graph = anyGraph(t, "n", 2)
		pic := Text(w)
		if raw, err := json.Marshal(w.Root.Graph); err == nil {
			t.Logf("%s\n%s", raw, pic) // shown with a failure
		}
		checkScene(t, layoutAll(w))
		for _, id := range ids(&w.Root.Graph) {
			if !strings.Contains(pic, id) {
				t.Fatalf("%s is missing in\n%s", id, pic)
			}
		}
		for _, draw := range []func(*model.Workflow) string{Text, SVG, DOT, Mermaid} {
			if a, b := draw(w), draw(w); a != b {
				t.Fatalf("two drawings of one workflow differ:\n%s\n%s", a, b)
			}
		}
	})
}

func anyGraph(t *rapid.T, prefix string, depth int) model.Graph {
	n := rapid.IntRange(1, 9).Draw(t, "nodes")
	g := model.Graph{Start: []string{prefix + "0"}}
	for i := range n {
		v := nodeOf(fmt.Sprint(prefix, i), "function", `{"name":"f"}`)
		if depth > 0 && rapid.IntRange(0, 5).Draw(t, "kind") == 0 {
			v.Type = "scope"
			v.Composite = &model.Composite{Scope: &model.Scope{Graph: anyGraph(t, v.ID+"x", depth-1)}}
		}
		g.Nodes = append(g.Nodes, v)
	}
	for range rapid.IntRange(0, 2*n).Draw(t, "edges") {
		to := fmt.Sprint(prefix, rapid.IntRange(0, n-1).Draw(t, "to"))
		if rapid.IntRange(0, 9).Draw(t, "end") == 0 {
			to = model.ToStop
		}
		on := rapid.SampledFrom([]string{"else", "error", "late"}).Draw(t, "on")
		e := edge(fmt.Sprint(prefix, rapid.IntRange(0, n-1).Draw(t, "from")), on, to)
		if rapid.Bool().Draw(t, "choice") {
			e.Entry, e.When = len(g.Edges), "x > 1"
		}
		g.Edges = append(g.Edges, e)
	}
	return g
}

func ids(g *model.Graph) []string {
	var out []string
	for _, n := range g.Nodes {
		out = append(out, n.ID)
		if n.Composite != nil {
			out = append(out, ids(&n.Composite.Scope.Graph)...)
		}
	}
	return out
}

func checkScene(t *rapid.T, s *scene) {
	for _, l := range s.lines {
		for i, p := range l.points {
			if p.x < 0 || p.y < 0 || p.x >= s.w || p.y >= s.h {
				t.Fatalf("a line leaves the picture at %v of %dx%d", p, s.w, s.h)
			}
			if i > 0 && p.x != l.points[i-1].x && p.y != l.points[i-1].y {
				t.Fatalf("a line is neither level nor upright: %v", l.points)
			}
		}
	}
	for i, b := range s.boxes {
		if b.x < 0 || b.y < 0 || b.x+b.w > s.w || b.y+b.h > s.h {
			t.Fatalf("box %q leaves the picture", b.text)
		}
		if b.shape == shapeFrame {
			continue
		}
		for _, o := range s.boxes[i+1:] {
			if o.shape != shapeFrame && b.x < o.x+o.w && o.x < b.x+b.w && b.y < o.y+o.h && o.y < b.y+b.h {
				t.Fatalf("boxes %q and %q touch", b.text, o.text)
			}
		}
		for _, l := range s.lines {
			if throughBox(l, b) {
				t.Fatalf("a line runs through %q: %v", b.text, l.points)
			}
		}
	}
}

// throughBox reports whether l has a cell strictly inside b.
func throughBox(l line, b box) bool {
	for i := 1; i < len(l.points); i++ {
		p, q := l.points[i-1], l.points[i]
		if max(p.x, q.x) > b.x && min(p.x, q.x) < b.x+b.w-1 && max(p.y, q.y) > b.y && min(p.y, q.y) < b.y+b.h-1 {
			return true
		}
	}
	return false
}
