package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Fault is one thing wrong with a definition.
type Fault struct {
	File string `json:"file,omitempty"`
	// Line and Column count from 1, the latter in characters.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Code is stable, for machines; Message and Hint are for people. The hint says what to write.
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	// Warn: the definition can be used all the same.
	Warn bool `json:"warn,omitempty"`
	// Node is the id of the node at fault, "" for the workflow; Field is the key under it, such as retry.
	Node  string `json:"node,omitempty"`
	Field string `json:"field,omitempty"`

	// source is the line of text, width the characters to mark.
	source string
	width  int
}

// Codes of faults found while reading. Those of graphs and expressions are the compiler's.
const (
	CodeTooLarge    = "too_large"      // file or document over its bound
	CodeTooMany     = "too_many"       // documents or faults
	CodeTooDeep     = "too_deep"       // nesting
	CodeAlias       = "alias"          // an alias that contains itself or expands beyond the bound
	CodeEncoding    = "encoding"       // not UTF-8, control characters
	CodeSyntax      = "syntax"         // not YAML or JSON
	CodeTab         = "tab"            // a tab where YAML wants blanks
	CodeEmpty       = "empty"          // nothing there
	CodeDuplicate   = "duplicate_key"  // the same key twice in a map
	CodeTwice       = "twice"          // the same thing said in two places
	CodeDuplicateID = "duplicate_id"   // two nodes with one id, two workflows with one name
	CodeUnknownKey  = "unknown_key"    // with a suggestion
	CodeUnknownType = "unknown_type"   // no such node type
	CodeNoType      = "no_type"        // a node without a type
	CodeTwoTypes    = "two_types"      // a node with more than one
	CodeMissing     = "missing"        // a required key
	CodeWrongType   = "wrong_type"     // a list where text is wanted, and so on
	CodeValue       = "bad_value"      // the right type with a value that means nothing
	CodeNumber      = "bad_number"     // a number that cannot be held, or outside its bounds
	CodeDuration    = "bad_duration"   // not a duration
	CodeName        = "bad_name"       // an id, name or outcome outside the safe set
	CodeReserved    = "reserved"       // a word that means something else
	CodeBoolWord    = "boolean_word"   // yes, no, on, off
	CodeVersion     = "bad_version"    // no semantic version, no constraint
	CodeUnknownNode = "unknown_node"   // a target that is no node of the graph
	CodeUnknownName = "unknown_name"   // a policy, signal or other name that is not declared
	CodeEdge        = "bad_edge"       // an edge that may not be there
	CodeStart       = "several_starts" // no telling where the graph begins
	CodeNotHere     = "not_here"       // a key that this type of node does not take
	CodeConfig      = "bad_config"     // against the schema of the node type
	CodeSchema      = "bad_schema"     // a JSON Schema that is none
	CodeExpr        = "bad_expression" // ${ } where a bare expression stands, and the like
	CodeTag         = "tag"            // a YAML tag
	CodeOctal       = "octal"          // 0755, which readers take differently: a warning
	CodeUnused      = "unused"         // an edge that is never taken: a warning
	CodeUnnamed     = "unnamed"        // a declared outcome that no edge is for: a warning
	CodeNotUndone   = "not_undone"     // a compensation that a rollback of the whole does not reach: a warning
)

// String is "file:line:col: code: message".
func (f Fault) String() string { return f.place() + " " + f.label() + " " + f.Message }

func (f Fault) place() string {
	at := strconv.Itoa(f.Line) + ":" + strconv.Itoa(f.Column) + ":"
	if f.File == "" {
		return at
	}
	return f.File + ":" + at
}

func (f Fault) label() string {
	if f.Warn {
		return "warning: " + f.Code + ":"
	}
	return f.Code + ":"
}

// Faults are the faults of a file in the order of its text.
type Faults []Fault

// Err returns the faults as an error, nil where there are none but warnings.
func (fs Faults) Err() error {
	if !fs.Bad() {
		return nil
	}
	return fs
}

// Error implements error: one fault a line.
func (fs Faults) Error() string {
	all := make([]string, len(fs))
	for i, f := range fs {
		all[i] = f.String()
	}
	return strings.Join(all, "\n")
}

// Bad reports whether any fault is more than a warning.
func (fs Faults) Bad() bool {
	return slices.ContainsFunc(fs, func(f Fault) bool { return !f.Warn })
}

// sorted puts the faults in the order of the text, each once.
func (fs Faults) sorted() Faults {
	slices.SortStableFunc(fs, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(fs, func(a, b Fault) bool {
		return a.Line == b.Line && a.Column == b.Column && a.Code == b.Code && a.Message == b.Message
	})
}

// collector gathers the faults of one file, up to MaxFaults.
type collector struct {
	file   string
	lines  *lines
	faults Faults
	more   int
	bad    bool
}

// add records f at line and column with a mark of width characters. The returned fault may be changed until the next.
func (c *collector) add(line, col, width int, f Fault) *Fault {
	c.bad = c.bad || !f.Warn
	if len(c.faults) >= MaxFaults {
		c.more++
		return &f
	}
	f.File, f.Line, f.Column, f.width = c.file, line, col, width
	f.source = c.lines.text(line)
	c.faults = append(c.faults, f)
	return &c.faults[len(c.faults)-1]
}

// full reports whether further faults are only counted.
func (c *collector) full() bool { return len(c.faults) >= MaxFaults }

// result is everything found, in the order of the text.
func (c *collector) result() Faults {
	fs := c.faults.sorted()
	if c.more > 0 {
		last := fs[len(fs)-1]
		fs = append(fs, Fault{File: c.file, Line: last.Line, Column: last.Column, Code: CodeTooMany, source: last.source, width: last.width,
			Message: fmt.Sprintf("%d more faults are not shown", c.more), Hint: "mend those above first"})
	}
	return fs
}

// clip shortens what a definition says to what a message can hold.
func clip(s string) string {
	const most = 60
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "..."
		}
	}
	return s
}

// quote shows s in a message.
func quote(s string) string { return strconv.Quote(clip(s)) }
