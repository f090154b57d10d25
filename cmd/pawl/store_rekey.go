package main

import (
	"context"
	"strconv"

	"github.com/pawl-dev/pawl/store/sealed"
)

type storeRekeyCmd struct {
	storeFlags
	Renew  bool   `help:"Give every namespace a new data key, too, for what is written from now on."`
	Output format `short:"o" help:"table, wide, json, jsonl, yaml or name." enum:"table,wide,json,jsonl,yaml,name" default:"table"`
}

// Run wraps the data keys with the current key; no row of an execution is touched.
func (c *storeRekeyCmd) Run(ctx context.Context, e *env) error {
	source := c.keys(e)
	if source == nil {
		return usage("which key is the current one? Name a file with --key-file, or set PAWL_KEY; the current key comes first")
	}
	if err := c.prepare(inspecting); err != nil {
		return err
	}
	keys, err := source(ctx)
	if err != nil {
		return usage("the keys cannot be read: %s", err)
	}
	opener, err := c.opener()
	if err != nil {
		return err
	}
	s, err := opener.Open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	done, err := sealed.Rekey(ctx, s, keys, c.Renew)
	if err != nil {
		return err
	}
	if err := e.print(c.Output, rekeyed(done)); err != nil {
		return err
	}
	if done.Locked > 0 {
		e.say("%d data keys stay as they are: none of the keys here opens them. Keep what they are wrapped with.", done.Locked)
		return quiet(exitFailed)
	}
	e.say("Every data key is wrapped with the current key; the others are needed no more once every program has this one.")
	return nil
}

func rekeyed(r sealed.Rekeyed) *listing {
	return &listing{
		single:  true,
		columns: []column{{title: "WRAPPED ANEW", right: true}, {title: "CURRENT", right: true}, {title: "LOCKED", right: true}, {title: "ADDED", right: true}},
		rows:    [][]string{{strconv.Itoa(r.Rewrapped), strconv.Itoa(r.Current), strconv.Itoa(r.Locked), strconv.Itoa(r.Added)}},
		names:   []string{strconv.Itoa(r.Rewrapped)},
		values:  []any{r},
	}
}
