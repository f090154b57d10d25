package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/transfer"
)

type importPawlCmd struct {
	storeArg
	blobsFlag
	keyFlags
	File      string        `arg:"" help:"What pawl export wrote."`
	Namespace string        `help:"Refuse a file that holds anything of another tenant." placeholder:"NAME"`
	DryRun    bool          `help:"Check everything, write nothing."`
	Watch     time.Duration `help:"How long an owner of shards must be silent to count as gone; more than the engines' ClaimTTL." default:"12s"`
	Output    format        `short:"o" help:"table, wide, json, jsonl, yaml or name." enum:"table,wide,json,jsonl,yaml,name" default:"table"`
}

// Run brings executions in.
func (c *importPawlCmd) Run(ctx context.Context, e *env) (err error) {
	f, err := os.Open(c.File)
	if err != nil {
		return notFound("%v", err)
	}
	defer f.Close()
	head, err := transfer.ReadHeader(f)
	if err != nil {
		return refusedFile(err)
	}
	b, err := c.backend(ctx, e, &head)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	done, err := transfer.Import(ctx, f, b, transfer.Options{Namespace: c.Namespace, DryRun: c.DryRun, Watch: c.Watch, Progress: e.moving})
	if err != nil {
		return refusedFile(err)
	}
	what := "Imported"
	if c.DryRun {
		what = "Would import"
	}
	return e.moved(c.Output, what, &done)
}

// backend opens the store so that what is readable in the file is sealed as the flags say; what is sealed stays as it is.
func (c *importPawlCmd) backend(ctx context.Context, e *env, head *transfer.Header) (store.Backend, error) {
	if !head.Decrypted {
		return c.bareOf(ctx, creating, false, c.blobsFlag)
	}
	f := storeFlags{Store: c.Store}
	if err := f.prepare(creating); err != nil {
		return nil, err
	}
	opener, err := f.opener()
	if err != nil {
		return nil, err
	}
	if opener, err = c.outside(opener, creating); err != nil {
		return nil, err
	}
	b, err := c.seal(e, opener).Open(ctx)
	return b, noStore(err)
}

// refusedFile gives a file that is refused the exit code of faults.
func refusedFile(err error) error {
	if errors.Is(err, transfer.ErrLine) {
		return &exitError{code: exitFailed, text: err.Error()}
	}
	return moveFailed(err)
}
