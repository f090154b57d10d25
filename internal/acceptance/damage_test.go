package acceptance

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	lite "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// victimText waits in every way there is, by what its input says.
const victimText = `
workflow: victim
input: {how: string}
nodes:
  - first: {call: note, args: "${ input.how }"}
  - how: {switch: {cases: [{when: input.how == "sleeping", outcome: sleep}, {when: input.how == "working", outcome: work}], default: hold}, next: {sleep: nap, work: work, hold: hold}}
  - nap: {wait: {for: 2s}, next: last}
  - work: {call: toil, next: last}
  - hold: {signal: go, next: last}
  - last: {call: note, args: "${ nodes.first.output }"}
output: "${ nodes.last.output }"
`

// wounded is a house with a victim, closed.
type wounded struct {
	*house
	victim *pawl.Run
	how    string
	busy   chan struct{} // closed when toil runs
}

func wound(t *testing.T, how string) *wounded {
	t.Helper()
	w := &wounded{how: how, busy: make(chan struct{})}
	lives := 0
	w.house = build(t, func(eng *pawl.Engine) error {
		lives++
		first := lives == 1
		if err := pawl.Register(eng, "note", func(_ context.Context, s string) (string, error) { return s + "!", nil }); err != nil {
			return err
		}
		return pawl.Register(eng, "toil", func(ctx context.Context, _ struct{}) (any, error) {
			if !first {
				return nil, nil
			}
			close(w.busy)
			<-ctx.Done()
			return nil, ctx.Err()
		})
	})
	w.deploy(victimText)
	w.victim = w.start("victim", map[string]string{"how": how}, pawl.Key("victim"))
	if how == "working" {
		<-w.busy
	} else {
		w.comesTo(w.victim, "wait_started")
	}
	due := time.Now().Add(2 * time.Second)
	if how == "paused" {
		if err := w.eng.Pause(t.Context(), w.victim.ID()); err != nil {
			t.Fatal(err)
		}
	}
	w.close()
	if how == "sleeping" { // it is due when the file is opened again
		<-time.After(time.Until(due))
	}
	return w
}

// flip changes one bit in a column of a row of the victim. Again it changes it back.
func (w *wounded) flip(table, column string, seq, at int) {
	w.t.Helper()
	flip(w.t, w.path, w.victim.ID(), table, column, seq, at)
}

// flip changes bit at of a number, or a bit of byte at of a body, from its end where at is negative. seq 0 is for
// tables with one row for each execution.
func flip(t *testing.T, path, execution, table, column string, seq, at int) {
	t.Helper()
	id, err := record.ParseID(execution)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := lite.OpenConn(path, lite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	where := fmt.Sprintf(" FROM %s WHERE execution = ? AND (seq = ? OR ? = 0)", table)
	var value any
	err = sqlitex.ExecuteTransient(conn, "SELECT "+column+where, &sqlitex.ExecOptions{Args: []any{id[:], seq, seq}, ResultFunc: func(s *lite.Stmt) error {
		if s.ColumnType(0) == lite.TypeInteger {
			value = s.ColumnInt64(0) ^ 1<<at
			return nil
		}
		body := make([]byte, s.ColumnLen(0))
		s.ColumnBytes(0, body)
		body[(at+len(body))%len(body)] ^= 0x20
		value = body
		return nil
	}})
	if err != nil || value == nil {
		t.Fatalf("no %s of entry %d: %v", column, seq, err)
	}
	err = sqlitex.ExecuteTransient(conn, fmt.Sprintf("UPDATE %s SET %s = ? WHERE execution = ? AND (seq = ? OR ? = 0)", table, column),
		&sqlitex.ExecOptions{Args: []any{value, id[:], seq, seq}})
	if err != nil || conn.Changes() != 1 {
		t.Fatalf("%d rows changed, %v", conn.Changes(), err)
	}
}

// TestF24_F31_I27_FlippedByte: one byte of a journal is wrong. Whoever asks for that execution is told, it stands as
// parked with the reason in the list, it does nothing, nobody else notices, however often the file is opened. Once
// the byte is right again the execution goes on where it was.
func TestF24_F31_I27_FlippedByte(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		how, column string
		seq, at     int
	}{
		"waiting, first entry, codec":    {"waiting", "body", 1, 0},
		"waiting, first entry, middle":   {"waiting", "body", 1, 40},
		"waiting, second entry, its end": {"waiting", "body", 2, -1},
		"waiting, checksum":              {"waiting", "sum", 2, 7},
		"waiting, number":                {"waiting", "seq", 2, 3},
		"waiting, time":                  {"waiting", "at", 1, 40},
		"sleeping":                       {"sleeping", "body", 2, 20},
		"working":                        {"working", "body", 1, 30},
		"paused":                         {"paused", "body", 3, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := wound(t, c.how)
			w.flip("journal", c.column, c.seq, c.at)
			for range 2 {
				w.open()
				w.isQuarantined()
				w.undisturbed()
				w.close()
			}
			seq := c.seq
			if c.column == "seq" {
				seq ^= 1 << c.at
			}
			w.flip("journal", c.column, seq, c.at)
			w.open()
			w.recovers()
			w.endures()
		})
	}
}

