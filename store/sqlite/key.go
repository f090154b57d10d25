package sqlite

import "github.com/pawl-dev/pawl/record"

// key sets or deletes a key row by compare-and-set.
func (c *committer) key(k *record.KeyChange) error {
	held, err := c.compareAndSet(k)
	if err != nil || held {
		return err
	}
	culprit := k.Execution
	if culprit.IsZero() {
		culprit = k.Old
	}
	c.reject(culprit, "its key points to another execution")
	return nil
}

// compareAndSet reports whether the row was as k.Old says.
func (c *committer) compareAndSet(k *record.KeyChange) (bool, error) {
	switch {
	case k.Old.IsZero() && k.Delete:
		bindKey(c.keyExists, &k.Key)
		found, err := c.keyExists.exists()
		return !found, err
	case k.Old.IsZero():
		bindKeyRow(c.keyInsert, &k.KeyRow)
		err := c.keyInsert.run()
		if constraint(err) {
			return false, nil
		}
		return true, err
	case k.Delete:
		bindKey(c.keyDelete.statement, &k.Key)
		c.keyDelete.BindBytes(4, k.Old[:])
		n, err := c.keyDelete.change()
		return n > 0, err
	}
	bindKeyRow(c.keyUpdate.statement, &k.KeyRow)
	c.keyUpdate.BindBytes(7, k.Old[:])
	n, err := c.keyUpdate.change()
	return n > 0, err
}

func bindKey(s statement, k *record.Key) {
	s.BindText(1, k.Namespace)
	s.BindText(2, k.Workflow)
	s.BindText(3, k.Key)
}

func bindKeyRow(s statement, r *record.KeyRow) {
	bindKey(s, &r.Key)
	s.BindBytes(4, r.Execution[:])
	s.BindInt64(5, int64(r.Digest))
	s.BindInt64(6, r.ClosedAt)
}

// forgetExecution removes a closed execution with everything of it; its key only where it still points to it. What
// waits for it in the inbox stays: whoever owns the shard must answer the senders.
func (c *committer) forgetExecution(id record.ID, s record.Shard) error {
	if !c.mine(id, s) {
		return nil
	}
	c.headOld.BindBytes(1, id[:])
	found, err := c.headOld.Step()
	if err != nil {
		return err
	}
	ended := found && c.headOld.ColumnInt64(0) != 0
	var k record.Key
	if found {
		k = record.Key{Namespace: c.headOld.ColumnText(1), Workflow: c.headOld.ColumnText(2), Key: c.headOld.ColumnText(3)}
	}
	if err := c.headOld.Reset(); err != nil {
		return err
	}
	if found && !ended {
		c.reject(id, "is open and cannot be forgotten")
		return nil
	}
	return c.remove(id, &k)
}

func (c *committer) remove(id record.ID, k *record.Key) error {
	for _, s := range c.forget {
		s.BindBytes(1, id[:])
		if err := s.run(); err != nil {
			return err
		}
	}
	bindKey(c.keyDelete.statement, k)
	c.keyDelete.BindBytes(4, id[:])
	_, err := c.keyDelete.change()
	return err
}
