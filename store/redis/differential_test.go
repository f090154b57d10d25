package redis_test

import (
	"fmt"
	"net/url"
	"testing"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/redis"
	"github.com/pawl-dev/pawl/store/storetest"
)

func TestSameAsMemory(t *testing.T) {
	at, err := url.Parse(servertest.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	prefix, runs := at.Query().Get("prefix"), 0
	storetest.Same(t, func(r *rapid.T) (right, tested store.Backend) {
		right, err := memory.Open().Open(t.Context())
		if err != nil {
			r.Fatal(err)
		}
		runs++
		tested, err = redis.Open(at.String(), redis.Prefix(fmt.Sprintf("%s%d:", prefix, runs))).Open(t.Context())
		if err != nil {
			r.Fatal(err)
		}
		return right, tested
	})
}