// isQuarantined checks what everybody is told about the victim.
func (w *wounded) isQuarantined() {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	run := w.run(w.victim)
	_, err := run.Wait(ctx)
	refuses(t, "waiting for its end", err, pawl.CodeQuarantined)
	why, err := w.eng.Explain(ctx, run.ID())
	if err != nil || len(why) != 1 || why[0].Kind != "parked" || !strings.Contains(why[0].Sentence, "entry") {
		t.Errorf("explaining it: %+v, %v", why, err)
	}
	refuses(t, "signalling it", run.Signal(ctx, "go", nil), pawl.CodeQuarantined)
	refuses(t, "resuming it", w.eng.Resume(ctx, run.ID()), pawl.CodeQuarantined)
	refuses(t, "cancelling it", run.Cancel(ctx), pawl.CodeQuarantined)
	damaged := false
	for _, err := range w.eng.History(ctx, run.ID(), 0) {
		if err != nil {
			refuses(t, "its history", err, pawl.CodeStore)
			damaged = true
		}
	}
	if !damaged {
		t.Error("the history shows no damage")
	}
	again, err := w.eng.Start(ctx, "victim", map[string]string{"how": w.how}, pawl.Key("victim"))
	if pawl.Code(err) != pawl.CodeQuarantined && (err != nil || again.ID() != run.ID()) {
		t.Errorf("starting with its key: %v, %v", again, err)
	}
	p, err := w.eng.List(ctx, pawl.Filter{Workflow: "victim"})
	if err != nil || len(p.Executions) != 1 || p.Executions[0].Status != model.Parked || p.Executions[0].Error == nil ||
		p.Executions[0].Error.Code != pawl.CodeQuarantined || !strings.Contains(p.Executions[0].Error.Message, "entry") {
		t.Errorf("the list says %+v, %v", p.Executions, err)
	}
	x, err := run.Get(ctx)
	if err != nil || x.Status != model.Parked || x.Error == nil || x.Error.Code != pawl.CodeQuarantined {
		t.Errorf("getting it: %+v, %v", x, err)
	}
	if !strings.Contains(w.log.String(), run.ID()) {
		t.Error("the log names no execution")
	}
}

// recovers resumes the victim, whose journal is whole again.
func (w *wounded) recovers() {
	w.t.Helper()
	run, ctx := w.run(w.victim), w.t.Context()
	if w.how == "paused" {
		if err := w.eng.Resume(ctx, run.ID()); err != nil {
			w.t.Fatal(err)
		}
	}
	if w.how == "waiting" || w.how == "paused" {
		if err := run.Signal(ctx, "go", nil); err != nil {
			w.t.Fatal(err)
		}
	}
	if got, err := pawl.Result[string](ctx, run); err != nil || got != w.how+"!!" {
		w.t.Errorf("%q, %v", got, err)
	}
}

