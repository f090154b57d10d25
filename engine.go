package pawl

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/internal/zone"
	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/node/function"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/offload"
)

// Engine runs executions on one store. It is safe for concurrent use. Close it, or what runs is interrupted.
type Engine struct {
	opts      Options
	backend   *offload.Store
	loop      *engine.Loop
	functions function.Set
	calls     *calls
	versions  versions
	config    configured
	signer    *runner.Signer
	carried   *carried
	thinkers  thinkers

	stopRunner context.CancelFunc
	sweeping   sync.WaitGroup
	runner     chan error // how the runner ended; closed
	stopping   atomic.Bool
	closing    sync.Once
	closed     error
}

// Open opens the store and starts an engine on it, which at once goes on with every open execution of the store,
// whoever left it. ctx bounds the opening only.
func Open(ctx context.Context, s store.Opener, o Options) (*Engine, error) {
	o = o.WithDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	if s == nil {
		return nil, invalid("Open needs a store")
	}
	values, revision, err := configValues(o.Config)
	if err != nil {
		return nil, err
	}
	inner, err := s.Open(ctx)
	if err != nil {
		return nil, wrapStore("opening the store", err)
	}
	backend := offload.Wrap(inner, offload.Options{})
	info := backend.Info()
	for _, w := range info.Warnings {
		o.Logger.Warn(w, "store", info.Driver)
	}
	e := &Engine{opts: o, backend: backend, config: configured{values, revision}, runner: make(chan error, 1), signer: runner.NewSigner(info.Incarnation), carried: &carried{}, thinkers: newThinkers()}
	e.calls = newCalls(&e.functions)
	// These admit one engine at a time, so whoever owned a shard before is gone.
	alone := slices.Contains([]string{"memory", "sqlite"}, info.Driver)
	e.loop = engine.NewLoop(backend, engine.Options{
		Logger: o.Logger,
		Machine: engine.Config{
			TTL: o.ClaimTTL, BeatEvery: o.ClaimTTL / 5,
			Alone: alone, Forward: !alone, Visitor: !alone && o.Workers < 0 && !o.Bulks,
			Core: shard.Config{
				MaxExecutions: o.MaxExecutions, MaxBytes: o.Memory, Retention: o.Retention.Milliseconds(), RetentionBy: millisBy(o.RetentionBy), Values: values, Revision: revision, Zone: zone.Find,
				History: o.History, Bounds: kernel.Bounds{Steps: o.MaxSteps}, Pure: e.pure,
			},
		},
	})
	if err := e.startRunner(); err != nil {
		return nil, errors.Join(err, e.Close(ctx))
	}
	return e, nil
}

// startRunner begins to execute tasks, unless the engine is not to.
func (e *Engine) startRunner() error {
	ctx, stop := context.WithCancel(context.Background())
	e.stopRunner = stop
	types, pools := node.Registry{}, []runner.Pool{{Types: []string{bulkType}, Workers: 1}}
	types.Add(node.Type{Descriptor: node.Descriptor{Type: bulkType}, Executor: bulker{e}})
	switch {
	case e.opts.Workers >= 0:
		e.addTypes(types)
		if len(types) > 1 {
			pools = append(pools, runner.Pool{Workers: e.opts.Workers})
		}
	case !e.opts.Bulks:
		close(e.runner)
		return nil
	}
	r, err := runner.New(runner.Params{
		Source: e.loop, Registry: types, Pools: pools, Secrets: e.opts.Secrets, Sign: e.signer.Sign,
		DrainGrace: e.opts.Grace, Logger: e.opts.Logger, Ahead: e.keepOutput,
	})
	if err != nil {
		close(e.runner)
		return invalid("the node types: %v", err)
	}
	if e.opts.Workers >= 0 {
		e.sweeping.Go(func() { e.sweepBlobs(ctx) })
	}
	go func() {
		e.runner <- r.Run(ctx)
		close(e.runner)
	}()
	return nil
}

// addTypes adds the node types whose tasks definitions ask for.
func (e *Engine) addTypes(types node.Registry) {
	if !e.opts.NoFunctions {
		types.Add(node.Type{Descriptor: function.Descriptor(), Executor: e.calls})
	}
	for _, t := range e.opts.Nodes {
		types.Add(t)
	}
}

// pure reports whether t calls a function that was registered as pure.
func (e *Engine) pure(t *kernel.Task) bool {
	return t.Type == function.Type && e.functions.Pure(t.With)
}

// Close drains the engine: it takes no new work, lets running tasks go on for [Options.Grace], commits what was
// decided and closes the store. What has not ended goes on when the store is opened again. A ctx that ends first
// leaves the rest to that, too, and is the error. An engine that has stopped by itself is closed in the same way: its
// tasks have been cancelled, and why it stopped is the error. Close may be called again, which returns the same.
func (e *Engine) Close(ctx context.Context) error {
	e.closing.Do(func() { e.closed = e.close(ctx) })
	return e.closed
}

// close ends the runner first: what its tasks report needs the loop.
func (e *Engine) close(ctx context.Context) error {
	e.stopping.Store(true)
	if e.stopRunner != nil {
		e.stopRunner()
	}
	var late error
	select {
	case err := <-e.runner:
		if err != nil {
			e.opts.Logger.Warn("the runner left work behind", "error", err)
		}
	case <-ctx.Done():
		late = ctx.Err()
	}
	e.sweeping.Wait()
	err := e.loop.Stop(ctx, 0)
	if late != nil {
		err = late
	}
	if cerr := e.backend.Close(); err == nil && cerr != nil {
		return wrapStore("closing the store", cerr)
	}
	return wrapEngine(err)
}

// Done is closed when the engine has stopped: after Close, or by itself when the store has lost what it had
// acknowledged.
func (e *Engine) Done() <-chan struct{} { return e.loop.Done() }

// Err is why the engine has stopped by itself; nil while it runs and after Close.
func (e *Engine) Err() error {
	if err := e.loop.Err(); err != nil && !errors.Is(err, engine.ErrStopped) {
		return &Error{Code: CodeStore, Message: "the engine has stopped", Cause: err}
	}
	return nil
}

func (e *Engine) nodeTypes() []node.Type { return e.opts.Nodes }
