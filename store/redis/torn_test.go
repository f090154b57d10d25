package redis_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
)

// TestF29_F33_TornLog cuts the log of a server at every kind of place, as a power failure may that comes before the log
// was flushed. What is left are whole batches, and the engine that was acknowledged more learns it at its next commit.
func TestF29_F33_TornLog(t *testing.T) {
	r := servertest.StartRedis(t)
	b := open(t, r.URL())
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	ids := []record.ID{drivertest.Kept(0), drivertest.Kept(1), drivertest.Kept(70), drivertest.Kept(4000)}
	const batches = 30
	for seq := uint64(1); seq <= batches; seq++ {
		u.Grow(t, seq, 700, ids...)
	}
	r.Kill()
	found, err := filepath.Glob(filepath.Join(r.Dir(), "appendonlydir", "*.incr.aof"))
	if err != nil || len(found) != 1 {
		t.Fatalf("logs %v %v", found, err)
	}
	log, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	rnd, seen, begun := rand.New(rand.NewPCG(3, 4)), map[int]bool{}, len(log)/20 // behind it the store was made and claimed
	for range 15 {
		if err := os.WriteFile(found[0], log[:begun+rnd.IntN(len(log)-begun)], 0o600); err != nil {
			t.Fatal(err)
		}
		r.Start("--aof-load-truncated", "yes")
		seen[wholeBatches(t, u, ids, batches)] = true
		r.Kill()
	}
	if len(seen) < 8 {
		t.Fatalf("only %d different states: the case shows nothing", len(seen))
	}
}

// wholeBatches is how many batches are left, each of them whole.
func wholeBatches(t *testing.T, u *drivertest.Keeper, ids []record.ID, all int) int {
	t.Helper()
	n := len(u.Whole(t, ids[0]))
	for _, id := range ids[1:] {
		if other := len(u.Whole(t, id)); other != n {
			t.Fatalf("%d and %d entries: a batch is there in parts", n, other)
		}
	}
	if n >= all {
		t.Fatalf("%d batches of a cut log", n)
	}
	wentBack(t, u.Commit(u.Ctx, u.Growth(uint64(all)+1, 700, ids[0])))
	return n
}
