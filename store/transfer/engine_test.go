package transfer_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/mysql"
	"github.com/pawl-dev/pawl/store/postgres"
	"github.com/pawl-dev/pawl/store/redis"
	"github.com/pawl-dev/pawl/store/sqlite"
	"github.com/pawl-dev/pawl/store/transfer"
)

const parcel = `workflow: parcel
version: 1.0.0
input: {what: string}
nodes:
  - weigh: {call: weigh, args: {what: "${ input.what }"}}
  - wait: {signal: go}
  - ship: {call: weigh, args: {what: "${ input.what }", note: "${ nodes.wait.output }"}}
  - done: {end: {output: "${ nodes.ship.output }"}}
`

const order = `workflow: order
version: 1.0.0
nodes:
  - each: {foreach: {items: [1, 2, 3], do: [{pack: {call: weigh, args: {what: "${ item }"}}}]}}
  - parcel: {workflow: {name: parcel, version: ^1, input: {what: child}}}
  - pause: {wait: 1s}
  - done: {end: {output: "${ nodes.parcel.output }"}}
`

// engineOn opens an engine that has the functions of the workflows.
func engineOn(t *testing.T, s store.Opener) (eng *pawl.Engine, end func()) {
	t.Helper()
	eng, err := pawl.Open(t.Context(), s, pawl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ended := false
	end = func() {
		if !ended {
			ended = true
			if err := eng.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(end)
	echo := func(_ context.Context, in map[string]any) (map[string]any, error) { return in, nil }
	if err := pawl.Register(eng, "weigh", echo); err != nil {
		t.Fatal(err)
	}
	return eng, end
}

// halfWay starts orders and parcels on a store and leaves them where they wait for signals.
func halfWay(t *testing.T, s store.Opener) (parcels, orders []string) {
	t.Helper()
	eng, end := engineOn(t, s)
	defer end()
	for _, text := range []string{parcel, order} {
		if _, err := eng.Deploy(t.Context(), pawl.Text("order.yaml", []byte(text))); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		run, err := eng.Start(t.Context(), "parcel", map[string]any{"what": fmt.Sprint("p", i)}, pawl.Key(fmt.Sprint("key-", i)))
		if err != nil {
			t.Fatal(err)
		}
		parcels = append(parcels, run.ID())
		if run, err = eng.Start(t.Context(), "order", nil); err != nil {
			t.Fatal(err)
		}
		orders = append(orders, run.ID())
	}
	if err := eng.Signal(t.Context(), parcels[0], "go", "early"); err != nil {
		t.Fatal(err)
	}
	run, err := eng.Run(parcels[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, id := range append(orders[:len(orders):len(orders)], parcels[1:]...) {
		waits(t, eng, id)
	}
	return parcels, orders
}

// waits follows an execution until it rests.
func waits(t *testing.T, eng *pawl.Engine, id string) {
	t.Helper()
	run, err := eng.Run(id)
	if err != nil {
		t.Fatal(err)
	}
	for range run.Watch(t.Context(), 0) {
		x, err := run.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if x.WaitingFor != "" || x.Closed() {
			return
		}
	}
}

// goOn sends the signals that are still missing and waits until everything has ended well.
func goOn(t *testing.T, s store.Opener, parcels, orders []string) {
	t.Helper()
	eng, end := engineOn(t, s)
	defer end()
	for _, id := range orders {
		var children pawl.Page
		for len(children.Executions) == 0 {
			var err error
			if children, err = eng.List(t.Context(), pawl.Filter{Parent: id}); err != nil {
				t.Fatal(err)
			}
		}
		parcels = append(parcels, children.Executions[0].ID)
	}
	for _, id := range parcels[1:] {
		if err := eng.Signal(t.Context(), id, "go", "late"); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range append(parcels, orders...) {
		run, err := eng.Run(id)
		if err != nil {
			t.Fatal(err)
		}
		x, err := run.Wait(t.Context())
		if err != nil || x.Status != model.Completed || id != parcels[0] && !strings.Contains(string(x.Output), "late") {
			t.Fatalf("%s: %v %+v", id, err, x)
		}
	}
	if _, err := eng.Start(t.Context(), "parcel", map[string]any{"what": "p1"}, pawl.Key("key-1")); err != nil {
		t.Fatal(err)
	}
}

func openBackend(t *testing.T, o store.Opener) store.Backend {
	t.Helper()
	b, err := o.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCopyThroughServers takes executions half-way from SQLite to PostgreSQL, MariaDB, Redis and back to SQLite. All five stores
// hold the same, and an engine on the last one ends what was begun on the first (F37: each is a store of its own).
func TestCopyThroughServers(t *testing.T) {
	dir := t.TempDir()
	first, last := sqlite.Open(filepath.Join(dir, "first.db")), sqlite.Open(filepath.Join(dir, "last.db"))
	chain := []store.Opener{first, postgres.Open(servertest.Postgres(t)), mysql.Open(servertest.MySQL(t).URL), redis.Open(servertest.Redis(t)), last}
	parcels, orders := halfWay(t, first)

	from := openBackend(t, first)
	start := from
	incarnations := map[[16]byte]bool{from.Info().Incarnation: true}
	var all []store.Backend
	for _, o := range chain[1:] {
		to := openBackend(t, o)
		done, err := transfer.Copy(t.Context(), from, to, quick)
		if err != nil || done.Executions < 12 || done.Unclean {
			t.Fatalf("%s to %s: %+v %v", from.Info().Driver, to.Info().Driver, done, err)
		}
		alike(t, start, to)
		incarnations[to.Info().Incarnation] = true
		all, from = append(all, to), to
	}
	if len(incarnations) != 5 {
		t.Errorf("%d incarnations", len(incarnations))
	}
	for _, b := range append(all, start) {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	goOn(t, last, parcels, orders)
}

// TestCopyBetweenNumbersOfShards takes a message to the holder of a key from 16 shards to 64, where only its body says where
// it belongs; one that is sealed is refused.
func TestCopyBetweenNumbersOfShards(t *testing.T) {
	from := filled(t)
	to := openBackend(t, postgres.Open(servertest.Postgres(t)))
	defer to.Close()
	if from.Info().Shards == to.Info().Shards {
		t.Skip("both have as many shards")
	}
	slot := record.KeySlot(record.Key{Namespace: "default", Workflow: "order", Key: "k"})
	m := record.Message{
		ID: record.MessageID{From: record.NewID(3, 3, 3), Seq: 1}, Shard: record.Shard(int(slot) % from.Info().Shards), Namespace: "default",
		At: 3, Body: []byte(`{"mail":"signal","workflow":"order","key":"k"}`),
	}
	from.must(from.Send(t.Context(), []record.Message{m}))
	if _, err := transfer.Copy(t.Context(), from, to, quick); err != nil {
		t.Fatal(err)
	}
	alike(t, from, to)
	there, err := to.Inbox(t.Context(), record.Shard(int(slot)%to.Info().Shards), 100)
	if err != nil || !slices.ContainsFunc(there, func(have record.Message) bool { return have.ID == m.ID }) {
		t.Errorf("the message lies elsewhere: %v", err)
	}
	m.ID.Seq, m.Body = 2, []byte{record.CodecEncrypted, 0x10, 1, 2, 3}
	from.must(from.Send(t.Context(), []record.Message{m}))
	if _, err := transfer.Copy(t.Context(), from, to, quick); err == nil || !strings.Contains(err.Error(), "sealed") {
		t.Errorf("a sealed message: %v", err)
	}
}
