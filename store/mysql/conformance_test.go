package mysql_test

import (
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/mysql"
	"github.com/pawl-dev/pawl/store/storetest"
)

func open(t testing.TB, url string, opts ...mysql.Option) store.Backend {
	t.Helper()
	b, err := mysql.Open(url, opts...).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestConformance(t *testing.T) {
	urls := map[store.Backend]string{}
	at := func(t *testing.T, url string) store.Backend {
		b := open(t, url)
		urls[b] = url
		return b
	}
	storetest.Run(t,
		func(t *testing.T) store.Backend { return at(t, servertest.MySQL(t).URL) },
		storetest.Reopen(func(t *testing.T, b store.Backend) store.Backend {
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			return at(t, urls[b])
		}))
}
