package sqlstore

import (
	"bytes"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Words is how a database says what a search needs. Executions have the alias e in all of it. What is written for a
// search has ? for arguments and pawl. before tables.
type Words struct {
	// Columns are what ScanHead reads, of executions e, beginning with e.id.
	Columns  string
	ScanHead func(scan func(dest ...any) error) (record.Head, error)
	// Key is the column of the key.
	Key string
	// Text and Num are the columns of a tag's value; IsText and IsNum are further conditions that a comparison with
	// text or a number needs, on tags x, or nothing.
	Text, Num     string
	IsText, IsNum string
	// Value selects text and number of the tag g, of which one or both are null.
	Value string
	// Position is an expression: where the argument ? begins in a text, counted from 1; 0 where it does not occur.
	Position func(text string) string
	// Lower is an expression: text with A to Z made small and all else as it is, at least where letters of part stand.
	Lower func(text, part string) string
	// Millis is an expression: the time in e.id.
	Millis string
	// Hint follows the name of a table to make the database use an index.
	Hint func(Index) string
	// Runs lists the pairs of workflow and status that a namespace has, or those of the given workflows.
	Runs func(q Searching, namespace string, workflows []string) ([]Run, error)
	// Errors says that there are the indexes [ByErrors] and [ByFingerprint].
	Errors bool
	// Together is how many runs one statement searches.
	Together int
}

// Index is an index that a search relies on.
type Index int

// The indexes: executions (namespace, workflow, status, id), (namespace, key, id), (parent, id), and tags (namespace,
// name, value, execution). ByErrors is ByRun of executions with an error alone, and ByFingerprint (namespace,
// fingerprint, id) of those with a fingerprint: most have none.
const (
	ByRun Index = iota
	ByKey
	ByParent
	ByTagValue
	ByErrors
	ByFingerprint
)

// Run is one pair of workflow and status: a stretch of an index in order of id.
type Run struct{ Workflow, Status string }

// Searching is a connection during one search, on one moment of the database.
type Searching interface {
	Ask(sql string, args []any, row func(scan func(dest ...any) error) error) error
	// Tags fills in the tags of heads, by name.
	Tags(heads []record.Head) error
}

// finding is one search. found is the best matches so far, in order, at most size: one more than the page, to know
// whether another follows.
type finding struct {
	*Words
	q         Searching
	namespace string
	filter    *store.Filter
	lo, hi    record.ID
	size      int
	found     []record.Head
}

// Find answers [store.Store].Search.
func (w *Words) Find(q Searching, namespace string, f *store.Filter) (page store.Page, err error) {
	s := finding{Words: w, q: q, namespace: namespace, filter: f, size: f.Size() + 1}
	if err := s.begin(); err != nil {
		return page, err
	}
	list, err := s.sources()
	if err == nil && s.windowed(list) {
		err = s.scanWindows(list)
	} else if err == nil {
		err = s.scanAll(list)
	}
	if err != nil {
		return page, err
	}
	if len(s.found) == s.size {
		s.found = s.found[:s.size-1]
		page.Next = s.found[s.size-2].Execution.String()
	}
	page.Heads = s.found
	return page, q.Tags(page.Heads)
}

// begin checks the filter and notes its range.
func (s *finding) begin() (err error) {
	if err := s.filter.Check(); err != nil {
		return err
	}
	s.lo, s.hi, err = s.filter.Range()
	return err
}

// source is a stretch of one index in order of id: what it selects from, where, and which column has the id.
type source struct {
	from, where, id string
	args            []any
	run             Run
	// join and on are a second table, where the index alone has no heads.
	join, on string
}

// sources are the stretches that together hold all that the filter selects, of the index that narrows most. Where only
// namespace, workflow and status can narrow, each pair of workflow and status is one.
func (s *finding) sources() ([]source, error) {
	f := s.filter
	switch {
	case bytes.Compare(s.lo[:], s.hi[:]) > 0:
		return nil, nil
	case !f.Parent.IsZero():
		return s.only(ByParent, "e.parent = ?", f.Parent[:]), nil
	case f.Key != "":
		return s.only(ByKey, s.Key+" = ? AND "+s.Key+" <> '' AND e.namespace = ?", f.Key, s.namespace), nil
	}
	list, err := s.byTags()
	if err != nil || list != nil {
		return list, err
	}
	if s.Errors && len(f.Fingerprints) > 0 && wantsError(f) {
		for i, print := range f.Fingerprints {
			if !slices.Contains(f.Fingerprints[:i], print) {
				list = append(list, s.only(ByFingerprint, "e.namespace = ? AND e.fingerprint = ? AND e.fingerprint <> ''", s.namespace, print)...)
			}
		}
		return list, nil
	}
	runs, err := s.runs()
	index, where := ByRun, "e.namespace = ? AND e.workflow = ? AND e.status = ?"
	if s.Errors && wantsError(f) {
		index, where = ByErrors, where+" AND e.error <> ''"
	}
	for _, r := range runs {
		one := s.only(index, where, s.namespace, r.Workflow, r.Status)
		one[0].run = r
		list = append(list, one...)
	}
	return list, err
}

// wantsError reports whether f selects nothing without an error.
func wantsError(f *store.Filter) bool {
	return f.ErrorText != "" || len(f.Fingerprints) > 0 && !slices.Contains(f.Fingerprints, "")
}

func (s *finding) only(i Index, where string, args ...any) []source {
	return []source{{from: "pawl.executions e" + s.Hint(i), where: where, id: "e.id", args: args}}
}

// fewTags is how many executions a comparison of tags may select for the index of tags to be taken: it is not in order
// of id, so all of them are read.
const fewTags = 10_000

// byTags are the stretches of a tag that is to equal something, or of one that few executions have so; nil where the
// tags do not narrow.
func (s *finding) byTags() ([]source, error) {
	for i := range s.filter.Tags {
		if t := &s.filter.Tags[i]; t.Is == store.Equal {
			var list []source
			for i, v := range t.Values {
				if slices.Contains(t.Values[:i], v) {
					continue
				}
				list = append(list, s.byTag(&store.TagTest{Name: t.Name, Values: []store.Value{v}}))
			}
			return list, nil
		}
	}
	for i := range s.filter.Tags {
		list := s.byTagRange(&s.filter.Tags[i])
		n, err := s.sizes(list, fewTags+1)
		if err != nil {
			return nil, err
		}
		if slices.Max(n) <= fewTags {
			return list, nil
		}
	}
	return nil, nil
}

// byTagRange are the stretches of a comparison with a range of values. One of any value is two: that of texts and that
// of numbers.
func (s *finding) byTagRange(t *store.TagTest) []source {
	if operators[t.Is] != "" {
		return []source{s.byTag(t)}
	}
	texts, nums := s.byTag(t), s.byTag(t)
	texts.where += " AND t." + s.Text + " " + s.IsText
	nums.where += " AND t." + s.Num + " " + s.IsNum
	return []source{texts, nums}
}

func (s *finding) byTag(t *store.TagTest) source {
	cond, args := s.tagCondition("t", t)
	return source{
		from: "pawl.tags t" + s.Hint(ByTagValue), where: "t.namespace = ? AND " + cond, id: "t.execution",
		args: append([]any{s.namespace}, args...), join: " CROSS JOIN pawl.executions e", on: " AND e.id = t.execution",
	}
}

// manyPairs bounds the pairs of workflow and status that are searched without asking which of them exist.
const manyPairs = 8

// runs are the pairs that exist, or may, and that the filter allows.
func (s *finding) runs() (out []Run, err error) {
	f := s.filter
	if n := len(f.Workflows) * len(f.Statuses); n > 0 && n <= manyPairs {
		for _, workflow := range f.Workflows {
			for _, status := range f.Statuses {
				out = append(out, Run{workflow, status})
			}
		}
	} else if out, err = s.Words.Runs(s.q, s.namespace, f.Workflows); err != nil {
		return nil, err
	}
	seen := map[Run]bool{}
	return slices.DeleteFunc(out, func(r Run) bool {
		again := seen[r]
		seen[r] = true
		return again || !s.allows(r)
	}), nil
}

func (s *finding) allows(r Run) bool {
	f := s.filter
	if len(f.Workflows) > 0 && !slices.Contains(f.Workflows, r.Workflow) || len(f.Statuses) > 0 && !slices.Contains(f.Statuses, r.Status) {
		return false
	}
	h := record.Head{Workflow: r.Workflow, Status: r.Status}
	return !slices.ContainsFunc(f.Except, func(x store.Filter) bool { return onlyRuns(&x) && x.Match(&h) })
}

// onlyRuns reports whether f asks for nothing but workflows and statuses, besides ids.
func onlyRuns(f *store.Filter) bool {
	return len(f.Versions) == 0 && len(f.Outcomes) == 0 && len(f.Fingerprints) == 0 && len(f.Waiting) == 0 && len(f.Tags) == 0 &&
		f.Key == "" && f.Parent.IsZero() && f.ErrorText == "" && f.EndedFrom == 0 && f.EndedTo == 0 &&
		!slices.ContainsFunc(f.Except, func(x store.Filter) bool { return !onlyRuns(&x) })
}

// scanAll searches all stretches.
func (s *finding) scanAll(list []source) error {
	for some := range slices.Chunk(list, max(s.Together, 1)) {
		if err := s.scan(some); err != nil {
			return err
		}
	}
	return nil
}

// scan adds the best matches of some stretches. Once the page is full, what comes behind its last is left out.
func (s *finding) scan(some []source) error {
	lo, hi, order := s.lo, s.hi, " DESC"
	if s.filter.Order == store.Oldest {
		order = ""
	}
	if len(s.found) == s.size {
		if last := s.found[s.size-1].Execution; order == "" {
			hi = last
		} else {
			lo = last
		}
	}
	var sql strings.Builder
	var args []any
	for i := range some {
		if i > 0 {
			sql.WriteString(" UNION ALL ")
		}
		one := &some[i]
		where, rest := s.rest(one)
		text := "SELECT " + s.Columns + " FROM " + one.from + one.join + " WHERE " + one.where + one.on + " AND " + one.id +
			" BETWEEN ? AND ?" + where + " ORDER BY " + one.id + order + " LIMIT ?"
		if len(some) > 1 {
			text = "(" + text + ")"
		}
		sql.WriteString(text)
		args = append(append(append(args, one.args...), lo[:], hi[:]), rest...)
		args = append(args, int64(s.size))
	}
	if len(some) > 1 {
		sql.WriteString(" ORDER BY id" + order + " LIMIT ?")
		args = append(args, int64(s.size))
	}
	before := len(s.found)
	err := s.q.Ask(sql.String(), args, func(scan func(dest ...any) error) error {
		h, err := s.ScanHead(scan)
		s.found = append(s.found, h)
		return err
	})
	if err == nil && before > 0 {
		s.merge()
	}
	return err
}

// merge brings the matches in order and keeps the best, each once.
func (s *finding) merge() {
	slices.SortFunc(s.found, func(a, b record.Head) int {
		if s.filter.Order == store.Oldest {
			a, b = b, a
		}
		return bytes.Compare(b.Execution[:], a.Execution[:])
	})
	s.found = slices.CompactFunc(s.found, func(a, b record.Head) bool { return a.Execution == b.Execution })
	s.found = s.found[:min(len(s.found), s.size)]
}
