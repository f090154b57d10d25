package pawl

import (
	"errors"

	"github.com/pawl-dev/pawl/model"
)

// Error is what every function of this package returns when it fails: a code for programs, a message for people, and
// the cause where there is one. errors.Is with one of the Err values compares codes.
type Error struct {
	Code    string
	Message string
	Cause   error
}

// Error is "code: message", with the cause behind it.
func (e *Error) Error() string {
	s := e.Code
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is an *Error with the same code and no message of its own.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Message == "" && t.Cause == nil
}

// The codes of [Error].
const (
	CodeNotFound        = "not_found"          // no such execution, workflow or version
	CodeClosed          = "closed"             // the execution has ended
	CodeKeyConflict     = "key_conflict"       // the key belongs to an execution with another input
	CodeKeyExists       = "key_exists"         // the key is taken
	CodeRequestConflict = "request_conflict"   // the request id came before with another command
	CodeUnknownSignal   = "unknown_signal"     // the definition declares signals, and this is none of them
	CodeNotPaused       = "not_paused"         // resume of an execution that neither pauses nor is parked
	CodeInvalid         = "invalid"            // the request makes no sense, or the input breaks its schema
	CodePayload         = "payload_too_large"  // an input, or the data of a signal
	CodeInboxFull       = "inbox_full"         // the execution keeps as many signals as it may
	CodeQuarantined     = "quarantined"        // the execution's journal or definition cannot be used
	CodeLocked          = "secret_unavailable" // the execution's journal is encrypted, and no key for it is here
	CodeRejected        = "rejected"           // the store cannot keep the change
	CodeFaults          = "faults"             // the definition has faults; see [Faults]
	CodeVersionExists   = "version_exists"     // the version is deployed with other content
	CodeRetired         = "retired"            // the version takes no new starts
	CodeNarrows         = "narrows_input"      // the version takes less input than one that it replaces; see [Narrows]
	CodeDependents      = "dependents"         // another workflow would be left without a version; see [Orphans]
	CodeParked          = "parked"             // Pause: the execution waits for an operator already
	CodeBadItem         = "bad_item"           // a signal adds to a foreach what is no item of it
	CodeEntity          = "entity"             // a limit or a schedule, of which there is one, has no end and no copy
	CodeTrimmed         = "trimmed"            // Rerun, Fork: the beginning of the history was removed
	CodeBadValue        = "bad_value"          // a limit or a schedule cannot be told that
	CodeTooMany         = "too_many"           // a backfill has more nominal times than allowed
	CodeUnavailable     = "unavailable"        // it may have happened or not; repeat with the same request id
	CodeOverloaded      = "overloaded"         // a bound of admission is reached; try later
	CodeStopping        = "stopping"           // the engine is closing or closed
	CodeInUse           = "in_use"             // another process has the store open
	CodeStore           = "store"              // the store cannot be opened or read
	CodeBadToken        = "bad_token"          // a task's token that this store has not made
	CodeStale           = "stale"              // a task's token whose step is over or has been answered
	CodeNotWaiting      = "not_waiting"        // Decide: no such approval waits
	CodeAmbiguous       = "ambiguous"          // Decide: several approvals wait, and none of them is named
	CodeAlreadyDecided  = "already_decided"    // Decide: the approval has ended; the message says by whom
	CodeAlreadyVoted    = "already_voted"      // Decide: this person has decided before
	CodeNotAssignee     = "not_assignee"       // Decide: this person is not asked
	CodeExcluded        = "excluded"           // Decide: this person may not decide
	CodeUnknownOutcome  = "unknown_outcome"    // Decide: the approval has no such outcome
	CodeNoIdentity      = "no_identity"        // Decide: whose decision it is was not said
	CodeFailed          = "failed"             // Result: the execution ended badly; see [Failure]
	CodeOutput          = "output"             // Result: the output does not fit the type asked for
)

// Errors to compare with: errors.Is(err, pawl.ErrNotFound).
var (
	ErrNotFound        = &Error{Code: CodeNotFound}
	ErrClosed          = &Error{Code: CodeClosed}
	ErrKeyConflict     = &Error{Code: CodeKeyConflict}
	ErrKeyExists       = &Error{Code: CodeKeyExists}
	ErrRequestConflict = &Error{Code: CodeRequestConflict}
	ErrUnknownSignal   = &Error{Code: CodeUnknownSignal}
	ErrNotPaused       = &Error{Code: CodeNotPaused}
	ErrInvalid         = &Error{Code: CodeInvalid}
	ErrFaults          = &Error{Code: CodeFaults}
	ErrVersionExists   = &Error{Code: CodeVersionExists}
	ErrRetired         = &Error{Code: CodeRetired}
	ErrNarrows         = &Error{Code: CodeNarrows}
	ErrDependents      = &Error{Code: CodeDependents}
	ErrUnavailable     = &Error{Code: CodeUnavailable}
	ErrOverloaded      = &Error{Code: CodeOverloaded}
	ErrStopping        = &Error{Code: CodeStopping}
	ErrInUse           = &Error{Code: CodeInUse}
	ErrBadToken        = &Error{Code: CodeBadToken}
	ErrStale           = &Error{Code: CodeStale}
	ErrNotWaiting      = &Error{Code: CodeNotWaiting}
	ErrAlreadyDecided  = &Error{Code: CodeAlreadyDecided}
	ErrNotAssignee     = &Error{Code: CodeNotAssignee}
	ErrFailed          = &Error{Code: CodeFailed}
)

// Code is the code of err, "" if it carries none.
func Code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// Failure is why an execution failed: the cause of an error with [CodeFailed].
type Failure = model.Error
