package crashtest

import (
	"flag"
	"path/filepath"
	"strings"
	"sync"
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

// onStores runs f for each store that -stores names, all at once, however few processors there are: they mostly wait.
func onStores(t *testing.T, f func(t *testing.T, store string)) {
	names := strings.Split(*storeNames, ",")
	for _, name := range names {
		if places[name] == nil {
			t.Fatalf("-stores: there is no store %q", name)
		}
	}
	var all sync.WaitGroup
	for _, name := range names {
		all.Go(func() { t.Run(name, func(t *testing.T) { f(t, name) }) })
	}
	all.Wait()
}
