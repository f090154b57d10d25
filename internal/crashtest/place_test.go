package crashtest

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
)

var storeNames = flag.String("stores", "sqlite", "which stores, with commas between them: sqlite, postgres, mysql, redis")

// places make an empty store on a real server, or a file, and say where it is.
var places = map[string]func(t *testing.T) string{
	"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "pawl.db") },
	"postgres": func(t *testing.T) string { return servertest.Postgres(t) },
	"mysql":    func(t *testing.T) string { return servertest.MySQL(t).URL },
	"redis":    func(t *testing.T) string { return servertest.StartRedis(t).URL() },
}

// onStores runs f for each store that -stores names.
func onStores(t *testing.T, f func(t *testing.T, store string)) {
	for _, name := range strings.Split(*storeNames, ",") {
		if places[name] == nil {
			t.Fatalf("-stores: there is no store %q", name)
		}
		t.Run(name, func(t *testing.T) { f(t, name) })
	}
}
