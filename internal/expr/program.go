package expr

import "slices"

// Program is a checked expression. It does not change and may be used by several goroutines at once.
type Program struct {
	src   string
	root  node
	reads []Ref
	late  bool
	slots int
}

// Source is the text it was compiled from.
func (p *Program) Source() string { return p.src }

// Reads lists the static paths that it reads, each once, in written order: nodes.a.output.x is [nodes a output x]. A
// path ends before an index that is no literal string. Elements of predicates are not paths.
func (p *Program) Reads() []Ref { return slices.Clone(p.reads) }

// Late reports whether it names secrets or task, so that only the runner can evaluate it.
func (p *Program) Late() bool { return p.late }

// Eval gives the value. Lists and maps in it may be shared with the expression and with what the names gave: they
// must not be changed. The error is *Error.
func (p *Program) Eval(c *Context) (any, error) {
	v, err := newMachine(c).run(p)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Bool gives the value of a condition. The error is *Error and names the type where it is no bool.
func (p *Program) Bool(c *Context) (bool, error) {
	v, err := newMachine(c).run(p)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if ok {
		return b, nil
	}
	e := errorAt(0, CodeType, "compare it with something", "the condition gives %s, want a bool", kindOf(v))
	if v == nil {
		e.Code, e.Hint = CodeNull, defaultHint(p.root)
	}
	e.Source = p.src
	return false, e
}
