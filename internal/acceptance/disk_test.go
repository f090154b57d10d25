//go:build linux

package acceptance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// smallDisk mounts a file system of 24 MB in memory. Where that is not allowed the test is skipped, unless
// PAWL_TEST_REQUIRE asks for tmpfs.
func smallDisk(t *testing.T) string {
	t.Helper()
	give := t.Skipf
	if slices.Contains(strings.Split(os.Getenv("PAWL_TEST_REQUIRE"), ","), "tmpfs") {
		give = t.Fatalf
	}
	if os.Getuid() != 0 {
		give("mounting a tmpfs needs root")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", dir).CombinedOutput(); err != nil {
		give("mounting a tmpfs: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return dir
}

// fill takes what is left of a file system with a file, and free gives it back.
func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, chunk := range [][]byte{make([]byte, 1<<20), make([]byte, 4096)} {
		for err == nil {
			_, err = f.Write(chunk)
		}
		err = nil
	}
}

func free(t *testing.T, dir string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
		t.Fatal(err)
	}
}

// diskEnv tells the process in which the disk fills where it is.
const diskEnv = "PAWL_ACCEPTANCE_DISK"

// TestF30_I6_I7_DiskFullThenSpace: while the disk is full, callers hear unavailable in bounded time, reads work, steps
// that run keep their results. With space again the same engine goes on: what was acknowledged is there, what was not
// happens once when it is repeated.
func TestF30_I6_I7_DiskFullThenSpace(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(diskEnv)
	if dir == "" {
		dir = smallDisk(t)
	}
	alone(t, func(t *testing.T) { diskFull(t, dir) }, diskEnv+"="+dir)
}

// diskFull is what happens. In a bubble, so that the patience of the engine costs no time.
func diskFull(t *testing.T, dir string) {
	ctx := t.Context()
	working, finish := make(chan struct{}), make(chan struct{})
	var toiled atomic.Int64
	h := buildAt(t, filepath.Join(dir, "pawl.db"), func(eng *pawl.Engine) error {
		return pawl.Register(eng, "toil", func(context.Context, struct{}) (string, error) {
			if toiled.Add(1) == 1 {
				close(working)
				<-finish
			}
			return strings.Repeat("x", 100_000), nil
		})
	})
	h.deploy("workflow: toil\nnodes:\n  - a: {call: toil}\n  - b: {call: toil}\noutput: \"${ len(nodes.b.output) }\"\n")
	h.deploy("workflow: nap\nnodes: {a: {wait: {for: 2s}}}\n")
	toil, nap := h.start("toil", nil), h.start("nap", nil)
	<-working

	fill(t, dir)
	big := strings.Repeat("y", 100_000)
	started := time.Now()
	tries := 0
	for ; tries < 100; tries++ { // what the log has left still takes some
		run, err := h.eng.Start(ctx, "bystander", map[string]any{"n": 1}, pawl.RequestID(fmt.Sprint("r", tries)), pawl.Why(big[:4000]))
		if err != nil {
			refuses(t, "a start", err, pawl.CodeUnavailable)
			break
		}
		h.known = append(h.known, run.ID())
		h.bystanders++
	}
	if took := time.Since(started); tries == 100 || took > 10*time.Second {
		t.Fatalf("%d starts were taken, the last answer after %s", tries, took)
	}
	close(finish) // its result cannot be recorded
	refuses(t, "a signal", h.half.run.Signal(ctx, "go", nil, pawl.RequestID("once")), pawl.CodeUnavailable)
	refuses(t, "a cancel", toil.Cancel(ctx), pawl.CodeUnavailable)
	_, err := h.eng.Deploy(ctx, pawl.Text("big.yaml", []byte("workflow: big\nnodes: {a: {set: {}}}\ndescription: "+big)))
	refuses(t, "a deploy", err, pawl.CodeStore)
	time.Sleep(time.Minute)
	h.reads(ctx, toil, nap)
	if n := toiled.Load(); n != 1 {
		t.Errorf("%d steps ran although the result of the first is not durable", n)
	}
	if !strings.Contains(h.log.String(), "store_away") {
		t.Error("the log does not say that the store takes nothing")
	}

	free(t, dir)
	for seconds := 0; ; seconds++ { // the engine finds out by itself
		again, err := h.eng.Start(ctx, "bystander", map[string]any{"n": 1}, pawl.RequestID(fmt.Sprint("r", tries)), pawl.Why(big[:4000]))
		if err == nil {
			h.known = append(h.known, again.ID())
			h.bystanders++
			break
		}
		if seconds == 60 {
			t.Fatalf("a minute after there was space: %v", err)
		}
		refuses(t, "a start right after there is space", err, pawl.CodeUnavailable)
		time.Sleep(time.Second)
	}
	if n := h.count("bystander"); n != tries+2 {
		t.Errorf("%d executions of %d", n, tries+2)
	}
	for range 2 {
		if err := h.half.run.Signal(ctx, "go", nil, pawl.RequestID("once")); err != nil && !errors.Is(err, pawl.ErrClosed) {
			t.Errorf("the signal again: %v", err)
		}
	}
	if got, err := pawl.Result[int](ctx, h.half.run); err != nil || got != 4*h.half.n {
		t.Errorf("the bystander gave %d, %v", got, err)
	}
	h.half = h.newBystander()
	if got, err := pawl.Result[int](ctx, toil); err != nil || got != 100_000 || toiled.Load() != 2 {
		t.Errorf("the work gave %d, %v after %d calls", got, err, toiled.Load())
	}
	if x := h.wait(nap); x.Status != model.Completed || x.Ended.Sub(x.Started) < 2*time.Second {
		t.Errorf("the nap: %+v", x)
	}
	h.abandoned(tries + 1)
	h.endures()
}

