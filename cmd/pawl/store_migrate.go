package main

import "context"

type storeMigrateCmd struct {
	storeArg
}

// Run opens the store, which brings its tables up.
func (c *storeMigrateCmd) Run(ctx context.Context, e *env) error {
	b, err := c.bare(ctx, creating)
	if err != nil {
		return err
	}
	defer b.Close()
	i := b.Info()
	for _, step := range i.Migrated {
		e.say("did %s", step)
	}
	if len(i.Migrated) == 0 {
		e.say("The tables are at version %d, which is this program's; nothing was to be done.", i.Schema)
		return nil
	}
	e.say("The tables are at version %d now.", i.Schema)
	return nil
}
