package sqlstore

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"

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
	if _, err := tx.Exec(ctx, "DELETE FROM pawl.members WHERE at < "+d.Now+" - ?", int64(days)); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "DELETE FROM pawl.lanes WHERE opened < "+d.Now+` - ? AND owner NOT IN (SELECT s.owner FROM pawl.shards s)
		AND owner NOT IN (SELECT m.owner FROM pawl.members m)`, int64(7*days))
	return err
}
