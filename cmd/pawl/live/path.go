package live

import "strings"

// split takes a step path apart: check[17]/policy#2 is the scope check[17] and the step policy#2.
func split(path string) (scope, name string) {
	if i := lastOutside(path, '/'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// owner gives the path of the composite step that a scope is an instance of, and the name of the instance: check[17]
// belongs to check and is 17. A scope with one instance has no name.
func owner(scope string) (step, instance string) {
	if !strings.HasSuffix(scope, "]") {
		return scope, ""
	}
	depth := 0
	for i := len(scope) - 1; i >= 0; i-- {
		switch scope[i] {
		case ']':
			depth++
		case '[':
			if depth--; depth == 0 {
				return scope[:i], scope[i+1 : len(scope)-1]
			}
		}
	}
	return scope, ""
}

// lastOutside is the last place of c that is not inside brackets, -1 if there is none.
func lastOutside(s string, c byte) int {
	depth := 0
	for i := len(s) - 1; i >= 0; i-- {
		switch s[i] {
		case ']':
			depth++
		case '[':
			depth--
		case c:
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}
