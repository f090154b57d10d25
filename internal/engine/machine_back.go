package engine

import (
	"errors"

	"github.com/pawl-dev/pawl/store"
)

// wentBack stops where a question found that the store has lost what it had acknowledged; a commit is not the first to
// find it while nothing is decided.
func (m *Machine) wentBack(e Event) bool {
	err := answeredWith(e)
	if !errors.Is(err, store.ErrStoreWentBack) {
		return false
	}
	m.halt(err)
	return true
}

// answeredWith is the error that an answer of the store brings.
func answeredWith(e Event) error {
	switch e := e.(type) {
	case ClaimsRead:
		return e.Err
	case Claimed:
		return e.Err
	case Released:
		return e.Err
	case Beaten:
		return e.Err
	case Loaded:
		return e.Err
	case DueFound:
		return e.Err
	case MailFound:
		return e.Err
	case KeysFound:
		return e.Err
	case MailWaits:
		return e.Err
	case MailSent:
		return e.Err
	case AnswersRead:
		return e.Err
	case JournalFound:
		return e.Err
	case Defined:
		return e.Err
	case Resolved:
		return e.Err
	}
	return nil
}
