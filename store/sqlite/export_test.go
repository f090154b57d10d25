package sqlite

import (
	"errors"
	"time"

	"github.com/pawl-dev/pawl/store"
)

// MaxPages bounds the file, as a full disk does.
func MaxPages(n int) Option { return func(c *config) { c.maxPages = n } }

// Unsynced flushes nothing: for tests of what a file says, where no machine stops. A killed process loses nothing by it.
func Unsynced() Option { return func(c *config) { c.unsynced = true } }

// BusyWait bounds the wait for a lock of another program.
func BusyWait(d time.Duration) Option { return func(c *config) { c.busy = d } }

// Migrations is how many there are.
func Migrations() int { return len(migrations()) }

// CreateOlder makes a file as the program left it that knew only the first n migrations.
func CreateOlder(path string, n int) (incarnation [16]byte, err error) {
	c := &config{path: path, migrations: migrations()[:n]}
	conn, err := c.connect(path)
	if err != nil {
		return incarnation, err
	}
	var info store.Info
	err = c.prepare(conn, &info)
	return info.Incarnation, errors.Join(err, conn.Close())
}
