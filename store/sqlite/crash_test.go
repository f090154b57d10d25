package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// writeForEver commits batches that each give executionsPerBatch executions one more entry, goes on where an earlier
// child was killed, and prints "ack N M" after each: batch N is durable, all journals have M entries.
func writeForEver(ctx context.Context, b store.Backend, size int) error {
	u, err := drivertest.Claim(ctx, b, record.Owner{byte(os.Getpid()), byte(os.Getpid() >> 8), 2})
	if err != nil {
		return err
	}
	ids := crashIDs()
	old, err := b.Journal(ctx, ids[0], 1, 1<<20)
	if err != nil {
		return err
	}
	for seq := uint64(len(old)) + 1; ; seq++ {
		if o := u.Try(u.Growth(seq, size, ids...)); o.Result != store.Committed {
			return fmt.Errorf("%s %v %v %v", o.Result, o.Deposed, o.Rejected, o.Cause)
		}
		fmt.Printf("ack %d %d\n", u.Number, seq)
	}
}

func crashIDs() (ids []record.ID) {
	for n := range executionsPerBatch {
		ids = append(ids, drivertest.Kept(n))
	}
	return ids
}

// acked reads n acknowledgements, or all there are with n < 0, and returns how many entries the last one promised.
func acked(t *testing.T, lines *bufio.Scanner, n int) (promised uint64) {
	t.Helper()
	for ; n != 0 && lines.Scan(); n-- {
		var batch uint64
		if _, err := fmt.Sscanf(lines.Text(), "ack %d %d", &batch, &promised); err != nil {
			t.Fatalf("child said %q", lines.Text())
		}
	}
	if n > 0 {
		t.Fatalf("the child ended %d acknowledgements too early", n)
	}
	return promised
}

// checkCrashed opens what a killed child left and checks I2, I6 and that batches are whole. It returns how many there
// are.
func checkCrashed(t *testing.T, path string, promised uint64) int {
	t.Helper()
	b := open(t, path, sqlite.Unsynced())
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 77)
	first := u.Whole(t, crashIDs()[0])
	if uint64(len(first)) < promised {
		t.Fatalf("%d entries were acknowledged, %d are there", promised, len(first))
	}
	if uint64(len(first)) > promised+1 {
		t.Fatalf("%d entries, although only batch %d can be unanswered", len(first), promised+1)
	}
	for _, id := range crashIDs()[1:] {
		same := slices.EqualFunc(first, u.Whole(t, id), func(a, b record.Entry) bool { return a.At == b.At && a.Seq == b.Seq })
		if !same {
			t.Fatalf("a batch is there in parts: %s differs from the first execution", id)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if got := rawText(t, raw(t, path), "PRAGMA integrity_check"); got != "ok" {
		t.Fatalf("integrity: %s", got)
	}
	return len(first)
}

func TestF28_I6_KillAtRandomMoments(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pawl.db")
	r := rand.New(rand.NewPCG(1, 2))
	for range 12 {
		size := []string{"50", "3000", "20000"}[r.IntN(3)]
		cmd, lines := startChild(t, os.Args[0], "write", path, childSize+"="+size)
		expect(t, lines, "open")
		promised := acked(t, lines, 1+r.IntN(150))
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		promised = max(promised, acked(t, lines, -1))
		_ = cmd.Wait() // killed, as intended
		checkCrashed(t, path, promised)
	}
}

// TestF29_I2_TornLog cuts the log of a running store at every kind of place, as a power failure may.
func TestF29_I2_TornLog(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "pawl.db")
	b := open(t, path)
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	const batches = 30
	for seq := uint64(1); seq <= batches; seq++ {
		u.Grow(t, seq, 700, crashIDs()...)
	}
	db, log := read(t, path), read(t, path+"-wal")
	if len(log) < 100_000 {
		t.Fatalf("the log has only %d bytes: the case shows nothing", len(log))
	}
	r := rand.New(rand.NewPCG(3, 4))
	seen := map[int]bool{}
	for i := range 40 {
		torn := slices.Clone(log[:r.IntN(len(log))])
		if i%3 == 0 && len(torn) > 0 {
			torn[len(torn)-1-r.IntN(min(len(torn), 4000))] ^= 0x40 // and the last page is garbage
		}
		copied := filepath.Join(dir, fmt.Sprintf("torn%d.db", i))
		write(t, copied, db)
		write(t, copied+"-wal", torn)
		seen[wholeBatches(t, copied)] = true
	}
	if len(seen) < 10 {
		t.Fatalf("only %d different states: the case shows nothing", len(seen))
	}
}

// wholeBatches opens a torn copy and returns how many batches it still has, each of them whole.
func wholeBatches(t *testing.T, path string) int {
	t.Helper()
	b := open(t, path, sqlite.Unsynced())
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 9)
	first := u.Whole(t, crashIDs()[0])
	for _, id := range crashIDs()[1:] {
		if n := len(u.Whole(t, id)); n != len(first) {
			t.Fatalf("%d and %d entries: a batch is there in parts", len(first), n)
		}
	}
	// The engine that was acknowledged more batches than are left learns it at its next commit.
	lost := &drivertest.Keeper{Backend: b, Ctx: t.Context(), Owner: record.Owner{1, 1}, Fences: u.Fences, Number: uint64(len(first)) + 1}
	if o := lost.Try(lost.Growth(5, 10, drivertest.Kept(50))); o.Result != store.NotCommitted || o.Cause == nil {
		t.Fatalf("a store that lost batches answered %s", o.Result)
	}
	return len(first)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
