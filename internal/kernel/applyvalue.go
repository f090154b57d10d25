package kernel

import (
	"fmt"
	"slices"
)

// outputOf gives the value that an operation carries or names.
func (s *State) outputOf(o *Op, st *step) *value {
	if o.hasData {
		return s.dataOf(o)
	}
	if len(o.refs) > 0 {
		keys, parts := make([]string, 0, len(o.refs)), make([]*value, 0, len(o.refs))
		for _, r := range o.refs {
			part, err := s.resolve(r.src)
			if err != nil {
				part = null
			}
			keys, parts = append(keys, r.key), append(parts, part)
		}
		return listValue(parts, keys)
	}
	switch from := o.text; {
	case from == "":
		return nil
	case st != nil && from == "arm" && o.n >= 0 && int(o.n) < len(st.arms):
		return st.arms[o.n].output()
	case st != nil && st.cb != nil && from == "callback":
		return st.cb.result()
	case st != nil && st.comp != nil && from == "instances":
		return st.comp.collected()
	case st != nil && st.comp != nil && from == "last":
		return st.comp.last
	case st != nil && st.comp != nil && from == "verdict":
		return st.comp.output
	default:
		v, _ := s.resolve(from)
		return v
	}
}

// dataOf is the data of an operation with what it refers to in its place.
func (s *State) dataOf(o *Op) *value {
	if len(o.refs) == 0 {
		return rawValue(o.data)
	}
	holes, err := s.holesOf(o.refs)
	if err != nil {
		return rawValue(o.data)
	}
	return holed(o.data, holes)
}

func (s *State) applySet(sc *scope, o *Op) error {
	arg := s.dataOf(o)
	if !o.hasData && o.text != "" {
		var err error
		if arg, err = s.resolve(o.text); err != nil {
			return err
		}
	}
	if o.flag {
		sc.vars = append(sc.vars, variable{o.name, arg})
		s.bytes += arg.size()
		return nil
	}
	v := sc.variable(o.name)
	if v == nil {
		return fmt.Errorf("no variable %q", o.name)
	}
	next, err := change(v.v, o.word, arg)
	if err != nil {
		return err
	}
	s.bytes += next.size() - v.v.size()
	v.v = next
	return nil
}

// change applies one operation of a variable. Decide has checked that it can be done.
func change(old *value, op string, arg *value) (*value, error) {
	switch op {
	case "set":
		return arg, nil
	case "unset":
		return null, nil
	}
	was, err := old.decode()
	if err != nil {
		return nil, err
	}
	more, err := arg.decode()
	if err != nil {
		return nil, err
	}
	next := &value{done: true, n: old.size() + arg.size()}
	if op == "append" || op == "concat" {
		list, _ := was.([]any)
		if !old.own { // somebody else may use the room behind the list
			list = slices.Clip(list)
		}
		old.own, next.own = false, true
		was = list
		if list == nil {
			was = nil
		}
	}
	if next.dec, err = changed(was, op, more); err != nil {
		return nil, err
	}
	return next, nil
}
