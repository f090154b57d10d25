package expr

import "strings"

var listFunctions = []function{
	{Function: Function{"len", "len(value) int", "The number of elements, keys or characters.", groupList, "len([1, 2]) + len(\"abc\")", "5"}, min: 1, max: 1, call: callLen},
	{Function: Function{"first", "first(list) any", "The first element, null if there is none.", groupList, "first([1, 2])", "1"}, min: 1, max: 1, call: callFirst},
	{Function: Function{"last", "last(list) any", "The last element, null if there is none.", groupList, "last([1, 2])", "2"}, min: 1, max: 1, call: callLast},
	{Function: Function{"take", "take(list, n) list", "The first n elements.", groupList, "take([1, 2, 3], 2)", "[1,2]"}, min: 2, max: 2, call: callTake},
	{Function: Function{"drop", "drop(list, n) list", "All but the first n elements.", groupList, "drop([1, 2, 3], 2)", "[3]"}, min: 2, max: 2, call: callDrop},
	{Function: Function{"chunk", "chunk(list, n) list", "The list cut into lists of n elements; the last may be shorter.", groupList, "chunk([1, 2, 3], 2)", "[[1,2],[3]]"}, min: 2, max: 2, call: callChunk},
	{Function: Function{"concat", "concat(list, ...) list", "All lists joined into one.", groupList, "concat([1], [2, 3])", "[1,2,3]"}, min: 1, max: -1, call: callConcat},
	{Function: Function{"flatten", "flatten(list) list", "The list with all lists inside it, however deep, replaced by their elements.", groupList, "flatten([1, [2, [3]]])", "[1,2,3]"}, min: 1, max: 1, call: callFlatten},
	{Function: Function{"reverse", "reverse(list) list", "The elements in reverse order.", groupList, "reverse([1, 2])", "[2,1]"}, min: 1, max: 1, call: callReverse},
	{Function: Function{"sort", "sort(list, order?) list", "The elements, all numbers or all strings, sorted; order is \"asc\" or \"desc\".", groupList, "sort([3, 1, 2.5])", "[1,2.5,3]"}, min: 1, max: 2, call: callSort},
	{Function: Function{"unique", "unique(list) list", "The elements without repeats; the first of equal ones stays.", groupList, "unique([1, 1.0, \"1\"])", `[1,"1"]`}, min: 1, max: 1, call: callUnique},
	{Function: Function{"min", "min(list or number, ...) any", "The least of the numbers or strings, given as a list or one by one; null for none.", groupList, "min([3, 1, 2])", "1"}, min: 1, max: -1, call: callMin},
	{Function: Function{"max", "max(list or number, ...) any", "The greatest of the numbers or strings, given as a list or one by one; null for none.", groupList, "max(3, 1, 2)", "3"}, min: 1, max: -1, call: callMax},
	{Function: Function{"mean", "mean(list) float", "The sum divided by the number of elements, null for none.", groupList, "mean([1, 2])", "1.5"}, min: 1, max: 1, call: callMean},
	{Function: Function{"median", "median(list) number", "The middle element of the sorted numbers, or the mean of the two in the middle; null for none.", groupList, "median([5, 1, 3])", "3"}, min: 1, max: 1, call: callMedian},
	{Function: Function{"join", "join(list, separator?) string", "The elements, as text, with the separator between them.", groupList, "join([1, \"b\"], \"-\")", `"1-b"`}, min: 1, max: 2, call: callJoin},
}

func callLen(m *machine, n *callNode, a []any) (any, *Error) {
	switch x := a[0].(type) {
	case []any:
		return int64(len(x)), nil
	case string:
		return int64(runes(x)), m.scan(len(x), n.off)
	}
	if f, ok := fieldsOf(a[0]); ok {
		return int64(f.size()), m.keysRead(f, n.off)
	}
	return nil, n.want(a, 0, "a list, map or string")
}

func callFirst(_ *machine, n *callNode, a []any) (any, *Error) {
	l, err := n.list(a, 0)
	if err != nil || len(l) == 0 {
		return nil, err
	}
	return l[0], nil
}

func callLast(_ *machine, n *callNode, a []any) (any, *Error) {
	l, err := n.list(a, 0)
	if err != nil || len(l) == 0 {
		return nil, err
	}
	return l[len(l)-1], nil
}

// cut reads (list, n) and holds n within the list.
func (n *callNode) cut(a []any) ([]any, int, *Error) {
	l, err := n.list(a, 0)
	if err != nil {
		return nil, 0, err
	}
	i, err := n.int(a, 1)
	if err != nil {
		return nil, 0, err
	}
	return l, int(min(max(i, 0), int64(len(l)))), nil
}

func callTake(_ *machine, n *callNode, a []any) (any, *Error) {
	l, i, err := n.cut(a)
	if err != nil {
		return nil, err
	}
	return l[:i:i], nil
}

func callDrop(_ *machine, n *callNode, a []any) (any, *Error) {
	l, i, err := n.cut(a)
	if err != nil {
		return nil, err
	}
	return l[i:], nil
}

func callChunk(m *machine, n *callNode, a []any) (any, *Error) {
	l, err := n.list(a, 0)
	if err != nil {
		return nil, err
	}
	size, err := n.int(a, 1)
	if err != nil {
		return nil, err
	}
	if size < 1 {
		return nil, n.fail(CodeValue, "", "the size of a chunk must be at least 1")
	}
	out := []any{}
	for len(l) > 0 {
		i := int(min(size, int64(len(l))))
		if err := m.elements(len(out)+1, n.off); err != nil {
			return nil, err
		}
		out = append(out, l[:i:i])
		l = l[i:]
	}
	return out, nil
}

