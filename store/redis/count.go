package redis

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Count implements [store.Counting]. What an index answers is of one moment; where heads are looked at, executions that
// change meanwhile may be counted as before or after, or twice.
func (s *Store) Count(ctx context.Context, namespace string, f store.Filter, by store.Facet) (store.Counts, error) {
	f.Cursor = ""
	if err := f.Check(); err != nil {
		return store.Counts{}, err
	}
	if err := by.Check(); err != nil {
		return store.Counts{}, err
	}
	lo, hi, err := f.Range()
	if err != nil || !inRange(lo, hi) {
		return store.NewTally(&by).Counts(false), cmp.Or(err, s.present(ctx))
	}
	f.Order = store.Newest
	of := runs(namespace, &f)
	c := counter{Store: s, namespace: namespace, filter: &f, lo: lo, hi: hi, tally: store.NewTally(&by)}
	if of != nil {
		err = c.sizes(ctx, of)
	} else {
		err = c.pairSizes(ctx)
	}
	if err != nil {
		return store.Counts{}, err
	}
	if of == nil && (by.By == store.ByNothing || by.By == store.ByWorkflow || by.By == store.ByStatus) && plain(&f) {
		c.exact(by.By)
		return c.tally.Counts(false), nil
	}
	partial, err := c.look(ctx, by.Bound())
	if err != nil {
		return store.Counts{}, err
	}
	return c.tally.Counts(partial), nil
}

// plain reports whether workflows, statuses, ids and starts are all that f asks for.
func plain(f *store.Filter) bool {
	return len(f.Versions) == 0 && len(f.Outcomes) == 0 && len(f.Fingerprints) == 0 && f.ErrorText == "" && len(f.Waiting) == 0 &&
		len(f.Tags) == 0 && f.EndedFrom == 0 && f.EndedTo == 0 && len(f.Except) == 0
}

// counter is one count.
type counter struct {
	*Store
	namespace string
	filter    *store.Filter
	lo, hi    record.ID
	tally     *store.Tally
	of        []sizedRun
}

// sizedRun is a run and how many ids of it lie in the range.
type sizedRun struct {
	run
	workflow, status string
	size             int64
}

func (c *counter) sizes(ctx context.Context, of []run) error {
	var commands [][]string
	for _, r := range of {
		commands = append(commands, []string{"ZLEXCOUNT", c.prefix + "x" + r.set, "[" + r.value + string(c.lo[:]), "[" + r.value + string(c.hi[:])})
	}
	got, err := c.read(ctx, commands...)
	for i := range got {
		c.of = append(c.of, sizedRun{run: of[i], size: got[i].number()})
	}
	return err
}

func (c *counter) pairSizes(ctx context.Context) error {
	all, err := c.pairs(ctx, c.namespace, c.filter, "COUNT", c.lo, c.hi, 0)
	for _, a := range all {
		size, rest, _ := strings.Cut(a.pair, ":")
		n, bad := strconv.Atoi(size)
		if bad != nil || n < 0 || n >= len(rest) {
			return errReply
		}
		c.of = append(c.of, sizedRun{run{"w:" + sized(c.namespace) + a.pair, ""}, rest[:n], rest[n+1:], a.number()})
	}
	return err
}

func (c *counter) exact(by store.By) {
	for _, r := range c.of {
		word := r.status
		if by == store.ByWorkflow {
			word = r.workflow
		}
		c.tally.Value(store.Value{Text: word}, by != store.ByNothing, r.size)
	}
}

// look counts heads, of each run the newest, at most bound of all. What small runs leave goes to the others.
func (c *counter) look(ctx context.Context, bound int) (partial bool, err error) {
	slices.SortFunc(c.of, func(a, b sizedRun) int { return cmp.Compare(a.size, b.size) })
	left := int64(bound)
	for i, r := range c.of {
		share := min(r.size, max(left/int64(len(c.of)-i), 1))
		left -= share
		partial = partial || share < r.size
		if err := c.lookAt(ctx, r.run, share); err != nil {
			return false, err
		}
	}
	return partial, nil
}

func (c *counter) lookAt(ctx context.Context, r run, share int64) error {
	lo, hi := c.lo, c.hi
	for more := true; more && share > 0; {
		n := int(min(share, maxCandidates))
		got, err := c.read(ctx, c.stretch(r, store.Newest, lo, hi, n))
		if err != nil {
			return err
		}
		ids, err := appendIDs(nil, got[0].list())
		if err != nil {
			return err
		}
		if err := c.choose(ctx, c.namespace, c.filter, ids, c.tally.Head); err != nil {
			return err
		}
		share -= int64(len(ids))
		if more = len(ids) == n; more {
			lo, hi, more = rest(store.Newest, ids[n-1], lo, hi)
		}
	}
	return nil
}
