package sqlite

import (
	"math"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/record"
)

// head writes a head and its tags.
func (c *committer) head(h *record.Head, s record.Shard) error {
	if !c.mine(h.Execution, s) {
		return nil
	}
	if h.Insert {
		bindHead(c.headInsert, h, s)
		err := c.headInsert.run()
		if constraint(err) {
			c.reject(h.Execution, "exists already")
			return nil
		}
		if err != nil {
			return err
		}
		c.born[h.Execution] = false
		return c.tags(h)
	}
	bindHead(c.headUpdate.statement, h, s)
	changed, err := c.headUpdate.change()
	if err != nil {
		return err
	}
	if changed == 0 {
		c.reject(h.Execution, "does not exist")
		return nil
	}
	c.tagClear.BindBytes(1, h.Execution[:])
	if err := c.tagClear.run(); err != nil {
		return err
	}
	return c.tags(h)
}

func (c *committer) tags(h *record.Head) error {
	for i := range h.Tags {
		t := &h.Tags[i]
		if t.IsNum && math.IsNaN(t.Num) {
			c.reject(h.Execution, "tag %q is not a number", t.Name)
			return nil
		}
		c.tagAdd.BindBytes(1, h.Execution[:])
		c.tagAdd.BindText(2, t.Name)
		c.tagAdd.BindText(3, h.Namespace)
		if t.IsNum {
			c.tagAdd.BindFloat(4, t.Num)
		} else {
			c.tagAdd.BindText(4, t.Text)
		}
		if err := c.tagAdd.run(); err != nil {
			return err
		}
	}
	return nil
}

// bindHead binds all columns of executions in order of [headColumns], behind the id.
func bindHead(to statement, h *record.Head, s record.Shard) {
	to.BindBytes(1, h.Execution[:])
	to.BindInt64(2, int64(s))
	to.BindText(3, h.Namespace)
	to.BindText(4, h.Workflow)
	to.BindText(5, h.Version)
	to.BindText(6, h.Key)
	if h.Parent.IsZero() {
		to.BindNull(7)
	} else {
		to.BindBytes(7, h.Parent[:])
	}
	to.BindText(8, h.Status)
	to.BindText(9, h.Outcome)
	to.BindText(10, h.Error)
	to.BindInt64(11, h.Started)
	to.BindInt64(12, h.Ended)
	if h.NextAt == record.Never {
		to.BindNull(13)
	} else {
		to.BindInt64(13, h.NextAt)
	}
	to.BindText(14, h.Fingerprint)
	to.BindText(15, h.Waiting)
}

// readHead reads id and [headColumns] as selected in that order.
func readHead(s *lite.Stmt) record.Head {
	h := record.Head{
		Execution:   columnID(s, 0),
		Namespace:   s.ColumnText(2),
		Workflow:    s.ColumnText(3),
		Version:     s.ColumnText(4),
		Key:         s.ColumnText(5),
		Parent:      columnID(s, 6),
		Status:      s.ColumnText(7),
		Outcome:     s.ColumnText(8),
		Error:       s.ColumnText(9),
		Started:     s.ColumnInt64(10),
		Ended:       s.ColumnInt64(11),
		NextAt:      record.Never,
		Fingerprint: s.ColumnText(13),
		Waiting:     s.ColumnText(14),
	}
	if !s.ColumnIsNull(12) {
		h.NextAt = s.ColumnInt64(12)
	}
	return h
}

// readTags fills in the tags of h, by name.
func readTags(conn *lite.Conn, h *record.Head) error {
	return query(conn, "SELECT name, value FROM tags WHERE execution = ? ORDER BY name", []any{h.Execution[:]}, func(s *lite.Stmt) error {
		t := record.Tag{Name: s.ColumnText(0)}
		if s.ColumnType(1) == lite.TypeText {
			t.Text = s.ColumnText(1)
		} else {
			t.Num, t.IsNum = s.ColumnFloat(1), true
		}
		h.Tags = append(h.Tags, t)
		return nil
	})
}
