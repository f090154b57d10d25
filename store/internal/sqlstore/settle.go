package sqlstore

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// days in milliseconds.
const days = 24 * 60 * 60 * 1000

// Settle draws what a store keeps for life where it is not there yet, reads it into info, and drops what lanes and
// members of long ago left. restored draws a new incarnation.
func Settle(ctx context.Context, db DB, d *Dialect, shards int, restored bool, info *store.Info) error {
	incarnation := make([]byte, len(info.Incarnation))
	rand.Read(incarnation)
	tx, err := db.Write(ctx)
	if err != nil {
		return d.explain(err)
	}
	defer tx.Rollback()
	put := func(name string, value []byte, replace ...string) error {
		_, err := tx.Exec(ctx, "INSERT INTO pawl.meta (name, value) VALUES (?, ?) "+d.Upsert([]string{"name"}, replace), name, value)
		return err
	}
	var replace []string
	if restored {
		replace = []string{"value"}
	}
	if err := put("incarnation", incarnation, replace...); err != nil {
		return d.explain(err)
	}
	if err := put("shards", binary.BigEndian.AppendUint32(nil, uint32(shards))); err != nil {
		return d.explain(err)
	}
	if err := readMeta(ctx, tx, info); err != nil {
		return d.explain(err)
	}
	if err := d.tidy(ctx, tx, info.Shards); err != nil {
		return d.explain(err)
	}
	return d.explain(tx.Commit(ctx))
}

func readMeta(ctx context.Context, q Querier, info *store.Info) error {
	return q.Query(ctx, "SELECT m.name, m.value FROM pawl.meta m", nil, func(scan func(...any) error) error {
		var name string
		var value []byte
		if err := scan(&name, &value); err != nil {
			return err
		}
		switch name {
		case "incarnation":
			copy(info.Incarnation[:], value)
		case "shards":
			if len(value) != 4 {
				return fmt.Errorf("%w: the number of shards has %d bytes", store.ErrCorrupt, len(value))
			}
			info.Shards = int(binary.BigEndian.Uint32(value))
		}
		return nil
	})
}

// tidy makes the rows of shards that are missing and drops members that were silent for a day, and lanes of owners
// that hold no shard and are a week old: they cannot commit any more.
func (d *Dialect) tidy(ctx context.Context, tx Querier, shards int) error {
	rows, err := fences(ctx, tx, "ORDER BY s.shard")
	if err != nil {
		return err
	}
	for n := len(rows); n < shards; n++ {
		sql := "INSERT INTO pawl.shards (shard, epoch, owner) VALUES (?, 0, ?) " + d.Upsert([]string{"shard"}, nil)
		if _, err := tx.Exec(ctx, sql, int64(n), nobody); err != nil {
			return err
		}
	}
	// The rows are looked for first and then named: a DELETE that looks waits for rows that others hold.
	old := "SELECT m.owner FROM pawl.members m WHERE m.at < " + d.Now + " - ?"
	if err := drop(ctx, tx, old, days, "DELETE FROM pawl.members WHERE owner = ?"); err != nil {
		return err
	}
	old = "SELECT l.owner FROM pawl.lanes l WHERE l.opened < " + d.Now + ` - ? AND l.owner NOT IN (SELECT s.owner FROM pawl.shards s)
		AND l.owner NOT IN (SELECT m.owner FROM pawl.members m)`
	return drop(ctx, tx, old, 7*days, "DELETE FROM pawl.lanes WHERE owner = ?")
}

// drop removes what belongs to the owners that a query finds.
func drop(ctx context.Context, tx Querier, find string, age int64, remove string) error {
	owners := map[record.Owner]bool{}
	err := tx.Query(ctx, find, []any{age}, func(scan func(...any) error) error {
		var owner []byte
		err := scan(&owner)
		owners[toOwner(owner)] = true
		return err
	})
	for owner := range owners {
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, remove, owner[:])
	}
	return err
}
