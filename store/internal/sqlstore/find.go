package sqlstore

import (
	"context"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// HeadColumns and ScanHead are what [Words] needs where the tables are those of this package.
const HeadColumns = "e.id, " + headColumns

// ScanHead reads [HeadColumns].
func ScanHead(scan func(dest ...any) error) (record.Head, error) { return scanHead(scan) }

// searching is a connection during one search.
type searching struct {
	*Store
	ctx context.Context
	q   Querier
}

// Ask implements [Searching].
func (s searching) Ask(sql string, args []any, row func(scan func(dest ...any) error) error) error {
	return s.q.Query(s.ctx, sql, args, row)
}

// Tags implements [Searching].
func (s searching) Tags(heads []record.Head) error {
	by := map[record.ID]*record.Head{}
	for i := range heads {
		by[heads[i].Execution] = &heads[i]
	}
	return s.readTags(s.ctx, s.q, by)
}

// Search implements [store.Store].
func (s *Store) Search(ctx context.Context, namespace string, f store.Filter) (page store.Page, err error) {
	err = s.within(ctx, s.Searches.Read, func(q Querier) (err error) {
		page, err = s.Words.Find(searching{s, ctx, q}, namespace, &f)
		return err
	})
	return page, err
}

// Count implements [store.Counting].
func (s *Store) Count(ctx context.Context, namespace string, f store.Filter, by store.Facet) (out store.Counts, err error) {
	err = s.within(ctx, s.Searches.Read, func(q Querier) (err error) {
		out, err = s.Words.Count(searching{s, ctx, q}, namespace, &f, &by)
		return err
	})
	return out, err
}

// Namespaces implements [store.Scanning]: one step of an index each.
func (s *Store) Namespaces(ctx context.Context) (out []string, err error) {
	const least = "(SELECT min(x.namespace) FROM pawl.executions x WHERE x.namespace > ?), (SELECT min(y.namespace) FROM pawl.versions y WHERE y.namespace > ?)"
	const first = "(SELECT min(x.namespace) FROM pawl.executions x), (SELECT min(y.namespace) FROM pawl.versions y)"
	err = s.within(ctx, s.Searches.Read, func(q Querier) error {
		sql, args := "SELECT "+first, []any(nil)
		for more := true; more; sql = "SELECT " + least {
			var a, b *string
			if err := q.Query(ctx, sql, args, func(scan func(...any) error) error { return scan(&a, &b) }); err != nil {
				return err
			}
			if a == nil || b != nil && *b < *a {
				a = b
			}
			if more = a != nil; more {
				out, args = append(out, *a), []any{*a, *a}
			}
		}
		return nil
	})
	return out, err
}

// Executions implements [store.Scanning]. There is no index by shard: what is of others is passed over.
func (s *Store) Executions(ctx context.Context, sh record.Shard, after record.ID, limit int) (out []record.ID, err error) {
	sql, args := "SELECT e.id FROM pawl.executions e WHERE e.id > ?", []any{after[:]}
	if sh != store.EveryShard {
		sql, args = sql+" AND e.shard = ?", append(args, int64(sh))
	}
	err = s.within(ctx, s.Searches.Read, func(q Querier) error {
		return q.Query(ctx, sql+" ORDER BY e.id LIMIT ?", append(args, int64(max(limit, 0))), func(scan func(...any) error) error {
			var id []byte
			err := scan(&id)
			out = append(out, toID(id))
			return err
		})
	})
	return out, err
}
