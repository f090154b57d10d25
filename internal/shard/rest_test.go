package shard

import (
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

func TestNextAtIsWrittenAtStartAndAtTheEndOfAChain(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a"), function("b"), function("c")))
	id := d.run("")
	heads := 0
	for _, s := range []string{"a", "b", "c"} {
		d.report(d.task(id, s))
		for d.work(); d.take(); d.work() {
			heads += len(d.flight.Heads)
			d.commit()
		}
	}
	if heads != 1 {
		t.Fatalf("%d heads after the start, want the one of the end", heads)
	}
}

func TestF10_SleeperIsEvictedAndWokenInTime(t *testing.T) {
	d := newDesk(t, Config{Idle: 1000, Window: 60_000, SnapshotMin: 1})
	d.deploy(flow(function("a"), waitFor("nap", `"for":"30s"`), function("b")))
	id := d.run("")
	d.done(id, "a")
	due := d.now + 30_000
	if len(d.core.execs) != 1 || d.heads[id].NextAt != 0 {
		t.Fatalf("%d in memory, next_at %d: raised before it came to rest", len(d.core.execs), d.heads[id].NextAt)
	}
	d.pass(1000)
	if len(d.core.execs) != 0 {
		t.Fatal("not evicted")
	}
	if h := d.heads[id]; h.NextAt != due {
		t.Fatalf("next_at %d, want %d", h.NextAt, due)
	}
	if s := d.snaps[id]; s.Seq != 2 {
		t.Fatalf("snapshot at %d", s.Seq)
	}
	if !d.core.wakes.has(id) {
		t.Fatal("not in the wake heap")
	}
	d.pass(28_999)
	if len(d.core.execs) != 0 {
		t.Fatal("woken too early")
	}
	if next := d.core.Next(); next > due {
		t.Fatalf("the core wants to be called at %d, later than %d", next, due)
	}
	d.pass(1)
	if d.heads[id].NextAt != 0 {
		t.Fatalf("next_at %d although a task is out", d.heads[id].NextAt)
	}
	d.done(id, "b")
	if d.status(id) != string(model.Completed) {
		t.Fatal(d.status(id))
	}
}

func TestSleeperBeyondTheHorizonIsFoundByTheScan(t *testing.T) {
	d := newDesk(t, Config{Idle: 1000, Window: 10_000})
	d.deploy(flow(waitFor("nap", `"for":"1h"`), function("b")))
	id := d.run("")
	d.pass(1000)
	if len(d.core.execs) != 0 || d.core.wakes.Len() != 0 {
		t.Fatal("neither evicted nor beyond the horizon")
	}
	for range 800 {
		d.pass(5000)
		if len(d.core.execs) > 0 {
			break
		}
	}
	if late := d.now - d.heads[id].Started - 3_600_000; late < 0 || late > 5000 {
		t.Fatalf("woken %d ms late", late)
	}
	d.done(id, "b")
}

func TestF38_SignalWakesWhatIsEvicted(t *testing.T) {
	d := newDesk(t, Config{Idle: 1000})
	d.deploy(flow(waitFor("a", `"signal":"go"`), function("b")))
	id := d.run("")
	d.pass(1000)
	if len(d.core.execs) != 0 || d.heads[id].NextAt != record.Never {
		t.Fatalf("not put to rest: next_at %d", d.heads[id].NextAt)
	}
	ref := d.send(Command{Verb: Signal, Execution: id, Signal: &kernel.Signal{Name: "go"}})
	d.settle()
	d.accepted(ref)
	if d.heads[id].NextAt != 0 {
		t.Fatalf("next_at %d was not lowered with the entry", d.heads[id].NextAt)
	}
	d.done(id, "b")
}

func TestInputCancelsAnEviction(t *testing.T) {
	d := newDesk(t, Config{Idle: 1000})
	d.deploy(flow(function("x"), waitFor("a", `"signal":"go"`), function("b")))
	id := d.run("")
	d.done(id, "x")
	d.now += 1000
	d.work()
	if !d.take() || len(d.flight.Heads) != 1 {
		t.Fatal("no part puts it to rest")
	}
	d.send(Command{Verb: Signal, Execution: id, Signal: &kernel.Signal{Name: "go"}})
	d.work()
	d.commit()
	if len(d.core.execs) != 1 {
		t.Fatal("evicted although an input came")
	}
	d.settle()
	d.done(id, "b")
}

func TestPressureEvictsWithoutWaiting(t *testing.T) {
	d := newDesk(t, Config{RestBytes: 1})
	d.deploy(flow(waitFor("a", `"for":"1h"`)))
	for range 50 {
		d.begin("")
	}
	d.settle()
	if len(d.core.execs) != 0 || len(d.heads) != 50 {
		t.Fatalf("%d in memory of %d", len(d.core.execs), len(d.heads))
	}
	for id, h := range d.heads {
		if !d.core.Holds(id, h.NextAt) {
			t.Fatalf("nobody looks after %s", id)
		}
	}
}

func TestF11_HerdIsWokenInOrderAndPaced(t *testing.T) {
	d := newDesk(t, Config{RestBytes: 1, LoadsOpen: 8, Loads: 4})
	d.deploy(flow(waitFor("a", `"for":"1h"`), function("b")))
	for range 100 {
		d.begin("")
		d.now++
	}
	d.settle()
	d.now += 2 * 3_600_000
	d.claim(false)
	d.work()
	d.answer()
	var order []int64
	for range 200 {
		d.work()
		if n := len(d.load); n > 8 {
			t.Fatalf("%d loads open", n)
		}
		for _, id := range d.load {
			order = append(order, d.heads[id].NextAt)
		}
		d.answer()
		if d.take() {
			d.commit()
		}
	}
	if len(order) != 100 {
		t.Fatalf("%d woken", len(order))
	}
	for i := range order {
		if i > 0 && order[i] < order[i-1] {
			t.Fatal("not in order of due time")
		}
	}
	if len(d.dispatch) != 100 {
		t.Fatalf("%d tasks", len(d.dispatch))
	}
}

func TestF13_ClockStepForwardFiresOnce(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(waitFor("a", `"for":"10s"`), function("b")))
	id := d.run("")
	d.now += 7 * 24 * 3_600_000
	d.settle()
	d.now -= 7 * 24 * 3_600_000
	d.done(id, "b")
	for i, e := range d.journal[id] {
		if i > 0 && e.At < d.journal[id][i-1].At {
			t.Fatal("time runs backwards in the journal")
		}
	}
}

