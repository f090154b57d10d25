package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Markers say on the line above, or on the same line, why the order of a map does not matter. A reason must follow.
var markers = []string{"//archtest:ordered ", "// sorted: "}

// MapOrder checks that pure code never depends on the order of a map: no range over one and no iterator of package
// maps, unless the keys are sorted in the same expression or a marker with a reason stands by. It compiles what the
// pure packages import (with the go command, from the build cache where possible) to know the types, once for each
// set of build tags.
func (h House) MapOrder(t *Tree) ([]Finding, error) {
	files := h.pureFiles(t)
	var dirs []string
	for _, f := range files {
		dirs = append(dirs, path.Dir(f.Path))
	}
	slices.Sort(dirs)
	dirs = slices.Compact(dirs)
	found := map[Finding]bool{}
	seen := map[*File]bool{}
	for _, tags := range append([]string{""}, h.Tags...) {
		exports, err := exportData(t.Root, tags, dirs)
		if err != nil {
			return nil, err
		}
		o := orderPass{house: h, tree: t, tags: tags, imp: importer.ForCompiler(t.Fset, "gc", exports.open), found: found, seen: seen}
		for _, dir := range dirs {
			if err := o.visit(t.find(dir)); err != nil {
				return nil, err
			}
		}
	}
	for _, f := range files {
		if !seen[f] {
			found[t.at(f, f.AST.Package, "pure code is built on no platform and under no tag listed in House.Tags")] = true
		}
	}
	return slices.Collect(maps.Keys(found)), nil // Check sorts them
}

// orderPass checks the packages as they are built under one set of tags.
type orderPass struct {
	house House
	tree  *Tree
	tags  string
	imp   types.Importer
	found map[Finding]bool
	seen  map[*File]bool
}

func (o orderPass) visit(p *Package) error {
	ctx := build.Default
	ctx.BuildTags = strings.Split(o.tags, ",")
	var files []*File
	var trees []*ast.File
	for _, f := range p.Files {
		ok, err := ctx.MatchFile(filepath.Join(o.tree.Root, filepath.FromSlash(p.Dir)), path.Base(f.Path))
		if err != nil {
			return err
		}
		if ok && !f.Test {
			files = append(files, f)
			trees = append(trees, f.AST)
		}
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: o.imp}
	if _, err := conf.Check(p.Dir, o.tree.Fset, trees, info); err != nil {
		return fmt.Errorf("types of %s: %w", p.Dir, err)
	}
	for _, f := range files {
		if !o.house.pure(f) {
			continue
		}
		o.seen[f] = true
		for _, finding := range mapOrderIn(o.tree, f, info) {
			o.found[finding] = true
		}
	}
	return nil
}

// mapOrderIn finds what depends on map order in one file.
func mapOrderIn(t *Tree, f *File, info *types.Info) []Finding {
	var found []Finding
	excused := excusedLines(t, f)
	sorted := map[ast.Node]bool{}
	add := func(n ast.Node, what string) {
		if !excused[t.Fset.Position(n.Pos()).Line] {
			found = append(found, t.at(f, n.Pos(), "%s depends on map order; sort, or say why not after %q", what, markers[0]))
		}
	}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			collectedAndSorted(f, n, sorted)
		case *ast.RangeStmt:
			if isMap(info.TypeOf(n.X)) && !sorted[n] {
				add(n, "range over a map")
			}
		case *ast.CallExpr:
			name := called(f, n)
			if strings.HasPrefix(name, "slices.Sorted") {
				for _, arg := range n.Args {
					sorted[arg] = true
				}
			}
			if slices.Contains([]string{"maps.Keys", "maps.Values", "maps.All"}, name) && !sorted[n] {
				add(n, name)
			}
			if strings.HasSuffix(name, ".MapKeys") || strings.HasSuffix(name, ".MapRange") {
				add(n, "reflection over a map")
			}
		}
		return true
	})
	return found
}

