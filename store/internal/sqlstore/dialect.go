package sqlstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Dialect is how a database says what differs.
type Dialect struct {
	// Values makes rows of columns that a statement can join: the text that follows FROM or JOIN, with the name and the
	// names of the columns, and its arguments. All columns have the same length, which is at least one.
	Values func(name string, columns ...Column) (from string, args []any)
	// Upsert is the text behind VALUES (...) of an insert that replaces the given columns of a row that has the same
	// keys; without columns the row stays.
	Upsert func(keys, columns []string) string
	// ForShare and ForUpdate end a SELECT that locks what it reads.
	ForShare, ForUpdate string
	// Now is an expression: the database's clock at this moment in Unix milliseconds, a whole number.
	Now string
	// Verdict says what an error means for a commit; it is not asked about errors wrapped in [NotSent].
	Verdict func(error) Verdict
	// Explain adds the error of package store that err is, so that callers can tell without knowing the database.
	// It may be nil, and is never given nil.
	Explain func(error) error
	// Locked runs f while no other process migrates. Where DDL belongs to transactions, f is one and is committed after it.
	Locked func(ctx context.Context, db DB, f func(q Querier) error) error
	// Send appends messages in one statement, and skips those that wait already. Nil: they are appended one by one.
	Send func(ctx context.Context, q Querier, m []record.Message) error
	// Transactional says that DDL belongs to transactions: a step is then done as a whole or not at all.
	Transactional bool
	// Done reports whether an error of DDL says that the very thing is there already. Where DDL does not belong to
	// transactions, a killed migration may have done a statement without noting it. Nil: never.
	Done func(error) bool
}

// Verdict is what an error says about a transaction.
type Verdict int

// The verdicts.
const (
	Transient Verdict = iota // nothing is committed, and the same may work later
	Lost                     // the connection broke: it is committed or not
	Refused                  // a guard did not hold, or a row does not fit: ask what the matter is
)

// NotSent wraps an error of before anything of a commit was sent.
type NotSent struct{ Err error }

func (e NotSent) Error() string { return e.Err.Error() }
func (e NotSent) Unwrap() error { return e.Err }

// Column is one column of [Dialect.Values]. One of the slices is set.
type Column struct {
	Name  string
	Bytes [][]byte
	Ints  []int64
	Texts []string
}

// Len is the number of rows.
func (c *Column) Len() int { return max(len(c.Bytes), len(c.Ints), len(c.Texts)) }

// Value is the value in row i.
func (c *Column) Value(i int) any {
	switch {
	case c.Bytes != nil:
		return c.Bytes[i]
	case c.Ints != nil:
		return c.Ints[i]
	}
	return c.Texts[i]
}

// explain is Explain for errors that may be nil.
func (d *Dialect) explain(err error) error {
	if err == nil || d.Explain == nil {
		return err
	}
	return d.Explain(err)
}

// Translator makes the SQL of this package a server's own and remembers what it made.
type Translator struct {
	prefix   string
	numbered bool
	mu       sync.RWMutex
	known    map[string]string
}

// NewTranslator replaces pawl. before tables by prefix (a quoted schema with its dot, or nothing) and, where arguments
// are numbered, ? by $1, $2 and so on.
func NewTranslator(prefix string, numbered bool) *Translator {
	return &Translator{prefix: prefix, numbered: numbered, known: map[string]string{}}
}

// maxKnown bounds what a translator remembers: searches have many shapes.
const maxKnown = 1000

// SQL translates a statement. A ? in a string literal would be taken for an argument.
func (t *Translator) SQL(sql string) string {
	t.mu.RLock()
	out, found := t.known[sql]
	t.mu.RUnlock()
	if found {
		return out
	}
	out = strings.ReplaceAll(sql, "pawl.", t.prefix)
	if t.numbered {
		out = number(out)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) < maxKnown {
		t.known[sql] = out
	}
	return out
}

// number replaces each ? by $ and its place.
func number(sql string) string {
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(sql, "?") {
		if n > 0 {
			b.WriteString("$" + strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	return b.String()
}

// Full adds [store.ErrFull]; for the Explain of drivers.
func Full(err error) error { return fmt.Errorf("%w: %w", store.ErrFull, err) }

// Corrupt adds [store.ErrCorrupt].
func Corrupt(err error) error { return fmt.Errorf("%w: %w", store.ErrCorrupt, err) }
