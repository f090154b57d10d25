package spec

import "strings"

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
	return []*section{&fileKeys, &nodeKeys, &compositeKeys, &defaultsKeys, &policyKeys, &limitKeys, &triggerKeys, &signalDeclKeys, &inputKeys, &entryKeys, &graphKeys,
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

// nearest returns the candidate that a slip of the hand turns into word, "" where none is close.
func nearest(word string, candidates []string) string {
	const most = 2000
	if word == "" || len(word) > 64 {
		return ""
	}
	best, least := "", max(1, len(word)/3)+1
	for _, c := range candidates[:min(len(candidates), most)] {
		if len(c) > 64 || c == word {
			continue
		}
		if d := slips(strings.ToLower(word), strings.ToLower(c)); d < least || d == least && best != "" && c < best {
			best, least = c, d
		}
	}
	return best
}

// slips counts the letters to insert, remove, replace or swap to turn a into b.
func slips(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
