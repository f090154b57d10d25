package archtest

import (
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/internals/packages.md")

// TestDocsPackages keeps the page of the import rule equal to the rule.
func TestDocsPackages(t *testing.T) {
	const name = "../../docs/internals/packages.md"
	page := Pawl.Page()
	if *update {
		if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(old) != page {
		t.Errorf("%s is stale; run this test with -update", name)
	}
}

var (
	link = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	// A path of this repository in backticks: it begins with a folder of the root and has no blanks or patterns.
	inCode   = regexp.MustCompile("`((?:\\.ci|cmd|docs|examples|internal|model|node|record|store|tools|bench)/[\\w./-]*)`")
	heading  = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notWords = regexp.MustCompile(`[^a-z0-9 _-]`)
)

// TestDocsLinks checks that every relative link of a page leads to a file (and heading) and that every path of this
// repository that a page names exists.
func TestDocsLinks(t *testing.T) {
	root := os.DirFS("../..")
	for _, page := range pages(t, root) {
		text := read(t, root, page)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if broken := brokenLink(root, page, m[1]); broken != "" {
				t.Errorf("%s: link %s: %s", page, m[1], broken)
			}
		}
		for _, m := range inCode.FindAllStringSubmatch(text, -1) {
			if _, err := fs.Stat(root, strings.TrimRight(m[1], "/.")); err != nil {
				t.Errorf("%s names %s, which does not exist", page, m[1])
			}
		}
	}
}

// TestDocsIndex checks that docs/README.md, or a page of that name beside it, lists every page of docs/.
func TestDocsIndex(t *testing.T) {
	root := os.DirFS("../..")
	listed := map[string]bool{"docs/README.md": true}
	all := pages(t, root)
	for _, index := range all {
		if !strings.HasPrefix(index, "docs/") || path.Base(index) != "README.md" {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(read(t, root, index), -1) {
			file, _, _ := strings.Cut(m[1], "#")
			listed[path.Join(path.Dir(index), file)] = true
		}
	}
	for _, page := range all {
		if strings.HasPrefix(page, "docs/") && !listed[page] {
			t.Errorf("no README.md lists %s", page)
		}
	}
}

// TestDocsLinksFail shows that a broken link and a missing heading are seen.
func TestDocsLinksFail(t *testing.T) {
	root := os.DirFS("../..")
	for _, target := range []string{"nowhere.md", "docs/README.md#nowhere", "../README.md"} {
		if brokenLink(root, "README.md", target) == "" {
			t.Errorf("link %s passes", target)
		}
	}
	for _, target := range []string{"docs/README.md", "docs/guide.md#words", "https://example.com", "docs/adr/"} {
		if why := brokenLink(root, "README.md", target); why != "" {
			t.Errorf("link %s: %s", target, why)
		}
	}
}

// pages lists the Markdown files of the repository.
func pages(t *testing.T, root fs.FS) []string {
	var list []string
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (name != "." && strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if filepath.Ext(name) == ".md" {
			list = append(list, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 10 {
		t.Fatalf("only %d pages found", len(list))
	}
	return list
}

// brokenLink says what is wrong with a link on a page; "" if nothing is. Links to other sites are not followed.
func brokenLink(root fs.FS, page, target string) string {
	if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return ""
	}
	file, anchor, _ := strings.Cut(target, "#")
	name := page
	if file != "" {
		name = path.Join(path.Dir(page), file)
	}
	info, err := fs.Stat(root, name)
	switch {
	case err != nil:
		return "no such file"
	case anchor == "" || info.IsDir():
		return ""
	}
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return err.Error()
	}
	if !slices.Contains(anchors(string(text)), anchor) {
		return "no such heading"
	}
	return ""
}

// anchors returns what the headings of a page are called in links.
func anchors(text string) []string {
	var list []string
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		a := notWords.ReplaceAllString(strings.ToLower(strings.TrimSpace(m[1])), "")
		list = append(list, strings.ReplaceAll(a, " ", "-"))
	}
	return list
}

func read(t *testing.T, root fs.FS, name string) string {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	namedTest = regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	isTest    = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
)

// TestDocsTests checks that every test that a page names exists: a promise whose test has gone is none.
func TestDocsTests(t *testing.T) {
	root := os.DirFS("../..")
	there := map[string]bool{}
	err := fs.WalkDir(root, ".", func(name string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, "_test.go") {
			for _, m := range isTest.FindAllStringSubmatch(read(t, root, name), -1) {
				there[m[1]] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, page := range pages(t, root) {
		for _, m := range namedTest.FindAllStringSubmatch(read(t, root, page), -1) {
			if named++; !there[m[1]] {
				t.Errorf("%s names %s, which does not exist", page, m[1])
			}
		}
	}
	if named < 40 {
		t.Errorf("only %d tests are named", named)
	}
}
