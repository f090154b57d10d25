package sqlstore

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/store"
)

// counting is one count over the stretches of a search.
type counting struct {
	finding
	facet *store.Facet
	tally *store.Tally
}

// Count answers [store.Counting]. First it reads how long each stretch is, which is an index alone; only then heads, of
// each stretch so many that all together keep within the bound.
func (w *Words) Count(q Searching, namespace string, f *store.Filter, by *store.Facet) (store.Counts, error) {
	if err := f.Check(); err != nil {
		return store.Counts{}, err
	}
	plain := *f
	plain.Order, plain.Cursor = store.Newest, ""
	s := counting{finding: finding{Words: w, q: q, namespace: namespace, filter: &plain}, facet: by, tally: store.NewTally(by)}
	if err := by.Check(); err != nil {
		return store.Counts{}, err
	}
	if err := s.begin(); err != nil {
		return store.Counts{}, err
	}
	list, err := s.sources()
	if err != nil {
		return store.Counts{}, err
	}
	inIndex := onlyRuns(&plain) && (by.By == store.ByNothing || by.By == store.ByStatus || by.By == store.ByWorkflow)
	most := 0
	if !inIndex {
		most = by.Bound() + 1
	}
	sizes, err := s.sizes(list, most)
	if err != nil {
		return store.Counts{}, err
	}
	if inIndex {
		return s.ofRuns(list, sizes), nil
	}
	return s.ofHeads(list, sizes)
}

// sizes are the lengths of stretches, each at most so much; 0 does not bound them.
func (s *finding) sizes(list []source, most int) (out []int64, err error) {
	for some := range slices.Chunk(list, max(s.Together, 1)) {
		n, err := s.count(some, most)
		if err != nil {
			return nil, err
		}
		out = append(out, n...)
	}
	return out, nil
}

// count counts stretches in one statement, each up to a bound, if there is one.
func (s *finding) count(some []source, most int) ([]int64, error) {
	var sql strings.Builder
	var args []any
	for i := range some {
		if i > 0 {
			sql.WriteString(" UNION ALL ")
		}
		one := &some[i]
		where := " FROM " + one.from + " WHERE " + one.where + " AND " + one.id + " BETWEEN ? AND ?"
		args = append(append(args, one.args...), s.lo[:], s.hi[:])
		place := strconv.Itoa(i)
		if most == 0 {
			sql.WriteString("SELECT " + place + ", count(*)" + where)
			continue
		}
		sql.WriteString("SELECT " + place + ", count(*) FROM (SELECT 1" + where + " LIMIT ?) bounded")
		args = append(args, int64(most))
	}
	out := make([]int64, len(some))
	return out, s.q.Ask(sql.String(), args, func(scan func(dest ...any) error) error {
		var i, n int64
		err := scan(&i, &n)
		out[i] = n
		return err
	})
}

// ofRuns is the answer where the lengths of runs are all that is asked for.
func (s *counting) ofRuns(list []source, sizes []int64) store.Counts {
	for i := range list {
		v := store.Value{Text: list[i].run.Status}
		if s.facet.By == store.ByWorkflow {
			v.Text = list[i].run.Workflow
		}
		s.tally.Value(v, s.facet.By != store.ByNothing, sizes[i])
	}
	return s.tally.Counts(false)
}

// ofHeads looks at heads.
func (s *counting) ofHeads(list []source, sizes []int64) (store.Counts, error) {
	level := levelOf(sizes, int64(s.facet.Bound()))
	partial := false
	for i := range list {
		partial = partial || sizes[i] > level
		if sizes[i] == 0 {
			continue
		}
		if err := s.group(&list[i], level); err != nil {
			return store.Counts{}, err
		}
	}
	return s.tally.Counts(partial), nil
}

// levelOf is how much of each size may be taken so that no more than bound is taken of all.
func levelOf(sizes []int64, bound int64) int64 {
	sorted := slices.Clone(sizes)
	slices.Sort(sorted)
	for i, n := range sorted {
		share := bound / int64(len(sorted)-i)
		if n > share {
			return max(share, 1)
		}
		bound -= n
	}
	return slices.Max(append(sorted, 0))
}

// facetColumns are what is counted by.
var facetColumns = map[store.By]string{
	store.ByNothing: "''", store.ByStatus: "e.status", store.ByWorkflow: "e.workflow", store.ByVersion: "e.version",
	store.ByOutcome: "e.outcome", store.ByFingerprint: "e.fingerprint", store.ByWaiting: "e.waiting",
}

// group counts the newest heads of one stretch, at most so many.
func (s *counting) group(one *source, most int64) error {
	column, join := facetColumns[s.facet.By], ""
	var args []any
	switch s.facet.By {
	case store.ByTag:
		column, join = s.Value, " LEFT JOIN pawl.tags g ON g.execution = e.id AND g.name = ?"
	case store.ByStart:
		column, args = s.Millis+" - "+s.Millis+" % ?", append(args, s.facet.Step)
	}
	args = append(append(args, one.args...), s.lo[:], s.hi[:], most)
	if join != "" {
		args = append(args, s.facet.Tag)
	}
	where, rest := s.rest(one)
	args = append(args, rest...)
	sql := "SELECT " + column + ", count(*) FROM (SELECT e.* FROM " + one.from + one.join + " WHERE " + one.where + one.on + " AND " + one.id +
		" BETWEEN ? AND ? ORDER BY " + one.id + " DESC LIMIT ?) e" + join + " WHERE 1 = 1" + where + " GROUP BY 1"
	if s.facet.By == store.ByTag {
		sql += ", 2"
	}
	return s.q.Ask(sql, args, s.take)
}

// take adds one row of a group.
func (s *counting) take(scan func(dest ...any) error) (err error) {
	var n int64
	switch s.facet.By {
	case store.ByStart:
		var at int64
		err = scan(&at, &n)
		s.tally.Start(at, n)
	case store.ByTag:
		var text *string
		var num *float64
		if err = scan(&text, &num, &n); err != nil {
			return err
		}
		v := store.Value{}
		if num != nil {
			v.Num, v.IsNum = *num, true
		} else if text != nil {
			v.Text = *text
		}
		s.tally.Value(v, num != nil || text != nil, n)
	default:
		var v store.Value
		err = scan(&v.Text, &n)
		s.tally.Value(v, s.facet.By != store.ByNothing, n)
	}
	return err
}
