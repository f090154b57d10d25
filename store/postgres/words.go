package postgres

import "github.com/pawl-dev/pawl/store/internal/sqlstore"

// words are what a search says to PostgreSQL. Text is in the collation "C", in which only A to Z have small letters.
var words = &sqlstore.Words{
	Columns:  sqlstore.HeadColumns,
	ScanHead: sqlstore.ScanHead,
	Key:      "e.start_key",
	Text:     "text_value", Num: "num_value", IsText: "IS NOT NULL", IsNum: "IS NOT NULL",
	Value:    "g.text_value, g.num_value",
	Position: func(text string) string { return "strpos(" + text + ", ?)" },
	Lower:    func(text, _ string) string { return "lower(" + text + ")" },
	Millis: "((get_byte(e.id, 0)::bigint << 40) + (get_byte(e.id, 1)::bigint << 32) + (get_byte(e.id, 2)::bigint << 24) +" +
		" (get_byte(e.id, 3)::bigint << 16) + (get_byte(e.id, 4)::bigint << 8) + get_byte(e.id, 5)::bigint)",
	Hint:     func(sqlstore.Index) string { return "" },
	Errors:   true,
	Runs:     runs,
	Together: 8,
}

// runs lists the pairs that exist, one step of the index each.
func runs(q sqlstore.Searching, namespace string, workflows []string) (out []sqlstore.Run, err error) {
	if len(workflows) == 0 {
		err = runsOf(q, "e.namespace = ?", "(e.workflow, e.status) > (r.workflow, r.status)", []any{namespace}, &out)
		return out, err
	}
	for _, w := range workflows {
		// A comparison of the pair would begin at the workflow's first execution each time.
		if err := runsOf(q, "e.namespace = ? AND e.workflow = ?", "e.status > r.status", []any{namespace, w}, &out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func runsOf(q sqlstore.Searching, which, next string, args []any, out *[]sqlstore.Run) error {
	sql := `WITH RECURSIVE r (workflow, status) AS (
			(SELECT e.workflow, e.status FROM pawl.executions e WHERE ` + which + ` ORDER BY e.workflow, e.status LIMIT 1)
			UNION ALL
			SELECT n.workflow, n.status FROM r CROSS JOIN LATERAL (SELECT e.workflow, e.status FROM pawl.executions e
				WHERE ` + which + ` AND ` + next + ` ORDER BY e.workflow, e.status LIMIT 1) n
		) SELECT r.workflow, r.status FROM r`
	return q.Ask(sql, append(args, args...), func(scan func(dest ...any) error) error {
		var r sqlstore.Run
		err := scan(&r.Workflow, &r.Status)
		*out = append(*out, r)
		return err
	})
}
