package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"

	my "github.com/go-sql-driver/mysql"

	"github.com/pawl-dev/pawl/store"
)

// The numbers of errors that mean something to a caller. Both servers share them but where a name says otherwise.
const (
	errConnections     = 1040
	errUserConnections = 1203
	errUserResources   = 1226
	errShutdown        = 1053
	errInterrupted     = 1317
	errKilled          = 1927 // MariaDB: the connection was killed
	errIdle            = 4031 // MySQL: the server closed the session, which had been idle for too long
	errCommit          = 1180
	errUnknown         = 1105
	errBinlog          = 1598
	errDiskFull        = 1021
	errTableFull       = 1114
	errWriting         = 1026
	errEngine          = 1030
	errLockWait        = 1205
	errDeadlock        = 1213
	errDuplicate       = 1062
	errDuplicateName   = 1586
	errGuard           = 1242 // what [guard] provokes: a subquery returns more than one row
	errReadOnly        = 1290
	errReadOnlyTx      = 1792
	errReadOnlyTable   = 1836
	errTableExists     = 1050
	errColumnExists    = 1060
	errIndexExists     = 1061
	errNotThere        = 1091
	errNoTable         = 1146
)

// numberOf is the server's number of err; 0 where the error is not of the server.
func numberOf(err error) uint16 {
	var e *my.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

// full are the errors of a disk without space. 1026 and 1030 come with the code of the system, 28 for no space.
func full(err error) bool {
	switch n := numberOf(err); n {
	case errDiskFull, errTableFull:
		return true
	case errWriting, errEngine:
		return noSpace.MatchString(err.Error())
	}
	return false
}

// readOnly says that the server does not write now: a replica, or a primary that became one.
func readOnly(err error) bool {
	switch numberOf(err) {
	case errReadOnly, errReadOnlyTx, errReadOnlyTable:
		return true
	}
	return false
}

// lost says that the connection is gone, or the server about to go.
func lost(err error) bool {
	switch numberOf(err) {
	case errShutdown, errKilled, errIdle:
		return true
	}
	var n net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, my.ErrInvalidConn) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, sql.ErrConnDone) || errors.As(err, &n)
}

// classify gives err the sentinel that callers ask for, and words that are safe to show: what the server quotes of a
// statement stays inside.
func classify(err error) error {
	var e *my.MySQLError
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case full(err):
		return fmt.Errorf("%w: the server says %d", store.ErrFull, numberOf(err))
	case errors.As(err, &e):
		return &serverError{e}
	case lost(err):
		return &lostError{err}
	}
	return err
}

// serverError is an answer of the server without the values that it may quote.
type serverError struct{ *my.MySQLError }

func (e *serverError) Error() string {
	if w, ok := meanings[e.Number]; ok {
		return fmt.Sprintf("%s (error %d)", w, e.Number)
	}
	return fmt.Sprintf("the server says error %d (%s)", e.Number, e.SQLState)
}

func (e *serverError) Unwrap() error { return e.MySQLError }

// meanings are what the numbers mean that an operator meets.
// noSpace is how both servers tell the code of the system.
var noSpace = regexp.MustCompile(`(?i)(errno: 28\b|\berror 28\b|no space left)`)

var meanings = map[uint16]string{
	errConnections:     "the server has too many connections",
	errUserConnections: "the user has too many connections",
	errUserResources:   "the user has used up its share of the server",
	errShutdown:        "the server shuts down",
	errInterrupted:     "the statement was interrupted",
	errKilled:          "the connection was killed",
	errIdle:            "the server closed an idle connection",
	errLockWait:        "a lock was waited for too long",
	errDeadlock:        "a deadlock was broken",
	errReadOnly:        "the server is read-only",
	errReadOnlyTx:      "the server is read-only",
	errReadOnlyTable:   "the server is read-only",
	1044:               "the user has no right to the database",
	1045:               "the server refuses the user or the password",
	1049:               "there is no such database; create it first",
	1142:               "the user has no right to do this",
	1153:               "the message is larger than max_allowed_packet",
}

// lostError is a connection that broke, or could not be made.
type lostError struct{ cause error }

func (e *lostError) Error() string {
	var op *net.OpError
	if errors.As(e.cause, &op) && op.Op == "dial" {
		return fmt.Sprintf("the server cannot be reached: %v", op.Err)
	}
	return "the connection to the server broke"
}

func (e *lostError) Unwrap() error { return e.cause }
