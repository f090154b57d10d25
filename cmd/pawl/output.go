package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
)

// format is what -o asks for; "" is a table.
type format string

const (
	asTable format = "table"
	asWide  format = "wide"
	asJSON  format = "json"
	asJSONL format = "jsonl"
	asYAML  format = "yaml"
	asName  format = "name"
)

// listing is a set of records to print: rows for people, values for programs. name is the one column scripts want.
type listing struct {
	columns []column
	rows    [][]string
	names   []string
	values  []any
	// single: one record, printed as an object rather than a list.
	single bool
	// empty is said on stderr where there is nothing to list.
	empty string
}

type column struct {
	title string
	wide  bool // shown with -o wide only
	right bool // numbers
}

func (e *env) print(f format, l *listing) error {
	switch f {
	case asJSON:
		return printJSON(e.out, l.value(), true)
	case asJSONL:
		for _, v := range l.values {
			if err := printJSON(e.out, v, false); err != nil {
				return err
			}
		}
		return nil
	case asYAML:
		return printYAML(e.out, l.value())
	case asName:
		for _, n := range l.names {
			fmt.Fprintln(e.out, n)
		}
		return nil
	}
	if len(l.rows) == 0 {
		if l.empty != "" {
			e.say("%s", l.empty)
		}
		return nil
	}
	printTable(e.out, l.columns, l.rows, f == asWide, e.colour(e.outTTY), e.outTTY)
	return nil
}

func (l *listing) value() any {
	if l.single && len(l.values) == 1 {
		return l.values[0]
	}
	if l.values == nil {
		return []any{}
	}
	return l.values
}

// printJSON writes v without the escapes for HTML.
func printJSON(w io.Writer, v any, indent bool) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if indent {
		e.SetIndent("", "  ")
	}
	return e.Encode(v)
}

// printYAML goes through JSON, so that both have the same keys and exact numbers.
func printYAML(w io.Writer, v any) error {
	var b bytes.Buffer
	if err := printJSON(&b, v, false); err != nil {
		return err
	}
	var n yaml.Node
	if err := yaml.Unmarshal(b.Bytes(), &n); err != nil {
		return err
	}
	blockStyle(&n)
	out, err := yaml.Marshal(&n)
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
}

// blockStyle turns the flow style of JSON into indented YAML; empty lists and maps stay as they are.
func blockStyle(n *yaml.Node) {
	if len(n.Content) > 0 {
		n.Style = 0
	}
	if n.Kind == yaml.ScalarNode && n.Style == yaml.DoubleQuotedStyle && plainText(n.Value) {
		n.Style = 0
	}
	for _, c := range n.Content {
		blockStyle(c)
	}
}

// plainText reports whether s is text in YAML without quotes, for readers of 1.1 as well.
func plainText(s string) bool {
	if s == "" || strings.TrimSpace(s) != s || strings.ContainsAny(s, "\n\t#:{}[],&*!|>'\"%@`\\") {
		return false
	}
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n", "~", ".nan", ".inf":
		return false
	}
	c := s[0]
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
