package narrow

import (
	"regexp"
	"slices"
	"strconv"
)

// under is the path of a property.
func under(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// objects compares what is asked of maps.
func (c *comparison) objects(path string, f facts, now map[string]any) []Loss {
	out := required(path, f, now)
	out = append(out, counts(path, f, now, "minProperties", "maxProperties", " properties")...)
	out = append(out, c.properties(path, f, now)...)
	out = append(out, c.others(path, f, now)...)
	out = append(out, c.patterns(path, f, now)...)
	if s, ok := now["propertyNames"]; ok {
		names := []any{map[string]any{"type": "string"}}
		for _, m := range f.all {
			if n, ok := m["propertyNames"]; ok {
				names = append(names, n)
			}
		}
		out = append(out, c.check(under(path, "(names)"), names, s)...)
	}
	for _, key := range []string{"dependentSchemas", "dependencies"} {
		if v, ok := now[key]; ok && !f.has(key, v) {
			out = append(out, Loss{path, "has another condition (" + key + ")", true})
		}
	}
	return out
}

// required: what must be there now and did not have to be.
func required(path string, f facts, now map[string]any) []Loss {
	var was []string
	with := map[string][]string{}
	for _, m := range f.all {
		was = append(was, texted(m["required"])...)
		deps := object(m["dependentRequired"])
		for _, k := range sortedKeys(deps) {
			with[k] = append(with[k], texted(deps[k])...)
		}
	}
	var out []Loss
	for _, name := range texted(now["required"]) {
		if !slices.Contains(was, name) {
			out = append(out, Loss{under(path, name), "is required now", false})
		}
	}
	deps := object(now["dependentRequired"])
	for _, k := range sortedKeys(deps) {
		for _, name := range texted(deps[k]) {
			if !slices.Contains(was, name) && !slices.Contains(with[k], name) {
				out = append(out, Loss{under(path, name), "is required with " + k + " now", false})
			}
		}
	}
	return out
}

// applying are the schemas of m for a property, and whether m declares it at all.
func applying(m map[string]any, name string) (out []any, declared bool) {
	if s, ok := object(m["properties"])[name]; ok {
		out = append(out, s)
	}
	patterns := object(m["patternProperties"])
	for _, p := range sortedKeys(patterns) {
		if matches(p, name) {
			out = append(out, patterns[p])
		}
	}
	if len(out) > 0 {
		return out, true
	}
	s, ok := m["additionalProperties"]
	if !ok || s == true {
		return nil, false
	}
	return []any{s}, true
}

func matches(pattern, name string) bool {
	re, err := regexp.Compile(pattern)
	return err == nil && re.MatchString(name)
}

// properties compares every property that one side names.
func (c *comparison) properties(path string, f facts, now map[string]any) []Loss {
	var named []string
	for _, m := range append(slices.Clone(f.all), now) {
		named = append(named, sortedKeys(object(m["properties"]))...)
	}
	slices.Sort(named)
	var out []Loss
	for _, name := range slices.Compact(named) {
		var was []any
		declared := false
		for _, m := range f.all {
			s, ok := applying(m, name)
			was, declared = append(was, s...), declared || ok
		}
		if !declared {
			continue // nobody was promised anything about it
		}
		is, _ := applying(now, name)
		for _, s := range is {
			out = append(out, c.check(under(path, name), was, s)...)
		}
	}
	return out
}

// others compares what is said of properties that nobody names.
func (c *comparison) others(path string, f facts, now map[string]any) []Loss {
	var was []any
	closed := false
	for _, m := range f.all {
		if s, ok := m["additionalProperties"]; ok {
			was = append(was, s)
			closed = closed || s == false
		}
		if s, ok := m["unevaluatedProperties"]; ok && s == false {
			closed = true
		}
	}
	for _, key := range []string{"additionalProperties", "unevaluatedProperties"} {
		s, ok := now[key]
		if !ok || closed || f.has(key, s) {
			continue
		}
		switch {
		case s == false && key == "additionalProperties":
			return []Loss{{path, "takes no other properties now", false}}
		case key == "unevaluatedProperties" && s != true:
			return []Loss{{path, "may take no other properties now", true}}
		}
		return c.check(under(path, "*"), was, s)
	}
	return nil
}

// patterns compares patternProperties, the texts of which must be equal to be comparable.
func (c *comparison) patterns(path string, f facts, now map[string]any) []Loss {
	var out []Loss
	is := object(now["patternProperties"])
	known, names := map[string][]any{}, []string(nil)
	closed := false
	for _, m := range f.all {
		schemas := object(m["patternProperties"])
		for _, p := range sortedKeys(schemas) {
			known[p] = append(known[p], schemas[p])
			names = append(names, p)
		}
		closed = closed || m["additionalProperties"] == false
	}
	for _, p := range sortedKeys(is) {
		switch was, ok := known[p]; {
		case ok:
			out = append(out, c.check(under(path, "/"+p+"/"), was, is[p])...)
		case !closed || len(known) > 0:
			out = append(out, Loss{path, "checks properties that match " + p + " now", true})
		}
	}
	if now["additionalProperties"] == nil || now["additionalProperties"] == true {
		return out
	}
	slices.Sort(names)
	for _, p := range slices.Compact(names) {
		if _, ok := is[p]; !ok {
			out = append(out, Loss{path, "says nothing of properties that match " + p + " any more", true})
		}
	}
	return out
}

// arrays compares what is asked of lists.
func (c *comparison) arrays(path string, f facts, now map[string]any) []Loss {
	out := counts(path, f, now, "minItems", "maxItems", " items")
	if now["uniqueItems"] == true && !f.has("uniqueItems", true) {
		out = append(out, Loss{path, "must not repeat an item now", false})
	}
	longest := len(list(now["prefixItems"]))
	for _, m := range f.all {
		longest = max(longest, len(list(m["prefixItems"])))
	}
	for i := range longest + 1 {
		var was []any
		for _, m := range f.all {
			if s, ok := item(m, i); ok {
				was = append(was, s)
			}
		}
		if s, ok := item(now, i); ok {
			at := path + "[" + strconv.Itoa(i) + "]"
			if i == longest {
				at = path + "[]"
			}
			out = append(out, c.check(at, was, s)...)
		}
	}
	if _, old := now["items"].([]any); old && !f.has("items", now["items"]) {
		out = append(out, Loss{path, "lists schemas of items in a way of older drafts", true})
	}
	for _, key := range []string{"contains", "minContains", "maxContains", "unevaluatedItems"} {
		if v, ok := now[key]; ok && !f.has(key, v) {
			out = append(out, Loss{path, "has another condition (" + key + ")", true})
		}
	}
	return out
}

// item is the schema for the i-th item.
func item(m map[string]any, i int) (any, bool) {
	if prefix := list(m["prefixItems"]); i < len(prefix) {
		return prefix[i], true
	}
	s, ok := m["items"]
	if _, old := s.([]any); old {
		return nil, false
	}
	return s, ok
}