// collectedAndSorted notes the loops of a block that only append to a slice which the next statement sorts.
func collectedAndSorted(f *File, block *ast.BlockStmt, sorted map[ast.Node]bool) {
	for i, stmt := range block.List[:max(0, len(block.List)-1)] {
		loop, ok := stmt.(*ast.RangeStmt)
		if !ok || len(loop.Body.List) != 1 {
			continue
		}
		assign, ok := loop.Body.List[0].(*ast.AssignStmt)
		if !ok || len(assign.Lhs) != 1 || len(assign.Rhs) != 1 {
			continue
		}
		call, ok := assign.Rhs[0].(*ast.CallExpr)
		if !ok || types.ExprString(call.Fun) != "append" {
			continue
		}
		slice := types.ExprString(assign.Lhs[0])
		sorted[loop] = slice == types.ExprString(call.Args[0]) && sorts(f, block.List[i+1], slice)
	}
}

// sorts reports whether stmt sorts the slice of that name in full.
func sorts(f *File, stmt ast.Stmt, slice string) bool {
	expr, ok := stmt.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := expr.X.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 || types.ExprString(call.Args[0]) != slice {
		return false
	}
	return slices.Contains([]string{"slices.Sort", "slices.SortFunc", "sort.Strings", "sort.Ints"}, called(f, call))
}

// called names the function of a call as package.Name or .Method.
func called(f *File, n *ast.CallExpr) string {
	sel, ok := n.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if id, ok := sel.X.(*ast.Ident); ok {
		return packageOf(f, id.Name) + "." + sel.Sel.Name
	}
	return "." + sel.Sel.Name
}

// isMap reports whether ranging over t visits a map. A type parameter counts if one of its types is a map.
func isMap(t types.Type) bool {
	if t == nil {
		return false
	}
	if p, ok := types.Unalias(t).(*types.TypeParam); ok {
		return someMap(p.Constraint())
	}
	_, ok := t.Underlying().(*types.Map)
	return ok
}

func someMap(constraint types.Type) bool {
	i, ok := constraint.Underlying().(*types.Interface)
	if !ok {
		return false
	}
	for e := range i.EmbeddedTypes() {
		u, ok := e.(*types.Union)
		if !ok {
			if isMap(e) {
				return true
			}
			continue
		}
		for term := range u.Terms() {
			if isMap(term.Type()) {
				return true
			}
		}
	}
	return false
}

// excusedLines returns the lines on which map order is excused: those with a marker and those below one.
func excusedLines(t *Tree, f *File) map[int]bool {
	lines := map[int]bool{}
	for _, group := range f.AST.Comments {
		for _, c := range group.List {
			for _, m := range markers {
				if reason, ok := strings.CutPrefix(c.Text, m); ok && strings.TrimSpace(reason) != "" {
					line := t.Fset.Position(c.Pos()).Line
					lines[line], lines[line+1] = true, true
				}
			}
		}
	}
	return lines
}

// exports maps import paths to files of export data.
type exports map[string]string

func (e exports) open(importPath string) (io.ReadCloser, error) {
	file, ok := e[importPath]
	if !ok || file == "" {
		return nil, fmt.Errorf("no export data of %s: does it compile?", importPath)
	}
	return os.Open(file)
}

// exportData asks the go command for the export data of everything that the packages import.
func exportData(root, tags string, dirs []string) (exports, error) {
	args := []string{"list", "-e", "-export", "-deps", "-json=ImportPath,Export", "-tags=" + tags}
	for _, d := range dirs {
		args = append(args, "./"+d)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		if e := new(exec.ExitError); errors.As(err, &e) {
			return nil, fmt.Errorf("go list: %w: %s", err, e.Stderr)
		}
		return nil, err
	}
	e := exports{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return e, nil
		case err != nil:
			return nil, err
		}
		e[p.ImportPath] = p.Export
	}
}
