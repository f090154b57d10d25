package offload_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/mysql"
	"github.com/pawl-dev/pawl/store/offload"
	"github.com/pawl-dev/pawl/store/postgres"
	"github.com/pawl-dev/pawl/store/redis"
	"github.com/pawl-dev/pawl/store/sealed"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// spied is a store of which the test sees and breaks what has to do with blobs.
type spied struct {
	store.Opener
	store.Backend
	broken  atomic.Pointer[error]
	refused chan struct{} // a blob was
	mu      sync.Mutex
	puts    int
	largest int // body of an entry, a message or a snapshot
}

func (s *spied) Open(ctx context.Context) (_ store.Backend, err error) {
	s.Backend, err = s.Opener.Open(ctx)
	return s, err
}

func (s *spied) Close() error { return s.Backend.Close() }

func (s *spied) PutBlob(ctx context.Context, ns string, id record.ID, sum [32]byte, body []byte) error {
	if err := s.broken.Load(); err != nil {
		select {
		case s.refused <- struct{}{}:
		default:
		}
		return *err
	}
	s.mu.Lock()
	s.puts++
	s.mu.Unlock()
	return s.Backend.PutBlob(ctx, ns, id, sum, body)
}

func (s *spied) GetBlob(ctx context.Context, ns string, id record.ID, sum [32]byte) ([]byte, error) {
	if err := s.broken.Load(); err != nil {
		return nil, *err
	}
	return s.Backend.GetBlob(ctx, ns, id, sum)
}

func (s *spied) Commit(ctx context.Context, b *store.Batch) store.Outcome {
	s.mu.Lock()
	for i := range b.Parts {
		for _, e := range b.Parts[i].Entries {
			s.largest = max(s.largest, len(e.Body))
		}
		for _, n := range b.Parts[i].Snapshots {
			s.largest = max(s.largest, len(n.Body))
		}
		for _, m := range b.Parts[i].Sends {
			s.largest = max(s.largest, len(m.Body))
		}
	}
	s.mu.Unlock()
	return s.Backend.Commit(ctx, b)
}

func (s *spied) fail(err error) {
	if err == nil {
		s.broken.Store(nil)
		return
	}
	s.broken.Store(&err)
}

func (s *spied) seen() (puts, largest int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.puts, s.largest
}

// stores are all that pawl knows.
var stores = map[string]func(t *testing.T) store.Opener{
	"memory": func(*testing.T) store.Opener { return memory.Open() },
	"sqlite": func(t *testing.T) store.Opener { return sqlite.Open(filepath.Join(t.TempDir(), "s.db")) },
	"sealed": func(t *testing.T) store.Opener {
		return sealed.Open(sqlite.Open(filepath.Join(t.TempDir(), "s.db")), sealed.Options{Keys: sealed.FromText(strings.Repeat("a", 64))})
	},
	"postgres": func(t *testing.T) store.Opener { return postgres.Open(servertest.Postgres(t)) },
	"mysql":    func(t *testing.T) store.Opener { return mysql.Open(servertest.MySQL(t).URL) },
	"redis":    func(t *testing.T) store.Opener { return redis.Open(servertest.Redis(t)) },
}

const scans = `workflow: scans
version: 1.0.0
retention: 1ms
nodes:
  - scan: {call: scan, args: {doc: "${ input.doc }"}}
  - wait: {signal: go}
  - print: {call: print, args: {pages: "${ nodes.scan.output.pages }", note: "${ nodes.wait.output }"}}
  - child: {workflow: {name: copy, input: {doc: "${ nodes.scan.output }"}}}
  - done: {end: {output: {print: "${ nodes.print.output }", copy: "${ nodes.child.output }"}}}
---
workflow: copy
version: 1.0.0
nodes:
  - done: {end: {output: "${ input.doc }"}}
`

func open(t *testing.T, s store.Opener) *pawl.Engine {
	t.Helper()
	eng, err := pawl.Open(t.Context(), s, pawl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close(context.Background()) })
	echo := func(ctx context.Context, in map[string]any) (map[string]any, error) { return in, nil }
	scan := func(ctx context.Context, in struct{ Doc string }) (map[string]any, error) {
		if in.Doc == "grows" {
			return map[string]any{"pages": []string{strings.Repeat("g", 400<<10)}}, nil
		}
		return map[string]any{"pages": []string{in.Doc + "1", in.Doc + "2"}}, nil
	}
	if err := errors.Join(pawl.Register(eng, "scan", scan), pawl.Register(eng, "print", echo)); err != nil {
		t.Fatal(err)
	}
	for _, text := range strings.Split(scans, "---\n") {
		if _, err := eng.Deploy(t.Context(), pawl.Text("scans.yaml", []byte(text))); err != nil {
			t.Fatal(err)
		}
	}
	return eng
}