// reads checks that everything can be looked at.
func (h *house) reads(ctx context.Context, toil, nap *pawl.Run) {
	h.t.Helper()
	if n := h.count("toil", model.Running); n != 1 {
		h.t.Errorf("%d executions of toil run", n)
	}
	if got := h.history(toil); len(got) == 0 || got[0].Type != "started" {
		h.t.Errorf("the history: %+v", got)
	}
	if _, err := h.eng.List(ctx, pawl.Filter{}); err != nil {
		h.t.Error(err)
	}
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if _, err := nap.Wait(short); err == nil {
		h.t.Error("the nap ended although that cannot be recorded")
	}
}

// abandoned counts bystanders that nobody will finish: each has made one call.
func (h *house) abandoned(n int) {
	h.doubled.Add(int64(n))
}

// TestF30_OpenOnAFullDisk: opening fails with a code, and works once there is space; nothing is lost.
func TestF30_OpenOnAFullDisk(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	h := buildAt(t, filepath.Join(dir, "pawl.db"), nil)
	before := h.remember()
	h.close()
	fill(t, dir)
	for _, name := range []string{"pawl.db", "new.db"} {
		_, err := pawl.Open(t.Context(), sqlite.Open(filepath.Join(dir, name)), h.opts)
		refuses(t, "opening "+name, err, pawl.CodeStore)
	}
	free(t, dir)
	h.open()
	for id, want := range before {
		if got := h.story(id); got != want {
			t.Errorf("%s changed:\n%s\n%s", id, want, got)
		}
	}
	h.endures()
}

// Closing on a full disk tries again and again to give the shards back, with pauses, and ends; what was not written is
// done again by the next engine.
func TestF30_CloseOnAFullDisk(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(diskEnv)
	if dir == "" {
		dir = smallDisk(t)
	}
	alone(t, func(t *testing.T) {
		working, finish := make(chan struct{}), make(chan struct{})
		var toiled atomic.Int64
		h := buildAt(t, filepath.Join(dir, "pawl.db"), func(eng *pawl.Engine) error {
			return pawl.Register(eng, "toil", func(context.Context, struct{}) (string, error) {
				if toiled.Add(1) == 1 {
					close(working)
					<-finish
				}
				return strings.Repeat("x", 100_000), nil
			})
		})
		h.deploy("workflow: toil\nnodes: {a: {call: toil}}\n")
		run := h.start("toil", nil)
		<-working
		fill(t, dir)
		close(finish)
		began := time.Now()
		_ = h.eng.Close(t.Context())
		if took := time.Since(began); took > 40*time.Second {
			t.Errorf("closing took %s", took)
		}
		h.eng = nil
		free(t, dir)
		h.open()
		if _, err := pawl.Result[string](t.Context(), h.run(run)); err != nil || toiled.Load() != 2 {
			t.Errorf("%v after %d calls", err, toiled.Load())
		}
		h.endures()
	}, diskEnv+"="+dir)
}
