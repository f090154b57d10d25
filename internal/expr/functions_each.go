package expr

var eachFunctions = []function{
	{Function: Function{"all", "all(items, predicate) bool", "True if the predicate holds for every element; true for none.", groupEach, "all([2, 4], # % 2 == 0)", "true"}, min: 2, max: 2, each: eachAll},
	{Function: Function{"any", "any(items, predicate) bool", "True if the predicate holds for at least one element.", groupEach, "any([1, 2], # > 1)", "true"}, min: 2, max: 2, each: eachAny},
	{Function: Function{"none", "none(items, predicate) bool", "True if the predicate holds for no element.", groupEach, "none([1, 2], # > 5)", "true"}, min: 2, max: 2, each: eachNone},
	{Function: Function{"one", "one(items, predicate) bool", "True if the predicate holds for exactly one element.", groupEach, "one([1, 2, 3], # > 2)", "true"}, min: 2, max: 2, each: eachOne},
	{Function: Function{"filter", "filter(items, predicate) list or map", "The elements for which the predicate holds. A map stays a map.", groupEach, "filter([1, 2, 3], # > 1)", "[2,3]"}, min: 2, max: 2, each: eachFilter},
	{Function: Function{"map", "map(items, expression) list", "The value of the expression for each element, maps in key order.", groupEach, "map([{n: 1}, {n: 2}], .n * 10)", "[10,20]"}, min: 2, max: 2, each: eachMap},
	{Function: Function{"mapValues", "mapValues(map, expression) map", "The map with each value replaced by that of the expression; #key is the key.", groupEach, "mapValues({a: 1, b: 2}, # + 1)", `{"a":2,"b":3}`}, min: 2, max: 2, each: eachMapValues},
	{Function: Function{"flatMap", "flatMap(items, expression) list", "Like map, with the lists that the expression gives joined into one.", groupEach, "flatMap([[1, 2], [3]], #)", "[1,2,3]"}, min: 2, max: 2, each: eachFlatMap},
	{Function: Function{"count", "count(items, predicate?) int", "How many elements the predicate holds for; without it the elements must be bools.", groupEach, "count([5, 7, 9], # > 6)", "2"}, min: 1, max: 2, each: eachCount},
	{Function: Function{"sum", "sum(items, expression?) number", "The sum of the elements, or of the expression over them; 0 for none.", groupEach, "sum([{n: 1}, {n: 2.5}], .n)", "3.5"}, min: 1, max: 2, each: eachSum},
	{Function: Function{"find", "find(items, predicate) any", "The first element for which the predicate holds, null if there is none.", groupEach, "find([1, 5, 7], # > 3)", "5"}, min: 2, max: 2, each: eachFind},
	{Function: Function{"findLast", "findLast(items, predicate) any", "The last element for which the predicate holds, null if there is none.", groupEach, "findLast([1, 5, 7], # > 3)", "7"}, min: 2, max: 2, each: eachFindLast},
	{Function: Function{"findIndex", "findIndex(items, predicate) int", "The position of the first element for which the predicate holds, null if there is none.", groupEach, "findIndex([1, 5, 7], # > 3)", "1"}, min: 2, max: 2, each: eachFindIndex},
	{Function: Function{"findLastIndex", "findLastIndex(items, predicate) int", "The position of the last element for which the predicate holds, null if there is none.", groupEach, "findLastIndex([1, 5, 7], # > 3)", "2"}, min: 2, max: 2, each: eachFindLastIndex},
	{Function: Function{"groupBy", "groupBy(items, expression) map", "A map from each value of the expression, as text, to the list of its elements.", groupEach, "groupBy([1, 2, 3], # % 2 == 0 ? \"even\" : \"odd\")", `{"even":[2],"odd":[1,3]}`}, min: 2, max: 2, each: eachGroupBy},
	{Function: Function{"countBy", "countBy(items, expression) map", "A map from each value of the expression, as text, to the number of its elements.", groupEach, "countBy([{c: \"a\"}, {c: \"b\"}, {c: \"a\"}], .c)", `{"a":2,"b":1}`}, min: 2, max: 2, each: eachCountBy},
	{Function: Function{"keyBy", "keyBy(items, expression) map", "A map from each value of the expression, as text, to the last element that has it.", groupEach, "keyBy([{id: \"x\", n: 1}], .id)", `{"x":{"id":"x","n":1}}`}, min: 2, max: 2, each: eachKeyBy},
	{Function: Function{"sortBy", "sortBy(items, expression, order?) list", "The elements sorted by the expression, which gives all numbers or all strings; order is \"asc\" or \"desc\". Equal ones keep their order.", groupEach, "sortBy([{n: 2}, {n: 1}], .n)", `[{"n":1},{"n":2}]`}, min: 2, max: 3, each: eachSortBy},
	{Function: Function{"minBy", "minBy(items, expression) any", "The first element with the least value of the expression, null for none.", groupEach, "minBy([{n: 2}, {n: 1}], .n)", `{"n":1}`}, min: 2, max: 2, each: eachMinBy},
	{Function: Function{"maxBy", "maxBy(items, expression) any", "The first element with the greatest value of the expression, null for none.", groupEach, "maxBy([{n: 2}, {n: 1}], .n)", `{"n":2}`}, min: 2, max: 2, each: eachMaxBy},
	{Function: Function{"uniqueBy", "uniqueBy(items, expression) list", "The first element for each value of the expression.", groupEach, "uniqueBy([1, 2, 3, 4], # % 2)", "[1,2]"}, min: 2, max: 2, each: eachUniqueBy},
	{Function: Function{"reduce", "reduce(items, expression, first?) any", "Folds from the left: #acc is the value so far, # the element. Without a first value it is the first element, and an empty list is an error.", groupEach, "reduce([1, 2, 3], #acc * 10 + #, 0)", "123"}, min: 2, max: 3, each: eachReduce},
}