type printed struct {
	Print struct {
		Pages []string
		Note  string
	}
	Copy struct{ Pages []string }
}

// TestK6_LargePayloadsOnEveryStore: inputs, outputs, signals and what children bring may have megabytes. What is committed
// stays small, another process goes on with it, and it goes with the execution.
func TestK6_LargePayloadsOnEveryStore(t *testing.T) {
	for name, inner := range stores {
		t.Run(name, func(t *testing.T) {
			s := &spied{Opener: inner(t)}
			eng := open(t, s)
			doc, note := strings.Repeat("scan ", 600<<10), strings.Repeat("n", 300<<10)
			run, err := eng.Start(t.Context(), "scans", map[string]any{"doc": doc})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := run.Wait(t.Context(), "scan"); err != nil {
				t.Fatal(err)
			}
			if name != "memory" { // it ends with its process
				if err := eng.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
				eng = open(t, s)
			}
			if err := eng.Signal(t.Context(), run.ID(), "go", note); err != nil {
				t.Fatal(err)
			}
			again, err := eng.Run(run.ID())
			if err != nil {
				t.Fatal(err)
			}
			out, err := pawl.Result[printed](t.Context(), again)
			if err != nil {
				t.Fatal(err)
			}
			if out.Print.Note != note || len(out.Print.Pages) != 2 || out.Print.Pages[1] != doc+"2" || len(out.Copy.Pages) != 2 || out.Copy.Pages[0] != doc+"1" {
				t.Error("what came back is not what was given")
			}
			if puts, largest := s.seen(); largest > 256<<10 || puts == 0 {
				t.Errorf("a body of %d bytes was committed, and %d blobs were put", largest, puts)
			}
			for { // retention is 1 ms; that of the child is not
				owners, err := s.BlobOwners(t.Context(), record.ID{}, 10)
				if err != nil {
					t.Fatal(err)
				}
				if len(owners) == 1 {
					break
				}
				select {
				case <-t.Context().Done():
					t.Fatalf("%d executions have blobs", len(owners))
				case <-time.After(10 * time.Millisecond):
				}
			}
		})
	}
}

// TestK6_InTheCallersTransaction: a large input that is sent in somebody's own transaction arrives with it, on a server and
// in a file.
func TestK6_InTheCallersTransaction(t *testing.T) {
	doc := strings.Repeat("scan ", 200<<10)
	arrives := func(t *testing.T, eng *pawl.Engine, begin func(func(tx store.Sender) error) error) {
		t.Helper()
		var run *pawl.Run
		err := begin(func(tx store.Sender) (err error) {
			if run, err = eng.StartTx(t.Context(), tx, "scans", map[string]any{"doc": doc}); err != nil {
				return err
			}
			return eng.SignalTx(t.Context(), tx, run.ID(), "go", doc)
		})
		if err != nil {
			t.Fatal(err)
		}
		if out, err := pawl.Result[printed](t.Context(), run); err != nil || out.Print.Note != doc {
			t.Errorf("%v, a note of %d bytes", err, len(out.Print.Note))
		}
	}
	t.Run("postgres", func(t *testing.T) {
		url := servertest.Postgres(t)
		eng := open(t, postgres.Open(url))
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		arrives(t, eng, func(f func(store.Sender) error) error {
			return pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error { return f(postgres.Tx(tx)) })
		})
	})
	t.Run("sqlite", func(t *testing.T) {
		eng := open(t, sqlite.Open(filepath.Join(t.TempDir(), "s.db")))
		arrives(t, eng, func(f func(store.Sender) error) error {
			return eng.Tx(t.Context(), func(tx store.Tx) error { return f(tx) })
		})
	})
}

