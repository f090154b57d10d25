package sealed_test

import (
	"flag"
	"fmt"
	"net/url"
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/mysql"
	"github.com/pawl-dev/pawl/store/postgres"
	"github.com/pawl-dev/pawl/store/redis"
	"github.com/pawl-dev/pawl/store/sealed"
	"github.com/pawl-dev/pawl/store/storetest"
)

var everywhere = flag.Bool("everywhere", false, "run the suite over sealed stores on SQL servers, too; it takes minutes")

// TestConformanceOnServers: sealed bodies come back from every server as they come from a file.
func TestConformanceOnServers(t *testing.T) {
	t.Run("redis", func(t *testing.T) {
		conform(t, func(t *testing.T) store.Opener { return redis.Open(servertest.Redis(t)) })
	})
	if !*everywhere {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		database, n := servertest.Postgres(t), 0
		conform(t, func(t *testing.T) store.Opener {
			u, err := url.Parse(database)
			if err != nil {
				t.Fatal(err)
			}
			n++
			q := u.Query()
			q.Set("schema", fmt.Sprint("sealed", n))
			u.RawQuery = q.Encode()
			return postgres.Open(u.String())
		})
	})
	t.Run("mysql", func(t *testing.T) {
		conform(t, func(t *testing.T) store.Opener { return mysql.Open(servertest.MySQL(t).URL) })
	})
}

func conform(t *testing.T, inner func(t *testing.T) store.Opener) {
	openers := map[store.Backend]store.Opener{}
	storetest.Run(t, func(t *testing.T) store.Backend {
		return open(t, openers, sealed.Open(inner(t), ways["both"]))
	}, storetest.Reopen(func(t *testing.T, b store.Backend) store.Backend {
		b.Close()
		return open(t, openers, openers[b])
	}))
}
