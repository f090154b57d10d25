package sqlite_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// fill commits until the store is full and returns how many entries the execution has.
func fill(t *testing.T, u *drivertest.Keeper, id record.ID) uint64 {
	t.Helper()
	for seq := uint64(1); seq < 10_000; seq++ {
		o := u.Try(u.Growth(seq, 30_000, id))
		if o.Result == store.Committed {
			continue
		}
		if o.Result != store.NotCommitted || !errors.Is(o.Cause, store.ErrFull) || len(o.Rejected) > 0 {
			t.Fatalf("want ErrFull, got %s %v %v", o.Result, o.Cause, o.Rejected)
		}
		return seq - 1
	}
	t.Fatal("the disk does not fill")
	return 0
}

// stays checks a full store: writes are refused again and again, reads work, nothing is lost.
func stays(t *testing.T, u *drivertest.Keeper, id record.ID, n uint64) {
	t.Helper()
	for range 5 {
		if o := u.Try(u.Growth(n+1, 200_000, id)); o.Result != store.NotCommitted || !errors.Is(o.Cause, store.ErrFull) {
			t.Fatalf("got %s %v", o.Result, o.Cause)
		}
	}
	if err := u.PutBlob(t.Context(), "default", id, [32]byte{}, make([]byte, 1<<20)); !errors.Is(err, store.ErrFull) {
		t.Fatalf("got %v", err)
	}
	if got := len(u.Whole(t, id)); uint64(got) != n {
		t.Fatalf("%d entries, want %d", got, n)
	}
	if _, err := u.Search(t.Context(), "default", store.Filter{}); err != nil {
		t.Fatal(err)
	}
}

// TestF30_DiskFullThenSpace fills a small file system for real.
func TestF30_DiskFullThenSpace(t *testing.T) {
	dir := smallDisk(t, "14m")
	ballast := filepath.Join(dir, "ballast")
	write(t, ballast, make([]byte, 9<<20))
	path := filepath.Join(dir, "pawl.db")
	b := open(t, path)
	u := drivertest.NewKeeper(t, b, 1)
	if i := b.Info(); i.Durable || !strings.Contains(strings.Join(i.Warnings, " "), "tmpfs") {
		t.Errorf("a store in memory claims to be durable: %+v", i)
	}
	n := fill(t, u, drivertest.Kept(1))
	stays(t, u, drivertest.Kept(1), n)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	u.Grow(t, n+1, 30_000, drivertest.Kept(1)) // without a restart
	b.Close()
	b = open(t, path)
	defer b.Close()
	if got := len(drivertest.NewKeeper(t, b, 2).Whole(t, drivertest.Kept(1))); uint64(got) != n+1 {
		t.Fatalf("%d entries, want %d", got, n+1)
	}
	b.Close()
	if got := rawText(t, raw(t, path), "PRAGMA integrity_check"); got != "ok" {
		t.Fatal(got)
	}
}

// smallDisk mounts a tmpfs of that size, where that is allowed.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("mounting needs root on Linux; TestF30_FileFullThenSpace shows the same on any machine")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("mount: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return dir
}

// TestF30_FileFullThenSpace bounds the file instead of the disk; space comes back when executions are forgotten.
func TestF30_FileFullThenSpace(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "pawl.db"), sqlite.MaxPages(400))
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	old, id := drivertest.Kept(1), drivertest.Kept(2)
	u.Grow(t, 1, 300_000, old)
	n := fill(t, u, id)
	stays(t, u, id, n)

	end := u.Growth(1, 0)
	end.Parts = []record.Part{{Fence: u.Fences[1], Forgets: []record.ID{old}, Heads: []record.Head{{
		Execution: old, Namespace: "default", Workflow: "order", Version: "1", Status: "completed", Ended: 5, NextAt: record.Never,
	}}}}
	if o := u.Try(end); o.Result != store.Committed {
		t.Fatalf("retention cannot make room: %s %v %v", o.Result, o.Cause, o.Rejected)
	}
	u.Grow(t, n+1, 30_000, id)
	if got := len(u.Whole(t, id)); uint64(got) != n+1 {
		t.Fatalf("%d entries, want %d", got, n+1)
	}
}

// TestF27_BusyIsTransient: another program holds the write lock for a while.
func TestF27_BusyIsTransient(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pawl.db")
	b := open(t, path, sqlite.BusyWait(time.Millisecond))
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	shell := raw(t, path)
	rawText(t, shell, "BEGIN IMMEDIATE")
	batch := u.Growth(1, 10, drivertest.Kept(1))
	o := u.Try(batch)
	if o.Result != store.NotCommitted || o.Cause == nil || len(o.Deposed)+len(o.Rejected) > 0 {
		t.Fatalf("got %s %v", o.Result, o.Cause)
	}
	if got := u.Whole(t, drivertest.Kept(1)); len(got) > 0 {
		t.Fatal("reads must go on, and show nothing")
	}
	rawText(t, shell, "ROLLBACK")
	if o := u.Try(batch); o.Result != store.Committed {
		t.Fatalf("got %s %v", o.Result, o.Cause)
	}
}

