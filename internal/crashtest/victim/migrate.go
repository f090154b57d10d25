package main

import (
	"context"
	"errors"

	"github.com/pawl-dev/pawl/internal/crashtest"
)

// migrate opens the store, which makes its tables, and does nothing else.
func migrate(ctx context.Context, where string) (err error) {
	b, err := crashtest.Opener(where).Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	say("open")
	return nil
}
