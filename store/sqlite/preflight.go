package sqlite

import (
	"fmt"

	lite "zombiezen.com/go/sqlite"
)

// minVersion is the first release without the race that could corrupt a file when its log was reset.
const minVersion = 3_051_003

func checkVersion(number int, text string) error {
	if number < minVersion {
		return fmt.Errorf("SQLite %s is linked in, but files can be corrupted by it: 3.51.3 or later is needed", text)
	}
	return nil
}

// setting is a pragma and the value that it must have afterwards.
type setting struct{ name, set, want string }

// wanted lists what durability and speed rest on. The settings are of the connection, not of the file, but for the
// journal mode.
func (c *config) wanted() []setting {
	sync := setting{"synchronous", "FULL", "2"}
	switch {
	case c.unsynced:
		sync = setting{"synchronous", "OFF", "0"}
	case c.normal:
		sync = setting{"synchronous", "NORMAL", "1"}
	}
	return []setting{
		{"journal_mode", "WAL", "wal"},
		sync,
		{"wal_autocheckpoint", "0", "0"}, // the writer does it between commits
		{"locking_mode", "NORMAL", "normal"},
		{"mmap_size", "0", "0"},
	}
}

// pragmas sets up the writer's connection. Its page cache is small on purpose: SQLite walks the whole table of cached
// pages at many commits (64 MB cost 10 % of the throughput at 100 entries a commit), and what commits touch fits.
func (c *config) pragmas(conn *lite.Conn) error {
	all := []string{
		"PRAGMA cache_size=-16000", "PRAGMA temp_store=MEMORY", "PRAGMA journal_size_limit=67108864",
		"PRAGMA trusted_schema=0", "PRAGMA fullfsync=1", "PRAGMA checkpoint_fullfsync=1",
	}
	for _, s := range c.wanted() {
		all = append(all, "PRAGMA "+s.name+"="+s.set)
	}
	if c.maxPages > 0 {
		all = append(all, fmt.Sprintf("PRAGMA max_page_count=%d", c.maxPages))
	}
	for _, p := range all {
		if err := exec(conn, p); err != nil {
			return err
		}
	}
	return nil
}

// preflight reads the settings back: a pragma that cannot be obeyed is ignored in silence.
func preflight(conn *lite.Conn, want []setting) error {
	for _, s := range want {
		got, err := text(conn, "PRAGMA "+s.name)
		if err != nil {
			return err
		}
		if got != s.want {
			return fmt.Errorf("%s is %q and must be %q: commits would not be durable", s.name, got, s.want)
		}
	}
	return nil
}
