package sqlite

import (
	"fmt"
	"math"

	"github.com/pawl-dev/pawl/record"
)

// part writes the rows of one part. A row that cannot be kept is noted and the rest is still tried, so that all
// culprits are named at once; an error means that the transaction is lost.
func (c *committer) part(p *record.Part) error {
	clear(c.born)
	s := p.Fence.Shard
	c.rows += len(p.Entries) + 4*len(p.Heads) + len(p.Snapshots) + 2*len(p.Keys) + 2*len(p.Sends) + 2*len(p.Takes)
	for i := range p.Heads {
		if err := c.head(&p.Heads[i], s); err != nil {
			return err
		}
	}
	if err := c.entries(p.Entries, s); err != nil {
		return err
	}
	for i := range p.Heads {
		if seen, born := c.born[p.Heads[i].Execution]; born && !seen {
			c.reject(p.Heads[i].Execution, "a new head without entry 1")
		}
	}
	return c.others(p, s)
}

// others writes what most parts have none of.
func (c *committer) others(p *record.Part, s record.Shard) error {
	for i := range p.Snapshots {
		if err := c.writeSnapshot(&p.Snapshots[i], s); err != nil {
			return err
		}
	}
	for i := range p.Trims {
		if err := c.trimJournal(&p.Trims[i], s); err != nil {
			return err
		}
	}
	for i := range p.Keys {
		if err := c.key(&p.Keys[i]); err != nil {
			return err
		}
	}
	for i := range p.Sends {
		if err := c.sendMessage(&p.Sends[i]); err != nil {
			return err
		}
	}
	for i := range p.Takes {
		if err := c.takeMessage(p, p.Takes[i]); err != nil {
			return err
		}
	}
	for _, id := range p.Forgets {
		if err := c.forgetExecution(id, s); err != nil {
			return err
		}
	}
	return c.writeAnswers(p, s)
}

// entries appends to journals. Only the first entry of a run of one execution asks the database for the one before.
func (c *committer) entries(all []record.Entry, s record.Shard) error {
	var last *record.Entry // written just before; nil if that failed
	for i := range all {
		e := &all[i]
		follows := last != nil && last.Execution == e.Execution && last.Seq+1 == e.Seq
		last = nil
		if !follows {
			ok, err := c.mayFollow(e, s)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
		}
		if c.tooLong(e.Execution, "entry", e.Body) {
			continue
		}
		ok, err := c.append(e, !follows)
		if err != nil {
			return err
		}
		if ok {
			last = e
		}
	}
	return nil
}

// mayFollow rejects an entry that nothing leads up to.
func (c *committer) mayFollow(e *record.Entry, s record.Shard) (bool, error) {
	if !c.mine(e.Execution, s) {
		return false, nil
	}
	if e.Seq <= 1 {
		_, born := c.born[e.Execution]
		if !born || e.Seq == 0 {
			c.reject(e.Execution, "entry %d is there already, or has no head", e.Seq)
			return false, nil
		}
		c.born[e.Execution] = true
		return true, nil
	}
	c.entryAt.BindBytes(1, e.Execution[:])
	c.entryAt.BindInt64(2, int64(e.Seq-1))
	found, err := c.entryAt.exists()
	if !found && err == nil {
		c.reject(e.Execution, "entry %d follows nothing", e.Seq)
	}
	return found, err
}

// append inserts e and reports whether it did. bind says whether the execution must be bound again.
func (c *committer) append(e *record.Entry, bind bool) (bool, error) {
	if bind {
		c.entry.BindBytes(1, e.Execution[:])
	}
	c.entry.BindInt64(2, int64(e.Seq))
	c.entry.BindInt64(3, e.At)
	c.entry.BindInt64(4, int64(e.Sum))
	c.entry.BindBytes(5, e.Body)
	c.bytes += int64(len(e.Body))
	err := c.entry.run()
	if constraint(err) {
		c.reject(e.Execution, "entry %d is there already", e.Seq)
		return false, nil
	}
	return err == nil, err
}

