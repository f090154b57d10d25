package archtest

import (
	"go/ast"
	"path"
	"slices"
	"strings"
)

// Budget holds the numbers and names that keep things small. A zero number is no bound.
type Budget struct {
	Methods   int // declared by one interface
	Lines     int // of one source file that is not generated
	TestLines int // of one test file
	Func      int // lines of one function that is neither test nor generated
	// Files bounds single files: fewer lines than that.
	Files map[string]int
	// Names that say nothing, so no package may have them.
	Names []string
}

// Budgets checks sizes, names, init functions, package comments, and what tests may do.
func (h House) Budgets(t *Tree) []Finding {
	var found []Finding
	for _, p := range t.Packages {
		found = append(found, h.packageBudget(p)...)
		for _, f := range p.Files {
			found = append(found, h.fileBudget(t, p, f)...)
			found = append(found, h.declarations(t, f)...)
			if f.Test || suite(p.Dir) {
				found = append(found, sleeps(t, f)...)
			}
		}
	}
	return append(found, h.singleFiles(t)...)
}

func (h House) packageBudget(p *Package) []Finding {
	var found []Finding
	first := p.Files[0]
	for _, name := range []string{path.Base(p.Dir), strings.TrimSuffix(first.AST.Name.Name, "_test")} {
		if slices.Contains(h.Budget.Names, name) {
			found = append(found, Finding{first.Path, 1, "a package named " + name + " says nothing; name the one idea it holds"})
			break
		}
	}
	if !slices.ContainsFunc(p.Files, documents) {
		found = append(found, Finding{first.Path, 1, "the package has no doc comment: what is it for, and what must it not know?"})
	}
	return found
}

// documents reports whether f carries the package comment.
func documents(f *File) bool {
	return f.AST.Doc != nil && strings.TrimSpace(f.AST.Doc.Text()) != ""
}

func (h House) fileBudget(t *Tree, p *Package, f *File) []Finding {
	var found []Finding
	limit := h.Budget.Lines
	if f.Test {
		limit = h.Budget.TestLines
	}
	if limit > 0 && f.Lines > limit && !f.Generated {
		found = append(found, t.at(f, f.AST.Package, "the file has %d lines, more than %d; split it by verb", f.Lines, limit))
	}
	if f.Test || suite(p.Dir) {
		return found
	}
	for _, spec := range f.AST.Imports {
		if name := imported(spec); match("testing/...", name) {
			found = append(found, t.at(f, spec.Pos(), "imports %s outside tests and suites", name))
		}
	}
	return found
}

func (h House) declarations(t *Tree, f *File) []Finding {
	var found []Finding
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil && !f.Test && !f.Generated {
				found = append(found, t.at(f, n.Pos(), "func init: nothing registers itself; build the value where it is used"))
			}
			if lines := t.lines(n); h.Budget.Func > 0 && lines > h.Budget.Func && !f.Test && !f.Generated {
				found = append(found, t.at(f, n.Pos(), "func %s has %d lines, more than %d", n.Name.Name, lines, h.Budget.Func))
			}
		case *ast.TypeSpec:
			if i, ok := n.Type.(*ast.InterfaceType); ok && h.Budget.Methods > 0 && methods(i) > h.Budget.Methods {
				found = append(found, t.at(f, n.Pos(), "interface %s declares %d methods, more than %d", n.Name.Name, methods(i), h.Budget.Methods))
			}
		}
		return true
	})
	return found
}

// lines returns how many lines n takes.
func (t *Tree) lines(n ast.Node) int {
	return t.Fset.Position(n.End()).Line - t.Fset.Position(n.Pos()).Line + 1
}

// methods counts the methods that i declares itself.
func methods(i *ast.InterfaceType) int {
	n := 0
	for _, field := range i.Methods.List {
		if _, ok := field.Type.(*ast.FuncType); ok {
			n += len(field.Names)
		}
	}
	return n
}

// sleeps finds time.Sleep, which is allowed only in a bubble of testing/synctest, where time is virtual: lexically
// inside a call of synctest.Test, or in a function whose comment says "In a bubble".
func sleeps(t *Tree, f *File) []Finding {
	var found []Finding
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			return !strings.Contains(n.Doc.Text(), "In a bubble")
		case *ast.CallExpr:
			switch called(f, n) {
			case "testing/synctest.Test":
				return false
			case "time.Sleep":
				found = append(found, t.at(f, n.Pos(), "a test sleeps; wait for a signal, or use testing/synctest"))
			}
		}
		return true
	})
	return found
}

func (h House) singleFiles(t *Tree) []Finding {
	var found []Finding
	for _, name := range sortedKeys(h.Budget.Files) {
		i := -1
		p := t.find(path.Dir(name))
		if p != nil {
			i = slices.IndexFunc(p.Files, func(f *File) bool { return f.Path == name })
		}
		switch {
		case i < 0:
			found = append(found, Finding{name, 0, "has a budget but is not in the tree"})
		case p.Files[i].Lines >= h.Budget.Files[name]:
			found = append(found, t.at(p.Files[i], p.Files[i].AST.Package, "the file has %d lines; its budget is fewer than %d", p.Files[i].Lines, h.Budget.Files[name]))
		}
	}
	return found
}
