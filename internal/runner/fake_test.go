package runner

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/record"
)

// fake is a Source in memory.
type fake struct {
	mu       sync.Mutex
	ready    []Lease
	reports  []Report
	released []Token
	cancels  []Cancel
	calls    int // of Report
	demands  []int
	news     chan struct{} // closed and replaced at every change

	// answer decides a report, beat a beat; nil accepts. fail lets calls of Lease fail.
	answer func(r Report) Verdict
	verdi  func(t Token) Verdict
	fail   func() error
	// gate, where set, is waited for in every Report call.
	gate chan struct{}
}

func newFake() *fake { return &fake{news: make(chan struct{})} }

func (f *fake) changed() {
	close(f.news)
	f.news = make(chan struct{})
}

func (f *fake) put(l ...Lease) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ready = append(f.ready, l...)
	f.changed()
}

func (f *fake) cancel(t ...Cancel) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cancels = append(f.cancels, t...)
	f.changed()
}

func (f *fake) Lease(ctx context.Context, d Demand) ([]Lease, error) {
	if f.fail != nil {
		if err := f.fail(); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	f.demands = append(f.demands, d.Max)
	f.mu.Unlock()
	for {
		f.mu.Lock()
		var got []Lease
		f.ready = slices.DeleteFunc(f.ready, func(l Lease) bool {
			if len(got) < d.Max && slices.Contains(d.Types, l.Task.Type) {
				got = append(got, l)
				return true
			}
			return false
		})
		news := f.news
		f.mu.Unlock()
		if len(got) > 0 {
			return got, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-news:
		}
	}
}

func (f *fake) Beat(_ context.Context, tokens []Token) ([]Verdict, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]Verdict, len(tokens))
	for i, t := range tokens {
		if f.verdi != nil {
			out[i] = f.verdi(t)
		}
	}
	return out, nil
}

func (f *fake) Report(ctx context.Context, reports []Report) ([]Verdict, error) {
	if f.gate != nil {
		select {
		case <-f.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	out := make([]Verdict, len(reports))
	for i, r := range reports {
		if f.answer != nil {
			out[i] = f.answer(r)
		}
		if out[i] == Accepted {
			f.reports = append(f.reports, r)
		}
	}
	f.changed()
	return out, nil
}

func (f *fake) Release(_ context.Context, tokens []Token) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.released = append(f.released, tokens...)
	return nil
}

// feeding is a fake with a cancel feed.
type feeding struct{ *fake }

func (f feeding) Cancelled(ctx context.Context) ([]Cancel, error) {
	for {
		f.mu.Lock()
		got, news := f.cancels, f.news
		f.cancels = nil
		f.mu.Unlock()
		if len(got) > 0 {
			return got, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-news:
		}
	}
}

// do is an executor made of a function.
type do func(ctx context.Context, t *node.Task) (model.Result, error)

func (d do) Execute(ctx context.Context, t *node.Task) (model.Result, error) { return d(ctx, t) }

// types makes a registry of executors by name.
func types(byName map[string]do) node.Registry {
	r := node.Registry{}
	for name, x := range byName {
		r.Add(node.Type{Descriptor: node.Descriptor{Type: name}, Executor: x})
	}
	return r
}

var anExecution = record.NewID(1_700_000_000_000, 7, 3)

func lease(step, typ string) Lease {
	return Lease{
		Token:     Token{Execution: anExecution, Step: step, Attempt: 1},
		Namespace: "default", Workflow: "order", Version: "1.0.0",
		Task: kernel.Task{TaskRef: kernel.TaskRef{Step: step, Attempt: 1}, Node: step, Type: typ, With: []byte(`{}`)},
	}
}

func output(s string) (model.Result, error) { return model.Result{Output: json.RawMessage(s)}, nil }