func TestI23_SnapshotsAreTakenAndUsed(t *testing.T) {
	d := newDesk(t, Config{SnapshotEvery: 3, Idle: 1000})
	d.deploy(flow(waitFor("a", `"signal":"go"`)))
	id := d.run("")
	for range 10 {
		d.send(Command{Verb: Pause, Execution: id})
		d.settle()
		d.send(Command{Verb: Resume, Execution: id})
		d.settle()
	}
	if s := d.snaps[id]; s.Seq < 3 {
		t.Fatalf("the last snapshot is at %d of %d", s.Seq, len(d.journal[id]))
	}
	d.claim(false)
	ref := d.send(Command{Verb: Pause, Execution: id})
	d.settle()
	if r := d.accepted(ref); int(r.Seq) != len(d.journal[id]) {
		t.Fatalf("at %d of %d", r.Seq, len(d.journal[id]))
	}
}

func TestF31_UnusableSnapshotIsFoldedFromTheJournal(t *testing.T) {
	for name, damage := range map[string]func(*record.Snapshot){
		"format":   func(s *record.Snapshot) { s.Body = []byte{record.CodecPlain, 99}; s.Sum = record.Checksum(s.Body) },
		"checksum": func(s *record.Snapshot) { s.Sum++ },
		"codec":    func(s *record.Snapshot) { s.Body[0] = record.CodecZstd; s.Sum = record.Checksum(s.Body) },
		"empty":    func(s *record.Snapshot) { s.Body = nil },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, Config{SnapshotEvery: 2})
			d.deploy(flow(waitFor("a", `"signal":"go"`)))
			id := d.run("")
			for range 3 {
				d.send(Command{Verb: Pause, Execution: id})
				d.settle()
				d.send(Command{Verb: Resume, Execution: id})
				d.settle()
			}
			s := d.snaps[id]
			damage(&s)
			d.snaps[id] = s
			d.claim(false)
			ref := d.send(Command{Verb: Signal, Execution: id, Signal: &kernel.Signal{Name: "go"}})
			d.settle()
			if r := d.accepted(ref); r.Status == "" {
				t.Fatalf("%+v", r)
			}
			if d.status(id) != string(model.Completed) {
				t.Fatalf("ended %s", d.status(id))
			}
		})
	}
}

