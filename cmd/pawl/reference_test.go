package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var update = flag.Bool("update", false, "write the verbs into docs/reference/cli.md")

const marker = "<!-- Made from the grammar: go test ./cmd/pawl -run TestReference -update. Do not edit below. -->\n"

// TestReference keeps the page about the command line in step with its grammar.
func TestReference(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "reference", "cli.md")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, old, ok := strings.Cut(string(raw), marker)
	if !ok {
		t.Fatalf("%s has no line %q", file, marker)
	}
	k, err := kong.New(&cli{}, kong.Name("pawl"), kong.Bind(&env{}), kong.BindTo(context.Background(), (*context.Context)(nil)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, n := range k.Model.Children {
		describeVerb(&b, n)
	}
	if *update {
		if err := os.WriteFile(file, []byte(head+marker+b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if b.String() != old {
		t.Errorf("%s is not what the grammar says; run the command in it", file)
	}
}

func describeVerb(b *strings.Builder, n *kong.Node) {
	if len(n.Children) > 0 {
		fmt.Fprintf(b, "\n### pawl %s\n\n%s\n", verbOf(n), n.Help)
		for _, c := range n.Children {
			describeVerb(b, c)
		}
		return
	}
	fmt.Fprintf(b, "\n### pawl %s\n\n%s\n\n```\npawl %s", verbOf(n), n.Help, verbOf(n))
	for _, p := range n.Positional {
		fmt.Fprintf(b, " %s", p.Summary())
	}
	b.WriteString(" [flags]\n```\n\n| | |\n| --- | --- |\n")
	for _, p := range n.Positional {
		fmt.Fprintf(b, "| `%s` | %s |\n", p.Name, cell(p.Help))
	}
	for _, f := range n.Flags {
		if f.Name == "help" || f.Hidden {
			continue
		}
		name := "--" + f.Name
		if f.Short != 0 {
			name = fmt.Sprintf("-%c, %s", f.Short, name)
		}
		if f.PlaceHolder != "" && !f.IsBool() {
			name += " " + f.PlaceHolder
		}
		help := cell(f.Help)
		if f.HasDefault && f.Default != "" {
			help += " Default: `" + f.Default + "`."
		}
		for _, v := range f.Envs {
			help += " Also `" + v + "`."
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", name, help)
	}
}

// verbOf is a verb with those around it.
func verbOf(n *kong.Node) string {
	if n.Parent != nil && n.Parent.Type == kong.CommandNode {
		return verbOf(n.Parent) + " " + n.Name
	}
	return n.Name
}

func cell(s string) string {
	return strings.NewReplacer("$${", "${", "|", "\\|", "\n", " ").Replace(s)
}
