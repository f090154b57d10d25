package sqlstore

import (
	"strings"

	"github.com/pawl-dev/pawl/store"
)

// rest is what the filter asks beyond a stretch, each condition after AND.
func (s *finding) rest(one *source) (string, []any) {
	f := *s.filter
	c := conditions{Words: s.Words}
	if one.run != (Run{}) {
		f.Workflows, f.Statuses = nil, nil
	} else {
		c.add("e.namespace = ?", s.namespace)
	}
	c.filter(&f)
	for i := range f.Except {
		if x := &f.Except[i]; one.run == (Run{}) || !onlyRuns(x) {
			c.not(x)
		}
	}
	if len(c.where) == 0 {
		return "", nil
	}
	return " AND " + strings.Join(c.where, " AND "), c.args
}

// conditions are parts of a WHERE that must all hold. None of them is ever null, so that they can be negated.
type conditions struct {
	*Words
	where []string
	args  []any
}

func (c *conditions) add(where string, args ...any) {
	c.where = append(c.where, where)
	c.args = append(c.args, args...)
}

// not adds that x, which has conditions, does not select.
func (c *conditions) not(x *store.Filter) {
	n := conditions{Words: c.Words}
	n.filter(x)
	if len(n.where) == 0 {
		c.add("1 = 0") // it selects everything
		return
	}
	c.add("NOT ("+strings.Join(n.where, " AND ")+")", n.args...)
}

func (c *conditions) filter(f *store.Filter) {
	c.among("e.workflow", f.Workflows)
	c.among("e.version", f.Versions)
	c.among("e.status", f.Statuses)
	c.among("e.outcome", f.Outcomes)
	c.among("e.fingerprint", f.Fingerprints)
	if f.Key != "" {
		c.add(c.Key+" = ?", f.Key)
	}
	if !f.Parent.IsZero() {
		c.add("e.parent IS NOT NULL AND e.parent = ?", f.Parent[:])
	}
	if f.EndedFrom != 0 || f.EndedTo != 0 {
		c.add("e.ended <> 0")
	}
	if f.EndedFrom != 0 {
		c.add("e.ended >= ?", f.EndedFrom)
	}
	if f.EndedTo != 0 {
		c.add("e.ended < ?", f.EndedTo)
	}
	if f.ErrorText != "" {
		part := store.LowerASCII(f.ErrorText)
		c.add(c.Position(c.Lower("e.error", part))+" > 0", part)
	}
	c.waiting(f.Waiting)
	for i := range f.Tags {
		cond, args := c.tagCondition("x", &f.Tags[i])
		c.add("EXISTS (SELECT 1 FROM pawl.tags x WHERE x.execution = e.id AND "+cond+")", args...)
	}
}

func (c *conditions) among(column string, list []string) {
	if len(list) > 0 {
		where, args := among(column, list)
		c.add(where, args...)
	}
}

func among[T any](column string, list []T) (string, []any) {
	args := make([]any, len(list))
	for i := range list {
		args[i] = list[i]
	}
	if len(list) == 1 {
		return column + " = ?", args
	}
	return column + " IN (?" + strings.Repeat(", ?", len(list)-1) + ")", args
}

func (c *conditions) waiting(begins []string) {
	var some []string
	var args []any
	at := c.Position("e.waiting")
	for _, b := range begins {
		some = append(some, at+" = 1 OR "+at+" > 0")
		args = append(args, b, ", "+b)
	}
	if len(some) > 0 {
		c.add("("+strings.Join(some, " OR ")+")", args...)
	}
}

// operators of the comparisons that have an order.
var operators = map[store.Comparison]string{store.Less: "<", store.LessEqual: "<=", store.Greater: ">", store.GreaterEqual: ">="}

// tagCondition is a condition on the tags of an alias. It may be null where it does not hold.
func (w *Words) tagCondition(alias string, t *store.TagTest) (string, []any) {
	where, args := alias+".name = ?", []any{t.Name}
	text, num := alias+"."+w.Text, alias+"."+w.Num
	var texts []string
	var nums []float64
	for _, v := range t.Values {
		if v.IsNum {
			nums = append(nums, v.Num)
		} else {
			texts = append(texts, v.Text)
		}
	}
	if op := operators[t.Is]; op != "" {
		column, guard, value := text, w.IsText, any(t.Values[0].Text)
		if t.Values[0].IsNum {
			column, guard, value = num, w.IsNum, t.Values[0].Num
		}
		if guard != "" {
			where += " AND " + column + " " + guard
		}
		return where + " AND " + column + " " + op + " ?", append(args, value)
	}
	var some []string
	each := func(column string, n int, in func() (string, []any)) {
		if n == 0 {
			return
		}
		cond, more := in()
		if t.Is == store.NotEqual {
			cond = "(" + column + " IS NULL OR NOT " + cond + ")"
		}
		some, args = append(some, cond), append(args, more...)
	}
	each(text, len(texts), func() (string, []any) { return among(text, texts) })
	each(num, len(nums), func() (string, []any) { return among(num, nums) })
	switch {
	case len(some) == 0:
		return where, args
	case t.Is == store.NotEqual:
		return where + " AND " + strings.Join(some, " AND "), args
	}
	return where + " AND (" + strings.Join(some, " OR ") + ")", args
}
