package transfer

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/offload"
)

// Checked is what [Check] found.
type Checked struct {
	Namespaces  int   `json:"namespaces"`
	Definitions int   `json:"definitions"`
	Executions  int   `json:"executions"`
	Entries     int   `json:"entries"`
	Bytes       int64 `json:"bytes"`
	Problems    int   `json:"problems"`
	// Faults are the first of the problems, up to [MostNamed].
	Faults []Fault `json:"faults,omitempty"`
}

// Fault is one thing that is wrong.
type Fault struct {
	Namespace string    `json:"namespace"`
	Execution record.ID `json:"-"`
	Text      string    `json:"text"`
}

// pages of what is read.
const (
	headPage  = 200
	entryPage = 200
)

// Check reads every journal of a store: checksums, gaps, keys that point elsewhere, definitions that cannot be read. It
// changes nothing, and engines may run meanwhile: what ends or is forgotten while it is looked at is no fault.
func Check(ctx context.Context, b store.Backend, progress func(Checked)) (Checked, error) {
	c := &checker{b: b, ctx: ctx}
	spaces, err := b.Namespaces(ctx)
	if err != nil {
		return c.Checked, err
	}
	c.Namespaces = len(spaces)
	for _, ns := range spaces {
		if err := c.definitions(ns); err != nil {
			return c.Checked, err
		}
		err := heads(ctx, b, ns, store.Filter{}, func(list []record.Head) error {
			if err := c.page(ns, list); err != nil {
				return err
			}
			if progress != nil {
				progress(c.Checked)
			}
			return nil
		})
		if err != nil {
			return c.Checked, err
		}
	}
	return c.Checked, nil
}

type checker struct {
	Checked
	b   store.Backend
	ctx context.Context
}

func (c *checker) fault(ns string, id record.ID, format string, args ...any) {
	c.Problems++
	if len(c.Faults) < MostNamed {
		c.Faults = append(c.Faults, Fault{ns, id, fmt.Sprintf(format, args...)})
	}
}

func (c *checker) definitions(ns string) error {
	list, err := c.b.List(c.ctx, ns, "")
	if err != nil {
		return err
	}
	for i := range list {
		d, err := c.b.Get(c.ctx, ns, list[i].Workflow, list[i].Version)
		if err != nil {
			return err
		}
		if len(d.Body) == 0 || d.Hash != list[i].Hash {
			c.fault(ns, record.ID{}, "the definition %s %s is not what its row says", d.Workflow, d.Version)
		}
		c.Definitions++
	}
	return nil
}

// page looks at some executions of a namespace and the keys that point to them.
func (c *checker) page(ns string, list []record.Head) error {
	for i := range list {
		if err := c.journal(&list[i]); err != nil {
			return err
		}
		c.Executions++
	}
	return c.keys(ns, list)
}

// journal reads one to its end.
func (c *checker) journal(h *record.Head) error {
	read := 0
	refs := &referred{c: c, id: h.Execution}
	last, err := journal(c.ctx, c.b, h.Execution, 0, func(list []record.Entry) error {
		for i := range list {
			e := &list[i]
			read++
			c.Bytes += int64(len(e.Body))
			switch {
			case e.Checksum() != e.Sum:
				c.fault(h.Namespace, h.Execution, "the checksum of entry %d does not fit", e.Seq)
			case len(e.Body) == 0:
				c.fault(h.Namespace, h.Execution, "entry %d is empty", e.Seq)
			case e.Body[0] == record.CodecApart:
				missing, err := refs.missing(e.Body)
				if err != nil {
					return err
				}
				if missing > 0 {
					c.fault(h.Namespace, h.Execution, "entry %d refers to %d large payloads that are gone", e.Seq, missing)
				}
			}
		}
		return nil
	})
	c.Entries += read
	if err != nil || read > 0 {
		var g *gapError
		if asGap(err, &g) {
			c.fault(h.Namespace, h.Execution, "%s", g)
			return nil
		}
		return err
	}
	there, err := c.b.Load(c.ctx, h.Execution.Shard(c.b.Info().Shards), []record.ID{h.Execution})
	if err == nil && len(there) > 0 {
		c.fault(h.Namespace, h.Execution, "it has no entries (the last one read was %d)", last)
	}
	return err
}

// referred looks for the large payloads that entries of one execution refer to.
type referred struct {
	c    *checker
	id   record.ID
	sums [][32]byte
	read bool
}

func (r *referred) missing(body []byte) (n int, err error) {
	want, err := offload.Refs(body)
	if err != nil {
		return 1, nil
	}
	for _, sum := range want {
		_, found := slices.BinarySearchFunc(r.sums, sum, compareSums)
		if !found && !r.read { // the first time, or a blob that has come since
			if r.sums, err = r.c.b.BlobSums(r.c.ctx, r.id); err != nil {
				return 0, err
			}
			r.read = true
			_, found = slices.BinarySearchFunc(r.sums, sum, compareSums)
		}
		if !found {
			n++
		}
	}
	return n, nil
}

func compareSums(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) }

// keys looks for keys whose row points to an execution that is not there.
func (c *checker) keys(ns string, list []record.Head) error {
	rows, err := keyRows(c.ctx, c.b, list)
	if err != nil {
		return err
	}
	for _, r := range rows { // sorted: into findings of any order
		if slices.ContainsFunc(list, func(h record.Head) bool { return h.Execution == r.Execution }) {
			continue
		}
		there, err := c.b.Journal(c.ctx, r.Execution, 0, 1)
		if err != nil {
			return err
		}
		if len(there) > 0 {
			continue
		}
		now, err := c.b.Keys(c.ctx, []record.Key{r.Key})
		if err != nil {
			return err
		}
		if len(now) > 0 && now[0].Execution == r.Execution {
			c.fault(ns, r.Execution, "the key %q of %s points to it, and it does not exist", r.Key.Key, r.Workflow)
		}
	}
	return nil
}
