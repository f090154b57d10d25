// Package function is the effect node that runs Go functions of the embedding program: type function, in definitions
// mostly by its short form call.
//
// A [Set] is a value that holds functions by name. [Register] puts one in; any function of a context and one JSON-able
// argument will do. The package must not know who calls it: it sees one task and nothing of graphs, stores or workers.
package function

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
)

// Type is the name of the node type.
const Type = "function"

//go:embed config.json
var configSchema json.RawMessage

//go:embed doc.md
var doc string

// Set holds functions by name. The zero value is ready for use, by any number of goroutines.
type Set struct {
	mu    sync.RWMutex
	funcs map[string]*entry
	pure  bool // one of them is
}

// entry is one registered function.
type entry struct {
	sig Signature
	// run decodes args, calls and encodes.
	run func(ctx context.Context, args json.RawMessage) (json.RawMessage, error)
}

// Signature is what is known of a function before it is called.
type Signature struct {
	Name string
	// Input and Output are JSON Schemas made from the Go types; nil accepts anything.
	Input, Output json.RawMessage
	// Outcomes the function may end with beside success and error.
	Outcomes []string
	// Pure functions have no effect: calling one twice, or for nothing, changes nothing but time.
	Pure bool
	// Timeout bounds one call; 0 means only the node's.
	Timeout time.Duration
}

// Option changes how a function is registered.
type Option func(*Signature)

// Pure declares that the function has no effect: calling it twice, or for nothing, changes nothing but time.
func Pure() Option { return func(s *Signature) { s.Pure = true } }

// Timeout bounds each call; the node's own timeouts count too.
func Timeout(d time.Duration) Option { return func(s *Signature) { s.Timeout = d } }

// Outcomes declares the words that the function may end with, see [Outcome]. Without it any word is accepted.
func Outcomes(words ...string) Option {
	return func(s *Signature) { s.Outcomes = append(s.Outcomes, words...) }
}

// Register adds fn under name. In and Out may be anything that encoding/json takes: a struct{} In is a function
// without arguments, a struct{} Out one without a result, and json.RawMessage passes JSON through as it is.
//
// Errors: the name is empty, not made of letters, digits and ._- or taken; fn is nil; In or Out cannot be JSON
// (channels, functions, complex numbers, maps with other keys than text and integers).
func Register[In, Out any](s *Set, name string, fn func(context.Context, In) (Out, error), opts ...Option) error {
	if fn == nil {
		return fmt.Errorf("function %q: no function given", name)
	}
	in, out, err := schemas[In, Out]()
	if err != nil {
		return fmt.Errorf("function %q: %w", name, err)
	}
	e := &entry{sig: Signature{Name: name, Input: in, Output: out}, run: wrap(fn)}
	for _, o := range opts {
		o(&e.sig)
	}
	return s.add(name, e)
}

func (s *Set) add(name string, e *entry) error {
	if !validName(name) {
		return fmt.Errorf("function %q: a name has 1 to 128 letters, digits, dots, dashes and underscores", name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.funcs[name] != nil {
		return fmt.Errorf("function %q is registered already", name)
	}
	if s.funcs == nil {
		s.funcs = map[string]*entry{}
	}
	s.funcs[name] = e
	s.pure = s.pure || e.sig.Pure
	return nil
}

func validName(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// Lookup finds the signature of a function.
func (s *Set) Lookup(name string) (Signature, bool) {
	if e := s.find(name); e != nil {
		return e.sig, true
	}
	return Signature{}, false
}

// Pure reports whether the configuration of a task calls a pure function.
func (s *Set) Pure(with json.RawMessage) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.pure {
		return false
	}
	e := s.funcs[string(callee(with))]
	return e != nil && e.sig.Pure
}

// callee is the name in a configuration in canonical form, where it is the last key; nil in others. Each call of a
// program that has pure functions is asked about, so nothing is decoded.
func callee(with json.RawMessage) []byte {
	rest, ok := bytes.CutSuffix(with, []byte(`"}`))
	if !ok {
		return nil
	}
	name := rest[bytes.LastIndexByte(rest, '"')+1:]
	key, ok := bytes.CutSuffix(rest[:len(rest)-len(name)], []byte(`"name":"`))
	if !ok || len(key) == 0 || key[len(key)-1] != '{' && key[len(key)-1] != ',' {
		return nil
	}
	return name
}

func (s *Set) find(name string) *entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.funcs[name]
}

// Names lists the functions in order.
func (s *Set) Names() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]string, 0, len(s.funcs))
	for name := range s.funcs {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Type is the node type that calls the functions of s.
func (s *Set) Type() node.Type { return node.Type{Descriptor: Descriptor(), Executor: s} }

// Descriptor describes the node type.
func Descriptor() node.Descriptor {
	return node.Descriptor{
		Type:   Type,
		Short:  "Calls a Go function that the program registered",
		Doc:    strings.TrimSpace(doc),
		Config: configSchema,
		Icon:   "function",
	}
}

// Execute implements node.Executor.
func (s *Set) Execute(ctx context.Context, t *node.Task) (model.Result, error) {
	name, args, err := split(t.With)
	if err != nil {
		return failed("bad_config", err.Error()), nil
	}
	e := s.find(name)
	if e == nil {
		return failed("unknown_function", s.unknown(name)), nil
	}
	if e.sig.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, e.sig.Timeout)
		defer cancel()
	}
	out, err := e.run(context.WithValue(ctx, taskKey{}, t), args)
	if err == nil {
		return model.Result{Output: out}, nil
	}
	return e.result(ctx, err), nil
}

// result turns the error of a function into the result of its task.
func (e *entry) result(ctx context.Context, err error) model.Result {
	var o *outcome
	if errors.As(err, &o) {
		return o.result(e.sig)
	}
	if e.sig.Timeout > 0 && errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		return model.Result{Error: &model.Error{Code: "timeout", Message: fmt.Sprintf("%s took longer than %s", e.sig.Name, e.sig.Timeout)}}
	}
	return model.Result{Error: fault(err)}
}

type taskKey struct{}

// TaskFrom returns the task that a function works on: its attempt, its idempotency key, its heartbeat and log. It is
// nil outside a function called by the engine.
func TaskFrom(ctx context.Context) *node.Task {
	t, _ := ctx.Value(taskKey{}).(*node.Task)
	return t
}

func failed(code, message string) model.Result {
	no := false
	return model.Result{Error: &model.Error{Code: code, Message: message, Retryable: &no}}
}
