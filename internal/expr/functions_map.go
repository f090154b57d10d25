package expr

var mapFunctions = []function{
	{Function: Function{"keys", "keys(map) list", "The keys in byte order.", groupMap, "keys({b: 1, a: 2})", `["a","b"]`}, min: 1, max: 1, call: callKeys},
	{Function: Function{"values", "values(map) list", "The values in the order of their keys.", groupMap, "values({b: 1, a: 2})", "[2,1]"}, min: 1, max: 1, call: callValues},
	{Function: Function{"toPairs", "toPairs(map) list", "A list of [key, value], in key order.", groupMap, "toPairs({b: 1, a: 2})", `[["a",2],["b",1]]`}, min: 1, max: 1, call: callToPairs},
	{Function: Function{"fromPairs", "fromPairs(list) map", "The map of a list of [key, value]; of equal keys the last wins.", groupMap, "fromPairs([[\"a\", 1]])", `{"a":1}`}, min: 1, max: 1, call: callFromPairs},
	{Function: Function{"get", "get(value, key, default?) any", "value[key], or the default (else null) where it is missing or null. The key may be a list of keys, one per level.", groupMap, "get({a: {b: 1}}, [\"a\", \"c\"], 7)", "7"}, min: 2, max: 3, call: callGet},
	{Function: Function{"has", "has(map, key) bool", "Whether the key is there, even if its value is null.", groupMap, "has({a: null}, \"a\")", "true"}, min: 2, max: 2, call: callHas},
	{Function: Function{"merge", "merge(map, ...) map", "All keys of all maps; of equal keys the last wins. Null counts as an empty map.", groupMap, "merge({a: 1, b: 1}, {b: 2})", `{"a":1,"b":2}`}, min: 1, max: -1, call: callMerge},
	{Function: Function{"pick", "pick(map, key, ...) map", "Only these keys, given one by one or as a list.", groupMap, "pick({a: 1, b: 2}, \"b\", \"c\")", `{"b":2}`}, min: 2, max: -1, call: callPick},
	{Function: Function{"omit", "omit(map, key, ...) map", "All keys but these, given one by one or as a list.", groupMap, "omit({a: 1, b: 2}, \"b\")", `{"a":1}`}, min: 2, max: -1, call: callOmit},
}

// keysOf pays for and lists the keys of argument i.
func (m *machine) keysOf(n *callNode, a []any, i int) (fields, []string, *Error) {
	f, err := n.fields(a, i)
	if err != nil {
		return f, nil, err
	}
	keys := f.keys()
	return f, keys, m.elements(len(keys), n.off)
}

func callKeys(m *machine, n *callNode, a []any) (any, *Error) {
	_, keys, err := m.keysOf(n, a, 0)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(keys))
	for i, k := range keys {
		out[i] = k
	}
	return out, nil
}

func callValues(m *machine, n *callNode, a []any) (any, *Error) {
	f, keys, err := m.keysOf(n, a, 0)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(keys))
	for i, k := range keys {
		if out[i], err = m.field(f, k, n.off); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func callToPairs(m *machine, n *callNode, a []any) (any, *Error) {
	f, keys, err := m.keysOf(n, a, 0)
	if err != nil {
		return nil, err
	}
	if err := m.spend(2*len(keys), n.off); err != nil {
		return nil, err
	}
	out := make([]any, len(keys))
	for i, k := range keys {
		v, err := m.field(f, k, n.off)
		if err != nil {
			return nil, err
		}
		out[i] = []any{k, v}
	}
	return out, nil
}

func callFromPairs(m *machine, n *callNode, a []any) (any, *Error) {
	l, err := n.list(a, 0)
	if err != nil {
		return nil, err
	}
	if err := m.elements(len(l)+mapCost, n.off); err != nil {
		return nil, err
	}
	out := make(map[string]any, len(l))
	for i, v := range l {
		p, ok := v.([]any)
		if !ok || len(p) != 2 {
			return nil, n.fail(CodeType, "", "element %d is no list of a key and a value", i)
		}
		k, ok := p[0].(string)
		if !ok {
			return nil, n.fail(CodeType, "", "the key of element %d is %s, want a string", i, kindOf(p[0]))
		}
		out[k] = p[1]
	}
	return out, nil
}

func callGet(m *machine, n *callNode, a []any) (any, *Error) {
	v := a[0]
	path, ok := a[1].([]any)
	if !ok {
		path = a[1:2]
	}
	at := &indexNode{of: n.args[0], index: n.args[1], off: n.off}
	for _, k := range path {
		if err := m.spend(1, n.off); err != nil {
			return nil, err
		}
		var err *Error
		if v, err = m.at(v, k, at); err != nil {
			return nil, err
		}
	}
	if v == nil && len(a) > 2 {
		return a[2], nil
	}
	return v, nil
}

func callHas(m *machine, n *callNode, a []any) (any, *Error) {
	f, err := n.fields(a, 0)
	if err != nil {
		return nil, err
	}
	k, err := n.text(a, 1)
	if err != nil {
		return nil, err
	}
	return f.has(k), m.keysRead(f, n.off)
}

func callMerge(m *machine, n *callNode, a []any) (any, *Error) {
	out := map[string]any{}
	for i := range a {
		if a[i] == nil {
			continue
		}
		f, keys, err := m.keysOf(n, a, i)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			if out[k], err = m.field(f, k, n.off); err != nil {
				return nil, err
			}
		}
	}
	return out, m.elements(len(out)+mapCost, n.off)
}

// named reads the keys behind argument 0, one by one or as one list.
func (n *callNode) named(a []any) (map[string]bool, *Error) {
	out := map[string]bool{}
	for i := 1; i < len(a); i++ {
		list, ok := a[i].([]any)
		if !ok {
			list = a[i : i+1]
		}
		for _, v := range list {
			k, ok := v.(string)
			if !ok {
				return nil, n.want(a, i, "a string or a list of strings")
			}
			out[k] = true
		}
	}
	return out, nil
}

func callPick(m *machine, n *callNode, a []any) (any, *Error) { return m.choose(n, a, true) }

func callOmit(m *machine, n *callNode, a []any) (any, *Error) { return m.choose(n, a, false) }

// choose keeps the keys that are named, or those that are not.
func (m *machine) choose(n *callNode, a []any, named bool) (any, *Error) {
	f, keys, err := m.keysOf(n, a, 0)
	if err != nil {
		return nil, err
	}
	set, err := n.named(a)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, k := range keys {
		if set[k] != named {
			continue
		}
		if out[k], err = m.field(f, k, n.off); err != nil {
			return nil, err
		}
	}
	return out, m.spend(len(out)+len(set)+mapCost, n.off)
}
