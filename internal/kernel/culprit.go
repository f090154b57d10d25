package kernel

import (
	"maps"
	"slices"
	"strings"
)

// culprits puts in place of each composite that failed the steps inside that made it fail, where the scopes of all of
// them can be opened again. Where they cannot, or no step did it, the composite runs again as a whole.
func (f *forker) culprits(failed []string) (paths []string) {
	for _, path := range failed {
		in := f.within(path)
		if in == nil || !f.canReopen(in) {
			in = []string{path}
		}
		paths = append(paths, in...)
	}
	return paths
}

// within are the steps that made a composite fail, by path; nil where they are not known.
func (f *forker) within(composite string) (paths []string) {
	var scopes []string
	for path, sc := range f.past.scopes { // sorted: below
		if sc.owner == composite && sc.failed && f.past.latestAttempt(path, composite) {
			scopes = append(scopes, path)
		}
	}
	slices.Sort(scopes)
	for _, scope := range scopes {
		step := f.past.stepIn(scope, f.past.scopes[scope].culprit)
		if step == "" {
			return nil
		}
		in := f.within(step)
		if in == nil {
			in = []string{step}
		}
		paths = append(paths, in...)
	}
	return paths
}

// stepIn is the step of a scope that is, or stands around, the step path; "" where there is none.
func (p *past) stepIn(scope, path string) string {
	if !strings.HasPrefix(path, scope+"/") {
		return ""
	}
	step := path
	for i := len(scope) + 1; i < len(path); i++ {
		if sc := p.scopes[path[:i]]; path[i] == '/' && sc != nil {
			step = sc.owner
			break
		}
	}
	if _, node, _ := splitPath(step); p.latest[scope+"/"+node] != step {
		return ""
	}
	return step
}

// canReopen reports whether the scopes of all these steps can be opened again, and changes nothing.
func (f *forker) canReopen(paths []string) bool {
	reopened, owning, undone, was := maps.Clone(f.reopened), maps.Clone(f.owning), maps.Clone(f.undone), slices.Clone(f.fork.Reopened)
	defer func() { f.reopened, f.owning, f.undone, f.fork.Reopened = reopened, owning, undone, was }()
	for _, path := range paths {
		if f.reopen(path) != nil {
			return false
		}
	}
	return true
}
