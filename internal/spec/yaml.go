package spec

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// yamlReader turns the documents of one chunk into trees.
type yamlReader struct {
	c     *collector
	chunk chunk
	// seen holds what an anchored node became; nil while it is being read, so that one inside itself is noticed.
	seen map[*yaml.Node]*value
	// over: the document breaks a bound, so the rest of it is not looked at.
	over bool
}

// documents reads every document of the chunk that the parser can read. The parser stops at MaxDepth before it recurses.
func (r *yamlReader) documents() []*value {
	loader, err := yaml.NewLoader(bytes.NewReader(r.chunk.text), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(MaxDepth))))
	if err != nil {
		r.c.add(r.chunk.first, 1, 1, Fault{Code: CodeSyntax, Message: err.Error()})
		return nil
	}
	var out []*value
	for {
		var n yaml.Node
		if err := loader.Load(&n); err != nil {
			if !errors.Is(err, io.EOF) {
				r.syntax(err)
			}
			return out
		}
		r.seen, r.over = map[*yaml.Node]*value{}, false
		if n.Kind != yaml.DocumentNode || len(n.Content) != 1 {
			continue
		}
		if v := r.value(n.Content[0], 0); !r.over {
			out = append(out, v)
		}
	}
}

// value converts n, expanding aliases and merge keys.
func (r *yamlReader) value(n *yaml.Node, depth int) *value {
	v := &value{line: n.Line + r.chunk.first - 1, col: n.Column, cost: 1, depth: 1}
	if r.over {
		return v
	}
	if depth > MaxDepth {
		r.give(v, CodeTooDeep, "nesting is deeper than 200", "is a bracket left open, or the file generated?")
		return v
	}
	if n.Kind == yaml.AliasNode {
		return r.alias(n, v, depth)
	}
	if n.Anchor != "" {
		r.seen[n] = nil
	}
	switch n.Kind {
	case yaml.ScalarNode:
		r.scalar(n, v)
	case yaml.SequenceNode:
		v.kind = isList
		for _, c := range n.Content {
			r.grow(v, r.value(c, depth+1))
		}
	case yaml.MappingNode:
		v.kind = isMap
		r.mapping(n, v, depth)
	}
	r.tag(n, v)
	if n.Anchor != "" {
		r.seen[n] = v
	}
	return v
}

// grow appends an item and carries its bounds.
func (r *yamlReader) grow(v, item *value) {
	v.items = append(v.items, item)
	r.charge(v, item)
}

func (r *yamlReader) charge(v, item *value) {
	v.cost = min(v.cost+item.cost, maxExpanded+1)
	v.depth = max(v.depth, item.depth+1)
	if v.cost > maxExpanded && !r.over {
		r.give(v, CodeAlias, "the document is too large once its aliases are expanded", "write fewer or smaller aliases")
	}
}

func (r *yamlReader) alias(n *yaml.Node, v *value, depth int) *value {
	target, known := r.seen[n.Alias]
	switch {
	case known && target == nil:
		r.give(v, CodeAlias, "the alias *"+clip(n.Value)+" stands inside what it names", "repeat a value, not what holds it")
		return v
	case !known:
		target = r.value(n.Alias, depth)
	}
	if depth+target.depth > MaxDepth {
		r.give(v, CodeTooDeep, "nesting is deeper than 200 once aliases are expanded", "write fewer aliases inside each other")
		return v
	}
	return target
}

func (r *yamlReader) scalar(n *yaml.Node, v *value) {
	v.raw, v.text, v.cost = n.Value, n.Value, 1+len(n.Value)
	v.kind = isText
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		v.style = double
	case n.Style&yaml.SingleQuotedStyle != 0:
		v.style = single
	case n.Style&yaml.LiteralStyle != 0:
		v.style = literal
	case n.Style&yaml.FoldedStyle != 0:
		v.style = folded
	case n.Style&yaml.TaggedStyle == 0 || n.Tag != "!!str":
		r.plain(v)
	}
}

func (r *yamlReader) plain(v *value) {
	var problem string
	v.kind, v.text, problem = plainScalar(v.raw)
	if problem != "" {
		r.fault(v, CodeNumber, quote(v.raw)+": "+problem, "quote it to make it text")
	}
	digits := strings.TrimLeft(v.raw, "+-")
	if v.kind == isNumber && len(digits) > 1 && digits[0] == '0' && allDigits(digits, 10) {
		r.fault(v, CodeOctal, v.raw+" is read as "+v.text+", other readers may take it as octal", "quote it, or write it without the zero").Warn = true
	}
}

