package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/transfer"
)

type exportCmd struct {
	storeArg
	blobsFlag
	keyFlags
	queryArg
	Namespace string        `help:"Only this tenant; without it everything, or with a query those of the tenant default." env:"PAWL_NAMESPACE" placeholder:"NAME"`
	File      string        `short:"f" help:"Write to FILE, which must not exist; without it to stdout." placeholder:"FILE"`
	Live      bool          `help:"Engines may work meanwhile: each execution is written as of one moment."`
	Decrypt   bool          `help:"Write what is encrypted or compressed in the store so that it can be read; it takes the keys."`
	Watch     time.Duration `help:"How long an owner of shards must be silent to count as gone; more than the engines' ClaimTTL." default:"12s"`
}

// Run writes an export.
func (c *exportCmd) Run(ctx context.Context, e *env) (err error) {
	o := transfer.ExportOptions{Live: c.Live, Decrypted: c.Decrypt}
	o.Namespace, o.Watch, o.Progress = c.Namespace, c.Watch, e.moving
	if strings.TrimSpace(strings.Join(c.Query, " ")) != "" {
		if err := c.selected(e, &o); err != nil {
			return err
		}
	}
	b, err := c.backend(ctx, e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	to, done, err := c.file(e)
	if err != nil {
		return err
	}
	got, err := transfer.Export(ctx, b, to, o)
	if err = errors.Join(err, done(err == nil)); err != nil {
		return moveFailed(err)
	}
	e.say("Wrote %d executions with %d entries, %d messages, %d definitions.", got.Executions, got.Entries, got.Messages, got.Definitions)
	if len(got.Damaged) > 0 {
		e.say("%s has entries with a checksum that does not fit; pawl import will refuse the file.", damagedText(&got))
		return quiet(exitFailed)
	}
	return nil
}

func (c *exportCmd) selected(e *env, o *transfer.ExportOptions) error {
	f, err := pawl.Query(strings.Join(c.Query, " "))
	if err != nil {
		return e.queryError(err)
	}
	sf, err := f.Search()
	if err != nil {
		return err
	}
	o.Filter, o.Query = &sf, f.Query()
	if o.Namespace == "" {
		o.Namespace = "default"
	}
	return nil
}

// backend opens the store as it is, or so that what is sealed is opened on its way.
func (c *exportCmd) backend(ctx context.Context, e *env) (store.Backend, error) {
	if !c.Decrypt {
		return c.bareOf(ctx, inspecting, false, c.blobsFlag)
	}
	f := storeFlags{Store: c.Store}
	if err := f.prepare(inspecting); err != nil {
		return nil, err
	}
	opener, err := f.opener()
	if err != nil {
		return nil, err
	}
	if opener, err = c.outside(opener, inspecting); err != nil {
		return nil, err
	}
	b, err := c.seal(e, opener).Open(ctx)
	return b, noStore(err)
}

// file is where the lines go; done keeps it, or removes what is not whole. Only its owner can read it.
func (c *exportCmd) file(e *env) (to io.Writer, done func(whole bool) error, err error) {
	if c.File == "" {
		return e.out, func(bool) error { return nil }, nil
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, nil, &exitError{code: exitConflict, text: c.File + " exists"}
	case err != nil:
		return nil, nil, notFound("%v", err)
	}
	return f, func(whole bool) error {
		if !whole {
			return errors.Join(f.Close(), os.Remove(c.File))
		}
		return errors.Join(f.Sync(), f.Close())
	}, nil
}
