package store

import (
	"errors"
	"fmt"
)

// Errors that drivers wrap. A driver's own text may follow but holds no secret and no data of an execution.
var (
	// ErrStoreWentBack: the store lost commits it had acknowledged (restored backup, failed-over replica). Stop.
	ErrStoreWentBack = errors.New("the store went back in time")
	// ErrClaimed: another process owns the shard, or the row changed.
	ErrClaimed = errors.New("the shard is claimed by another process")
	// ErrNotFound: no such row.
	ErrNotFound = errors.New("not found")
	// ErrExists: there is one already, and it stays as it is.
	ErrExists = errors.New("it exists")
	// ErrVersionExists: the version is deployed with other content.
	ErrVersionExists = errors.New("this version exists with other content")
	// ErrMoved: another version has become the active one meanwhile. Read it again.
	ErrMoved = errors.New("another version has become the active one meanwhile")
	// ErrRewrapped: another key wraps the data key by now. Read it again.
	ErrRewrapped = errors.New("the data key is wrapped by another key by now")
	// ErrInUse: another process has this store open. The text names its pid, start time and version.
	ErrInUse = errors.New("the store is in use by another process")
	// ErrFull: no space. It goes away when there is space.
	ErrFull = errors.New("the store is full")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrCorrupt: a checksum does not fit.
	ErrCorrupt = errors.New("stored data is damaged")
	// ErrLocked: it is encrypted, and no key that is here opens it.
	ErrLocked = errors.New("no key that is here opens what is encrypted")
	// ErrSome: some of what was asked for in one question cannot be read now. Ask for one at a time.
	ErrSome = errors.New("some of it cannot be read now")
	// ErrFilter: a filter, a cursor or a facet that cannot be used. The text says why.
	ErrFilter = errors.New("the filter cannot be used")
	// ErrForeignBlobs: the place for large payloads is another store's, or this one's before it came back from a backup.
	ErrForeignBlobs = errors.New("what lies there belongs to another store")
	// ErrNewer: the store was written by a newer version of the program.
	ErrNewer = errors.New("the store has a newer schema")
)

// WentBack is [ErrStoreWentBack] with what was found, and what people have to do now: no engine can mend it.
func WentBack(found string, args ...any) error {
	return fmt.Errorf("%w: %s; stop everything that uses it, find out what it was restored or promoted from, "+
		"then start again on it: what it lost is gone", ErrStoreWentBack, fmt.Sprintf(found, args...))
}
