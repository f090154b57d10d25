package sqlite

import (
	"bytes"
	"context"
	"slices"
	"strings"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Search implements [store.Store]. Ids grow with time, so newest first is by id, and a page goes on below the last
// id of the one before.
func (s *Store) Search(ctx context.Context, namespace string, f store.Filter) (page store.Page, err error) {
	q := searching{namespace: namespace, filter: &f, size: f.Size() + 1}
	if q.lo, q.hi, err = f.Range(); err != nil {
		return page, err
	}
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		if err := q.find(c); err != nil {
			return err
		}
		if len(q.found) == q.size {
			q.found = q.found[:q.size-1]
			page.Next = q.found[q.size-2].Execution.String()
		}
		for i := range q.found {
			if err := readTags(c, &q.found[i]); err != nil {
				return err
			}
		}
		page.Heads = q.found
		return nil
	})
	return page, err
}

// searching is one search. found is the newest matches so far, newest first, at most size: one more than the page,
// to know whether another follows.
type searching struct {
	namespace string
	filter    *store.Filter
	lo, hi    record.ID
	size      int
	found     []record.Head
}

// find takes the index that narrows most. Where only namespace, workflow and status can narrow, each pair of
// workflow and status is a run of the index that is in order of id, and the runs are merged.
func (q *searching) find(c *lite.Conn) error {
	f := q.filter
	switch {
	case bytes.Compare(q.lo[:], q.hi[:]) > 0:
		return nil
	case !f.Parent.IsZero():
		return q.scan(c, "executions e INDEXED BY executions_parent", "e.parent = ?", f.Parent[:])
	case f.Key != "":
		return q.scan(c, "executions e INDEXED BY executions_key", "e.key = ? AND e.key <> ''", f.Key)
	case len(f.Tags) > 0:
		t := f.Tags[0]
		return q.scan(c, "tags t INDEXED BY tags_value CROSS JOIN executions e ON e.id = t.execution",
			"t.namespace = ? AND t.name = ? AND t.value = ?", q.namespace, t.Name, value(t))
	}
	runs, err := q.runs(c)
	if err != nil {
		return err
	}
	for _, r := range runs {
		err := q.scan(c, "executions e INDEXED BY executions_status", "e.workflow = ? AND e.status = ?", r.workflow, r.status)
		if err != nil {
			return err
		}
	}
	return nil
}

// run is one pair of the index (namespace, workflow, status).
type run struct{ workflow, status string }

// runs lists the pairs that exist and that the filter allows, one step of the index each. Asking for what is at least
// the first text behind the last pair lets SQLite jump there; asking for what is behind the last pair would walk
// through all its executions.
func (q *searching) runs(c *lite.Conn) (out []run, err error) {
	const sql = `SELECT workflow, status FROM executions INDEXED BY executions_status
		WHERE namespace = ? AND (workflow, status) >= (?, ?) ORDER BY workflow, status LIMIT 1`
	f := q.filter
	next, more := run{workflow: f.Workflow}, true
	for more {
		more = false
		err = query(c, sql, []any{q.namespace, next.workflow, next.status}, func(r *lite.Stmt) error {
			at := run{r.ColumnText(0), r.ColumnText(1)}
			more = f.Workflow == "" || f.Workflow == at.workflow
			if more && (len(f.Statuses) == 0 || slices.Contains(f.Statuses, at.status)) {
				out = append(out, at)
			}
			next = run{at.workflow, at.status + "\x00"}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// scan adds the newest matches that one index gives. Once the page is full, older ones than its last are left out.
func (q *searching) scan(c *lite.Conn, from, narrow string, args ...any) error {
	lo := q.lo
	if len(q.found) == q.size {
		lo = q.found[q.size-1].Execution
	}
	id := "e.id"
	if strings.HasPrefix(from, "tags ") {
		id = "t.execution"
	}
	where := []string{narrow, id + " BETWEEN ? AND ?", "e.namespace = ?"}
	args = append(args, lo[:], q.hi[:], q.namespace)
	where, args = q.conditions(where, args)
	sql := "SELECT e.id, e." + strings.ReplaceAll(headColumns, ", ", ", e.") + " FROM " + from +
		" WHERE " + strings.Join(where, " AND ") + " ORDER BY " + id + " DESC LIMIT ?"
	args = append(args, q.size)

	var some []record.Head
	err := queryOnce(c, sql, args, func(r *lite.Stmt) error { some = append(some, readHead(r)); return nil })
	if err != nil {
		return err
	}
	q.found = append(q.found, some...)
	slices.SortFunc(q.found, func(a, b record.Head) int { return bytes.Compare(b.Execution[:], a.Execution[:]) })
	q.found = slices.CompactFunc(q.found, func(a, b record.Head) bool { return a.Execution == b.Execution })
	q.found = q.found[:min(len(q.found), q.size)]
	return nil
}

// conditions adds what the filter asks beyond the index.
func (q *searching) conditions(where []string, args []any) ([]string, []any) {
	f := q.filter
	add := func(on bool, condition string, values ...any) {
		if on {
			where = append(where, condition)
			args = append(args, values...)
		}
	}
	add(f.Workflow != "", "e.workflow = ?", f.Workflow)
	add(f.Version != "", "e.version = ?", f.Version)
	add(f.Outcome != "", "e.outcome = ?", f.Outcome)
	add(f.Key != "", "e.key = ?", f.Key)
	add(f.EndedFrom != 0 || f.EndedTo != 0, "e.ended <> 0")
	add(f.EndedFrom != 0, "e.ended >= ?", f.EndedFrom)
	add(f.EndedTo != 0, "e.ended < ?", f.EndedTo)
	for _, t := range f.Tags {
		add(true, "EXISTS (SELECT 1 FROM tags x WHERE x.execution = e.id AND x.name = ? AND x.value = ?)", t.Name, value(t))
	}
	if len(f.Statuses) > 0 {
		var any []any
		for _, s := range f.Statuses {
			any = append(any, s)
		}
		add(true, "e.status IN (?"+strings.Repeat(", ?", len(any)-1)+")", any...)
	}
	return where, args
}

// value is a tag's value as its column keeps it.
func value(t record.Tag) any {
	if t.IsNum {
		return t.Num
	}
	return t.Text
}