// search returns whether some element gives want under the predicate, and leaves it in the frame.
func (m *machine) search(n *eachNode, want bool) (bool, *Error) {
	w, err := m.walk(n)
	if err != nil {
		return false, err
	}
	for {
		ok, err := m.next(&w, n)
		if !ok || err != nil {
			return false, err
		}
		b, err := m.holds(n)
		if err != nil {
			return false, err
		}
		if b == want {
			return true, nil
		}
	}
}

func eachAny(m *machine, n *eachNode) (any, *Error) { return boolean(m.search(n, true)) }

func eachAll(m *machine, n *eachNode) (any, *Error) { return negated(m.search(n, false)) }

func eachNone(m *machine, n *eachNode) (any, *Error) { return negated(m.search(n, true)) }

func boolean(b bool, err *Error) (any, *Error) { return b, err }

func negated(b bool, err *Error) (any, *Error) { return !b, err }

func (m *machine) count(n *eachNode) (int, *Error) {
	w, err := m.walk(n)
	if err != nil {
		return 0, err
	}
	total := 0
	for {
		ok, err := m.next(&w, n)
		if !ok || err != nil {
			return total, err
		}
		b, err := m.holds(n)
		if err != nil {
			return 0, err
		}
		if b {
			total++
		}
	}
}

func eachCount(m *machine, n *eachNode) (any, *Error) {
	total, err := m.count(n)
	return int64(total), err
}

func eachOne(m *machine, n *eachNode) (any, *Error) {
	total, err := m.count(n)
	return total == 1, err
}

func eachFind(m *machine, n *eachNode) (any, *Error) {
	found, err := m.search(n, true)
	if !found || err != nil {
		return nil, err
	}
	return m.frame.item, nil
}

func eachFindIndex(m *machine, n *eachNode) (any, *Error) {
	found, err := m.search(n, true)
	if !found || err != nil {
		return nil, err
	}
	return int64(m.frame.index), nil
}

// last returns the last element for which the predicate holds, and its position, -1 if there is none.
func (m *machine) last(n *eachNode) (item any, index int, err *Error) {
	w, err := m.walk(n)
	if err != nil {
		return nil, -1, err
	}
	index = -1
	for {
		ok, err := m.next(&w, n)
		if !ok || err != nil {
			return item, index, err
		}
		b, err := m.holds(n)
		if err != nil {
			return nil, -1, err
		}
		if b {
			item, index = m.frame.item, m.frame.index
		}
	}
}

func eachFindLast(m *machine, n *eachNode) (any, *Error) {
	item, _, err := m.last(n)
	return item, err
}

func eachFindLastIndex(m *machine, n *eachNode) (any, *Error) {
	_, i, err := m.last(n)
	if i < 0 || err != nil {
		return nil, err
	}
	return int64(i), nil
}

func eachFilter(m *machine, n *eachNode) (any, *Error) {
	w, err := m.walk(n)
	if err != nil {
		return nil, err
	}
	list, out := []any{}, map[string]any{}
	for {
		ok, err := m.next(&w, n)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		b, err := m.holds(n)
		switch {
		case err != nil:
			return nil, err
		case b && w.isMap:
			out[m.frame.key] = m.frame.item
		case b:
			list = append(list, m.frame.item)
		}
	}
	if w.isMap {
		return out, m.elements(len(out)+mapCost, n.off)
	}
	return list, m.elements(len(list), n.off)
}

// values evaluates the expression for every element.
func (m *machine) values(n *eachNode) ([]any, *walker, *Error) {
	w, err := m.walk(n)
	if err != nil {
		return nil, nil, err
	}
	if err := m.elements(w.size(), n.off); err != nil {
		return nil, nil, err
	}
	out := make([]any, 0, w.size())
	for {
		ok, err := m.next(&w, n)
		if !ok || err != nil {
			return out, &w, err
		}
		v, err := m.value(n)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, v)
	}
}

