package store

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/record"
)

// Filter selects heads; zero fields select everything, and of a list one must fit. Times are Unix milliseconds, From
// inclusive, To exclusive; what has not ended is in no range of ends. All text is compared literally, byte by byte.
// [Filter.Match] and [Filter.Range] say the same in code.
type Filter struct {
	Workflows    []string
	Versions     []string
	Statuses     []string
	Outcomes     []string
	Fingerprints []string
	Key          string
	Parent       record.ID
	// ErrorText is part of the error; A to Z are as a to z, other letters as they are.
	ErrorText string
	// Waiting selects heads that wait for something that begins with one of these: of Head.Waiting, the parts between
	// ", " count each for itself.
	Waiting []string
	Tags    []TagTest // all must hold
	// StartedFrom and StartedTo bound the times in the ids, whatever the heads say.
	StartedFrom int64
	StartedTo   int64
	EndedFrom   int64
	EndedTo     int64
	// Except leaves out what any of these selects. They have neither ids, starts, order, pages nor exceptions.
	Except []Filter
	// IDPrefix selects ids whose text begins so, in either case.
	IDPrefix string
	// Order is that of the heads: by id, the newest or the oldest first. There is none by end: it would need an index
	// that every end has to pay for, or reading all that match for each page.
	Order Order
	// Limit is the page size: 0 means 100, at most 1000.
	Limit int
	// Cursor is Page.Next of the page before, in the same order; "" is the first page. Pages neither skip nor repeat
	// executions that existed when the first page was read.
	Cursor string
}

// Order is the order of a search.
type Order int

// The orders.
const (
	Newest Order = iota
	Oldest
)

// TagTest asks something of the tag of one name. Where there is no such tag it does not hold.
type TagTest struct {
	Name string
	Is   Comparison
	// Values has one value; several with Equal (any of them) and NotEqual (none of them), none with Exists.
	Values []Value
}

// Value is what a tag is compared with: text or a number. They differ, as "1" and 1 do, and are never before or after
// each other; text is in order of its bytes.
type Value struct {
	Text  string
	Num   float64
	IsNum bool
}

// Comparison is how a tag is compared with a value.
type Comparison int

// The comparisons.
const (
	Equal Comparison = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	Exists
)

// HasTag asks for a tag as it is.
func HasTag(t record.Tag) TagTest {
	return TagTest{Name: t.Name, Values: []Value{{Text: t.Text, Num: t.Num, IsNum: t.IsNum}}}
}

// Page sizes of a search, and how much a filter may ask for at all.
const (
	defaultPage = 100
	maxPage     = 1000
	maxValues   = 100
	maxTests    = 32
)

// Size is the page size that Limit asks for, within bounds.
func (f *Filter) Size() int {
	if f.Limit <= 0 {
		return defaultPage
	}
	return min(f.Limit, maxPage)
}

// Check says why f cannot be used, as [ErrFilter].
func (f *Filter) Check() error {
	if _, _, err := f.Range(); err != nil {
		return err
	}
	if f.Order != Newest && f.Order != Oldest {
		return fmt.Errorf("%w: there is no order %d", ErrFilter, f.Order)
	}
	if len(f.Except) > maxTests {
		return fmt.Errorf("%w: %d exceptions, at most %d", ErrFilter, len(f.Except), maxTests)
	}
	for i := range f.Except {
		x := &f.Except[i]
		if x.IDPrefix != "" || x.StartedFrom != 0 || x.StartedTo != 0 || x.Order != 0 || x.Limit != 0 || x.Cursor != "" || len(x.Except) > 0 {
			return fmt.Errorf("%w: exception %d has ids, starts, an order, a page or exceptions", ErrFilter, i)
		}
		if err := x.checkValues(); err != nil {
			return err
		}
	}
	return f.checkValues()
}

func (f *Filter) checkValues() error {
	for _, list := range [][]string{f.Workflows, f.Versions, f.Statuses, f.Outcomes, f.Fingerprints, f.Waiting, {f.Key, f.ErrorText}} {
		if len(list) > maxValues {
			return fmt.Errorf("%w: a list of %d, at most %d", ErrFilter, len(list), maxValues)
		}
		if slices.ContainsFunc(list, unfit) {
			return errUnfit
		}
	}
	if len(f.Tags) > maxTests {
		return fmt.Errorf("%w: %d tags, at most %d", ErrFilter, len(f.Tags), maxTests)
	}
	for i := range f.Tags {
		if err := f.Tags[i].check(); err != nil {
			return err
		}
	}
	return nil
}

// errUnfit: heads are clean, so nothing could match, and not every database can be asked.
var errUnfit = fmt.Errorf("%w: text that is not valid UTF-8 or has a NUL", ErrFilter)

func unfit(s string) bool { return !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 }

func (t *TagTest) check() error {
	n, most := len(t.Values), 1
	switch t.Is {
	case Equal, NotEqual:
		most = maxValues
	case Exists:
		most = 0
	case Less, LessEqual, Greater, GreaterEqual:
	default:
		return fmt.Errorf("%w: there is no comparison %d", ErrFilter, t.Is)
	}
	if n > most || n == 0 && most > 0 {
		return fmt.Errorf("%w: tag %.40q is compared with %d values", ErrFilter, t.Name, n)
	}
	if unfit(t.Name) {
		return errUnfit
	}
	for _, v := range t.Values {
		if unfit(v.Text) {
			return errUnfit
		}
		if v.IsNum && (math.IsNaN(v.Num) || math.IsInf(v.Num, 0)) {
			return fmt.Errorf("%w: tag %.40q is compared with what is not a number", ErrFilter, t.Name)
		}
	}
	return nil
}

