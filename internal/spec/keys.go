package spec

// keyDoc describes one key of the file. The reader takes its unknown-key faults from these tables, Explain its text,
// and Schema the shape that editors check.
type keyDoc struct {
	name string
	// takes says for people what the value is.
	takes string
	// def is the default, "" where there is none.
	def string
	doc string
	// example is a piece of YAML.
	example string
	// shape is the JSON Schema: raw, or the name of one of the definitions in schema_defs.go.
	shape string
	// must: the key is required.
	must bool
}

// section is a kind of map in the file.
type section struct {
	name  string
	title string
	doc   string
	// short says which other forms than a map stand for it, "" for none.
	short string
	keys  []keyDoc
}

// sections are all kinds of map, in the order in which they are explained.
func sections() []*section {
	return []*section{&fileKeys, &nodeKeys, &compositeKeys, &defaultsKeys, &policyKeys, &limitKeys, &triggerKeys, &debounceKeys, &batchKeys, &signalDeclKeys, &inputKeys, &entryKeys, &graphKeys,
		&switchKeys, &caseKeys, &setKeys, &waitKeys, &signalKeys, &approvalKeys, &sendKeys, &cancelKeys, &endKeys,
		&scopeKeys, &parallelKeys, &foreachKeys, &loopKeys, &childKeys}
}

// find returns the description of a key; nil where the section has none.
func (s *section) find(name string) *keyDoc {
	for i := range s.keys {
		if s.keys[i].name == name {
			return &s.keys[i]
		}
	}
	return nil
}

func (s *section) names() []string {
	out := make([]string, len(s.keys))
	for i, k := range s.keys {
		out[i] = k.name
	}
	return out
}

// controls are the node types that the kernel knows, with the section of their configuration.
func controls() []*section {
	return []*section{&switchKeys, &setKeys, &waitKeys, &signalKeys, &approvalKeys, &sendKeys, &cancelKeys, &endKeys,
		&scopeKeys, &parallelKeys, &foreachKeys, &loopKeys, &childKeys}
}

// control returns the section of a control node type, nil where it is none.
func control(name string) *section {
	for _, s := range controls() {
		if s.name == name {
			return s
		}
	}
	return nil
}

// composite reports whether nodes of the type open scopes.
func composite(name string) bool {
	switch name {
	case "scope", "parallel", "foreach", "loop", "workflow":
		return true
	}
	return false
}
