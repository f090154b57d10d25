package sqlite

import (
	"context"
	"encoding/binary"
	"strings"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// words are what a search says to SQLite. It is told which index to take: it would not find out by itself that a
// stretch of one index is in order of id. One statement for each run costs nothing here.
var words = &sqlstore.Words{
	Columns:  "e.id, e." + strings.ReplaceAll(headColumns, ", ", ", e."),
	ScanHead: scanHead,
	Key:      "e.key",
	Text:     "value", Num: "value", IsText: ">= ''", IsNum: "< ''", // all numbers come before all text
	Value:    "iif(typeof(g.value) = 'text', g.value, NULL), iif(typeof(g.value) <> 'text', g.value, NULL)",
	Position: func(text string) string { return "instr(" + text + ", ?)" },
	Lower:    func(text, _ string) string { return "lower(" + text + ")" }, // of A to Z only
	Millis:   millisFunction + "(e.id)",
	Hint:     func(i sqlstore.Index) string { return " INDEXED BY " + indexes[i] },
	Runs:     runs,
	Errors:   true,
	Together: 1,
}

var indexes = [...]string{
	sqlstore.ByRun: "executions_status", sqlstore.ByKey: "executions_key",
	sqlstore.ByParent: "executions_parent", sqlstore.ByTagValue: "tags_value", sqlstore.ByErrors: "executions_errors",
	sqlstore.ByFingerprint: "executions_fingerprint",
}

// millisFunction is a function of ours: the time in an id.
const millisFunction = "pawl_millis"

// addFunctions gives a connection what searches call.
func addFunctions(c *lite.Conn) error {
	return c.CreateFunction(millisFunction, &lite.FunctionImpl{NArgs: 1, Deterministic: true, Scalar: func(_ lite.Context, args []lite.Value) (lite.Value, error) {
		b := args[0].Blob()
		if len(b) != len(record.ID{}) {
			return lite.IntegerValue(0), nil
		}
		return lite.IntegerValue(int64(binary.BigEndian.Uint64(b) >> 16)), nil
	}})
}

// searching is a connection that reads one moment.
type searching struct{ c *lite.Conn }

// Ask implements [sqlstore.Searching].
func (s searching) Ask(sql string, args []any, row func(scan func(dest ...any) error) error) error {
	return queryOnce(s.c, strings.ReplaceAll(sql, "pawl.", ""), args, func(r *lite.Stmt) error {
		return row(func(dest ...any) error { return scan(r, dest) })
	})
}

// Tags implements [sqlstore.Searching].
func (s searching) Tags(heads []record.Head) error {
	for i := range heads {
		if err := readTags(s.c, &heads[i]); err != nil {
			return err
		}
	}
	return nil
}

// scan reads the columns of a row in order.
func scan(r *lite.Stmt, dest []any) error {
	for i, d := range dest {
		switch d := d.(type) {
		case *record.Head:
			*d = readHead(r)
		case *string:
			*d = r.ColumnText(i)
		case *[]byte:
			*d = body(r, i)
		case *int64:
			*d = r.ColumnInt64(i)
		case **string:
			if !r.ColumnIsNull(i) {
				t := r.ColumnText(i)
				*d = &t
			}
		case **float64:
			if !r.ColumnIsNull(i) {
				n := r.ColumnFloat(i)
				*d = &n
			}
		}
	}
	return nil
}

// scanHead reads a whole row.
func scanHead(scan func(dest ...any) error) (h record.Head, err error) { return h, scan(&h) }

// runs lists the pairs that exist, one step of the index each. Asking for what is at least the first text behind the
// last pair lets SQLite jump there; asking for what is behind the last pair would walk through all its executions.
func runs(q sqlstore.Searching, namespace string, workflows []string) (out []sqlstore.Run, err error) {
	c := q.(searching).c
	if len(workflows) == 0 {
		return runsFrom(c, namespace, "", false)
	}
	for _, w := range workflows {
		some, err := runsFrom(c, namespace, w, true)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

func runsFrom(c *lite.Conn, namespace, workflow string, only bool) (out []sqlstore.Run, err error) {
	const sql = `SELECT workflow, status FROM executions INDEXED BY executions_status
		WHERE namespace = ? AND (workflow, status) >= (?, ?) ORDER BY workflow, status LIMIT 1`
	next, more := sqlstore.Run{Workflow: workflow}, true
	for more {
		more = false
		err = query(c, sql, []any{namespace, next.Workflow, next.Status}, func(r *lite.Stmt) error {
			at := sqlstore.Run{Workflow: r.ColumnText(0), Status: r.ColumnText(1)}
			if more = !only || at.Workflow == workflow; more {
				out = append(out, at)
			}
			next = sqlstore.Run{Workflow: at.Workflow, Status: at.Status + "\x00"}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Search implements [store.Store]. Ids grow with time, so a page goes on behind the last id of the one before.
func (s *Store) Search(ctx context.Context, namespace string, f store.Filter) (page store.Page, err error) {
	err = s.readers.with(ctx, func(c *lite.Conn) (err error) {
		page, err = words.Find(searching{c}, namespace, &f)
		return err
	})
	return page, err
}

// Count implements [store.Counting].
func (s *Store) Count(ctx context.Context, namespace string, f store.Filter, by store.Facet) (out store.Counts, err error) {
	err = s.readers.with(ctx, func(c *lite.Conn) (err error) {
		out, err = words.Count(searching{c}, namespace, &f, &by)
		return err
	})
	return out, err
}

// Namespaces implements [store.Scanning]: one step of an index each.
func (s *Store) Namespaces(ctx context.Context) (out []string, err error) {
	const sql = `SELECT min(namespace) FROM (SELECT * FROM (SELECT namespace FROM executions INDEXED BY executions_status
		WHERE namespace >= ?1 ORDER BY namespace LIMIT 1) UNION ALL SELECT * FROM (SELECT namespace FROM versions
		WHERE namespace >= ?1 ORDER BY namespace LIMIT 1)) HAVING count(*) > 0`
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		for next, more := "", true; more; {
			more = false
			err := query(c, sql, []any{next}, func(r *lite.Stmt) error {
				at := r.ColumnText(0)
				out, next, more = append(out, at), at+"\x00", true
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// Executions implements [store.Scanning]. There is no index by shard: what is of others is passed over.
func (s *Store) Executions(ctx context.Context, sh record.Shard, after record.ID, limit int) (out []record.ID, err error) {
	const sql = "SELECT id FROM executions WHERE id > ?1 AND (?2 < 0 OR shard = ?2) ORDER BY id LIMIT +?3"
	shard := int64(sh)
	if sh == store.EveryShard {
		shard = -1
	}
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		return query(c, sql, []any{after[:], shard, max(limit, 0)}, func(r *lite.Stmt) error {
			out = append(out, columnID(r, 0))
			return nil
		})
	})
	return out, err
}
