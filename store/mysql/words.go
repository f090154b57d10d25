package mysql

import (
	"strings"

	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// words are what a search says to the server. Names are bytes, so what compares them is exact.
var words = &sqlstore.Words{
	Columns:  sqlstore.HeadColumns,
	ScanHead: sqlstore.ScanHead,
	Key:      "e.start_key",
	Text:     "text_value", Num: "num_value", IsText: "IS NOT NULL", IsNum: "IS NOT NULL",
	Value:    "g.text_value, g.num_value",
	Position: func(text string) string { return "INSTR(" + text + ", ?)" },
	Lower:    lower,
	Millis:   "CAST(CONV(HEX(LEFT(e.id, 6)), 16, 10) AS SIGNED)",
	Hint:     hint,
	Runs:     runs,
	Together: 8,
}

// lower makes the letters small that stand in part: LOWER leaves bytes as they are, and with a character set it would
// change more than A to Z.
func lower(text, part string) string {
	for c := 'a'; c <= 'z'; c++ {
		if strings.ContainsRune(part, c) {
			text = "REPLACE(" + text + ", '" + strings.ToUpper(string(c)) + "', '" + string(c) + "')"
		}
	}
	return text
}

func hint(i sqlstore.Index) string {
	return " FORCE INDEX (" + map[sqlstore.Index]string{
		sqlstore.ByRun: "executions_status", sqlstore.ByKey: "executions_key", sqlstore.ByParent: "executions_parent",
		sqlstore.ByTagValue: "tags_text, tags_num",
	}[i] + ")"
}

// runs lists the pairs that exist, one step of the index each: the namespace among what is grouped by is what lets the
// server jump from pair to pair.
func runs(q sqlstore.Searching, namespace string, workflows []string) (out []sqlstore.Run, err error) {
	sql, args := "SELECT e.workflow, e.status FROM pawl.executions e"+hint(sqlstore.ByRun)+" WHERE e.namespace = ?", []any{namespace}
	if len(workflows) > 0 {
		sql += " AND e.workflow IN (?" + strings.Repeat(", ?", len(workflows)-1) + ")"
		for _, w := range workflows {
			args = append(args, w)
		}
	}
	err = q.Ask(sql+" GROUP BY e.namespace, e.workflow, e.status", args, func(scan func(dest ...any) error) error {
		var r sqlstore.Run
		err := scan(&r.Workflow, &r.Status)
		out = append(out, r)
		return err
	})
	return out, err
}