func TestI28_RetentionForgetsTheClosedOnly(t *testing.T) {
	d := newDesk(t, Config{Retention: 60_000, Window: 10_000, Idle: 1000})
	d.deploy(flow(waitFor("a", `"signal":"go"`)))
	closed, _ := d.begin("k", with(Return, 1))
	d.settle()
	open := d.run("")
	d.send(Command{Verb: Signal, Execution: closed, Signal: &kernel.Signal{Name: "go"}})
	d.settle()
	if h := d.heads[closed]; h.Ended == 0 || h.NextAt != h.Ended+60_000 {
		t.Fatalf("ended %d, next_at %d", h.Ended, h.NextAt)
	}
	for range 11 {
		d.pass(5000)
	}
	if _, ok := d.heads[closed]; !ok {
		t.Fatal("forgotten inside its window")
	}
	d.pass(5000)
	d.pass(5000)
	if _, ok := d.heads[closed]; ok {
		t.Fatal("not forgotten")
	}
	if _, ok := d.keys[keyNamed("k")]; ok {
		t.Fatal("its key is not free")
	}
	if _, ok := d.heads[open]; !ok {
		t.Fatal("an open execution was forgotten")
	}
	if d.core.Stats().Forgotten != 1 {
		t.Fatal("not counted")
	}
}

// A namespace may have a retention of its own; what the workflow says counts before both.
func TestI28_RetentionByNamespace(t *testing.T) {
	for _, c := range []struct {
		by   map[string]int64
		own  model.Millis
		want int64
	}{
		{nil, 0, 60_000},
		{map[string]int64{"default": 5_000, "other": 7}, 0, 5_000},
		{map[string]int64{"other": 7}, 0, 60_000},
		{map[string]int64{"default": -1}, 0, -1},
		{map[string]int64{"default": 5_000}, 9_000, 9_000},
	} {
		d := newDesk(t, Config{Retention: 60_000, RetentionBy: c.by, Window: 10_000, Idle: 1000})
		w := flow(waitFor("a", `"for":"1s"`))
		w.Retention = c.own
		d.deploy(w)
		id := d.run("")
		d.pass(1500)
		h := d.heads[id]
		want := h.Ended + c.want
		if c.want < 0 {
			want = record.Never
		}
		if h.Ended == 0 || h.NextAt != want {
			t.Errorf("%+v: ended %d, kept until %d, want %d", c.by, h.Ended, h.NextAt, want)
		}
	}
}

// What is due to be forgotten at once leaves in small parts.
func TestI28_ForgetsInSmallParts(t *testing.T) {
	d := newDesk(t, Config{Retention: 1000, Window: 10_000, Idle: 100})
	d.deploy(flow(waitFor("nap", `"for":"1s"`)))
	for range 350 {
		d.begin("")
	}
	d.settle()
	most, parts := 0, 0
	for range 400 {
		d.now += 20
		for again := true; again; {
			d.work()
			again = d.answer()
			if !d.take() {
				continue
			}
			if n := len(d.flight.Forgets); n > 0 {
				most, parts = max(most, n), parts+1
			}
			d.commit()
			again = true
		}
	}
	if len(d.heads) != 0 || most == 0 || most > forgetsInPart {
		t.Fatalf("%d are left; at most %d of a part's in %d parts", len(d.heads), most, parts)
	}
}