// TestF31_FlippedByte: the journal is delivered as it lies there, with a sum that no longer fits; a damaged
// snapshot is left out.
func TestF31_FlippedByte(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pawl.db")
	b := open(t, path)
	u := drivertest.NewKeeper(t, b, 1)
	id := drivertest.Kept(3)
	u.Grow(t, 1, 100, id)
	u.Grow(t, 2, 100, id)
	s := drivertest.Signed(id, 2, 2, 500)
	snap := u.Growth(0, 0)
	snap.Parts = []record.Part{{Fence: u.Fences[3], Snapshots: []record.Snapshot{{Execution: id, Seq: 2, Sum: s.Sum, Body: s.Body}}}}
	if o := u.Try(snap); o.Result != store.Committed {
		t.Fatal(o)
	}
	load := func() store.Loaded {
		t.Helper()
		got, err := b.Load(t.Context(), 3, []record.ID{id})
		if err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
		return got[0]
	}
	if l := load(); l.Snapshot == nil || len(l.Entries) != 0 {
		t.Fatalf("before the damage: %+v", l)
	}
	b.Close()
	shell := raw(t, path)
	rawText(t, shell, "UPDATE snapshots SET body = CAST(substr(body, 1, 50) || x'ff' || substr(body, 52) AS BLOB)")
	rawText(t, shell, "UPDATE journal SET body = CAST(substr(body, 1, 10) || x'ff' || substr(body, 12) AS BLOB) WHERE seq = 1")
	rawText(t, shell, "UPDATE journal SET at = at + 1000 WHERE seq = 2")

	b = open(t, path)
	defer b.Close()
	l := load()
	if l.Snapshot != nil || len(l.Entries) != 2 {
		t.Fatalf("snapshot %v, %d entries", l.Snapshot, len(l.Entries))
	}
	all, err := b.Journal(t.Context(), id, 1, 10)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d entries, %v", len(all), err)
	}
	if record.Checksum(all[0].Body) == all[0].Sum {
		t.Fatal("the damage does not show")
	}
	if record.Checksum(all[1].Body) != all[1].Sum {
		t.Fatal("the second entry was not damaged in its body")
	}
}

// TestF31_DamagedPages: a page of garbage is an error that names the fault, not a wrong answer, and not a panic.
func TestF31_DamagedPages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pawl.db")
	b := open(t, path)
	u := drivertest.NewKeeper(t, b, 1)
	for seq := uint64(1); seq < 200; seq++ {
		u.Grow(t, seq, 1000, drivertest.Kept(1))
	}
	b.Close()
	file := read(t, path)
	page, err := strconv.Atoi(rawText(t, raw(t, path), "SELECT max(pageno) FROM dbstat WHERE name = 'journal' AND pagetype = 'leaf'"))
	if err != nil {
		t.Fatal(err)
	}
	clear(file[(page-1)*4096:][:100])
	write(t, path, file)
	b = open(t, path)
	defer b.Close()
	if _, err := b.Journal(t.Context(), drivertest.Kept(1), 1, 1000); !errors.Is(err, store.ErrCorrupt) {
		t.Fatalf("want ErrCorrupt, got %v", err)
	}
	noise := filepath.Join(t.TempDir(), "noise.db")
	write(t, noise, []byte(strings.Repeat("this is no database ", 1000)))
	if _, err := sqlite.Open(noise).Open(t.Context()); !errors.Is(err, store.ErrCorrupt) {
		t.Fatalf("want ErrCorrupt, got %v", err)
	}
	if got := string(read(t, noise)[:7]); got != "this is" {
		t.Fatalf("the foreign file was changed: %q", got)
	}
}

// TestLogIsCopiedBetweenCommits: the log does not grow without end. A reader that stays makes it grow, but does not
// stop commits, and once it is gone the log begins anew.
func TestLogIsCopiedBetweenCommits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pawl.db")
	b := open(t, path)
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	size := func(path string) int64 {
		i, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return i.Size()
	}
	seq := uint64(0)
	grow := func(megabytes int) {
		for range megabytes {
			seq++
			u.Grow(t, seq, 1<<20, drivertest.Kept(1))
		}
	}
	grow(20)
	if log, db := size(path+"-wal"), size(path); log > 16<<20 || db < 15<<20 {
		t.Fatalf("log %d bytes, database %d bytes", log, db)
	}
	shell := raw(t, path)
	rawText(t, shell, "BEGIN")
	rawText(t, shell, "SELECT count(*) FROM journal")
	grow(70)
	if log := size(path + "-wal"); log < 65<<20 {
		t.Fatalf("the reader is not in the way, the log has %d bytes: the case shows nothing", log)
	}
	rawText(t, shell, "ROLLBACK")
	grow(15)
	if log := size(path + "-wal"); log > 70<<20 {
		t.Fatalf("the log did not begin anew: %d bytes", log)
	}
	if len(u.Whole(t, drivertest.Kept(1))) != 105 {
		t.Fatal("entries are missing")
	}
	if mode := must(os.Stat(path)).Mode().Perm() | must(os.Stat(path+"-wal")).Mode().Perm(); runtime.GOOS != "windows" && mode != 0o600 {
		t.Fatalf("others may read: %o", mode)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
