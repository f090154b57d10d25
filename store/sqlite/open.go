package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/store"
)

// open does everything in order: a file that may be used at all, its lock, the writer's connection, the preflight,
// the schema, and only then readers.
func (c *config) open() (_ *Store, err error) {
	if err := checkVersion(lite.VersionNumber, lite.Version); err != nil {
		return nil, err
	}
	path, err := resolve(c.path)
	if err != nil {
		return nil, err
	}
	s := &Store{closed: make(chan struct{})}
	s.info, err = c.place(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if s.lock, err = acquire(path, c.program); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open %s: %w", c.path, classify(err)), s.lock.release())
		}
	}()
	if err := create(path); err != nil {
		return nil, err
	}
	conn, err := c.connect(path)
	if err != nil {
		return nil, err
	}
	if err := c.prepare(conn, &s.info); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if s.writer, err = newWriter(conn, s.info.Shards, c.busy); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	s.readers = newPool(readers, func() (*lite.Conn, error) { return c.connectReader(path) })
	return s, nil
}

// resolve refuses names that are no file and follows links, so that a file has one lock whatever it is called.
func resolve(path string) (string, error) {
	if path == "" || path == ":memory:" || strings.HasPrefix(path, "file:") {
		return "", fmt.Errorf("open %q: want the name of a file; for a store in memory use package store/memory", path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(abs)
	if err == nil {
		if i, err := os.Stat(real); err == nil && !i.Mode().IsRegular() {
			return "", fmt.Errorf("open %s: not a regular file", path)
		}
		return real, nil
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("open %s: the folder does not exist; create it first", path)
	}
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, filepath.Base(abs)), nil
}

// create makes an empty file that only its owner can read; the log takes the mode of the file. Where there is one
// already nothing is opened, since closing it again would drop SQLite's own locks of this process.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// place looks at the file system below dir.
func (c *config) place(dir string) (store.Info, error) {
	i := store.Info{Driver: "sqlite", Version: lite.Version, Lanes: 1, Durable: true}
	warn := func(format string, args ...any) {
		i.Durable = false
		i.Warnings = append(i.Warnings, fmt.Sprintf(format, args...))
	}
	if c.normal {
		warn("synchronous=NORMAL: a power failure may take acknowledged commits back")
	}
	name, kind, err := filesystem(dir)
	switch {
	case err != nil:
		return i, fmt.Errorf("open %s: file system: %w", c.path, err)
	case kind == overNetwork && !c.anywhere:
		return i, fmt.Errorf("open %s: it lies on %s, where locks and flushes of SQLite do not hold; use a local disk", c.path, name)
	case kind == overNetwork:
		warn("the file lies on %s, where locks and flushes of SQLite may not hold", name)
	case kind == inMemory:
		warn("the file lies on %s and is lost when the machine stops", name)
	}
	return i, nil
}

// prepare brings the file and its connection into the promised state.
func (c *config) prepare(conn *lite.Conn, info *store.Info) error {
	if err := c.pragmas(conn); err != nil {
		return err
	}
	if err := preflight(conn, c.wanted()); err != nil {
		return err
	}
	did, err := migrate(conn, c.migrations)
	if err != nil {
		return err
	}
	info.Schema, info.Migrated = len(c.migrations), did
	return c.settle(conn, info)
}

// connect opens a connection that waits a bounded time for a lock: only other programs (a backup, a shell) hold one.
func (c *config) connect(path string) (*lite.Conn, error) {
	conn, err := lite.OpenConn(path, lite.OpenReadWrite, lite.OpenCreate)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(c.busy)
	return conn, nil
}

func (c *config) connectReader(path string) (*lite.Conn, error) {
	conn, err := lite.OpenConn(path, lite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(c.busy)
	if err := addFunctions(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	for _, p := range []string{"PRAGMA query_only=1", "PRAGMA cache_size=-8000", "PRAGMA temp_store=MEMORY"} {
		if err := exec(conn, p); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

// program names the main module of this binary.
func program() string {
	b, ok := debug.ReadBuildInfo()
	if !ok || b.Main.Path == "" {
		return "unknown"
	}
	return b.Main.Path + " " + b.Main.Version
}