func eachMap(m *machine, n *eachNode) (any, *Error) {
	out, _, err := m.values(n)
	return out, err
}

func eachMapValues(m *machine, n *eachNode) (any, *Error) {
	values, w, err := m.values(n)
	if err != nil {
		return nil, err
	}
	if !w.isMap {
		return nil, errorAt(n.off, CodeType, "use map() for a list", "mapValues: %s is a list, want a map", n.over.name())
	}
	if err := m.spend(mapCost, n.off); err != nil {
		return nil, err
	}
	out := make(map[string]any, len(values))
	for i, k := range w.keys {
		out[k] = values[i]
	}
	return out, nil
}

func eachFlatMap(m *machine, n *eachNode) (any, *Error) {
	values, _, err := m.values(n)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for i, v := range values {
		list, ok := v.([]any)
		if !ok {
			return nil, errorAt(n.predAt, CodeType, "", "flatMap: the value for element %d is %s, want a list", i, kindOf(v))
		}
		if err := m.elements(len(out)+len(list), n.off); err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

func eachSum(m *machine, n *eachNode) (any, *Error) {
	w, err := m.walk(n)
	if err != nil {
		return nil, err
	}
	var total any = int64(0)
	for {
		ok, err := m.next(&w, n)
		if !ok || err != nil {
			return total, err
		}
		v, err := m.value(n)
		if err != nil {
			return nil, err
		}
		if total, err = n.add(m, total, v); err != nil {
			return nil, err
		}
	}
}

func (n *eachNode) add(m *machine, total, v any) (any, *Error) {
	r, f := arithmetic('+', total, v)
	switch {
	case f == notNumbers && v == nil:
		return nil, errorAt(n.predAt, CodeNull, "give a default with ??", "%s: the value of element %d is null, want a number", n.fn.Name, m.frame.index)
	case f == notNumbers:
		return nil, errorAt(n.predAt, CodeType, "", "%s: the value of element %d is %s, want a number", n.fn.Name, m.frame.index, kindOf(v))
	case f != "":
		return nil, errorAt(n.off, CodeNumber, "", "%s: %s", n.fn.Name, f)
	}
	return r, nil
}

// keyed calls put with the key of every element, as text; put says whether the key is a new one.
func (m *machine) keyed(n *eachNode, put func(key string, item any) (added bool)) *Error {
	w, err := m.walk(n)
	if err != nil {
		return err
	}
	for {
		ok, err := m.next(&w, n)
		if !ok || err != nil {
			return err
		}
		v, err := m.value(n)
		if err != nil {
			return err
		}
		k, err := m.keyText(n, v)
		if err != nil {
			return err
		}
		if !put(k, m.frame.item) {
			continue
		}
		if err := m.spend(mapCost+len(k), n.off); err != nil {
			return err
		}
	}
}

func eachGroupBy(m *machine, n *eachNode) (any, *Error) {
	out := map[string]any{}
	err := m.keyed(n, func(k string, item any) bool {
		list, _ := out[k].([]any)
		out[k] = append(list, item)
		return list == nil
	})
	return out, err
}

func eachCountBy(m *machine, n *eachNode) (any, *Error) {
	out := map[string]any{}
	err := m.keyed(n, func(k string, _ any) bool {
		i, old := out[k].(int64)
		out[k] = i + 1
		return !old
	})
	return out, err
}

func eachKeyBy(m *machine, n *eachNode) (any, *Error) {
	out := map[string]any{}
	err := m.keyed(n, func(k string, item any) bool {
		_, old := out[k]
		out[k] = item
		return !old
	})
	return out, err
}

// items lists the elements that a walker went over.
func (w *walker) items(m *machine, off int) ([]any, *Error) {
	if !w.isMap {
		return w.list, nil
	}
	out := make([]any, len(w.keys))
	for i, k := range w.keys {
		v, err := m.field(w.of, k, off)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func eachReduce(m *machine, n *eachNode) (any, *Error) {
	w, err := m.walk(n)
	if err != nil {
		return nil, err
	}
	var acc any
	if n.extra != nil { // before the frame is that of the elements
		if acc, err = n.extra.eval(m); err != nil {
			return nil, err
		}
	} else {
		ok, err := m.next(&w, n)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, errorAt(n.off, CodeValue, "give the first value as third argument", "reduce: %s is empty", n.over.name())
		}
		acc = m.frame.item
	}
	for {
		ok, err := m.next(&w, n)
		if !ok || err != nil {
			return acc, err
		}
		m.frame.acc = acc
		if acc, err = n.pred.eval(m); err != nil {
			return nil, err
		}
	}
}
