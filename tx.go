package pawl

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// StartTx begins an execution if and only if tx commits: the start is a row that is written in the caller's own
// transaction, which must be on the database of this engine's store. Drivers make tx of a transaction (postgres.Tx,
// postgres.SQLTx, mysql.Tx); for an embedded store see [Engine.Tx]. Input and definition are checked now, and the version
// is the one of now.
//
// The run's id is drawn now; before the commit, and for some milliseconds after it, it names nothing: [Run.Wait] and
// [Result] give it ten seconds. Nobody hears of a
// start that is refused later, because its [Key] belongs to another execution: then the id never names anything. With a
// [RequestID] or a [Key] a repeat starts nothing new.
func (e *Engine) StartTx(ctx context.Context, tx store.Sender, workflow string, input any, opts ...StartOption) (*Run, error) {
	o, err := e.startOptions(opts)
	if err != nil {
		return nil, err
	}
	return e.start(ctx, workflow, input, &o, func(c engine.Command) (*Run, error) {
		if err := e.post(ctx, tx, &c, c.Execution); err != nil {
			return nil, err
		}
		return &Run{eng: e, id: c.Execution, posted: true}, nil
	})
}

// SignalTx sends a signal if and only if tx commits; see [Engine.StartTx]. What is known of the execution now is checked
// now; one that tx itself starts may be signalled. A signal that is refused later, because the execution has ended, is
// dropped.
func (e *Engine) SignalTx(ctx context.Context, tx store.Sender, id, name string, data any, opts ...CommandOption) error {
	x, err := e.parseID(id)
	if err != nil {
		return err
	}
	o := e.commandOptions(opts)
	if err := errors.Join(o.check(), checkSignalName(name)); err != nil {
		return err
	}
	raw, err := encode("the signal's data", data)
	if err != nil {
		return err
	}
	if err := e.checkSignalBy(ctx, e.look, id, name, raw); err != nil && Code(err) != CodeNotFound {
		return err
	}
	sender := record.NewID(time.Now().UnixMilli(), rand.Uint64(), x.Slot())
	return e.post(ctx, tx, &engine.Command{
		Verb: shard.Signal, Execution: x, Request: o.request, By: o.by, Why: o.why,
		Signal: &kernel.Signal{Name: name, ID: o.signal, Data: raw, TTL: o.ttl.Milliseconds()},
	}, sender)
}

// look reads an execution as the store has it: in a transaction of [Engine.Tx] the engine may have no answer.
func (e *Engine) look(ctx context.Context, c engine.Command) (engine.Reply, error) {
	r, err := e.loop.Look(ctx, c)
	if err != nil {
		return r, wrapEngine(err)
	}
	if r.Error != nil {
		return r, refused(r.Error)
	}
	return r, nil
}

// post sends a command as a message from outside, for which nobody waits.
func (e *Engine) post(ctx context.Context, tx store.Sender, c *engine.Command, sender record.ID) error {
	if e.stopping.Load() {
		return &Error{Code: CodeStopping, Message: "the engine is closing"}
	}
	if tx == nil {
		return invalid("there is no transaction")
	}
	mail, _ := c.Forward()
	mail.Answer = false
	body, err := mail.Encode()
	if err != nil {
		return invalid("the command cannot be written: %v", err)
	}
	defer e.loop.ExpectMail()
	return wrapStore("writing into the transaction", e.backend.Through(tx).Send(ctx, []record.Message{{
		ID: record.MessageID{From: sender}, Shard: c.Execution.Shard(e.backend.Info().Shards), Namespace: e.opts.Namespace,
		To: c.Execution, At: time.Now().UnixMilli(), Body: body,
	}}))
}

// txLongest bounds a transaction of [Engine.Tx], during which the engine commits nothing.
const txLongest = 5 * time.Second

// Tx runs fn in one transaction of an embedded store, which holds the caller's own tables too: with statements of fn's
// own, [Engine.StartTx] and [Engine.SignalTx]. All of it is durable when Tx returns nil, and nothing of it when fn returns
// an error. fn must be short, because the engine writes nothing meanwhile: after 5 seconds its statements are interrupted.
// Calls that wait for the engine are not to be made in fn. Stores that are servers have no Tx: use a transaction of
// theirs.
func (e *Engine) Tx(ctx context.Context, fn func(tx store.Tx) error) error {
	if e.stopping.Load() {
		return &Error{Code: CodeStopping, Message: "the engine is closing"}
	}
	short, cancel := context.WithTimeout(ctx, txLongest)
	defer cancel()
	var own error
	err := e.backend.Tx(short, func(tx store.Tx) error { own = fn(tx); return own })
	if errors.Is(err, errors.ErrUnsupported) && own == nil {
		return invalid("the %s store has no Tx; take a transaction of the database and StartTx", e.backend.Info().Driver)
	}
	if own != nil {
		return own
	}
	if err != nil {
		return wrapStore("the transaction", err)
	}
	if waiting, err := e.backend.Waiting(ctx); err == nil {
		e.loop.Poke(waiting...)
	}
	return nil
}
