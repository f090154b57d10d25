package pawl

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// compareVersions orders semantic versions: numbers as numbers, a release after its pre-releases, build ignored.
func compareVersions(a, b string) int {
	an, ap := splitVersion(a)
	bn, bp := splitVersion(b)
	if c := slices.CompareFunc(an, bn, compareNumbers); c != 0 {
		return c
	}
	switch {
	case ap == bp:
		return 0
	case ap == "":
		return 1
	case bp == "":
		return -1
	}
	return slices.CompareFunc(strings.Split(ap, "."), strings.Split(bp, "."), comparePre)
}

func splitVersion(v string) (numbers []string, pre string) {
	v, _, _ = strings.Cut(v, "+")
	v, pre, _ = strings.Cut(v, "-")
	return strings.Split(v, "."), pre
}

// compareNumbers compares digits of any length.
func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

func comparePre(a, b string) int {
	an, bn := isNumber(a), isNumber(b)
	switch {
	case an && bn:
		return compareNumbers(a, b)
	case an:
		return -1
	case bn:
		return 1
	}
	return cmp.Compare(a, b)
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// nextPatch is the version after v; "1.0.0" after none.
func nextPatch(v string) string {
	if v == "" {
		return "1.0.0"
	}
	numbers, _ := splitVersion(v)
	for len(numbers) < 3 {
		numbers = append(numbers, "0")
	}
	n, err := strconv.ParseUint(numbers[2], 10, 63)
	if err != nil {
		return v + ".1"
	}
	return numbers[0] + "." + numbers[1] + "." + strconv.FormatUint(n+1, 10)
}
