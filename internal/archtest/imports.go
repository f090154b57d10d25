package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Role is what a package is for; rings say how far inside it lies.
type Role string

// The roles. Machinery and adapters share ring 3 and never import each other.
const (
	Words     Role = "words"
	Laws      Role = "laws"
	Contract  Role = "contract"
	Suite     Role = "suite" // conformance suites and test kits
	Machinery Role = "machinery"
	Adapter   Role = "adapter"
	Door      Role = "door"
	Wiring    Role = "wiring"
)

// Place is one line of the import rule.
type Place struct {
	// Path is a folder, or with /... a folder and all below it. The first line that matches a package governs it.
	Path string
	Ring int
	Role Role
	// May lists the packages of this module that it may import, as patterns.
	May []string
	// Mods lists the modules it may import, as prefixes of import paths; wiring may import any.
	Mods []string
	// For says what the package is for, in a few words.
	For string
}

// House is the whole rule for one module.
type House struct {
	Places []Place
	// Pure lists patterns of packages, and PureFiles patterns of files (path.Match), that obey the purity rule.
	Pure      []string
	PureFiles []string
	// Impure lists patterns of files that the ones before would cover and that are not pure.
	Impure []string
	// Tags lists the sets of build tags (comma-separated) under which pure code is also built.
	Tags []string
	// Lean maps a package to the modules that may be linked with it, through whatever it imports.
	Lean map[string][]string
	// Budget holds the numbers.
	Budget Budget
	// Except lists what is excused, each with a reason.
	Except []Exception
}

// Exception excuses the findings whose path matches Path (path.Match) and whose text contains Text.
type Exception struct{ Path, Text, Reason string }

// place returns the line that governs dir.
func (h House) place(dir string) (Place, bool) {
	i := slices.IndexFunc(h.Places, func(p Place) bool { return match(p.Path, dir) })
	if i < 0 {
		return Place{}, false
	}
	return h.Places[i], true
}

// Table checks the table against itself and against the tree: no line points outwards or across machinery and
// adapters, every package has a line, and every line has a package.
func (h House) Table(t *Tree) []Finding {
	var found []Finding
	for _, p := range h.Places {
		if !slices.ContainsFunc(t.Packages, func(q *Package) bool { return match(p.Path, q.Dir) }) {
			found = append(found, Finding{p.Path, 0, "is in the table but not in the tree; remove the line"})
		}
		for _, may := range p.May {
			found = append(found, h.checkMay(p, may)...)
		}
	}
	for _, q := range t.Packages {
		if _, ok := h.place(q.Dir); !ok {
			found = append(found, Finding{q.Dir, 0, "has no line in the table of internal/archtest/house.go"})
		}
	}
	return found
}

func (h House) checkMay(p Place, may string) []Finding {
	var found []Finding
	known := false
	for _, q := range h.Places {
		if !match(may, q.Path) && !match(may, strings.TrimSuffix(q.Path, "/...")) {
			continue
		}
		known = true
		if may != q.Path && (q.Role == Suite || may == p.Path) {
			continue // a pattern does not mean the suites below it, nor its own more special lines; Imports judges
		}
		if why := across(p, q); why != "" {
			found = append(found, Finding{p.Path, 0, fmt.Sprintf("may import %s: %s", q.Path, why)})
		}
	}
	if !known {
		found = append(found, Finding{p.Path, 0, fmt.Sprintf("may import %s, which has no line of its own", may)})
	}
	return found
}

// across says why from may never import to, whatever the table says; "" if nothing forbids it.
func across(from, to Place) string {
	switch {
	case from.Path == to.Path:
		return ""
	case to.Ring > from.Ring:
		return "an import points inwards only"
	case from.Role == Machinery && to.Role == Adapter:
		return "machinery and adapters never import each other"
	case from.Role == Adapter && to.Role == Machinery:
		return "machinery and adapters never import each other"
	case to.Role == Suite && from.Role != Suite:
		return "only tests import a suite"
	}
	return ""
}

// Imports checks the imports of every file that is not a test.
func (h House) Imports(t *Tree) []Finding {
	var found []Finding
	for _, p := range t.Packages {
		place, ok := h.place(p.Dir)
		if !ok {
			continue // Table reports it
		}
		for _, f := range p.Files {
			if !f.Test {
				found = append(found, h.importsOf(t, p, place, f)...)
			}
		}
	}
	return found
}

func (h House) importsOf(t *Tree, p *Package, place Place, f *File) []Finding {
	var found []Finding
	for _, spec := range f.AST.Imports {
		name := imported(spec)
		if why := h.refuse(t, p, place, name); why != "" {
			found = append(found, t.at(f, spec.Pos(), "%s imports %s: %s", p.Dir, name, why))
		}
	}
	return found
}

// refuse says why a package of place may not import name; "" if it may.
func (h House) refuse(t *Tree, p *Package, place Place, name string) string {
	if stdlib(name) {
		return ""
	}
	dir, ok := t.ours(name)
	if !ok {
		if place.Role == Wiring || allowedModule(place.Mods, name) {
			return ""
		}
		return "the module is not among those listed for " + place.Path
	}
	to, ok := h.place(dir)
	if !ok {
		return "it has no line in the table"
	}
	if why := across(place, to); why != "" {
		return why
	}
	if dir == p.Dir || matchAny(place.May, dir) {
		return ""
	}
	return "it is not among those listed for " + place.Path
}

func allowedModule(mods []string, name string) bool {
	return slices.ContainsFunc(mods, func(m string) bool { return name == m || strings.HasPrefix(name, m+"/") })
}

// Linked checks Lean: which modules a package links through everything of ours that it imports.
func (h House) Linked(t *Tree) []Finding {
	var found []Finding
	for _, dir := range sortedKeys(h.Lean) {
		if t.find(dir) == nil {
			found = append(found, Finding{dir, 0, "is listed as lean but not in the tree"})
			continue
		}
		w := walk{tree: t, allowed: h.Lean[dir], seen: map[string]bool{}}
		w.visit(dir, []string{dir})
		found = append(found, w.found...)
	}
	return found
}

// walk follows the imports of one package through the module.
type walk struct {
	tree    *Tree
	allowed []string
	seen    map[string]bool
	found   []Finding
}

func (w *walk) visit(dir string, chain []string) {
	p := w.tree.find(dir)
	if w.seen[dir] || p == nil {
		return
	}
	w.seen[dir] = true
	for _, f := range p.Files {
		if f.Test {
			continue
		}
		for _, spec := range f.AST.Imports {
			name := imported(spec)
			if next, ok := w.tree.ours(name); ok {
				w.visit(next, append(slices.Clip(chain), next))
				continue
			}
			if stdlib(name) || allowedModule(w.allowed, name) {
				continue
			}
			w.found = append(w.found, w.tree.at(f, spec.Pos(), "%s links %s", strings.Join(chain, " -> "), name))
		}
	}
}

// suite reports whether dir is a conformance suite or test kit, by name.
func suite(dir string) bool { return strings.HasSuffix(path.Base(dir), "test") }