// tag checks an explicit tag: those of the core schema may stand where they say what the value is anyway.
func (r *yamlReader) tag(n *yaml.Node, v *value) {
	if n.Style&yaml.TaggedStyle == 0 {
		return
	}
	want := map[string]kind{"!!str": isText, "!!map": isMap, "!!seq": isList, "!!int": isNumber, "!!float": isNumber, "!!bool": isBool, "!!null": isNull}
	k, known := want[n.Tag]
	if known && k != isText && k != isList && k != isMap && v.style != plain {
		r.plain(v)
	}
	switch {
	case !known:
		r.fault(v, CodeTag, "the tag "+clip(n.Tag)+" has no meaning here", "remove the tag; values are text, numbers, booleans, null, lists and maps")
	case k != v.kind:
		r.fault(v, CodeTag, "the tag "+n.Tag+" does not fit the value, which is "+v.kind.String(), "remove the tag")
	}
}

// mapping reads keys in written order. A key written in the map wins over merged ones, an earlier merge over a later.
func (r *yamlReader) mapping(n *yaml.Node, v *value, depth int) {
	own := map[string]*value{}
	merged := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := n.Content[i]; k.Tag != "!!merge" {
			r.ownKey(v, own, k, n.Content[i+1], depth)
			continue
		}
		r.merge(v, n.Content[i+1], depth, merged)
	}
	if len(merged) > 0 {
		v.dropMerged(own, merged)
	}
}

func (r *yamlReader) ownKey(v *value, own map[string]*value, kn, vn *yaml.Node, depth int) {
	key, item := r.value(kn, depth+1), r.value(vn, depth+1)
	if r.over || !r.keyText(key) {
		return
	}
	if first := own[key.text]; first != nil {
		r.duplicate(key, first)
		return
	}
	own[key.text] = key
	v.keys = append(v.keys, key)
	r.charge(v, key)
	r.grow(v, item)
}

func (r *yamlReader) duplicate(key, first *value) {
	r.fault(key, CodeDuplicate, "the key "+quote(key.text)+" is written twice", "the first is in line "+decimal(first.line)+"; keep one of them")
}

// keyText makes a key text. Unquoted booleans, nulls, lists and maps are refused: readers disagree about them.
func (r *yamlReader) keyText(key *value) bool {
	switch {
	case key.kind == isText && key.style == plain && falseFriend(key.text):
		r.fault(key, CodeBoolWord, "older YAML readers take the key "+key.text+" as a boolean", "choose another word; a key of data may be quoted")
		return true
	case key.kind == isText:
		return true
	case key.kind == isNumber:
		key.kind, key.text = isText, key.raw
		return true
	}
	r.fault(key, CodeWrongType, "a key must be text, this is "+key.kind.String(), "quote the key")
	return false
}

// merge adds the keys of the map, or of each map of the list, that a merge key names.
func (r *yamlReader) merge(v *value, n *yaml.Node, depth int, merged map[string]bool) {
	from := r.value(n, depth+1)
	sources := []*value{from}
	if from.kind == isList {
		sources = from.items
	}
	for _, s := range sources {
		if r.over {
			return
		}
		if s.kind != isMap {
			r.fault(from, CodeWrongType, "<< takes a map or a list of maps, this is "+s.kind.String(), "write <<: *anchor")
			return
		}
		for i, k := range s.keys {
			if !merged[k.text] {
				merged[k.text] = true
				v.keys = append(v.keys, k)
				r.charge(v, k)
				r.grow(v, s.items[i])
			}
		}
	}
}

// dropMerged removes merged keys that the map writes itself.
func (v *value) dropMerged(own map[string]*value, merged map[string]bool) {
	n := 0
	for i, k := range v.keys {
		if merged[k.text] && own[k.text] != nil && own[k.text] != k {
			continue
		}
		v.keys[n], v.items[n] = k, v.items[i]
		n++
	}
	v.keys, v.items = v.keys[:n], v.items[:n]
}

// give reports a broken bound and gives the document up.
func (r *yamlReader) give(v *value, code, message, hint string) {
	r.over = true
	r.fault(v, code, message, hint)
}

func (r *yamlReader) fault(v *value, code, message, hint string) *Fault {
	return r.c.add(v.line, v.col, v.width(), Fault{Code: code, Message: message, Hint: hint})
}

// width is how many characters to mark: a scalar on one line, else one.
func (v *value) width() int {
	if v.kind == isList || v.kind == isMap || v.style == literal || v.style == folded || strings.Contains(v.raw, "\n") {
		return 1
	}
	w := utf8.RuneCountInString(v.raw)
	if v.style == single || v.style == double {
		w += 2
	}
	return max(w, 1)
}
