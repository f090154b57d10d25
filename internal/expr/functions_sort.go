package expr

import (
	"math/bits"
	"slices"
)

func eachSortBy(m *machine, n *eachNode) (any, *Error) {
	down := false
	if n.extra != nil { // before the frame is that of the elements
		order, err := n.extra.eval(m)
		if err != nil {
			return nil, err
		}
		if down, err = descending(order, n.fn.Name, n.off); err != nil {
			return nil, err
		}
	}
	keys, w, err := m.values(n)
	if err != nil {
		return nil, err
	}
	items, err := w.items(m, n.off)
	if err != nil {
		return nil, err
	}
	perm, err := m.order(keys, down, n.fn.Name, n.off)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(perm))
	for i, p := range perm {
		out[i] = items[p]
	}
	return out, nil
}

func descending(order any, name string, off int) (bool, *Error) {
	switch order {
	case "asc":
		return false, nil
	case "desc":
		return true, nil
	}
	return false, errorAt(off, CodeValue, `the order is "asc" or "desc"`, "%s: there is no such order", name)
}

// order returns the positions of keys in sorted order, equal ones as they stand. All must be numbers or all strings.
func (m *machine) order(keys []any, down bool, name string, off int) ([]int, *Error) {
	for i, k := range keys {
		_, number := asFloat(k)
		_, first := asFloat(keys[0])
		_, text := k.(string)
		switch {
		case k == nil:
			return nil, errorAt(off, CodeNull, "give a default with ??", "%s: the value of element %d is null and has no order", name, i)
		case !number && !text:
			return nil, errorAt(off, CodeType, "", "%s: the value of element %d is %s and has no order", name, i, kindOf(k))
		case number != first:
			return nil, errorAt(off, CodeType, "convert them with string() or float()", "%s: numbers and strings are mixed, first at element %d", name, i)
		}
	}
	if err := m.spend(len(keys)*(1+bits.Len(uint(len(keys)))), off); err != nil {
		return nil, err
	}
	perm := make([]int, len(keys))
	for i := range perm {
		perm[i] = i
	}
	slices.SortStableFunc(perm, func(a, b int) int {
		c := m.compareKeys(keys[a], keys[b])
		if down {
			return -c
		}
		return c
	})
	if m.left < 0 {
		return nil, m.broke(off)
	}
	return perm, nil
}

// compareKeys orders two numbers or two strings; when the budget is spent it says equal, so that the sort ends soon.
func (m *machine) compareKeys(a, b any) int {
	if m.left < 0 {
		return 0
	}
	if c, ok := compareNumbers(a, b); ok {
		return c
	}
	c, _ := m.compareStrings(a, b)
	return c
}

// extreme returns the position of the least (sign 1) or greatest (sign -1) key, -1 for none.
func (m *machine) extreme(keys []any, sign int, name string, off int) (int, *Error) {
	if len(keys) == 0 {
		return -1, nil
	}
	best := 0
	for i, k := range keys {
		c, ok := compareNumbers(k, keys[best])
		if !ok {
			c, ok = m.compareStrings(k, keys[best])
		}
		if !ok {
			return 0, errorAt(off, CodeType, "all must be numbers or all strings", "%s: the value of element %d is %s", name, i, kindOf(k))
		}
		if c*sign < 0 {
			best = i
		}
	}
	return best, m.spend(len(keys), off)
}

func eachMinBy(m *machine, n *eachNode) (any, *Error) { return m.extremeBy(n, 1) }

func eachMaxBy(m *machine, n *eachNode) (any, *Error) { return m.extremeBy(n, -1) }

func (m *machine) extremeBy(n *eachNode, sign int) (any, *Error) {
	keys, w, err := m.values(n)
	if err != nil {
		return nil, err
	}
	i, err := m.extreme(keys, sign, n.fn.Name, n.off)
	if err != nil || i < 0 {
		return nil, err
	}
	if w.isMap {
		return m.field(w.of, w.keys[i], n.off)
	}
	return w.list[i], nil
}

func eachUniqueBy(m *machine, n *eachNode) (any, *Error) {
	keys, w, err := m.values(n)
	if err != nil {
		return nil, err
	}
	items, err := w.items(m, n.off)
	if err != nil {
		return nil, err
	}
	return m.unique(items, keys, n.off)
}

// unique returns the first item for each key.
func (m *machine) unique(items, keys []any, off int) (any, *Error) {
	seen := make(map[string]bool, len(keys))
	out := []any{}
	var buf []byte
	for i, k := range keys {
		var err *Error
		if buf, err = m.json(buf[:0], k, off); err != nil {
			return nil, err
		}
		if seen[string(buf)] {
			continue
		}
		if err := m.spend(mapCost+len(buf), off); err != nil {
			return nil, err
		}
		seen[string(buf)] = true
		out = append(out, items[i])
	}
	return out, nil
}
