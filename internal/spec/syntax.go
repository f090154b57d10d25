package spec

import (
	"errors"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

func decimal(n int) string { return strconv.Itoa(n) }

// syntax reports why the YAML parser gave up, in words for somebody who does not know the parser.
func (r *yamlReader) syntax(err error) {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		r.c.add(r.chunk.first, 1, 1, Fault{Code: CodeSyntax, Message: "this is not YAML: " + clip(err.Error())})
		return
	}
	line, col := load.Mark.Line, load.Mark.Column
	if line == 0 {
		line, col = load.ContextMark.Line, load.ContextMark.Column
	}
	if line > 1 && r.line(line) == "" && load.ContextMark.Line > 0 {
		// The parser noticed at the end of the text; what was left open is where to look.
		line, col = load.ContextMark.Line, load.ContextMark.Column
	}
	f := explainSyntax(load, r.line(line), load.ContextMark.Line+r.chunk.first-1)
	r.c.add(max(line, 1)+r.chunk.first-1, max(col, 1), 1, f)
}

// line returns a line of the chunk by its number in the chunk.
func (r *yamlReader) line(n int) string { return newLines(r.chunk.text).text(n) }

// explainSyntax finds the mistakes that people make; the parser's own words are the last resort. text is the line of
// the fault, begun the line where what is left open begins.
func explainSyntax(e *yaml.LoadError, text string, begun int) Fault {
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	said := func(s string) bool { return strings.Contains(e.Message, s) }
	switch {
	case said("exceeded max depth"):
		return Fault{Code: CodeTooDeep, Message: "nesting is deeper than 200", Hint: "is a bracket left open, or the file generated?"}
	case strings.Contains(indent, "\t"):
		return Fault{Code: CodeTab, Message: "a tab in the indentation", Hint: "indent with spaces"}
	case strings.Contains(text, "${") && (said("',' or '}'") || said("',' or ']'")):
		return Fault{Code: CodeSyntax, Message: "${ } inside { } or [ ] is not quoted", Hint: `write "${ ... }" with quotes`}
	case said("unknown anchor"):
		return Fault{Code: CodeAlias, Message: "the alias names no anchor of this document", Hint: "write &name before the value that *name repeats; text that begins with * is quoted"}
	case said("mapping values are not allowed"):
		return Fault{Code: CodeSyntax, Message: "a second colon, or a line indented too far", Hint: "quote a text that holds a colon and a blank; keys of one map stand in one column"}
	case said("found character that cannot start any token"):
		return Fault{Code: CodeSyntax, Message: "no value begins with this character", Hint: "quote the text"}
	case said("found unexpected end of stream"):
		return Fault{Code: CodeSyntax, Message: "a quote is opened here and never closed", Hint: "close it with the same quote"}
	case said("',' or ']'"):
		return Fault{Code: CodeSyntax, Message: "the list [ ] is not closed, or a comma is missing", Hint: "the list begins in line " + decimal(begun)}
	case said("',' or '}'"):
		return Fault{Code: CodeSyntax, Message: "the map { } is not closed, or a comma is missing", Hint: "the map begins in line " + decimal(begun)}
	case said("did not find expected '-' indicator"):
		return Fault{Code: CodeSyntax, Message: "a list and a map stand in the same column", Hint: "indent one of them, or begin the line with -"}
	case said("did not find expected key"), said("could not find expected ':'"):
		return Fault{Code: CodeSyntax, Message: "a key with a colon was expected here", Hint: "is a quote or colon missing, or the line indented differently from the keys above?"}
	case said("did not find expected node content"):
		return Fault{Code: CodeSyntax, Message: "a value was expected here", Hint: "is there a comma too many?"}
	case said("unknown escape character"), said("escape code"), said("hexdecimal number"):
		return Fault{Code: CodeSyntax, Message: "no such escape in a text with double quotes", Hint: `write \\ for a backslash, or use single quotes`}
	}
	return Fault{Code: CodeSyntax, Message: "this is not YAML: " + clip(e.Message), Hint: "look at the line above, too"}
}
