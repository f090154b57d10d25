package postgres

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// verdict says what an error means for a commit whose last message was sent.
//
// A server that answers with an error and goes on has rolled back, but for the two codes that say that it does not
// know. One that answers and ends the session may do so between the commit and its confirmation, and no answer at all
// means nothing.
func verdict(err error) sqlstore.Verdict {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || ends(answer) {
		return sqlstore.Lost // also where pgx calls it safe to retry: it says so of answers that broke off
	}
	switch answer.Code {
	case "08007", "40003": // transaction resolution unknown, statement completion unknown
		return sqlstore.Lost
	}
	switch answer.Code[:min(2, len(answer.Code))] {
	case "22", "23", "54": // a guard (division by zero), a constraint, data or a row that does not fit
		return sqlstore.Refused
	}
	return sqlstore.Transient
}

// ends reports whether the session ended with the answer: shutdown, crash, a terminated backend.
func ends(answer *pgconn.PgError) bool {
	return answer.SeverityUnlocalized == "FATAL" || answer.SeverityUnlocalized == "PANIC"
}

// explain adds the error of package store that err is, and puts in our words that there is no connection.
func explain(err error) error {
	if refused, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return &connectError{refused}
	}
	answer, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	switch answer.Code {
	case "53100": // disk full
		return sqlstore.Full(err)
	case "XX001", "XX002": // data corrupted, index corrupted
		return sqlstore.Corrupt(err)
	}
	return err
}

// connectError is a connection that could not be made, told without the user.
type connectError struct{ *pgconn.ConnectError }

func (e *connectError) Error() string {
	at := net.JoinHostPort(e.Config.Host, strconv.Itoa(int(e.Config.Port)))
	if strings.HasPrefix(e.Config.Host, "/") {
		at = e.Config.Host
	}
	return fmt.Sprintf("database %s at %s: %s", e.Config.Database, at, e.why())
}

func (e *connectError) why() string {
	if answer, ok := errors.AsType[*pgconn.PgError](e.ConnectError); ok {
		if meaning, ok := refusals[answer.Code]; ok {
			return fmt.Sprintf("%s (SQLSTATE %s)", meaning, answer.Code)
		}
		return "the server says SQLSTATE " + answer.Code
	}
	if op, ok := errors.AsType[*net.OpError](e.ConnectError); ok && op.Op == "dial" {
		return fmt.Sprintf("the server cannot be reached: %v", op.Err)
	}
	return e.ConnectError.Unwrap().Error()
}

func (e *connectError) Unwrap() error { return e.ConnectError }

// refusals are what the codes mean with which a server refuses a connection.
var refusals = map[string]string{
	"28000": "the server refuses the user",
	"28P01": "the server refuses the user or the password",
	"3D000": "there is no such database; create it first",
	"42501": "the user has no right to the database",
	"53300": "the server has too many connections",
	"57P01": "the server shuts down",
	"57P03": "the server starts, or shuts down",
}