func TestStartDuringTheForgettingOfItsKeyWaits(t *testing.T) {
	d := newDesk(t, Config{Retention: 1000, Window: 10_000})
	d.deploy(flow(function("a")))
	old := d.run("k")
	d.done(old, "a")
	d.now += 2000
	_, ref := d.begin("k", with(Return, 0))
	d.work() // asks for the key and wakes the closed execution
	d.answer()
	d.settle()
	if r := d.accepted(ref); !r.Existing && d.keys[keyNamed("k")].Execution != r.Execution {
		t.Fatalf("%+v, and the key points elsewhere", r)
	}
}

// A start that comes again after its execution was forgotten begins it anew, and asks the store once.
func TestStartRepeatedAfterRetentionIsLookedUpOnce(t *testing.T) {
	d := newDesk(t, Config{Retention: 1000, Window: 10_000, Idle: 100})
	d.deploy(flow(waitFor("nap", `"for":"1s"`)))
	id := d.run("")
	d.pass(500) // it leaves memory, and is remembered as one that did
	for range 4 {
		d.pass(1000)
	}
	if _, kept := d.heads[id]; kept {
		t.Fatal("not forgotten")
	}
	ref := d.send(Command{Verb: Start, Execution: id, Start: &kernel.Start{ID: id, Namespace: "default", Workflow: "w", Version: "1", Input: []byte(`{}`)}})
	d.settle()
	d.accepted(ref)
}

// What is out of memory and open says in its head what it waits for, as of its last entry, and heads are not written
// for that while it is in memory.
func TestRestingHeadsSayWhatIsWaitedFor(t *testing.T) {
	d := newDesk(t, Config{Idle: 1000})
	d.deploy(flow(function("a"), waitFor("b", `"signal":"go"`), waitFor("c", `"signal":"on"`), waitFor("d", `"for":"1h"`)))
	id := d.run("")
	want := func(waiting string, heads int) {
		t.Helper()
		if got := d.heads[id].Waiting; got != waiting {
			t.Fatalf("waits for %q, want %q", got, waiting)
		}
		if d.written[id] != heads {
			t.Fatalf("%d heads were written, want %d", d.written[id], heads)
		}
	}
	signal := func(name string) {
		t.Helper()
		ref := d.send(Command{Verb: Signal, Execution: id, Signal: &kernel.Signal{Name: name}})
		d.settle()
		d.accepted(ref)
	}
	want("", 1)
	d.done(id, "a")
	want("", 1)
	d.pass(1000)
	want("signal go", 2)
	signal("go") // next_at stays: only what is waited for differs
	want("signal go", 2)
	d.pass(1000)
	want("signal on", 3)
	signal("on")
	want("timer", 4) // the timer is due earlier than before
	d.pass(1000)
	want("timer", 4)
	d.pass(3_600_000)
	want("", 5)
}

// A core that is given away leaves heads that say what is waited for, and does not need long for it.
func TestDrainLaysDownSomeOfThoseAtRest(t *testing.T) {
	d := newDesk(t, Config{Idle: 1_000_000})
	d.deploy(flow(function("a"), waitFor("b", `"signal":"go"`)))
	var ids []record.ID
	for range laidDown + 10 {
		id := d.run("")
		d.done(id, "a")
		ids = append(ids, id)
	}
	d.core.Drain()
	d.settle()
	said := 0
	for _, id := range ids {
		if h := d.heads[id]; h.Waiting == "signal go" && h.NextAt == record.Never {
			said++
		}
	}
	if said != laidDown || !d.core.Idle() {
		t.Errorf("%d of %d say what they wait for, want %d; dry %v", said, len(ids), laidDown, d.core.Idle())
	}
}
