package pawl

import (
	"context"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
)

// CommandOption goes with a command on an execution.
type CommandOption interface{ command(*commandOptions) }

// Option fits starts and commands alike.
type Option interface {
	CommandOption
	StartOption
}

type commandOptions struct {
	request, by, why, signal string
	groups                   []string
	form                     any
	ttl                      time.Duration
	shift                    bool
	ifAt, scope              string
	ifSeq, upto              uint64
	from                     []string
	renames                  map[string]string
	version                  string
	plan                     *Preview
}

// check refuses what no journal should hold.
func (o *commandOptions) check() error {
	for _, c := range []struct {
		what, text string
		limit      int
	}{
		{"the request id", o.request, maxName}, {"By", o.by, maxName}, {"the reason", o.why, maxReason},
		{"the signal's id", o.signal, maxName}, {"IfAt", o.ifAt, maxName}, {"In", o.scope, maxName},
	} {
		if err := checkText(c.what, c.text, c.limit); err != nil {
			return err
		}
	}
	for _, g := range o.groups {
		if err := checkText("a group", g, maxName); err != nil {
			return err
		}
	}
	if o.ttl < 0 || o.ttl > 0 && o.ttl < time.Millisecond {
		return invalid("SignalTTL is %s; a millisecond is the least", o.ttl)
	}
	return nil
}

type commonOption func(*commandOptions)

func (o commonOption) command(c *commandOptions) { o(c) }
func (o commonOption) start(s *startOptions)     { o(&s.commandOptions) }

// RequestID makes a repeat of the call harmless: a call whose id the execution has seen changes nothing and gets the
// first answer. One that asks for something else under that id is refused with [CodeRequestConflict]. A start without a
// [Key] takes "request:" and the id as its key.
func RequestID(id string) Option { return commonOption(func(c *commandOptions) { c.request = id }) }

// By is journaled as who asked.
func By(who string) Option { return commonOption(func(c *commandOptions) { c.by = who }) }

// Why is journaled as the reason.
func Why(reason string) Option { return commonOption(func(c *commandOptions) { c.why = reason }) }

type signalOption string

func (o signalOption) command(c *commandOptions) { c.signal = string(o) }

// SignalID makes a repeat of a signal harmless: an execution ignores a signal whose id it has seen.
func SignalID(id string) CommandOption { return signalOption(id) }

type shiftOption struct{}

func (shiftOption) command(c *commandOptions) { c.shift = true }

// Shift goes with [Engine.Resume]: the timers of a paused execution move by the length of the pause, instead of firing at
// once where they came due in it.
func Shift() CommandOption { return shiftOption{} }

type ttlOption time.Duration

func (o ttlOption) command(c *commandOptions) { c.ttl = time.Duration(o) }

// SignalTTL is how long a signal is kept unless a step takes it, in place of what the definition says.
func SignalTTL(d time.Duration) CommandOption { return ttlOption(d) }

// inputKinds are the verbs that can be tried out and need no [Engine.operate].
var inputKinds = map[shard.Verb]kernel.InputKind{
	shard.Signal: kernel.InSignal, shard.Cancel: kernel.InCancel, shard.Terminate: kernel.InTerminate,
	shard.Pause: kernel.InPause, shard.Resume: kernel.InResume,
}

// command sends one verb to an execution, or says what it would do where the options have a [Plan].
func (e *Engine) command(ctx context.Context, id string, verb shard.Verb, opts []CommandOption, also func(*engine.Command, *commandOptions)) error {
	x, err := e.parseID(id)
	if err != nil {
		return err
	}
	o := e.commandOptions(opts)
	if err := o.check(); err != nil {
		return err
	}
	c := engine.Command{Verb: verb, Execution: x, Request: o.request, By: o.by, Why: o.why}
	if also != nil {
		also(&c, &o)
	}
	if o.plan != nil {
		return e.foresee(ctx, id, kernel.Input{Kind: inputKinds[verb], Signal: c.Signal, Shift: c.Shift}, &o)
	}
	_, err = e.do(ctx, c)
	return err
}

func (e *Engine) commandOptions(opts []CommandOption) commandOptions {
	o := commandOptions{by: e.opts.By}
	for _, opt := range opts {
		opt.command(&o)
	}
	return o
}

// do runs one command and turns a refusal into an error.
func (e *Engine) do(ctx context.Context, c engine.Command) (engine.Reply, error) {
	if c.Verb == shard.Start && e.stopping.Load() {
		return engine.Reply{}, &Error{Code: CodeStopping, Message: "the engine is closing"}
	}
	c.Namespace = e.opts.Namespace
	r, err := e.loop.Do(ctx, c)
	if err != nil {
		return r, wrapEngine(err)
	}
	if r.Error != nil {
		return r, refused(r.Error)
	}
	return r, nil
}

func (e *Engine) parseID(id string) (record.ID, error) {
	x, err := record.ParseID(id)
	if err != nil {
		return x, invalid("%s is %v", short(id), err)
	}
	return x, nil
}
