package rehearse

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
)

// Mocks answer tasks as the mocks of a case say.
type Mocks struct {
	list  []spec.Mock
	calls map[int]int // how often each was asked
	// faults are tasks that nobody answers and answers that cannot be evaluated.
	faults []string
}

// NewMocks makes the answers of a case.
func NewMocks(list []spec.Mock) *Mocks { return &Mocks{list: list, calls: map[int]int{}} }

// Faults are tasks that nobody answered and answers that cannot be evaluated.
func (m *Mocks) Faults() []string { return m.faults }

// Has reports whether one of the mocks answers a task.
func (m *Mocks) Has(t *Task) bool {
	var c config
	_ = json.Unmarshal(t.With, &c) // what has no name has none
	return m.find(t, c.Name) >= 0
}

// CodeNoMock is the code of a step whose task no mock answers.
const CodeNoMock = "no_mock"

// config is what mocks see of a task's configuration.
type config struct {
	Name string          `json:"name"`
	Args json.RawMessage `json:"args"`
}

// Execute is the Executor of a case.
func (m *Mocks) Execute(t *Task) Answer {
	var c config
	_ = json.Unmarshal(t.With, &c) // what has no name or args has none
	i := m.find(t, c.Name)
	if i < 0 {
		what := t.Task.Type
		if c.Name != "" {
			what += " " + c.Name
		}
		m.fault("there is no mock for the node " + t.Task.Node + " (" + what + ")")
		return Answer{Result: model.Result{Error: &model.Error{Code: CodeNoMock, Message: "no mock answers " + t.Token.Step, Retryable: new(bool)}}}
	}
	m.calls[i]++
	names := callNames{"with": decoded(t.With), "args": decoded(c.Args), "node": t.Task.Node, "step": t.Token.Step, "attempt": int64(t.Attempt), "call": int64(m.calls[i])}
	ctx := &expr.Context{Names: names, Now: t.Now, Seed: uint64(m.calls[i])}
	r, err := m.choose(&m.list[i], m.calls[i], ctx)
	if err == nil && r == nil {
		err = fmt.Errorf("none of its answers holds")
	}
	var out []byte
	if err == nil {
		out, err = evaluate(r.Output, ctx)
	}
	if err != nil {
		m.fault("the mock " + m.list[i].For + " for " + t.Token.Step + ": " + err.Error())
		return Answer{Result: model.Result{Error: &model.Error{Code: CodeNoMock, Message: err.Error(), Retryable: new(bool)}}}
	}
	return Answer{
		Result: model.Result{Outcome: r.Outcome, Output: out, Error: r.Error, Set: r.Set, Log: r.Log, Tags: r.Tags},
		Delay:  int64(r.Delay), Never: r.Never, Lost: r.Lost, Late: r.Late,
	}
}

func (m *Mocks) fault(text string) {
	if !slices.Contains(m.faults, text) {
		m.faults = append(m.faults, text)
	}
}

// find gives the mock of a task: by node, else by function or service, else by type, else any.
func (m *Mocks) find(t *Task, name string) int {
	for _, key := range []string{t.Task.Node, name, t.Task.Type, "any"} {
		if key == "" {
			continue
		}
		if i := slices.IndexFunc(m.list, func(o spec.Mock) bool { return o.For == key }); i >= 0 {
			return i
		}
	}
	return -1
}

// choose gives the answer of the n-th call: the first that holds where the answers are a choice, else the n-th.
func (m *Mocks) choose(of *spec.Mock, n int, ctx *expr.Context) (*spec.Reply, error) {
	choice := slices.ContainsFunc(of.Answers, func(r spec.Reply) bool { return r.When != "" })
	if !choice {
		return &of.Answers[min(n, len(of.Answers))-1], nil
	}
	for i := range of.Answers {
		r := &of.Answers[i]
		if r.When == "" {
			return r, nil
		}
		p, err := expr.Compile(r.When)
		if err != nil {
			return nil, err
		}
		if holds, err := p.Bool(ctx); err != nil || holds {
			return r, err
		}
	}
	return nil, nil
}

func evaluate(raw json.RawMessage, ctx *expr.Context) ([]byte, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	t, err := expr.CompileTemplate(raw)
	if err != nil {
		return nil, err
	}
	out, _, err := t.Append(nil, ctx)
	return out, err
}

func decoded(raw []byte) any {
	if len(raw) == 0 {
		return nil
	}
	v, err := expr.Decode(raw)
	if err != nil {
		return nil
	}
	return v
}

// callNames are what answers of mocks may name.
type callNames map[string]any

// Lookup implements expr.Names.
func (n callNames) Lookup(name string) (any, bool, error) {
	v, ok := n[name]
	return v, ok, nil
}
