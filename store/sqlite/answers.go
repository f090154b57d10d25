package sqlite

import (
	"context"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/record"
)

// Answers implements [store.Store].
func (s *Store) Answers(ctx context.Context, to []record.ID) (out []record.Answer, err error) {
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		for _, id := range to {
			err := query(c, "SELECT at, body FROM answers WHERE sender = ?", []any{id[:]}, func(r *lite.Stmt) error {
				out = append(out, record.Answer{To: id, At: r.ColumnInt64(0), Body: body(r, 1)})
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// writeAnswers drops the answers of the shard that are too old and adds those of p.
func (c *committer) writeAnswers(p *record.Part, s record.Shard) error {
	if p.Expire != 0 {
		c.expire.BindInt64(1, int64(s))
		c.expire.BindInt64(2, p.Expire)
		if err := c.expire.run(); err != nil {
			return err
		}
	}
	for i := range p.Answers {
		a := &p.Answers[i]
		if c.tooLong(record.ID{}, "answer", a.Body) {
			continue
		}
		c.bytes += int64(len(a.Body))
		c.answer.BindBytes(1, a.To[:])
		c.answer.BindInt64(2, int64(s))
		c.answer.BindInt64(3, a.At)
		c.answer.BindBytes(4, a.Body)
		if err := c.answer.run(); err != nil {
			return err
		}
	}
	return nil
}
