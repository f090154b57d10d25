package spec

import (
	"bytes"
	"strings"

	"github.com/pawl-dev/pawl/model"
)

// Parse reads every workflow of a file, in the order of the file, with every fault found. A document with faults is
// returned, too, as far as it could be read; it must not be run.
func Parse(src []byte, o Options) ([]*Document, Faults) {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	c := &collector{file: o.File, lines: newLines(src[:min(len(src), MaxFile)])}
	if len(src) > MaxFile {
		c.add(1, 1, 1, Fault{Code: CodeTooLarge, Message: "the file is larger than 16 MiB", Hint: "put the workflows into several files"})
		return nil, c.result()
	}
	docs := readFile(c, src, &o)
	if len(docs) == 0 && !c.bad {
		c.add(1, 1, 1, Fault{Code: CodeEmpty, Message: "there is no workflow in the file", Hint: "begin with workflow: name"})
	}
	checkNames(c, docs)
	return docs, c.result()
}

func readFile(c *collector, src []byte, o *Options) []*Document {
	if looksJSON(src, o.File) {
		return readChunk(c, chunk{src, 1}, o, true)
	}
	var docs []*Document
	chunks := split(src)
	for i, ch := range chunks {
		if i == MaxDocuments {
			c.add(ch.first, 1, 3, Fault{Code: CodeTooMany, Message: "more than 1000 documents in one file", Hint: "put them into several files"})
			return docs
		}
		docs = append(docs, readChunk(c, ch, o, false)...)
	}
	return docs
}

// looksJSON: a file is JSON by its name, or because it is a JSON object that a YAML reader might take differently.
func looksJSON(src []byte, file string) bool {
	if strings.HasSuffix(file, ".json") {
		return true
	}
	trimmed := bytes.TrimLeft(src, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '{' || len(src) > MaxDocument {
		return false
	}
	_, fault, _ := readJSON(src, MaxDepth)
	return fault == nil
}

func readChunk(c *collector, ch chunk, o *Options, strict bool) []*Document {
	if len(ch.text) > MaxDocument {
		c.add(ch.first, 1, 1, Fault{Code: CodeTooLarge, Message: "the document is larger than 512 KiB", Hint: "move data out of the definition, or split the workflow"})
		return nil
	}
	if at, problem, hint := unreadable(ch.text); problem != "" {
		line, col := ch.place(at)
		c.add(line, col, 1, Fault{Code: CodeEncoding, Message: problem, Hint: hint})
		return nil
	}
	var docs []*Document
	for _, root := range roots(c, ch, strict) {
		docs = append(docs, readDocument(c, ch, root, o))
	}
	return docs
}

func roots(c *collector, ch chunk, strict bool) []*value {
	if !strict {
		if ch.vacant() {
			return nil
		}
		return (&yamlReader{c: c, chunk: ch}).documents()
	}
	root, fault, duplicates := readJSON(ch.text, MaxDepth)
	if fault != nil {
		duplicates = append(duplicates, *fault)
	}
	for _, f := range duplicates {
		c.add(f.line, f.col, 1, Fault{Code: f.code, Message: f.message, Hint: "the file is read as JSON; comments and trailing commas are YAML"})
	}
	if root == nil {
		return nil
	}
	return []*value{root}
}

func readDocument(c *collector, ch chunk, root *value, o *Options) *Document {
	doc := &Document{Workflow: &model.Workflow{}, File: o.File, Line: ch.first, Source: ch.text, nodes: map[string]*written{}}
	doc.nodes[""] = &written{key: root, fields: map[string]*value{}}
	before := c.bad
	c.bad = false
	r := &reader{o: o, c: c, doc: doc, w: doc.Workflow, ids: map[string]*value{}, detached: map[string]*value{}, schemas: map[string]*configSchema{}}
	r.workflow(root)
	doc.broken = c.bad
	doc.told = map[[2]int]bool{}
	for _, f := range c.faults {
		doc.told[[2]int{f.Line, f.Column}] = true
	}
	doc.undoes = make(map[string]bool, len(r.detached))
	for id := range r.detached { //archtest:ordered copied from map to map
		doc.undoes[id] = true
	}
	c.bad = c.bad || before
	return doc
}

// checkNames refuses one workflow version twice in a file.
func checkNames(c *collector, docs []*Document) {
	seen := map[string]int{}
	for _, d := range docs {
		name := d.Workflow.Name + " " + d.Workflow.Version
		at := d.nodes[""].fields["workflow"]
		if first, twice := seen[name]; twice && at != nil && d.Workflow.Name != "" {
			c.add(at.line, at.col, at.width(), Fault{Code: CodeDuplicateID, Message: "the workflow " + d.Workflow.Name + " stands in the file twice", Hint: "the first is in line " + decimal(first) + "; give one another name or version", Field: "workflow"})
			d.broken = true
			continue
		}
		if at != nil {
			seen[name] = at.line
		}
	}
}