// TestF31_FlippedByteOfWhatHasEnded: an execution that has ended stays ended, its history says where it is damaged.
func TestF31_FlippedByteOfWhatHasEnded(t *testing.T) {
	t.Parallel()
	w := wound(t, "waiting")
	w.open()
	w.recovers()
	w.close()
	w.flip("journal", "body", 2, 30)
	w.open()
	run := w.run(w.victim)
	if err := run.Signal(t.Context(), "go", nil); pawl.Code(err) != pawl.CodeClosed && pawl.Code(err) != pawl.CodeQuarantined {
		t.Errorf("signalling it: %v", err)
	}
	p, err := w.eng.List(t.Context(), pawl.Filter{Workflow: "victim"})
	if err != nil || len(p.Executions) != 1 || p.Executions[0].Status != model.Completed {
		t.Errorf("the list says %+v, %v", p.Executions, err)
	}
	var last error
	n := 0
	for ev, err := range w.eng.History(t.Context(), run.ID(), 0) {
		if n, last = n+1, err; err == nil && ev.Seq != 1 {
			t.Errorf("an event of entry %d", ev.Seq)
		}
	}
	refuses(t, "its history", last, pawl.CodeStore)
	if n < 2 {
		t.Error("the history tells nothing of the whole entries before")
	}
	w.endures()
}

// TestF31_I23_FlippedByteOfASnapshot: a snapshot is a cache. Damaged it is left out, and a damaged entry before a
// good one is not needed to go on; with both damaged the execution is quarantined.
func TestF31_I23_FlippedByteOfASnapshot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		snapshot, entry bool
	}{"the snapshot": {snapshot: true}, "an entry before it": {entry: true}, "both": {true, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &wounded{house: build(t, func(eng *pawl.Engine) error {
				return pawl.Register(eng, "step", func(_ context.Context, n int) (int, error) { return n + 1, nil })
			})}
			w.deploy(`
workflow: victim
vars: {n: 0}
nodes:
  - many: {loop: {max: 300}, do: [{step: {call: step, args: "${ vars.n }", set: {n: "${ result }"}}}], next: {exhausted: hold}}
  - hold: {signal: go}
output: "${ vars.n }"
`)
			w.victim = w.start("victim", nil)
			w.comesTo(w.victim, "wait_started")
			w.close()
			if c.snapshot {
				w.flip("snapshots", "body", 0, 100)
			}
			if c.entry {
				w.flip("journal", "body", 5, 20)
			}
			w.open()
			run := w.run(w.victim)
			err := run.Signal(t.Context(), "go", nil)
			if c.snapshot && c.entry {
				refuses(t, "signalling it", err, pawl.CodeQuarantined)
			} else if got, rerr := pawl.Result[int](t.Context(), run); err != nil || rerr != nil || got != 300 {
				t.Errorf("%d, %v, %v", got, err, rerr)
			}
			w.endures()
		})
	}
}

// TestF31_FlippedByteOfADefinition: executions of that version are held and can be resumed; other workflows go on.
func TestF31_FlippedByteOfADefinition(t *testing.T) {
	t.Parallel()
	w := wound(t, "waiting")
	flip := func() {
		w.sql("UPDATE versions SET body = CAST(replace(CAST(body AS TEXT), '\"nodes\"', '\"n~des\"') AS BLOB) WHERE workflow = 'victim' AND instr(CAST(body AS TEXT), '\"nodes\"')")
	}
	whole := w.sql("SELECT CAST(body AS TEXT) FROM versions WHERE workflow = 'victim'")
	flip()
	if w.sql("SELECT CAST(body AS TEXT) FROM versions WHERE workflow = 'victim'") == whole {
		t.Fatal("nothing was damaged: the case shows nothing")
	}
	w.open()
	ctx, run := t.Context(), w.run(w.victim)
	for what, err := range map[string]error{"signalling": run.Signal(ctx, "go", nil), "cancelling": run.Cancel(ctx)} {
		if err == nil || pawl.Code(err) == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := w.eng.Start(ctx, "victim", map[string]string{"how": "x"})
	if pawl.Code(err) == "" {
		t.Errorf("starting another: %v", err)
	}
	w.undisturbed()
	w.close()
	w.sql("UPDATE versions SET body = CAST(? AS BLOB) WHERE workflow = 'victim'", whole)
	w.open()
	w.recovers()
	w.endures()
}
