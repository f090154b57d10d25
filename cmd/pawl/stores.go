package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/mysql"
	"github.com/pawl-dev/pawl/store/postgres"
	"github.com/pawl-dev/pawl/store/redis"
	"github.com/pawl-dev/pawl/store/s3"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// servers are the stores that a URL names, by its scheme. Anything without one is the name of an SQLite file. restored
// says that the store came back from a backup.
var servers = map[string]func(url string, restored bool) store.Opener{
	"mysql":      openMySQL,
	"mariadb":    openMySQL,
	"postgres":   openPostgres,
	"postgresql": openPostgres,
	"redis":      openRedis,
	"rediss":     openRedis,
}

func openMySQL(url string, restored bool) store.Opener {
	return mysql.Open(url, options(restored, mysql.Restored())...)
}

func openPostgres(url string, restored bool) store.Opener {
	return postgres.Open(url, options(restored, postgres.Restored())...)
}

func openRedis(url string, restored bool) store.Opener {
	return redis.Open(url, options(restored, redis.Restored())...)
}

// options are o where on holds, else none.
func options[O any](on bool, o O) []O {
	if on {
		return []O{o}
	}
	return nil
}

// opener is what --store says.
func (s *storeFlags) opener() (store.Opener, error) { return s.openerOf(false) }

func (s *storeFlags) openerOf(restored bool) (store.Opener, error) {
	scheme, _, isURL := strings.Cut(s.Store, "://")
	if !isURL {
		return sqlite.Open(s.Store, options(restored, sqlite.Restored())...), nil
	}
	open, known := servers[scheme]
	if !known {
		var all []string
		for name := range servers { // sorted: below
			all = append(all, name)
		}
		slices.Sort(all)
		return nil, usage("no store is reached by %s://; there are %s, and files", scheme, strings.Join(all, ", "))
	}
	return open(s.Store, restored), nil
}

// blobsFlag says where large payloads are.
type blobsFlag struct {
	Blobs string `help:"Where large payloads are, where not in the store: a bucket such as s3://bucket/prefix?endpoint=https://host. Its keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY." env:"PAWL_BLOBS" placeholder:"URL"`
}

// outside is opener with its blobs where --blobs says. Verbs that only look do not try whether that can be written.
func (f *blobsFlag) outside(opener store.Opener, m mode) (store.Opener, error) {
	return f.bucket(opener, options(m == inspecting, s3.Unchecked())...)
}

func (f *blobsFlag) bucket(opener store.Opener, how ...s3.Option) (store.Opener, error) {
	if f.Blobs == "" {
		return opener, nil
	}
	if !strings.HasPrefix(f.Blobs, "s3://") {
		return nil, usage("large payloads are kept in a bucket: s3://BUCKET/PREFIX?endpoint=URL")
	}
	return store.WithBlobs(opener, s3.Open(f.Blobs, how...)), nil
}

// isFile reports whether --store names a file.
func (s *storeFlags) isFile() bool { return !strings.Contains(s.Store, "://") }

// prepare makes the folder of a file for verbs that put something into a store; for others the file must be there. A
// server makes its tables when it is opened.
func (s *storeFlags) prepare(m mode) error {
	if !s.isFile() {
		return nil
	}
	if _, err := os.Stat(s.Store); err == nil {
		return nil
	}
	if m == inspecting || m == bulking {
		return notFound("there is no store at %s; pawl run makes one", s.Store)
	}
	return os.MkdirAll(filepath.Dir(s.Store), 0o755)
}

// warned is a store that says what it cannot promise, each time it is opened to execute tasks (R17).
type warned struct {
	store.Opener
	say func(format string, args ...any)
}

// Open implements [store.Opener].
func (w warned) Open(ctx context.Context) (store.Backend, error) {
	b, err := w.Opener.Open(ctx)
	if err != nil {
		return nil, err
	}
	for _, line := range b.Info().Warnings {
		w.say("warning: store %s: %s", b.Info().Driver, line)
	}
	return b, nil
}
