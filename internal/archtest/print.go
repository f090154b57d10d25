package archtest

import (
	"fmt"
	"strings"
)

// Page prints the import rule as the Markdown page docs/internals/packages.md.
func (h House) Page() string {
	var b strings.Builder
	b.WriteString("# Packages\n\n")
	b.WriteString("<!-- Printed from internal/archtest/house.go: go test ./internal/archtest -run TestDocsPackages -update -->\n\n")
	b.WriteString("Every package, and all that it may import of this module. [ADR 0001](../adr/0001-rings.md) says why.\n")
	b.WriteString("Packages in bold are pure.\n")
	for ring, name := range []string{"words", "laws", "contracts", "machinery and adapters", "doors", "wiring"} {
		fmt.Fprintf(&b, "\n## Ring %d: %s\n\n| package | for | imports | modules |\n| --- | --- | --- | --- |\n", ring, name)
		for _, p := range h.Places {
			if p.Ring == ring {
				b.WriteString(h.row(p))
			}
		}
	}
	return b.String()
}

func (h House) row(p Place) string {
	name := "`" + p.Path + "`"
	if p.Path == "." {
		name = "`pawl` (root)"
	}
	if matchAny(h.Pure, strings.TrimSuffix(p.Path, "/...")) {
		name = "**" + name + "**"
	}
	mods := code(p.Mods)
	if p.Role == Wiring {
		mods = "any"
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", name, p.For, code(p.May), mods)
}

// code lists names as inline code; a dash where there is none.
func code(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	return "`" + strings.Join(names, "`, `") + "`"
}
