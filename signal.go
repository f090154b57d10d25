package pawl

import (
	"context"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
)

// Signal sends a named message to the execution id; data is anything that marshals to JSON. It is kept until a step
// takes it. Where the definition declares signals, others and data that break the schema are refused.
func (e *Engine) Signal(ctx context.Context, id, name string, data any, opts ...CommandOption) error {
	if err := checkSignalName(name); err != nil {
		return err
	}
	raw, err := encode("the signal's data", data)
	if err != nil {
		return err
	}
	done, err := e.carry(raw)
	if err != nil {
		return err
	}
	defer done()
	if err := e.checkSignal(ctx, id, name, raw); err != nil {
		return err
	}
	x, err := e.parseID(id)
	if err != nil {
		return err
	}
	if err := e.keepAhead(ctx, x, raw); err != nil {
		return err
	}
	return e.command(ctx, id, shard.Signal, opts, func(c *engine.Command, o *commandOptions) {
		c.Signal = &kernel.Signal{Name: name, ID: o.signal, Data: raw, TTL: o.ttl.Milliseconds()}
	})
}

func checkSignalName(name string) error {
	if name == "" {
		return invalid("a signal needs a name")
	}
	return checkText("the signal's name", name, maxName)
}
