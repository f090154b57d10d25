package sqlite

import (
	"time"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/internal/fault"
)

// Sizes of the log, in bytes.
const (
	checkpointAt = 8 << 20  // it is copied into the database
	insistAt     = 64 << 20 // readers that overlap without end are waited for, so that it can begin anew
)

// insistFor bounds the wait for readers; commits stand still meanwhile.
const insistFor = 100 * time.Millisecond

// log follows the size of the write-ahead log. It estimates from above and asks SQLite only when the estimate says
// that a checkpoint may be due, so that commits pay nothing for it.
type log struct {
	pageSize  int64
	busy      time.Duration // the connection's own wait for locks
	estimated int64
	// failed puts the next attempt off after one that did not finish (no space, or a reader in the way).
	failed int64
}

// wrote counts a transaction: every row may dirty a page of its own, and each transaction some more.
func (l *log) wrote(rows int, bytes int64) {
	l.estimated += (4+2*int64(rows))*l.pageSize + 2*bytes
}

// checkpoint copies the log into the database if it is long. It takes what it can without waiting for readers; when
// that was all, and no reader needs the log any more, the next transaction begins it anew. It fails in silence: the
// log only gets longer.
func (l *log) checkpoint(conn *lite.Conn) {
	if l.estimated < checkpointAt+l.failed {
		return
	}
	size, _ := l.ask(conn, "PRAGMA wal_checkpoint(NOOP)")
	if size < checkpointAt {
		l.estimated, l.failed = size, 0
		return
	}
	var copied int64
	if size < insistAt {
		size, copied = l.ask(conn, "PRAGMA wal_checkpoint(PASSIVE)")
	} else {
		conn.SetBusyTimeout(insistFor)
		size, copied = l.ask(conn, "PRAGMA wal_checkpoint(RESTART)")
		conn.SetBusyTimeout(l.busy)
	}
	fault.Hit(fault.CheckpointDone)
	l.estimated, l.failed = 0, 0
	if copied < size {
		l.estimated, l.failed = size, size
	}
}

// ask returns the bytes in the log and how many of them the database has too; zeros where SQLite gives an error.
func (l *log) ask(conn *lite.Conn, pragma string) (size, copied int64) {
	err := query(conn, pragma, nil, func(s *lite.Stmt) error {
		size, copied = s.ColumnInt64(1)*l.pageSize, s.ColumnInt64(2)*l.pageSize
		return nil
	})
	if err != nil {
		return 0, 0
	}
	return size, copied
}
