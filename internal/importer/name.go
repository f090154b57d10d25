package importer

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/model"
)

const maxName = 64

// names gives ids that are unique in one definition.
type names struct {
	taken map[string]bool
	// next is the number to try for a name that is taken.
	next map[string]int
}

func newNames() *names {
	n := &names{taken: map[string]bool{}, next: map[string]int{}}
	for _, w := range []string{"stop", "fail", "else", "any", "execution"} {
		n.taken[w] = true
	}
	return n
}

// id makes an identifier of a name of the source.
func (n *names) id(s string) string { return n.unique(identifier(s)) }

// unique adds a number to an id that is taken.
func (n *names) unique(want string) string {
	id := want
	for n.taken[id] {
		n.next[want]++
		suffix := "_" + strconv.Itoa(n.next[want]+1)
		id = want[:min(len(want), maxName-len(suffix))] + suffix
	}
	n.taken[id] = true
	return id
}

// identifier keeps letters, digits and _, and begins with a letter or _.
func identifier(s string) string {
	id := clean(s, '_', "_", maxName)
	if id == "" || id[0] >= '0' && id[0] <= '9' {
		id = "n_" + id
	}
	if readerWord(id) {
		id += "_"
	}
	return id[:min(len(id), maxName)]
}

// word makes an outcome: like an identifier, with dashes.
func word(s string) string {
	w := strings.TrimLeft(clean(s, '_', "_-", maxName), "_-")
	if w == "" || w[0] >= '0' && w[0] <= '9' {
		w = "is_" + w
	}
	if readerWord(w) || w == model.OnElse || w == model.OnAny {
		w += "_"
	}
	return w[:min(len(w), maxName)]
}

// slug makes the name of a workflow.
func slug(s string) string {
	w := strings.Trim(clean(strings.ToLower(s), '-', "-", maxName), "-")
	if w == "" {
		return "imported"
	}
	return w
}

// clean replaces everything but ASCII letters, digits and the allowed signs by with, runs of it by one.
func clean(s string, with byte, allowed string, most int) string {
	var b strings.Builder
	for _, ch := range s {
		if b.Len() == most {
			break
		}
		switch {
		case ch >= 'a' && ch <= 'z', ch >= 'A' && ch <= 'Z', ch >= '0' && ch <= '9', ch < 0x80 && strings.IndexByte(allowed, byte(ch)) >= 0:
			b.WriteByte(byte(ch))
		case b.Len() > 0 && b.String()[b.Len()-1] != with:
			b.WriteByte(with)
		case b.Len() == 0 && with == '_':
			b.WriteByte(with)
		}
	}
	return b.String()
}

// isIdentifier reports whether s can stand behind a dot.
func isIdentifier(s string) bool {
	return s != "" && strings.IndexFunc(s, func(ch rune) bool {
		return ch != '_' && (ch|0x20 < 'a' || ch|0x20 > 'z') && (ch < '0' || ch > '9') || ch >= 0x80
	}) < 0 && (s[0] < '0' || s[0] > '9') && !reservedWord(s)
}

// reservedWord are words of the expression language that need brackets as members, to be safe.
func reservedWord(s string) bool {
	switch s {
	case "in", "not", "and", "or", "let", "if", "else", "true", "false", "nil", "null", "matches", "contains", "startsWith", "endsWith":
		return true
	}
	return false
}

// member is base.name, or base["name"] where the name is no identifier.
func member(base, name string) string {
	if isIdentifier(name) {
		return base + "." + name
	}
	return base + "[" + str(name) + "]"
}

// version makes a semantic version of a number or a text.
func version(x at) string {
	s := strings.TrimPrefix(x.str(), "v")
	if s == "" || s == "0" {
		return ""
	}
	for strings.Count(s, ".") < 2 && !strings.ContainsAny(s, "-+") {
		s += ".0"
	}
	if !semver.MatchString(s) {
		x.look("version", "it is no semantic version")
		return ""
	}
	return s
}

var semver = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){2}(-[a-zA-Z][a-zA-Z0-9]{0,50})?(\+[a-zA-Z0-9]{1,50})?$`)

// name tells what became of an id.
func (x at) name(id, what string) {
	switch {
	case x.key == id:
		x.j.rep.add(item(x, Kept, "nodes."+id, ""))
	default:
		x.j.rep.add(item(x, Changed, "nodes."+id, what+" is named "+id+": letters, digits and _, so that expressions can name it"))
	}
}

func item(x at, v Verdict, to, note string) Item {
	line, col := x.place()
	return Item{Line: line, Column: col, From: x.label(), Verdict: v, To: to, Note: oneLine(note)}
}

// typesOf collects the effect node types of a workflow.
func typesOf(w *model.Workflow, into map[string]bool) {
	if w == nil {
		return
	}
	eachNode(&w.Root.Graph, func(n *model.Node) {
		if !control(n.Type) {
			into[n.Type] = true
		}
	})
}

func eachNode(g *model.Graph, f func(*model.Node)) {
	for i := range g.Nodes {
		n := &g.Nodes[i]
		f(n)
		if n.Composite == nil {
			continue
		}
		if n.Composite.Scope != nil {
			eachNode(&n.Composite.Scope.Graph, f)
		}
		for k := range n.Composite.Branches {
			eachNode(&n.Composite.Branches[k].Scope.Graph, f)
		}
	}
}

func control(typ string) bool {
	switch typ {
	case "", "switch", "set", "wait", "signal", "approval", "send", "cancel", "end", "scope", "parallel", "foreach", "loop", "workflow":
		return true
	}
	return false
}

func sorted(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }

// secretsIn lists the secrets that a definition names.
func secretsIn(text string) []string {
	seen := map[string]bool{}
	for _, part := range strings.Split(text, "${ secrets.")[1:] {
		name, _, _ := strings.Cut(part, " }")
		seen[name] = true
	}
	return sorted(seen)
}
