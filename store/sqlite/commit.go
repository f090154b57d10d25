package sqlite

import (
	"errors"
	"fmt"
	"slices"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/internal/fault"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// committer writes batches: lane, fences, rows, one transaction. It belongs to the writer's goroutine.
type committer struct {
	*statements
	shards int
	// Of the batch being written:
	rejected []store.Rejection
	born     map[record.ID]bool // heads inserted by the part; true once entry 1 was seen
	rows     int
	bytes    int64
}

func newCommitter(conn *lite.Conn, shards int) (*committer, error) {
	s, err := prepareStatements(conn)
	if err != nil {
		return nil, err
	}
	return &committer{statements: s, shards: shards, born: map[record.ID]bool{}}, nil
}

// errRefused: the batch is answered by an outcome and must be rolled back.
var errRefused = errors.New("refused")

func (c *committer) commit(b *store.Batch) store.Outcome {
	c.rejected, c.rows, c.bytes = nil, 0, 0
	fault.Hit(fault.CommitBegin)
	if err := c.begin.run(); err != nil {
		return refuse(classify(err))
	}
	o, err := c.write(b)
	if err != nil {
		c.rollBack()
		if err != errRefused {
			o = refuse(classify(err))
		}
		return o
	}
	fault.Hit(fault.CommitSent)
	if err := c.end.run(); err != nil {
		c.rollBack()
		return failedCommit(err)
	}
	fault.Hit(fault.CommitReturned)
	return store.Outcome{Result: store.Committed}
}

// failedCommit says what an error of COMMIT means. Where SQLite could not take the log's lock or had no space it
// has written no end of the transaction. Otherwise the end may be in the log although its flush failed, and a crash
// now would bring the transaction back: unknown.
func failedCommit(err error) store.Outcome {
	o := refuse(classify(err))
	switch lite.ErrCode(err).ToPrimary() {
	case lite.ResultBusy, lite.ResultLocked, lite.ResultFull, lite.ResultReadOnly:
		return o
	}
	o.Result = store.Unknown
	return o
}

func refuse(cause error) store.Outcome {
	return store.Outcome{Result: store.NotCommitted, Cause: cause}
}

// rollBack ends the transaction, if SQLite has not done so itself.
func (c *committer) rollBack() {
	if !c.conn.AutocommitEnabled() {
		_ = c.abort.run() // it cannot fail while a transaction is open
	}
}

// write does everything between BEGIN and COMMIT.
func (c *committer) write(b *store.Batch) (store.Outcome, error) {
	if o, err := c.advance(b); err != nil {
		return o, err
	}
	fault.Hit(fault.CommitLane)
	deposed, err := c.deposed(b.Parts)
	if err != nil {
		return store.Outcome{}, err
	}
	if len(deposed) > 0 {
		return store.Outcome{Result: store.NotCommitted, Deposed: deposed}, errRefused
	}
	fault.Hit(fault.CommitFenced)
	for i := range b.Parts {
		if err := c.part(&b.Parts[i]); err != nil {
			return store.Outcome{}, err
		}
	}
	if len(c.rejected) > 0 {
		return store.Outcome{Result: store.NotCommitted, Rejected: c.rejected}, errRefused
	}
	fault.Hit(fault.CommitWritten)
	return store.Outcome{}, nil
}

// advance moves the lane from the number before b to b. Where it is elsewhere, the outcome says so.
func (c *committer) advance(b *store.Batch) (store.Outcome, error) {
	if b.Number == 0 {
		return refuse(errors.New("batches of a lane are numbered from 1")), errRefused
	}
	c.laneNext.BindInt64(1, int64(b.Number))
	c.laneNext.BindInt64(2, int64(b.Digest))
	c.laneNext.BindBytes(3, b.Lane.Owner[:])
	c.laneNext.BindInt64(4, int64(b.Lane.Number))
	if changed, err := c.laneNext.change(); changed > 0 || err != nil {
		return store.Outcome{}, err
	}
	number, digest, err := c.lane(b.Lane)
	switch {
	case err != nil:
		return store.Outcome{}, err
	case number == 0 && b.Number == 1:
		return store.Outcome{}, c.openLane(b)
	case number < b.Number:
		return refuse(store.WentBack("lane %d is at %d, batch %d was to follow", b.Lane.Number, number, b.Number)), errRefused
	case number > b.Number:
		return refuse(fmt.Errorf("lane %d is at %d, past batch %d", b.Lane.Number, number, b.Number)), errRefused
	case digest != b.Digest:
		return store.Outcome{Result: store.Superseded, Winner: digest}, errRefused
	}
	return store.Outcome{Result: store.Committed}, errRefused
}

// lane returns where the lane is; 0 if it was never seen.
func (c *committer) lane(l store.Lane) (number, digest uint64, err error) {
	c.laneAt.BindBytes(1, l.Owner[:])
	c.laneAt.BindInt64(2, int64(l.Number))
	found, err := c.laneAt.Step()
	if found {
		number, digest = uint64(c.laneAt.ColumnInt64(0)), uint64(c.laneAt.ColumnInt64(1))
	}
	return number, digest, errors.Join(err, c.laneAt.Reset())
}

func (c *committer) openLane(b *store.Batch) error {
	c.laneOpen.BindBytes(1, b.Lane.Owner[:])
	c.laneOpen.BindInt64(2, int64(b.Lane.Number))
	c.laneOpen.BindInt64(3, int64(b.Digest))
	return c.laneOpen.run()
}

// deposed lists the shards whose fence does not hold, ascending.
func (c *committer) deposed(parts []record.Part) ([]record.Shard, error) {
	var out []record.Shard
	for i := range parts {
		f := &parts[i].Fence
		holds, err := c.holds(f)
		if err != nil {
			return nil, err
		}
		if !holds {
			out = append(out, f.Shard)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (c *committer) holds(f *record.Fence) (bool, error) {
	if f.Owner == (record.Owner{}) {
		return false, nil
	}
	c.fence.BindInt64(1, int64(f.Shard))
	c.fence.BindInt64(2, int64(f.Epoch))
	c.fence.BindBytes(3, f.Owner[:])
	return c.fence.exists()
}

// reject notes the first reason against an execution.
func (c *committer) reject(id record.ID, format string, args ...any) {
	if slices.ContainsFunc(c.rejected, func(r store.Rejection) bool { return r.Execution == id }) {
		return
	}
	c.rejected = append(c.rejected, store.Rejection{Execution: id, Reason: fmt.Sprintf(format, args...)})
}

// mine rejects id unless it belongs to shard s: the fence of a part says nothing about other shards.
func (c *committer) mine(id record.ID, s record.Shard) bool {
	if at := id.Shard(c.shards); at != s {
		c.reject(id, "belongs to shard %d, not %d", at, s)
		return false
	}
	return true
}

// tooLong rejects id if a body of it is over the limit.
func (c *committer) tooLong(id record.ID, what string, body []byte) bool {
	if len(body) > maxBody {
		c.reject(id, "%s of %d bytes is over the limit of %d", what, len(body), maxBody)
		return true
	}
	return false
}
