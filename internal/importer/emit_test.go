package importer

import (
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/spec"
)

// TestEveryTextIsReadBack: whatever a text holds, YAML readers read the same text, and spec does.
func TestEveryTextIsReadBack(t *testing.T) {
	texts := []string{"", " ", "a", "true", "No", "null", "~", "5", "1e3", "0x1", "10s", "1.2.0", "100%", "a: b", "a #b", "- a", "'", `"`, `\`, `a"b'c`, "a\nb", "a\nb\n", "\na", " a\nb",
		"a\n\n", "a\n\nb\n", "a\n b", "tab\tx", "tab\n\tx", "\u2028", "\u202e", "\u0085", "é", "日本", "x\u00a0", "\x01", "{a}", "[a]", "*a", "&a", "!a", "%a", "@a", "`a", "---", "a\n---\nb",
		"<<", "=", "${ x }", "key:", strings.Repeat("long ", 80), "a\r\nb"}
	for _, s := range texts {
		doc := object("v", text("x"), "list", list(text("x"), object("k", text("x"))))
		doc.items[0].text, doc.items[1].items[0].text, doc.items[1].items[1].items[0].text = s, s, s
		doc.items[1].open = true
		out, ok := write(doc)
		if !ok {
			t.Fatalf("%q is too large", s)
		}
		src := spec.ReadText(out, "x.yaml")
		if src.Faults().Bad() {
			t.Errorf("%q: %v\n%s", s, src.Faults(), out)
			continue
		}
		l := src.Root.Get("list")
		for _, got := range []spec.Tree{src.Root.At(0), l.At(0), l.At(1).Get("k")} {
			if got.Kind() != "text" || got.Text() != s {
				t.Errorf("%q is read as %s %q\n%s", s, got.Kind(), got.Text(), out)
			}
		}
	}
}

// TestKeysAreNotWritten: what a definition kept as a key of another service stands neither in ours nor in the report.
func TestKeysAreNotWritten(t *testing.T) {
	for file, secrets := range map[string][]string{"parevo/onboarding.json": {"sk-123", "Bearer abc"}} {
		format, _, _ := strings.Cut(file, "/")
		res, err := Import(format, read(t, "testdata/"+file), Options{File: "x.json"})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets {
			if strings.Contains(string(res.Text), s) || strings.Contains(res.Report.Text(), s) {
				t.Errorf("%s: %s is written", file, s)
			}
		}
	}
}

func TestGoDurations(t *testing.T) {
	for s, want := range map[string]string{"90s": "1m30s", "1.5h": "1h30m", "48h": "2d", "14 days": "14d", "1 hour": "1h", "250ms": "250ms", "1h2m3s": "1h2m3s",
		"": "", "a while": "", "5": "", "1ns": "", "-5s": "", "1h x": "", "1e9h": ""} {
		if got, ok := goDuration(s); got != want || ok != (want != "") {
			t.Errorf("%q is %q, %v; want %q", s, got, ok, want)
		}
	}
}

// TestBounds: a source that names a large value often becomes a fault, not a huge text, and a deep one a fault.
func TestBounds(t *testing.T) {
	big := strings.Repeat("x", 200_000)
	var nodes, edges []string
	for i := range 200 {
		id := "n" + itoa(i)
		nodes = append(nodes, `{"id": "`+id+`", "type": "function", "config": {"function": "f"}, "compensateNodeId": "undo"}`)
	}
	nodes = append(nodes, `{"id": "undo", "type": "mine", "config": {"data": "`+big+`"}}`)
	src := `{"id": "big", "nodes": [` + strings.Join(nodes, ",") + `], "edges": [` + strings.Join(edges, ",") + `]}`
	_, err := Import("parevo", []byte(src), Options{File: "big.json"})
	if err == nil || !strings.Contains(err.Error(), "too_large") {
		t.Errorf("a definition of 40 MB: %v", err)
	}
	deep := `{"start": "a", "nodes": {"a": {"kind": "choice", "choice_cases": [{"action": "x", "expr": ` + strings.Repeat(`{"not": `, 60) + "true" + strings.Repeat("}", 60) + `}]}}, "edges": []}`
	res, err := Import("pocketflow", []byte(deep), Options{File: "deep.json"})
	if err != nil || res.Report.Count(Look) == 0 {
		t.Errorf("a deep condition: %v", err)
	}
	for _, format := range Formats() {
		for src, code := range map[string]string{
			strings.Repeat("[", 1000): "too_deep", `{"a": ` + strings.Repeat(" ", spec.MaxDocument) + `1}`: "too_large", "": "empty", "[1]": "wrong_type", "a: 1\n---\nb: 2\n": "too_many",
			"a: \xff": "encoding", "a: [": "syntax",
		} {
			_, err := Import(format, []byte(src), Options{File: "hostile"})
			if err == nil || !strings.Contains(err.Error(), code) {
				t.Errorf("%s: want %s, got %v", format, code, err)
			}
		}
	}
}
