package main

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/pawl-dev/pawl/store/sqlite"
)

type backupCmd struct {
	storeArg
	File string `arg:"" help:"File to write; it must not exist."`
}

// Run copies an SQLite file, also one that an engine is using.
func (c *backupCmd) Run(ctx context.Context, e *env) error {
	s := storeFlags{Store: c.Store}
	if !s.isFile() {
		return usage("pawl backup copies SQLite files; a server has its own tools (docs/moves.md), and pawl store copy and pawl export take any store")
	}
	if err := s.prepare(inspecting); err != nil {
		return err
	}
	last := time.Now()
	done, err := sqlite.Backup(ctx, c.Store, c.File, func(left, pages int) {
		if e.errTTY && pages > 0 && time.Since(last) > time.Second {
			last = time.Now()
			e.say("%d%%", 100*(pages-left)/pages)
		}
	})
	switch {
	case errors.Is(err, fs.ErrExist):
		return &exitError{code: exitConflict, text: c.File + " exists"}
	case err != nil:
		return noStore(err)
	}
	e.say("Wrote %s (%s). Where it takes the place of the store, open it once with: pawl store migrate --restored --store %s", c.File, bytesText(uint64(done.Bytes)), c.File)
	return nil
}
