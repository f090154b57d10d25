package main

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
)

type signalCmd struct {
	storeFlags
	ID       string        `arg:"" help:"Id of the execution, the beginning of it, or its key."`
	Name     string        `arg:"" help:"Name of the signal."`
	JSON     string        `arg:"" optional:"" name:"data" help:"Its data: JSON, or @FILE. Text that is no JSON is taken as text."`
	Data     string        `short:"d" help:"The same as a flag." placeholder:"JSON"`
	SignalID string        `name:"id" help:"A repeat with the same id is ignored." placeholder:"ID"`
	TTL      time.Duration `help:"Kept so long unless a step takes it." placeholder:"DURATION"`
	Why      string        `help:"Reason, kept in the journal." placeholder:"TEXT"`
	planFlags
}

// Run sends the signal. It executes nothing: pawl resume goes on.
func (c *signalCmd) Run(ctx context.Context, e *env) error {
	if c.JSON != "" && c.Data != "" {
		return usage("the data stands there twice, as an argument and as --data")
	}
	data, err := signalData(e, c.JSON+c.Data)
	if err != nil {
		return err
	}
	eng, id, err := c.lookUp(ctx, e, c.ID)
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	opts := []pawl.CommandOption{pawl.Why(c.Why)}
	if c.SignalID != "" {
		opts = append(opts, pawl.SignalID(c.SignalID))
	}
	if c.TTL != 0 {
		opts = append(opts, pawl.SignalTTL(c.TTL))
	}
	do := func(opts ...pawl.CommandOption) error { return eng.Signal(ctx, id, c.Name, data, opts...) }
	if planned, err := c.planned(e, do, opts...); planned || err != nil {
		return err
	}
	e.say("Signal %s is kept for %s. Go on with: pawl resume %s", c.Name, id, id)
	return nil
}

func signalData(e *env, s string) (json.RawMessage, error) {
	switch {
	case s == "":
		return nil, nil
	case strings.HasPrefix(s, "@"):
		return readData(e, s[1:])
	}
	return looseJSON(s), nil
}
