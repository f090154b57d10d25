package main

import "context"

type storeMigrateCmd struct {
	storeArg
	blobsFlag
	Restored bool `help:"The store came back from a backup: draw a new incarnation, so that what the lost time gave away is not taken for today's. With --blobs it also takes over the large payloads there, which no other store may use any more."`
}

// Run opens the store, which brings its tables up.
func (c *storeMigrateCmd) Run(ctx context.Context, e *env) error {
	m := creating
	if c.Restored {
		m = inspecting // what is not there was not restored
	}
	b, err := c.bareOf(ctx, m, c.Restored, c.blobsFlag)
	if err != nil {
		return err
	}
	defer b.Close()
	i := b.Info()
	if c.Restored {
		e.say("The store has a new incarnation, %x.", i.Incarnation)
	}
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
