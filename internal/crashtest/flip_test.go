package crashtest

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store/sqlite"
)

var flips = flag.Int("flips", 60, "how many bits to flip")

const flipText = `
workflow: flip
version: 1.0.0
input: {n: integer, text: string}
vars: {seen: 0}
nodes:
  - first: {call: note, args: "${ input.n }"}
  - some: {set: {seen: "${ nodes.first.output + 1 }"}}
  - hold: {signal: go}
  - last: {call: note, args: "${ vars.seen }"}
output: {n: "${ nodes.last.output }", text: "${ input.text }"}
`

// shelfOf is a closed store with executions that have ended and some that wait, and what each of them looks like.
type shelfOf struct {
	path    string
	stories map[string]string // of the ended, by id
	waiting map[string]int    // what they were started with, by id
}

func openFlips(ctx context.Context, path string) (*pawl.Engine, error) {
	eng, err := pawl.Open(ctx, sqlite.Open(path), pawl.Options{})
	if err != nil {
		return nil, err
	}
	return eng, pawl.Register(eng, "note", func(_ context.Context, n int) (int, error) { return n, nil })
}

func newFlips(t *testing.T) *shelfOf {
	t.Helper()
	ctx := t.Context()
	s := &shelfOf{path: filepath.Join(t.TempDir(), "pawl.db"), stories: map[string]string{}, waiting: map[string]int{}}
	eng, err := openFlips(ctx, s.path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := eng.Deploy(ctx, pawl.Text("flip.yaml", []byte(flipText))); err != nil {
		t.Fatal(err)
	}
	for n := range 12 {
		run, err := eng.Start(ctx, "flip", map[string]any{"n": n, "text": strings.Repeat(string(rune('a'+n)), 200)}, pawl.Key(fmt.Sprint("f", n)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := run.Wait(ctx, "some"); err != nil {
			t.Fatal(err)
		}
		if n%3 == 0 {
			s.waiting[run.ID()] = n
			continue
		}
		if err := run.Signal(ctx, "go", nil); err != nil {
			t.Fatal(err)
		}
		if _, err := run.Wait(ctx); err != nil {
			t.Fatal(err)
		}
		if s.stories[run.ID()], err = story(ctx, eng, run.ID()); err != nil {
			t.Fatal(err)
		}
	}
	if err := eng.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if i, err := os.Stat(s.path + "-wal"); err == nil && i.Size() > 0 {
		t.Fatal("the log of a closed store is not empty: flips of the file show little")
	}
	return s
}

// story is an execution and its history as text.
func story(ctx context.Context, eng *pawl.Engine, id string) (string, error) {
	x, err := eng.Get(ctx, id)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	if err := enc.Encode(x); err != nil {
		return "", err
	}
	for ev, err := range eng.History(ctx, id, 0) {
		if err != nil {
			return "", err
		}
		if err := enc.Encode(ev); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// TestF31_I22_I27_AnyFlippedBit: any bit of a closed store is flipped. What is read then is right, or an error, or parked;
// and what goes on gives the right result, or none. Nothing panics. No call waits until its caller gives up,
// but for the end of what damage keeps from going on; then the doctor knows.
func TestF31_I22_I27_AnyFlippedBit(t *testing.T) {
	t.Parallel()
	n := *flips
	if testing.Short() {
		n = min(n, 15)
	}
	s := newFlips(t)
	whole, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(*seed, 31))
	said := map[string]int{}
	for range n {
		at, bit := r.IntN(len(whole)), r.IntN(8)
		file := bytes.Clone(whole)
		file[at] ^= 1 << bit
		path := filepath.Join(t.TempDir(), "pawl.db")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		what := s.read(t, path, said)
		for _, w := range what {
			t.Errorf("bit %d of byte %d (page %d): %s", bit, at, at/4096+1, w)
		}
	}
	t.Logf("%d flips in %d bytes: %v", n, len(whole), said)
	if said["files of which something waits"] > max(1, n/20) {
		t.Errorf("too many calls wait")
	}
	if said["right"] == 0 || !testing.Short() && said["refused"] == 0 {
		t.Errorf("this shows little")
	}
}

// read opens the damaged file and looks at everything; it tells what is wrong and nobody says so.
func (s *shelfOf) read(t *testing.T, path string, said map[string]int) (wrong []string) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	eng, err := openFlips(ctx, path)
	if err != nil {
		said["not opened"]++
		return nil
	}
	defer eng.Close(ctx)
	defer func() {
		if ctx.Err() == nil {
			return
		}
		said["files of which something waits"]++
		found, err := eng.Doctor(t.Context())
		if err == nil && (found[0].Check != "engine" || found[0].State != pawl.FindingProblem) {
			wrong = append(wrong, fmt.Sprintf("something waits and the doctor says %+v", found[0]))
		}
	}()
	for id, want := range s.stories { //archtest:ordered each is compared with its own
		got, err := story(ctx, eng, id)
		switch {
		case err != nil:
			said["refused"]++
		case got != want:
			wrong = append(wrong, fmt.Sprintf("%s reads\n%sand was\n%s", id, got, want))
		default:
			said["right"]++
		}
	}
	for id, n := range s.waiting { //archtest:ordered each is finished by itself
		if w := finishes(ctx, eng, id, n, said); w != "" {
			wrong = append(wrong, id+" "+w)
		}
	}
	return wrong
}

// finishes lets a waiting execution go on; "" if its result is right or it is said that there will be none.
func finishes(ctx context.Context, eng *pawl.Engine, id string, n int, said map[string]int) string {
	run, err := eng.Run(id)
	if err != nil {
		return err.Error()
	}
	if err := run.Signal(ctx, "go", nil); err != nil {
		said["refused"]++
		return ""
	}
	x, err := ends(ctx, run)
	switch {
	case err != nil || x.Status == model.Parked || x.Status == model.Failed:
		said["refused"]++
		return ""
	}
	var out struct {
		N    int
		Text string
	}
	if err := json.Unmarshal(x.Output, &out); err != nil || x.Status != model.Completed || out.N != n+1 || out.Text != strings.Repeat(string(rune('a'+n)), 200) {
		return fmt.Sprintf("gave %s %.300s, %v", x.Status, x.Output, err)
	}
	said["right"]++
	return ""
}

// ends waits for the end of an execution, or until it is parked.
func ends(ctx context.Context, run *pawl.Run) (*pawl.Execution, error) {
	for ev, err := range run.Watch(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if ev.Type == "parked" {
			break
		}
	}
	return run.Get(ctx)
}
