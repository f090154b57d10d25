package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	lite "zombiezen.com/go/sqlite"
)

// Backed says what [Backup] copied.
type Backed struct {
	Pages int   // of the database
	Bytes int64 // of the copy
}

// Backup copies the store at from, which an engine may be using, into a new file. The copy has everything that was
// acknowledged before the call, and is of one moment. It takes no lock of the engine's: the copy is read in one
// transaction, beside which commits go on; until it ends the log beside the file keeps what it needs and grows.
//
// The copy appears under its name once it is whole and flushed. Open it with [Restored] the first time.
func Backup(ctx context.Context, from, to string, progress func(left, pages int)) (_ Backed, err error) {
	path, err := resolve(from)
	if err != nil {
		return Backed{}, err
	}
	src, err := lite.OpenConn(path, lite.OpenReadWrite) // a reader of the log needs the index beside it
	if err != nil {
		return Backed{}, fmt.Errorf("open %s: %w", from, classify(err))
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	src.SetBusyTimeout(backupPatience)
	if version, err := number(src, "PRAGMA user_version"); err != nil {
		return Backed{}, fmt.Errorf("open %s: %w", from, classify(err))
	} else if err := checkOurs(src, version); err != nil {
		return Backed{}, fmt.Errorf("open %s: %w", from, err)
	}
	if _, err := os.Lstat(to); err == nil {
		return Backed{}, fmt.Errorf("%s: %w", to, os.ErrExist)
	}
	part := to + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return Backed{}, err
	}
	defer os.Remove(part) // where it is not whole
	done, err := copyPages(ctx, src, part, progress)
	if err != nil {
		return done, fmt.Errorf("backup of %s: %w", from, classify(err))
	}
	err = keep(part, to, &done)
	return done, err
}

const (
	backupPatience = 10 * time.Second // for the moment in which an engine recovers the log
	backupStep     = 1024             // pages between two looks at the context
)

// copyPages copies one state of src, as of now, into a file that is flushed when it returns.
func copyPages(ctx context.Context, src *lite.Conn, to string, progress func(left, pages int)) (done Backed, err error) {
	if err := create(to); err != nil {
		return done, err
	}
	dst, err := lite.OpenConn(to, lite.OpenReadWrite)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	if err := exec(dst, "PRAGMA synchronous=FULL"); err != nil {
		return done, err
	}
	// One read transaction around all steps: without it the copy would begin anew after each commit of the engine.
	if err := exec(src, "BEGIN"); err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, exec(src, "ROLLBACK")) }()
	if _, err := number(src, "SELECT count(*) FROM sqlite_schema"); err != nil {
		return done, err
	}
	b, err := lite.NewBackup(dst, "main", src, "main")
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		if more, err = b.Step(backupStep); err != nil {
			return done, err
		}
		done.Pages = b.PageCount()
		if progress != nil {
			progress(b.Remaining(), done.Pages)
		}
	}
	return done, nil
}

// keep gives the file its name, and makes sure that it has it after a power failure.
func keep(part, to string, done *Backed) error {
	i, err := os.Stat(part)
	if err != nil {
		return err
	}
	done.Bytes = i.Size()
	if err := os.Rename(part, to); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	err = dir.Sync()
	if runtime.GOOS == "windows" {
		err = nil // folders cannot be flushed there
	}
	return errors.Join(err, dir.Close())
}
