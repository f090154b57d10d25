package standard

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write docs/reference/nodes.md")

const page = "../../docs/reference/nodes.md"

func TestTheReferenceIsFresh(t *testing.T) {
	want, err := Reference()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.MkdirAll("../../docs/reference", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/reference/nodes.md is not what the descriptors say; run go test ./node/standard -update")
	}
}

func TestTypesAreThoseThatAreDescribed(t *testing.T) {
	reg := Types(Options{})
	all := Descriptors()
	if len(reg) != len(all) {
		t.Errorf("%d types, %d descriptors", len(reg), len(all))
	}
	for _, d := range all {
		typ, ok := reg[d.Type]
		if !ok || typ.Executor == nil || typ.Descriptor.Short != d.Short {
			t.Errorf("type %s: %+v", d.Type, typ.Descriptor)
		}
	}
}
