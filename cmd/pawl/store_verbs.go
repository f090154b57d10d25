package main

import (
	"context"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/s3"
)

// storeCmd are the verbs about the store as such. None of them opens an engine.
type storeCmd struct {
	Info    storeInfoCmd    `cmd:"" help:"Say what a store is: driver, durability, shards, who is at work, how much it holds."`
	Check   storeCheckCmd   `cmd:"" help:"Read everything in a store: checksums, gaps, keys. Exit code 1 where something is wrong."`
	Copy    storeCopyCmd    `cmd:"" help:"Copy everything of one store into another, whatever databases they are."`
	Migrate storeMigrateCmd `cmd:"" help:"Bring the tables of a store up to this program, and say what was done."`
	Rekey   storeRekeyCmd   `cmd:"" help:"Wrap the keys of encrypted payloads with the current key."`
	RLS     storeRLSCmd     `cmd:"" name:"rls" help:"Let other roles of a PostgreSQL database see the rows of their namespaces only."`
}

// storeArg names a store without saying for whom.
type storeArg struct {
	Store string `help:"What holds executions: an SQLite file, or a URL such as postgres://host/database." default:".pawl/pawl.db" env:"PAWL_STORE" placeholder:"STORE"`
}

// bare opens a store without an engine and as it is: what is sealed stays so.
func (s *storeArg) bare(ctx context.Context, m mode) (store.Backend, error) {
	return s.bareOf(ctx, m, false, blobsFlag{})
}

func (s *storeArg) bareOf(ctx context.Context, m mode, restored bool, blobs blobsFlag) (store.Backend, error) {
	f := storeFlags{Store: s.Store}
	if err := f.prepare(m); err != nil {
		return nil, err
	}
	opener, err := f.openerOf(restored)
	if err != nil {
		return nil, err
	}
	if restored {
		opener, err = blobs.bucket(opener, s3.TakeOver())
	} else {
		opener, err = blobs.outside(opener, m)
	}
	if err != nil {
		return nil, err
	}
	b, err := opener.Open(ctx)
	return b, noStore(err)
}
