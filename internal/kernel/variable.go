package kernel

import (
	"fmt"
	"maps"
	"math"

	"github.com/pawl-dev/pawl/internal/expr"
)

// changed gives the value of a variable after append, concat, merge or add; was is not changed.
func changed(was any, op string, arg any) (any, error) {
	switch op {
	case "append", "concat":
		return appended(was, op, arg)
	case "merge":
		return merged(was, arg)
	case "add":
		return added(was, arg)
	}
	return nil, fmt.Errorf("unknown operation %q", op)
}

// canChange reports why an operation cannot be applied to a variable.
func (x *decider) canChange(v *value, op string, o *Op) error {
	was, err := v.decode()
	if err != nil {
		return err
	}
	of := x.s.dataOf(o)
	if o.text != "" {
		if of, err = x.s.resolve(o.text); err != nil {
			return err
		}
	}
	arg, err := of.decode()
	if err != nil {
		return err
	}
	switch op {
	case "append", "concat":
		if _, ok := was.([]any); !ok && was != nil {
			return fmt.Errorf("%s needs a list, the variable is %s", op, expr.TypeName(was))
		}
		if _, ok := arg.([]any); !ok && op == "concat" {
			return fmt.Errorf("concat adds a list, not %s", expr.TypeName(arg))
		}
		return nil
	}
	_, err = changed(was, op, arg)
	return err
}

func appended(was any, op string, arg any) (any, error) {
	list, ok := was.([]any)
	if !ok && was != nil {
		return nil, fmt.Errorf("%s needs a list, the variable is %s", op, expr.TypeName(was))
	}
	// Growing in place is safe: readers of the old value hold their own length, and change sees to it that only one
	// variable uses the room behind it.
	if op == "append" {
		return append(list, arg), nil
	}
	more, ok := arg.([]any)
	if !ok {
		return nil, fmt.Errorf("concat adds a list, not %s", expr.TypeName(arg))
	}
	return append(list, more...), nil
}

func merged(was, arg any) (any, error) {
	m, ok := was.(map[string]any)
	if !ok && was != nil {
		return nil, fmt.Errorf("merge needs a map, the variable is %s", expr.TypeName(was))
	}
	more, ok := arg.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("merge adds a map, not %s", expr.TypeName(arg))
	}
	out := make(map[string]any, len(m)+len(more))
	maps.Copy(out, m)
	maps.Copy(out, more)
	return out, nil
}

func added(was, arg any) (any, error) {
	if was == nil {
		was = int64(0)
	}
	switch a := was.(type) {
	case int64:
		switch b := arg.(type) {
		case int64:
			if sum := a + b; (sum > a) == (b > 0) {
				return sum, nil
			}
			return nil, fmt.Errorf("add overflows: %d + %d", a, b)
		case float64:
			return finite(float64(a) + b)
		}
	case float64:
		switch b := arg.(type) {
		case int64:
			return finite(a + float64(b))
		case float64:
			return finite(a + b)
		}
	}
	return nil, fmt.Errorf("add needs numbers, not %s and %s", expr.TypeName(was), expr.TypeName(arg))
}

func finite(f float64) (any, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, fmt.Errorf("add overflows")
	}
	return f, nil
}
