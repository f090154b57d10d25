package shard

import (
	"bytes"
	"errors"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// fold derives a state from the journal alone, page by page: for the audit, or because the snapshot is of no use.
type fold struct {
	state *kernel.State
	// head is set where the execution is being loaded; nil in an audit.
	head *record.Head
	// Of the pages so far.
	entries, bytes int
}

// wantAudit begins the audit of one execution at rest.
func (c *Core) wantAudit() {
	if c.nextAudit() > c.now {
		return
	}
	c.auditAt = c.now + c.cfg.Audit
	c.compare()
	for e, n := c.rest.front, 0; e != nil && n < 16; e, n = e.next, n+1 {
		if e.audited == e.state.Seq() || e.state.Seq()-e.state.First() > auditLongest || c.folds[e.id] != nil {
			continue
		}
		c.foldFrom(e.id, &fold{state: kernel.New()})
		return
	}
}

// nextAudit is when to audit again.
func (c *Core) nextAudit() int64 {
	if c.cfg.Audit < 0 || c.draining || c.rest.n == 0 {
		return record.Never
	}
	return c.auditAt
}

// foldAll loads e from entry 1 because its snapshot is of no use.
func (c *Core) foldAll(e *execution, l *Loaded) {
	head := l.Head
	c.foldFrom(e.id, &fold{state: kernel.New(), head: &head})
}

func (c *Core) foldFrom(id record.ID, f *fold) {
	c.folds[id] = f
	c.out.Journal = append(c.out.Journal, JournalRead{Execution: id, From: f.state.Seq() + 1, Limit: f.page()})
}

// page is how many entries are asked for next.
func (f *fold) page() int {
	if f.entries == 0 {
		return firstPage
	}
	return min(max(pageBytes/(f.bytes/f.entries+1), 1), journalPage)
}

// JournalFound answers Ready.Journal. failed says that the store can't read it, however often it is asked.
func (c *Core) JournalFound(now int64, r JournalRead, list []record.Entry, failed string) {
	c.now = now
	if r.Limit == kinRead {
		c.kinFound(r.Execution, len(list) > 0 || failed != "")
		return
	}
	f, e := c.folds[r.Execution], c.execs[r.Execution]
	if f == nil || f.state.Seq()+1 != r.From {
		return
	}
	delete(c.folds, r.Execution)
	if e == nil {
		return
	}
	var why error
	if failed != "" {
		why = errors.New(failed)
	} else {
		why = f.apply(list)
	}
	if f.head == nil && (f.bytes > auditLargest || errors.Is(why, errLocked)) {
		if e.phase == live {
			e.audited = e.state.Seq()
		}
		return
	}
	switch {
	case why == nil && len(list) >= r.Limit:
		c.foldFrom(e.id, f)
	case f.head != nil:
		c.folded(e, f, why)
	default:
		c.audited(e, f, why)
	}
}

// apply folds a page; the error says what is wrong with it.
func (f *fold) apply(list []record.Entry) (why error) {
	defer func() {
		if r := recover(); r != nil {
			why = errors.New("panic while folding the journal")
		}
	}()
	for i := range list {
		if err := f.agrees(&list[i]); err != nil {
			return err
		}
		if err := applyEntry(f.state, &list[i]); err != nil {
			return err
		}
		f.entries, f.bytes = f.entries+1, f.bytes+len(list[i].Body)
	}
	return nil
}

// agrees: an entry that begins with a state begins with the one that the entries before it give. Only an audit asks.
func (f *fold) agrees(t *record.Entry) error {
	if f.head != nil || !kernel.BeginsWithState(t.Body) {
		return nil
	}
	ops, err := kernel.Decode(t.Body[1:])
	if err != nil {
		return nil // applyEntry says so
	}
	return f.state.Agrees(ops)
}

// folded goes on with an execution that was loaded from entry 1.
func (c *Core) folded(e *execution, f *fold, why error) {
	if e.phase != loading {
		return
	}
	if why == nil && f.state.Seq() == 0 {
		why = errors.New("the execution has a head and no entries")
	}
	if why != nil {
		c.unusable(e, f.head, why)
		return
	}
	e.state, e.snapSeq, e.snapBytes, e.grown = f.state, 0, 0, 0
	c.built(e, f.head)
}

// audited compares memory with what the journal says. Memory that has moved on meanwhile is compared another time.
func (c *Core) audited(e *execution, f *fold, fault error) {
	if e.phase == live && f.state.Seq() < e.state.First() {
		return // entries were trimmed while they were read
	}
	if e.phase != live || e.newest != nil || e.state.Seq() != f.state.Seq() && fault == nil {
		return
	}
	c.stats.Audits++
	e.audited = e.state.Seq()
	if fault == nil && bytes.Equal(kernel.Save(nil, e.state), kernel.Save(nil, f.state)) {
		return
	}
	why := "memory and journal differed"
	if fault != nil {
		why = fault.Error()
	}
	c.stats.AuditFaults++
	c.alarm(AlarmAudit, e.id, why)
	e.repair = true
	c.discard(e, &model.Error{Code: CodeQuarantined, Message: why})
}
