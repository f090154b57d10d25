package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/store"
)

// lock is the operating system's lock on a file beside the database, held as long as the store is open and let go
// by the system when the process dies. The file says who holds it. It stays when it is released: removing it would
// let two processes lock two files of one name.
type lock struct{ file *os.File }

// lockSuffix names the lock file.
const lockSuffix = ".lock"

// errHeld is what tryLock answers where another open file holds the lock.
var errHeld = errors.New("held")

func acquire(path, program string) (*lock, error) {
	f, err := os.OpenFile(path+lockSuffix, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	err = tryLock(f)
	if errors.Is(err, errHeld) {
		err = fmt.Errorf("open %s: %w: %s", path, store.ErrInUse, holder(f))
	}
	if err == nil {
		err = sign(f, program)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &lock{f}, nil
}

// sign writes who we are into the lock file.
func sign(f *os.File, program string) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	since := time.Now().UTC().Format(time.RFC3339)
	_, err := f.WriteAt(fmt.Appendf(nil, "%s\n%s\n%d\n", since, program, os.Getpid()), 0)
	return err
}

// holder describes the process that holds the lock.
func holder(f *os.File) string {
	b, err := io.ReadAll(io.LimitReader(f, 1000))
	lines := strings.Split(string(b), "\n")
	if err != nil || len(lines) < 4 {
		return "its holder is just starting"
	}
	since, program, pid := lines[0], lines[1], lines[2]
	out := fmt.Sprintf("pid %s, since %s, %s", pid, since, program)
	if stopped(pid) {
		out += " (this process is stopped, by a signal or a debugger; continue or end it)"
	}
	return out
}

// release lets others open the store. A lock of a store that failed to open may be nil. Closing the file alone would
// not do: a child that this process is just starting has a copy of it until it runs its program.
func (l *lock) release() error {
	if l == nil {
		return nil
	}
	return errors.Join(unlock(l.file), l.file.Close())
}
