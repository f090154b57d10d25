package expr

import (
	"maps"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/nearest"
)

// Groups of functions in the order of the reference.
const (
	groupEach   = "Lists and maps with a predicate"
	groupList   = "Lists"
	groupMap    = "Maps"
	groupText   = "Text"
	groupNumber = "Numbers"
	groupType   = "Types and conversion"
	groupTime   = "Time"
	groupOther  = "Other"
)

// table is every function there is, by group.
var table = slices.Concat(eachFunctions, listFunctions, mapFunctions, textFunctions, numberFunctions, typeFunctions, timeFunctions, otherFunctions)

// Functions lists every function of the language, sorted by name.
func Functions() []Function {
	out := make([]Function, len(table))
	for i := range table {
		out[i] = table[i].Function
	}
	slices.SortFunc(out, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// find returns the function with that name, or nil.
func find(name string) *function {
	for i := range table {
		if table[i].Name == name {
			return &table[i]
		}
	}
	return nil
}

// foreign are names that other languages use, with ours.
var foreign = map[string]string{
	"length": "len", "size": "len", "substr": "a slice, as in s[0:3]", "substring": "a slice, as in s[0:3]", "uniq": "unique",
	"distinct": "unique", "some": "any", "every": "all", "avg": "mean", "average": "mean", "fold": "reduce", "toUpper": "upper",
	"toLower": "lower", "uppercase": "upper", "lowercase": "lower", "str": "string", "toString": "string", "parseInt": "int",
	"toNumber": "float", "number": "float", "includes": "contains, as in list contains x", "hasPrefix": "startsWith, as in s startsWith x",
	"hasSuffix": "endsWith, as in s endsWith x", "timezone": "formatTime", "typeof": "type", "default": "??, as in (x ?? 0)",
	"ifelse": "c ? a : b", "entries": "toPairs", "json": "toJSON", "parseJSON": "fromJSON", "sha256": "hash", "pow": "**, as in 2 ** 10",
	"append": "concat, as in concat(list, [x])", "push": "concat, as in concat(list, [x])", "range": "1..n", "slice": "a slice, as in list[1:3]",
	"mod": "%", "rand": "random", "findAll": "filter", "select": "map", "where": "filter",
}

// suggestFunction is the hint for a function that is not there.
func suggestFunction(name string) string {
	if ours := foreign[name]; ours != "" {
		return "here it is " + ours
	}
	names := make([]string, len(table))
	for i := range table {
		names[i] = table[i].Name
	}
	if near := nearest.Word(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	if near := nearest.Word(name, slices.Sorted(maps.Keys(foreign))); near != "" {
		return "here it is " + foreign[near]
	}
	return ""
}
