package postgres

import (
	"errors"

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

// explain adds the error of package store that err is.
func explain(err error) error {
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
