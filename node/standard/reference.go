package standard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl/node"
)

// Reference is docs/reference/nodes.md, made from the descriptors. It fails only on a schema that is not JSON.
func Reference() (string, error) {
	var b strings.Builder
	b.WriteString(`# Node types

<!-- Made from the descriptors of the node types: go test ./node/standard -update. Do not edit. -->

These are the effect nodes, which touch the world. Control nodes (` + "`switch`, `wait`, `foreach`" + ` and so on) belong to
the language: see [definitions](definitions.md). Every node may also have ` + "`retry`, `timeout`, `next`, `output`" + ` and the
other keys described there.

`)
	for _, d := range Descriptors() {
		fmt.Fprintf(&b, "- [%s](#%s): %s.\n", d.Type, d.Type, lower(d.Short))
	}
	b.WriteString("\nAny string of a configuration may hold `${ }`, also where the table says number or boolean.\n")
	for _, d := range Descriptors() {
		if err := section(&b, d); err != nil {
			return "", fmt.Errorf("%s: %w", d.Type, err)
		}
	}
	return b.String(), nil
}

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func section(b *strings.Builder, d node.Descriptor) error {
	fmt.Fprintf(b, "\n## %s\n\n%s\n", d.Type, d.Doc)
	if err := table(b, "Configuration", d.Config); err != nil {
		return err
	}
	if d.Output == nil {
		return nil
	}
	return table(b, "Output", d.Output)
}

// schema is the part of a JSON Schema that the tables show.
type schema struct {
	Type        json.RawMessage `json:"type"`
	Enum        []any           `json:"enum"`
	Ref         string          `json:"$ref"`
	Default     json.RawMessage `json:"default"`
	Description string          `json:"description"`
	Properties  json.RawMessage `json:"properties"`
	Required    []string        `json:"required"`
	Items       *schema         `json:"items"`
	AnyOf       []schema        `json:"anyOf"`
}

// table writes the properties of an object, in written order.
func table(b *strings.Builder, title string, raw json.RawMessage) error {
	var s schema
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	names, props, err := ordered(s.Properties)
	if err != nil {
		return err
	}
	required := map[string]bool{}
	for _, name := range s.Required {
		required[name] = true
	}
	fmt.Fprintf(b, "\n### %s\n\n| key | type | |\n| --- | --- | --- |\n", title)
	for _, name := range names {
		p := props[name]
		note := p.Description
		if required[name] && title == "Configuration" {
			note = join("Required.", note)
		}
		if p.Default != nil {
			note = join(note, "Default `"+strings.Trim(string(p.Default), `"`)+"`.")
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, kind(p), note)
	}
	return nil
}

func join(a, b string) string { return strings.TrimSpace(a + " " + b) }

// ordered decodes an object of schemas and keeps the order of its keys.
func ordered(raw json.RawMessage) (names []string, props map[string]schema, err error) {
	if err := json.Unmarshal(raw, &props); err != nil {
		return nil, nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return nil, nil, err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			return nil, nil, err
		}
		names = append(names, key.(string)) // keys of an object are strings
	}
	return names, props, nil
}

// kind says in words what values a schema takes.
func kind(s schema) string {
	switch {
	case len(s.Enum) > 0:
		var words []string
		for _, e := range s.Enum {
			words = append(words, fmt.Sprintf("`%v`", e))
		}
		return strings.Join(words, ", ")
	case s.Ref != "":
		return "map of values"
	case len(s.AnyOf) > 0:
		var kinds []string
		for _, a := range s.AnyOf {
			kinds = append(kinds, kind(a))
		}
		return strings.Join(kinds, " or ")
	}
	switch typ := strings.Trim(string(s.Type), `"`); typ {
	case "":
		return "any"
	case "object":
		return "map"
	case "array":
		if s.Items != nil {
			return "list of " + kind(*s.Items)
		}
		return "list"
	default:
		return typ
	}
}
