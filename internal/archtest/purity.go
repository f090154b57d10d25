package archtest

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
)

// impure are the imports that pure code may not have, as patterns of import paths. Pure parsers below net stay.
var impure = map[string]string{
	"context":      "nothing here blocks, so there is nothing to cancel",
	"crypto/rand":  "randomness arrives as an argument",
	"log/...":      "what happened is returned, not logged",
	"math/rand":    "randomness arrives as an argument",
	"math/rand/v2": "randomness arrives as an argument",
	"net/...":      "no IO",
	"os/...":       "no IO",
	"runtime/...":  "no result may depend on the process",
	"sync/...":     "one goroutine owns the state",
	"syscall":      "no IO",
	"testing/...":  "tests only",
	"time":         "time arrives as an argument, in milliseconds",
	"unsafe":       "values only",
}

// harmless are exceptions below the patterns of impure.
var harmless = []string{"net/url", "net/netip"}

// clocks are the names of package time that read a clock, wait, or depend on the machine's zone. They stay refused
// where an exception admits the package for its types and parsers.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Local", "LoadLocation"}

// printers are the names of package fmt that write to standard output.
var printers = []string{"Print", "Println", "Printf"}

// Purity checks the pure packages and files for everything but map order, which needs types: see MapOrder.
func (h House) Purity(t *Tree) []Finding {
	var found []Finding
	for _, f := range h.pureFiles(t) {
		found = append(found, impureImports(t, f)...)
		found = append(found, impureCode(t, f)...)
	}
	for _, pattern := range h.purePatterns() {
		if !slices.ContainsFunc(h.pureFiles(t), func(f *File) bool { return named(f, pattern) }) {
			found = append(found, Finding{pattern, 0, "is listed as pure but not in the tree"})
		}
	}
	for _, pattern := range h.Impure {
		if p := t.find(path.Dir(pattern)); p == nil || !slices.ContainsFunc(p.Files, func(f *File) bool { return named(f, pattern) }) {
			found = append(found, Finding{pattern, 0, "is listed as impure but not in the tree"})
		}
	}
	return found
}

// pureFiles returns the files under the purity rule, tests excluded.
func (h House) pureFiles(t *Tree) []*File {
	var files []*File
	for _, p := range t.Packages {
		for _, f := range p.Files {
			if h.pure(f) {
				files = append(files, f)
			}
		}
	}
	return files
}

// pure reports whether the purity rule holds for f.
func (h House) pure(f *File) bool {
	covers := func(pattern string) bool { return named(f, pattern) }
	return !f.Test && !slices.ContainsFunc(h.Impure, covers) && slices.ContainsFunc(h.purePatterns(), covers)
}

func (h House) purePatterns() []string { return append(slices.Clone(h.Pure), h.PureFiles...) }

// named reports whether a pattern of packages or of files names f.
func named(f *File, pattern string) bool {
	ok, err := path.Match(pattern, f.Path)
	return match(pattern, path.Dir(f.Path)) || err == nil && ok
}

func impureImports(t *Tree, f *File) []Finding {
	var found []Finding
	for _, spec := range f.AST.Imports {
		name := imported(spec)
		if slices.Contains(harmless, name) {
			continue
		}
		for _, pattern := range sortedKeys(impure) {
			if match(pattern, name) {
				found = append(found, t.at(f, spec.Pos(), "pure code imports %s: %s", name, impure[pattern]))
			}
		}
	}
	return found
}

func impureCode(t *Tree, f *File) []Finding {
	var found []Finding
	add := func(n ast.Node, what string) { found = append(found, t.at(f, n.Pos(), "pure code %s", what)) }
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			add(n, "starts a goroutine")
		case *ast.ChanType:
			add(n, "has a channel type")
		case *ast.SelectStmt:
			add(n, "selects")
		case *ast.SendStmt:
			add(n, "sends on a channel")
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				add(n, "receives from a channel")
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "print" || id.Name == "println") {
				add(n, "prints")
			}
		case *ast.SelectorExpr:
			if name := refusedName(f, n); name != "" {
				add(n, "uses "+name)
			}
		}
		return true
	})
	return found
}

// refusedName returns "time.Now" and the like where n is a name that pure code may not use, else "".
func refusedName(f *File, n *ast.SelectorExpr) string {
	id, ok := n.X.(*ast.Ident)
	if !ok {
		return ""
	}
	switch p := packageOf(f, id.Name); {
	case p == "time" && slices.Contains(clocks, n.Sel.Name):
		return "time." + n.Sel.Name
	case p == "fmt" && slices.Contains(printers, n.Sel.Name):
		return "fmt." + n.Sel.Name
	}
	return ""
}

// packageOf returns the import path that name stands for in f, or "". Local names that hide an import are not seen.
func packageOf(f *File, name string) string {
	for _, spec := range f.AST.Imports {
		p := imported(spec)
		switch {
		case spec.Name != nil && spec.Name.Name == name:
			return p
		case spec.Name == nil && path.Base(p) == name:
			return p
		}
	}
	return ""
}
