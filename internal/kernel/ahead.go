package kernel

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/sim/bug"
)

// ahead reports whether the attempt lies in the future of s: who knows of it has seen a later state. What lay in a scope
// that is gone is the past.
func (s *State) ahead(path string, attempt int) bool {
	if s.root == nil {
		return false
	}
	scopePath, node, run := splitPath(path)
	sc := s.scopeAt(scopePath)
	if sc == nil {
		return s.scopeAhead(scopePath)
	}
	rec := sc.rec(node)
	if rec == nil && !bug.On(bug.RenameForgotten) {
		rec = sc.rec(s.renamed(node)) // its token was made before a migration
	}
	if rec == nil || run > rec.runs {
		return !sc.closing && !sc.closed
	}
	return run == rec.runs && !rec.step.over() && attempt > rec.step.attempt
}

// scopeAhead reports whether an instance has not been opened yet.
func (s *State) scopeAhead(path string) bool {
	owner, instance := path, ""
	if i := strings.LastIndexByte(path, '['); i >= 0 && strings.HasSuffix(path, "]") {
		owner, instance = path[:i], path[i+1:len(path)-1]
	}
	attempt := 1
	if i := strings.LastIndexByte(owner, '@'); i > strings.LastIndexByte(owner, '/') {
		attempt, _ = strconv.Atoi(owner[i+1:])
		owner = owner[:i]
	}
	st := s.stepAt(owner)
	switch {
	case st == nil:
		return s.ahead(owner, attempt)
	case st.over() || attempt < st.attempt:
		return false
	case st.comp == nil || attempt > st.attempt:
		return true
	}
	index, err := strconv.Atoi(instance)
	if st.comp.keys != nil || err != nil {
		index = slices.IndexFunc(st.comp.keys, func(k string) bool { return escapeKey(k) == instance })
	}
	return index >= st.comp.next
}
