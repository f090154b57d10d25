package pawl

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// StartOption goes with [Engine.Start].
type StartOption interface{ start(*startOptions) }

type startOptions struct {
	commandOptions
	key      string
	existing shard.Existing
	delay    time.Duration
	signal   *kernel.Signal
	gather   *kernel.Gather
	err      error
}

type startOption func(*startOptions)

func (o startOption) start(s *startOptions) { o(s) }

// Key names the execution. A key is unique per workflow; what happens where it is taken says [OnExisting].
func Key(key string) StartOption { return startOption(func(o *startOptions) { o.key = key }) }

// Version starts a version other than the active one: that one, or the highest that fits a constraint such as ^1.2 and
// is not retired. With [Engine.Fork] and [Engine.Rerun] it is the deployed version with which the new execution goes on.
func Version(v string) Option { return commonOption(func(o *commandOptions) { o.version = v }) }

// Delay holds the first step back; the execution is pending until then.
func Delay(d time.Duration) StartOption { return startOption(func(o *startOptions) { o.delay = d }) }

// WithSignal delivers a signal with the start, in one transition.
func WithSignal(name string, data any) StartOption {
	return startOption(func(o *startOptions) {
		raw, err := encode("the signal's data", data)
		if err == nil {
			err = checkSignalName(name)
		}
		o.err = err
		o.signal = &kernel.Signal{Name: name, Data: raw}
	})
}

// Existing says what a start does where its key is taken.
type Existing uint8

// The policies of [OnExisting].
const (
	// ReturnExisting gives the execution that holds the key, open or closed; another input is a key_conflict.
	ReturnExisting Existing = iota
	// RejectExisting is key_exists.
	RejectExisting
	// NewUnlessOpen starts if the holder has ended, and is key_exists otherwise.
	NewUnlessOpen
	// ReplaceOpen cancels an open holder and starts when it has ended.
	ReplaceOpen
)

// OnExisting sets the policy for a key that is taken; the default is [ReturnExisting].
func OnExisting(p Existing) StartOption {
	return startOption(func(o *startOptions) { o.existing = shard.Existing(p) })
}

// Start begins an execution of the active version of workflow. input is anything that marshals to JSON and is checked
// against the definition. The start is durable when Start returns.
//
// An error with [CodeUnavailable] leaves open whether it happened: repeat with the same [RequestID] or [Key].
func (e *Engine) Start(ctx context.Context, workflow string, input any, opts ...StartOption) (*Run, error) {
	o, err := e.startOptions(opts)
	if err != nil {
		return nil, err
	}
	if run, err := e.started(ctx, workflow, &o); run != nil || err != nil {
		return run, err
	}
	return e.start(ctx, workflow, input, &o, func(c engine.Command) (*Run, error) {
		if err := e.keepAhead(ctx, c.Execution, c.Start.Input); err != nil {
			return nil, err
		}
		r, err := e.do(ctx, c)
		if err != nil {
			return nil, err
		}
		return &Run{eng: e, id: r.Execution, existing: r.Existing}, nil
	})
}

func (e *Engine) startOptions(opts []StartOption) (startOptions, error) {
	o := startOptions{commandOptions: commandOptions{by: e.opts.By}}
	for _, opt := range opts {
		opt.start(&o)
	}
	if o.err == nil {
		o.err = o.check()
	}
	if o.err == nil && o.gather != nil {
		o.err = o.gathers()
	}
	if o.key == "" && o.request != "" {
		o.key = "request:" + o.request
	}
	return o, o.err
}

// start makes the command of a start and gives it to run, while what it carries is counted.
func (e *Engine) start(ctx context.Context, workflow string, input any, o *startOptions, run func(c engine.Command) (*Run, error)) (*Run, error) {
	v, err := e.version(ctx, workflow, o.version)
	if err != nil {
		return nil, err
	}
	var raw []byte
	err = e.think(ctx, func() (err error) {
		raw, err = encode("the input", input)
		return err
	})
	if err != nil {
		return nil, err
	}
	done, err := e.carry(raw)
	if err != nil {
		return nil, err
	}
	defer done()
	c, err := e.startCommand(ctx, v, raw, o)
	if err != nil {
		return nil, err
	}
	return run(c)
}

func (e *Engine) startCommand(ctx context.Context, v *version, raw []byte, o *startOptions) (c engine.Command, err error) {
	if err := e.startable(ctx, v); err != nil {
		return c, err
	}
	now := time.Now()
	var input, trigger []byte
	var sum uint64
	err = e.think(ctx, func() (err error) {
		if input, trigger, err = v.checkInput(raw, now); err == nil && o.key != "" && o.gather == nil {
			sum = digest(input)
		}
		return err
	})
	if err != nil {
		return c, err
	}
	if sig := o.signal; sig != nil {
		if err := v.checkSignal(sig.Name, sig.Data); err != nil {
			return c, err
		}
	}
	s := &kernel.Start{
		Namespace: e.opts.Namespace, Workflow: v.workflow.Name, Version: v.version, Hash: v.hash,
		Key: o.key, Input: input, Trigger: trigger, Signal: o.signal, Gather: o.gather,
	}
	if o.delay > 0 {
		s.NotBefore = now.Add(o.delay).UnixMilli()
	}
	slot := e.slot()
	if o.key != "" {
		slot = record.KeySlot(record.Key{Namespace: s.Namespace, Workflow: s.Workflow, Key: s.Key})
	}
	s.ID = record.NewID(now.UnixMilli(), o.random(s.Workflow, s.Namespace), slot)
	return engine.Command{
		Verb: shard.Start, Execution: s.ID, Start: s, Existing: o.existing,
		Request: o.request, By: o.by, Why: o.why, Digest: sum,
	}, nil
}

// slot is where a new execution without a key goes: to a shard of this member, where it has one, so that the start
// need not travel.
func (e *Engine) slot() uint16 {
	slot := rand.Uint32() & 0xffff
	owned, shards := e.loop.Owned(), uint32(e.backend.Info().Shards)
	if len(owned) == 0 || len(owned) == int(shards) {
		return uint16(slot)
	}
	return uint16(slot/shards*shards + uint32(owned[slot%uint32(len(owned))]))
}

// random is the random part of the id of a new execution. A request id gives it, so that a repeat is known by it.
func (o *startOptions) random(workflow, namespace string) uint64 {
	if o.request == "" || o.gather != nil {
		return rand.Uint64()
	}
	h := sha256.New()
	for _, s := range []string{namespace, workflow, o.key, o.request} {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// started finds what a request with a key has started before, if the key belongs to another execution meanwhile; as
// long as it is the holder, the engine knows. Only the newest of very many executions of one key are looked at.
func (e *Engine) started(ctx context.Context, workflow string, o *startOptions) (*Run, error) {
	if o.request == "" || o.gather != nil {
		return nil, nil
	}
	page, err := e.backend.Search(ctx, e.opts.Namespace, store.Filter{Workflows: []string{workflow}, Key: o.key, Limit: 1000})
	if err != nil {
		return nil, wrapStore("looking for what the request has started", err)
	}
	random := o.random(workflow, e.opts.Namespace)
	for i := range page.Heads {
		// The newest is the holder; there the engine compares the inputs.
		if id := page.Heads[i].Execution; i > 0 && id.Random() == random {
			return &Run{eng: e, id: id, existing: true}, nil
		}
	}
	return nil, nil
}
