package sealed_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/sealed"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// safe is a store in a file with keys that may change while it is open.
type safe struct {
	file string
	keys atomic.Value // string
	last *sealed.Store
}

func newSafe(t *testing.T, keys string) *safe {
	s := &safe{file: filepath.Join(t.TempDir(), "pawl.db")}
	s.keys.Store(keys)
	return s
}

func (s *safe) source(ctx context.Context) ([]sealed.KEK, error) {
	return sealed.ParseKeys([]byte(s.keys.Load().(string)))
}

func (s *safe) Open(ctx context.Context) (store.Backend, error) {
	b, err := sealed.Open(sqlite.Open(s.file), sealed.Options{Keys: s.source, CompressAbove: 200}).Open(ctx)
	if err == nil {
		s.last = b.(*sealed.Store)
	}
	return b, err
}

const parcel = `workflow: parcel
version: 1.0.0
nodes:
  - weigh: {call: weigh, args: {what: "${ input.what }"}}
  - wait: {signal: go}
  - ship: {call: ship, args: {note: "${ nodes.wait.output }"}}
  - done: {end: {output: "${ nodes.ship.output }"}}
`

// engine opens an engine on the store; close is called by the test or at its end.
func engine(t *testing.T, s store.Opener) (eng *pawl.Engine, end func()) {
	t.Helper()
	return engineOf(t, s, "default")
}