// TestF26_BlobsThatCannotBeKept: while blobs cannot be written a start is refused, a result waits in its worker, and nobody else
// waits; the result is recorded when they can be written again.
func TestF26_BlobsThatCannotBeKept(t *testing.T) {
	s := &spied{Opener: memory.Open(), refused: make(chan struct{})}
	eng := open(t, s)
	doc := strings.Repeat("scan ", 100<<10)
	away := fmt.Errorf("the bucket does not answer")
	s.fail(away)
	if _, err := eng.Start(t.Context(), "scans", map[string]any{"doc": doc}); err == nil {
		t.Fatal("a start was acknowledged whose payload is nowhere")
	}
	small, err := eng.Start(t.Context(), "scans", map[string]any{"doc": "small"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := small.Wait(t.Context(), "scan"); err != nil {
		t.Fatal(err)
	}
	grows, err := eng.Start(t.Context(), "scans", map[string]any{"doc": "grows"})
	if err != nil {
		t.Fatal(err)
	}
	<-s.refused
	if err := small.Signal(t.Context(), "go", "on"); err != nil {
		t.Fatal(err)
	}
	if x, err := small.Wait(t.Context()); err != nil || x.Status != model.Completed {
		t.Fatalf("%v: another execution waits for the output that cannot be kept", err)
	}
	s.fail(nil)
	if _, err := grows.Wait(t.Context(), "scan"); err != nil {
		t.Fatal(err)
	}
	run, err := eng.Start(t.Context(), "scans", map[string]any{"doc": doc})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Wait(t.Context(), "scan"); err != nil {
		t.Fatal(err)
	}
}

// TestF31_LostBlobHoldsItsExecutionOnly: where a blob is gone or damaged the execution is held with the reason, and others go on.
func TestF31_LostBlobHoldsItsExecutionOnly(t *testing.T) {
	s := &spied{Opener: sqlite.Open(filepath.Join(t.TempDir(), "s.db"))}
	eng := open(t, s)
	doc := strings.Repeat("scan ", 100<<10)
	var runs []*pawl.Run
	for range 2 {
		run, err := eng.Start(t.Context(), "scans", map[string]any{"doc": doc})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := run.Wait(t.Context(), "scan"); err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run)
	}
	if err := eng.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	b, err := s.Opener.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	lost, err := record.ParseID(runs[0].ID())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.DropBlobs(t.Context(), lost), b.Close()); err != nil {
		t.Fatal(err)
	}
	eng = open(t, s)
	for i, run := range runs {
		err := eng.Signal(t.Context(), run.ID(), "go", "now")
		if i == 0 {
			if pawl.Code(err) != pawl.CodeQuarantined {
				t.Errorf("with a blob gone: %v", err)
			}
			continue
		}
		again, errRun := eng.Run(run.ID())
		if err := errors.Join(err, errRun); err != nil {
			t.Fatal(err)
		}
		if x, err := again.Wait(t.Context()); err != nil || x.Status != model.Completed {
			t.Errorf("the other one: %v, %v", x, err)
		}
	}
}

// TestSweepTakesOrphansOnly: of blobs in the store only those go whose execution is old, does not exist, and is in no shard
// in which messages wait.
func TestSweepTakesOrphansOnly(t *testing.T) {
	b, err := memory.Open().Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := offload.Wrap(b, offload.Options{})
	eng := open(t, opened{s})
	run, err := eng.Start(t.Context(), "scans", map[string]any{"doc": strings.Repeat("scan ", 100<<10)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Wait(t.Context(), "scan"); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	orphan := func(age time.Duration, slot uint16) record.ID {
		id := record.NewID(now.Add(-age).UnixMilli(), 7, slot)
		if err := b.PutBlob(t.Context(), "default", id, [32]byte{1}, []byte("x")); err != nil {
			t.Fatal(err)
		}
		return id
	}
	gone, young := orphan(48*time.Hour, 1), orphan(time.Hour, 1)
	waits := orphan(72*time.Hour, 2)
	body := []byte(strings.Repeat("a message that nobody can read", 3))
	if err := b.Send(t.Context(), []record.Message{{ID: record.MessageID{From: waits}, Shard: waits.Shard(b.Info().Shards), Namespace: "default", To: waits, Body: body}}); err != nil {
		t.Fatal(err)
	}
	done, err := offload.Sweep(t.Context(), stuck{b, waits.Shard(b.Info().Shards)}, now.Add(-offload.OrphanAge))
	if err != nil || done != (offload.Swept{Looked: 2, Dropped: 1}) {
		t.Errorf("%+v, %v", done, err)
	}
	owners, err := b.BlobOwners(t.Context(), record.ID{}, 10)
	x, _ := record.ParseID(run.ID())
	if err != nil || len(owners) != 3 || owners[0] != waits || owners[1] != young || owners[2] != x {
		t.Errorf("%v, %v; %s should be gone", owners, err, gone)
	}
	// Executions that exist keep theirs, however old.
	if done, err = offload.Sweep(t.Context(), stuck{b, 99}, now.Add(time.Hour)); err != nil || done.Dropped != 2 {
		t.Errorf("%+v, %v", done, err)
	}
	if owners, err = b.BlobOwners(t.Context(), record.ID{}, 10); err != nil || len(owners) != 1 || owners[0] != x {
		t.Errorf("%v, %v", owners, err)
	}
}

// opened is an opener of what is open.
type opened struct{ store.Backend }

func (o opened) Open(context.Context) (store.Backend, error) { return o.Backend, nil }

// stuck is a store in a shard of which a message always waits.
type stuck struct {
	store.Backend
	shard record.Shard
}

func (s stuck) Waiting(context.Context) ([]record.Shard, error) { return []record.Shard{s.shard}, nil }