// Match reports whether f selects h. What is a range of ids is left aside: see [Filter.Range]. It is the meaning of a
// filter in code, for drivers that cannot ask a database.
func (f *Filter) Match(h *record.Head) bool {
	return among(f.Workflows, h.Workflow) &&
		among(f.Versions, h.Version) &&
		among(f.Statuses, h.Status) &&
		among(f.Outcomes, h.Outcome) &&
		among(f.Fingerprints, h.Fingerprint) &&
		(f.Key == "" || f.Key == h.Key) &&
		(f.Parent.IsZero() || f.Parent == h.Parent) &&
		(f.ErrorText == "" || strings.Contains(LowerASCII(h.Error), LowerASCII(f.ErrorText))) &&
		(len(f.Waiting) == 0 || slices.ContainsFunc(f.Waiting, func(w string) bool { return waitsFor(h.Waiting, w) })) &&
		within(h.Ended, f.EndedFrom, f.EndedTo) &&
		!slices.ContainsFunc(f.Tags, func(t TagTest) bool { return !t.Match(h.Tags) }) &&
		!slices.ContainsFunc(f.Except, func(x Filter) bool { return x.Match(h) })
}

func among(list []string, s string) bool { return len(list) == 0 || slices.Contains(list, s) }

func waitsFor(waiting, begin string) bool {
	return strings.HasPrefix(waiting, begin) || strings.Contains(waiting, ", "+begin)
}

// Match reports whether the test holds among the tags of an execution.
func (t *TagTest) Match(tags []record.Tag) bool {
	i := slices.IndexFunc(tags, func(have record.Tag) bool { return have.Name == t.Name })
	if i < 0 {
		return false
	}
	have := Value{Text: tags[i].Text, Num: tags[i].Num, IsNum: tags[i].IsNum}
	switch t.Is {
	case Exists:
		return true
	case Equal:
		return slices.Contains(t.Values, have)
	case NotEqual:
		return !slices.Contains(t.Values, have)
	}
	want := t.Values[0]
	if have.IsNum != want.IsNum {
		return false
	}
	order := strings.Compare(have.Text, want.Text)
	if have.IsNum {
		order = compareNumbers(have.Num, want.Num)
	}
	switch t.Is {
	case Less:
		return order < 0
	case LessEqual:
		return order <= 0
	case Greater:
		return order > 0
	}
	return order >= 0
}

func compareNumbers(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// LowerASCII makes A to Z small and leaves everything else, also bytes that are not text.
func LowerASCII(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return 'A' <= r && r <= 'Z' }) < 0 {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// within compares a time with [from, to). What has not happened (0) is in no range that is bounded at all.
func within(at, from, to int64) bool {
	if from == 0 && to == 0 {
		return true
	}
	return at != 0 && at >= from && (to == 0 || at < to)
}

// Range is the range of ids, both ends included, that IDPrefix, StartedFrom, StartedTo and Cursor leave. It is empty
// (lo > hi) where there is no such id. A cursor that no page gave is [ErrFilter].
func (f *Filter) Range() (lo, hi record.ID, err error) {
	lo, hi = prefixRange(f.IDPrefix)
	if f.StartedFrom > maxMillis || f.StartedTo < 0 {
		return record.ID{1}, record.ID{}, nil
	}
	if from := record.NewID(max(f.StartedFrom, 0), 0, 0); bytes.Compare(lo[:], from[:]) < 0 {
		lo = from
	}
	if f.StartedTo > 0 && f.StartedTo <= maxMillis {
		if to := previous(record.NewID(f.StartedTo, 0, 0)); bytes.Compare(to[:], hi[:]) < 0 {
			hi = to
		}
	}
	if f.Cursor == "" {
		return lo, hi, nil
	}
	last, err := record.ParseID(f.Cursor)
	if err != nil {
		return lo, hi, fmt.Errorf("%w: cursor %.40q: %w", ErrFilter, f.Cursor, err)
	}
	if f.Order == Oldest {
		lo, hi = after(last, lo, hi)
		return lo, hi, nil
	}
	if last.IsZero() {
		return record.ID{1}, record.ID{}, nil
	}
	if last = previous(last); bytes.Compare(last[:], hi[:]) < 0 {
		hi = last
	}
	return lo, hi, nil
}

// after is the part of lo to hi that is behind last.
func after(last, lo, hi record.ID) (record.ID, record.ID) {
	next := following(last)
	if next.IsZero() {
		return record.ID{1}, record.ID{}
	}
	if bytes.Compare(next[:], lo[:]) > 0 {
		lo = next
	}
	return lo, hi
}

// maxMillis is the last time that an id can have.
const maxMillis = 1<<48 - 1

// idText is the length of an id as text.
const idText = 26

func prefixRange(prefix string) (lo, hi record.ID) {
	for i := range hi {
		hi[i] = 0xff
	}
	if prefix == "" {
		return lo, hi
	}
	pad := max(0, idText-len(prefix))
	first, err := record.ParseID(prefix + strings.Repeat("0", pad))
	if err != nil {
		return hi, lo
	}
	last, err := record.ParseID(prefix + strings.Repeat("z", pad))
	if err != nil {
		return hi, lo
	}
	return first, last
}

// previous is the id before id, which is not zero.
func previous(id record.ID) record.ID {
	for i := len(id) - 1; i >= 0; i-- {
		id[i]--
		if id[i] != 0xff {
			break
		}
	}
	return id
}

// following is the id after id; zero after the last.
func following(id record.ID) record.ID {
	for i := len(id) - 1; i >= 0; i-- {
		id[i]++
		if id[i] != 0 {
			break
		}
	}
	return id
}