func engineOf(t *testing.T, s store.Opener, namespace string) (eng *pawl.Engine, end func()) {
	t.Helper()
	eng, err := pawl.Open(t.Context(), s, pawl.Options{Namespace: namespace})
	if err != nil {
		t.Fatal(err)
	}
	ended := false
	end = func() {
		if ended {
			return
		}
		ended = true
		if err := eng.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(end)
	echo := func(ctx context.Context, in map[string]any) (map[string]any, error) { return in, nil }
	if err := errors.Join(pawl.Register(eng, "weigh", echo), pawl.Register(eng, "ship", echo)); err != nil {
		t.Fatal(err)
	}
	if _, err := eng.Deploy(t.Context(), pawl.Text("parcel.yaml", []byte(parcel))); err != nil {
		t.Fatal(err)
	}
	return eng, end
}

func begin(t *testing.T, eng *pawl.Engine, what string) string {
	t.Helper()
	run, err := eng.Start(t.Context(), "parcel", map[string]any{"what": what})
	if err != nil {
		t.Fatal(err)
	}
	return run.ID()
}

// ends sends the signal and waits for the end.
func ends(t *testing.T, eng *pawl.Engine, id, note string) {
	t.Helper()
	if err := eng.Signal(t.Context(), id, "go", note); err != nil {
		t.Fatal(err)
	}
	run, err := eng.Run(id)
	if err != nil {
		t.Fatal(err)
	}
	x, err := run.Wait(t.Context())
	if err != nil || x.Status != model.Completed || !strings.Contains(string(x.Output), note) {
		t.Fatalf("%v: %+v", err, x)
	}
}

// TestS48_NoPlaintextInTheFile: an input, an output, the data of a signal and a blob leave no trace in the file or its log.
func TestS48_NoPlaintextInTheFile(t *testing.T) {
	for _, encrypted := range []bool{true, false} {
		s := newSafe(t, keyOf('a'))
		var opener store.Opener = s
		if !encrypted { // the search must be able to find something
			opener = sqlite.Open(s.file)
		}
		eng, end := engine(t, opener)
		ends(t, eng, begin(t, eng, "canary-of-input "+strings.Repeat("long ", 200)), "canary-of-signal")
		files, err := filepath.Glob(s.file + "*")
		if err != nil {
			t.Fatal(err)
		}
		look := func() (found []string) {
			for _, name := range files {
				raw, err := os.ReadFile(name)
				if err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
				for _, canary := range []string{"canary-of-input", "canary-of-signal"} {
					for _, form := range []string{canary, base64.StdEncoding.EncodeToString([]byte(canary))[:12], fmt.Sprintf("%x", canary)} {
						if bytes.Contains(raw, []byte(form)) {
							found = append(found, form+" in "+filepath.Base(name))
						}
					}
				}
			}
			return found
		}
		found := look()
		end()
		found = append(found, look()...)
		if (len(found) == 0) != encrypted {
			t.Errorf("encrypted %v: found %v", encrypted, found)
		}
	}
}

// TestS49_WrongKeyParksAndTheRightOneResumes: at a restart, and without one.
func TestS49_WrongKeyParksAndTheRightOneResumes(t *testing.T) {
	s := newSafe(t, keyOf('a'))
	eng, end := engine(t, s)
	first, second := begin(t, eng, "one"), begin(t, eng, "two")
	end()

	s.keys.Store(keyOf('b'))
	eng, end = engine(t, s)
	x, err := eng.Get(t.Context(), first)
	if err != nil || x.Status != model.Parked || !strings.Contains(fmt.Sprint(x.Waiting, x.Error), "secret_unavailable") {
		t.Fatalf("%v: %+v", err, x)
	}
	if err := eng.Signal(t.Context(), first, "go", "x"); pawl.Code(err) != pawl.CodeLocked {
		t.Fatalf("the signal: %v", err)
	}
	for _, err := range eng.History(t.Context(), first, 0) {
		if pawl.Code(err) != pawl.CodeLocked {
			t.Fatalf("the history: %v", err)
		}
	}
	if _, err := eng.Start(t.Context(), "parcel", map[string]any{"what": "three"}); pawl.Code(err) != pawl.CodeLocked {
		t.Fatalf("a start that cannot be encrypted: %v", err)
	}
	if err := eng.Err(); err != nil {
		t.Fatalf("the engine has stopped: %v", err)
	}

	s.keys.Store(keyOf('b') + "," + keyOf('a'))
	s.last.Hurry()
	ends(t, eng, first, "here again")
	ends(t, eng, begin(t, eng, "three"), "after it")
	end()

	s.keys.Store(keyOf('a'))
	eng, _ = engine(t, s)
	ends(t, eng, second, "after a restart")
}

// TestS49_OtherNamespacesGoOn: a namespace of which the data key does not open keeps nothing else from its work, and goes on
// when it opens again.
func TestS49_OtherNamespacesGoOn(t *testing.T) {
	s := newSafe(t, keyOf('a'))
	eng, end := engineOf(t, s, "lost")
	id := begin(t, eng, "one")
	end()
	rewrap := func(to string, wrapped []byte) (was []byte) {
		b, err := s.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		keys, err := b.DataKeys(t.Context(), "lost")
		if err != nil || len(keys) != 1 {
			t.Fatal(keys, err)
		}
		if err := b.RewrapDataKey(t.Context(), keys[0].ID, keys[0].KEK, to, wrapped); err != nil {
			t.Fatal(err)
		}
		return keys[0].Wrapped
	}
	keks, err := s.source(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	was := rewrap(keks[0].ID(), []byte("not a wrapped key"))
	eng, end = engine(t, s)
	ends(t, eng, begin(t, eng, "two"), "fine")
	end()
	eng, end = engineOf(t, s, "lost")
	x, err := eng.Get(t.Context(), id)
	if err != nil || x.Status != model.Parked {
		t.Fatalf("%v: %+v", err, x)
	}
	end()
	rewrap(keks[0].ID(), was)
	eng, _ = engineOf(t, s, "lost")
	ends(t, eng, id, "found")
}

// TestS49_RotationUnderLoad: keys are wrapped anew while executions run; nothing is lost, then or after the old key is gone.
func TestS49_RotationUnderLoad(t *testing.T) {
	s := newSafe(t, keyOf('a'))
	eng, end := engine(t, s)
	var ids []string
	for n := range 40 {
		ids = append(ids, begin(t, eng, fmt.Sprint("parcel ", n)))
		if n%10 != 5 {
			continue
		}
		current := string(rune('b' + n/10))
		s.keys.Store(keyOf(current[0]) + "\n" + keyOf(current[0]-1))
		keks, err := s.source(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		done, err := sealed.Rekey(t.Context(), s.last, keks, n%20 == 5)
		if err != nil || done.Locked > 0 || done.Rewrapped == 0 {
			t.Fatalf("%v: %+v", err, done)
		}
	}
	for _, id := range ids[:20] {
		ends(t, eng, id, "before the restart")
	}
	end()
	s.keys.Store(keyOf('e')) // the last one alone
	eng, _ = engine(t, s)
	for _, id := range ids[20:] {
		ends(t, eng, id, "after the restart")
	}
}

// TestF36_RekeyGoesOnWhereItStopped: whatever call was the last before a crash, everything can be read with both keys, and
// the next run finishes.
func TestF36_RekeyGoesOnWhereItStopped(t *testing.T) {
	keys := map[string]string{"old": keyOf('a'), "both": keyOf('b') + "," + keyOf('a'), "new": keyOf('b')}
	parse := func(text string) []sealed.KEK {
		list, err := sealed.ParseKeys([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for calls := range 12 {
		s := newSafe(t, keys["old"])
		b, err := s.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var sum [32]byte
		for _, ns := range []string{"a", "b", "c"} {
			if err := b.PutBlob(t.Context(), ns, [16]byte{1}, sum, []byte("kept for "+ns)); err != nil {
				t.Fatal(err)
			}
			sum[0]++
		}
		crash := &crashing{Backend: b, left: calls}
		_, err = sealed.Rekey(t.Context(), crash, parse(keys["both"]), true)
		stopped := err != nil
		b.Close()

		readable := func(text string) {
			s.keys.Store(text)
			b, err := s.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			for i, ns := range []string{"a", "b", "c"} {
				got, err := b.GetBlob(t.Context(), ns, [16]byte{1}, [32]byte{byte(i)})
				if err != nil || string(got) != "kept for "+ns {
					t.Fatalf("after %d calls: %q %v", calls, got, err)
				}
			}
		}
		readable(keys["both"])
		if b, err = s.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		done, err := sealed.Rekey(t.Context(), b, parse(keys["both"]), false)
		b.Close()
		if err != nil || done.Locked > 0 || done.Current+done.Rewrapped < 3 {
			t.Fatalf("after %d calls: %+v %v", calls, done, err)
		}
		readable(keys["new"])
		if stopped != (calls < 10) {
			t.Fatalf("%d calls were enough: %v", calls, !stopped)
		}
	}
}

// crashing lets so many calls through.
type crashing struct {
	store.Backend
	left int
}

var errCrash = errors.New("crashed")

func (c *crashing) call() error {
	if c.left--; c.left < 0 {
		return errCrash
	}
	return nil
}

func (c *crashing) ListDataKeys(ctx context.Context, after uint64, limit int) ([]store.DataKey, error) {
	if err := c.call(); err != nil {
		return nil, err
	}
	return c.Backend.ListDataKeys(ctx, after, 1)
}

func (c *crashing) RewrapDataKey(ctx context.Context, id uint64, from, kek string, wrapped []byte) error {
	if err := c.call(); err != nil {
		return err
	}
	return c.Backend.RewrapDataKey(ctx, id, from, kek, wrapped)
}

func (c *crashing) AddDataKey(ctx context.Context, k store.DataKey) error {
	if err := c.call(); err != nil {
		return err
	}
	return c.Backend.AddDataKey(ctx, k)
}
