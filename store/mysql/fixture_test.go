package mysql_test

import (
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/mysql"
)

// user is an owner at work.
type user struct{ *drivertest.Scribe }

func newUser(b store.Backend, n byte) *user { return &user{drivertest.NewScribe(b, n)} }

// proxied opens a store through a proxy.
func proxied(t testing.TB, d *servertest.MySQLDatabase) (store.Backend, *servertest.Proxy) {
	t.Helper()
	p := servertest.NewProxy(t, d.Addr)
	b := open(t, d.Through(p.Addr()))
	t.Cleanup(func() { b.Close() })
	return b, p
}

func opened(t testing.TB, d *servertest.MySQLDatabase, opts ...mysql.Option) store.Backend {
	t.Helper()
	b := open(t, d.URL, opts...)
	t.Cleanup(func() { b.Close() })
	return b
}