func callConcat(m *machine, n *callNode, a []any) (any, *Error) {
	size := 0
	for i := range a {
		l, err := n.list(a, i)
		if err != nil {
			return nil, err
		}
		size += len(l)
	}
	if err := m.elements(size, n.off); err != nil {
		return nil, err
	}
	out := make([]any, 0, size)
	for i := range a {
		out = append(out, a[i].([]any)...)
	}
	return out, nil
}

func callFlatten(m *machine, n *callNode, a []any) (any, *Error) {
	l, err := n.list(a, 0)
	if err != nil {
		return nil, err
	}
	out, err := m.flatten([]any{}, l, 0, n.off)
	if err != nil {
		return nil, err
	}
	return out, m.elements(len(out), n.off)
}

func (m *machine) flatten(out, l []any, depth, off int) ([]any, *Error) {
	if err := tooDeep(depth); err != nil {
		err.Offset = off
		return nil, err
	}
	for _, v := range l {
		if err := m.spend(1, off); err != nil {
			return nil, err
		}
		inner, ok := v.([]any)
		if !ok {
			out = append(out, v)
			continue
		}
		var err *Error
		if out, err = m.flatten(out, inner, depth+1, off); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func callReverse(m *machine, n *callNode, a []any) (any, *Error) {
	l, err := n.list(a, 0)
	if err != nil {
		return nil, err
	}
	if err := m.elements(len(l), n.off); err != nil {
		return nil, err
	}
	out := make([]any, len(l))
	for i, v := range l {
		out[len(l)-1-i] = v
	}
	return out, nil
}

func callSort(m *machine, n *callNode, a []any) (any, *Error) {
	l, err := n.list(a, 0)
	if err != nil {
		return nil, err
	}
	down := false
	if len(a) > 1 {
		if down, err = descending(a[1], n.fn.Name, n.off); err != nil {
			return nil, err
		}
	}
	return m.sorted(l, down, n)
}

func (m *machine) sorted(l []any, down bool, n *callNode) ([]any, *Error) {
	if err := m.elements(len(l), n.off); err != nil {
		return nil, err
	}
	perm, err := m.order(l, down, n.fn.Name, n.off)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(l))
	for i, p := range perm {
		out[i] = l[p]
	}
	return out, nil
}

func callUnique(m *machine, n *callNode, a []any) (any, *Error) {
	l, err := n.list(a, 0)
	if err != nil {
		return nil, err
	}
	return m.unique(l, l, n.off)
}

func callMin(m *machine, n *callNode, a []any) (any, *Error) { return m.extremeOf(n, a, 1) }

func callMax(m *machine, n *callNode, a []any) (any, *Error) { return m.extremeOf(n, a, -1) }

func (m *machine) extremeOf(n *callNode, a []any, sign int) (any, *Error) {
	if l, ok := a[0].([]any); ok && len(a) == 1 {
		a = l
	}
	i, err := m.extreme(a, sign, n.fn.Name, n.off)
	if err != nil || i < 0 {
		return nil, err
	}
	return a[i], nil
}

// numbers reads a list of numbers and their sum.
func (m *machine) numbers(n *callNode, a []any) (l []any, sum any, err *Error) {
	if l, err = n.list(a, 0); err != nil {
		return nil, nil, err
	}
	sum = int64(0)
	for i, v := range l {
		r, f := arithmetic('+', sum, v)
		if f == notNumbers {
			return nil, nil, n.fail(CodeType, "", "element %d is %s, want a number", i, kindOf(v))
		}
		if f != "" {
			return nil, nil, n.fail(CodeNumber, "", "%s", f)
		}
		sum = r
	}
	return l, sum, m.spend(len(l), n.off)
}

func callMean(m *machine, n *callNode, a []any) (any, *Error) {
	l, sum, err := m.numbers(n, a)
	if err != nil || len(l) == 0 {
		return nil, err
	}
	return n.result(arithmetic('/', sum, int64(len(l))))
}

// result turns a fault of arithmetic into an error of the call.
func (n *callNode) result(v any, f fault) (any, *Error) {
	if f != "" {
		return nil, n.fail(CodeNumber, "", "%s", f)
	}
	return v, nil
}

func callMedian(m *machine, n *callNode, a []any) (any, *Error) {
	l, err := n.list(a, 0)
	if err != nil || len(l) == 0 {
		return nil, err
	}
	for i, v := range l {
		if _, ok := asFloat(v); !ok {
			return nil, n.fail(CodeType, "", "element %d is %s, want a number", i, kindOf(v))
		}
	}
	s, err := m.sorted(l, false, n)
	if err != nil {
		return nil, err
	}
	high := s[len(s)/2]
	if len(s)%2 == 1 {
		return high, nil
	}
	half, f := arithmetic('/', s[len(s)/2-1], int64(2))
	if f != "" {
		return n.result(nil, f)
	}
	other, f := arithmetic('/', high, int64(2))
	if f != "" {
		return n.result(nil, f)
	}
	return n.result(arithmetic('+', half, other))
}

func callJoin(m *machine, n *callNode, a []any) (any, *Error) {
	l, err := n.list(a, 0)
	if err != nil {
		return nil, err
	}
	separator := ""
	if len(a) > 1 {
		if separator, err = n.text(a, 1); err != nil {
			return nil, err
		}
	}
	var b strings.Builder
	var buf []byte
	for i, v := range l {
		if i > 0 {
			b.WriteString(separator)
		}
		if s, ok := v.(string); ok {
			b.WriteString(s)
			err = m.spend(1, n.off)
		} else if buf, err = m.shortText(buf[:0], v, n.off, asText); err == nil {
			b.Write(buf)
		}
		if err != nil {
			return nil, err
		}
		if b.Len() > MaxString {
			break
		}
	}
	return b.String(), m.bytes(b.Len(), n.off)
}