func (c *committer) writeSnapshot(n *record.Snapshot, s record.Shard) error {
	if !c.mine(n.Execution, s) || c.tooLong(n.Execution, "snapshot", n.Body) {
		return nil
	}
	c.entryAt.BindBytes(1, n.Execution[:])
	c.entryAt.BindInt64(2, int64(n.Seq))
	found, err := c.entryAt.exists()
	if err != nil {
		return err
	}
	if !found {
		c.reject(n.Execution, "snapshot at entry %d, which does not exist", n.Seq)
		return nil
	}
	c.bytes += int64(len(n.Body))
	c.snapshot.BindBytes(1, n.Execution[:])
	c.snapshot.BindInt64(2, int64(n.Seq))
	c.snapshot.BindInt64(3, int64(n.Sum))
	c.snapshot.BindBytes(4, n.Body)
	return c.snapshot.run()
}

// trimJournal removes entries, and a snapshot at one of them.
func (c *committer) trimJournal(t *record.Trim, s record.Shard) error {
	if !c.mine(t.Execution, s) {
		return nil
	}
	c.entryAt.BindBytes(1, t.Execution[:])
	c.entryAt.BindInt64(2, int64(t.Before))
	found, err := c.entryAt.exists()
	if err != nil {
		return err
	}
	if !found {
		gone, err := c.trimmedPast(t)
		if err == nil && !gone {
			c.reject(t.Execution, "trimmed before entry %d, which does not exist", t.Before)
		}
		return err
	}
	for _, q := range c.trim {
		q.BindBytes(1, t.Execution[:])
		q.BindInt64(2, int64(t.Before))
		n, err := q.change()
		if err != nil {
			return err
		}
		c.rows += n
	}
	return nil
}

// trimmedPast reports whether more was removed already: a later entry is there.
func (c *committer) trimmedPast(t *record.Trim) (bool, error) {
	c.entryFrom.BindBytes(1, t.Execution[:])
	c.entryFrom.BindInt64(2, int64(t.Before))
	later, err := c.entryFrom.exists()
	return later && 0 < t.Before && t.Before <= math.MaxInt64, err
}

func (c *committer) sendMessage(m *record.Message) error {
	if reason := unsendable(m, c.shards); reason != "" {
		c.reject(m.ID.From, "%s", reason)
		return nil
	}
	c.bytes += int64(len(m.Body))
	bindMessage(c.send, m)
	return c.send.run()
}

func (c *committer) takeMessage(p *record.Part, id record.MessageID) error {
	c.take.BindBytes(1, id.From[:])
	c.take.BindInt64(2, int64(id.Seq))
	c.take.BindInt64(3, int64(id.N))
	c.take.BindInt64(4, int64(p.Fence.Shard))
	taken, err := c.take.change()
	if taken == 0 && err == nil {
		c.reject(p.Only(), "the message %s/%d/%d to take is not there", id.From, id.Seq, id.N)
	}
	return err
}

// unsendable says why m cannot be kept; "" if it can.
func unsendable(m *record.Message, shards int) string {
	switch {
	case int(m.Shard) >= shards:
		return fmt.Sprintf("there is no shard %d", m.Shard)
	case len(m.Body) > maxBody:
		return fmt.Sprintf("message of %d bytes is over the limit of %d", len(m.Body), maxBody)
	}
	return ""
}

func bindMessage(s statement, m *record.Message) {
	s.BindInt64(1, int64(m.Shard))
	s.BindBytes(2, m.ID.From[:])
	s.BindInt64(3, int64(m.ID.Seq))
	s.BindInt64(4, int64(m.ID.N))
	s.BindText(5, m.Namespace)
	s.BindBytes(6, m.To[:])
	s.BindInt64(7, m.At)
	s.BindBytes(8, m.Body)
}
