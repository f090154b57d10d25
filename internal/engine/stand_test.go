package engine

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// stand drives a Machine by hand over a memory store: reads are answered at once, commits when the test says so and
// with the outcome that it chooses.
type stand struct {
	t       *testing.T
	now     Time
	backend store.Backend
	owner   record.Owner
	m       *Machine
	// commits are the batches sent and not answered, oldest first.
	commits []*store.Batch
	sent    []*store.Batch // all of them
	// fail makes reads of that type fail.
	fail func(Request) error
	// hush leaves claims and beats unanswered.
	hush bool

	leases   []runner.Lease
	replies  map[uint64]Reply
	verdicts map[uint64][]runner.Verdict
	lost     []runner.Token
	alarms   []Alarm
	halted   error
	stopped  bool
	ref      uint64
	ids      uint64
}

func newStand(t *testing.T, b store.Backend, c Config, change ...func(*stand)) *stand {
	s := &stand{t: t, backend: b, now: Time{Wall: 1_800_000_000_000, Mono: time.Hour}, replies: map[uint64]Reply{}, verdicts: map[uint64][]runner.Verdict{}}
	if c.Owner == (record.Owner{}) {
		c.Owner = record.Owner{1}
	}
	info := b.Info()
	c.Shards, c.Lanes = info.Shards, max(1, c.Lanes)
	s.owner = c.Owner
	s.m = NewMachine(c)
	for _, f := range change {
		f(s)
	}
	s.step(Started{})
	return s
}

func (s *stand) step(e Event) {
	s.t.Helper()
	for _, r := range s.m.Step(s.now, e, nil) {
		s.do(r)
	}
	if err := s.m.Invariants(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stand) do(r Request) {
	s.t.Helper()
	switch r := r.(type) {
	case Commit:
		s.commits = append(s.commits, r.Batch)
		s.sent = append(s.sent, r.Batch)
	case Offer:
		s.leases = append(s.leases, r.Leases...)
	case Replies:
		for _, x := range r.List {
			s.replies[x.Ref] = x
		}
	case Verdicts:
		s.verdicts[r.Ref] = append([]runner.Verdict(nil), r.List...)
	case CancelTasks:
		if r.Lost {
			s.lost = append(s.lost, r.Tokens...)
		}
	case Alarms:
		s.alarms = append(s.alarms, r.List...)
	case Halt:
		s.halted = r.Err
	case Stopped:
		s.stopped = true
	case Publish, Poke:
	default:
		s.step(s.read(r))
	}
}

// read answers a question from the store, or not at all where the test is hushed.
func (s *stand) read(r Request) Event {
	ctx, b := context.Background(), s.backend
	if s.fail != nil {
		if err := s.fail(r); err != nil {
			return failure(r, err)
		}
	}
	switch r := r.(type) {
	case ReadClaims:
		list, err := b.Claims(ctx)
		return ClaimsRead{list, err}
	case Claim:
		f, err := b.Claim(ctx, r.Shard, r.Seen, s.owner)
		return Claimed{r.Shard, f, err}
	case Release:
		return Released{r.Fences, b.Release(ctx, r.Fences)}
	case Beat:
		if s.hush {
			return Tick{}
		}
		list, _, err := b.Beat(ctx, r.Beat)
		return Beaten{list, s.now.Wall, err}
	case Load:
		list, err := b.Load(ctx, r.Shard, r.IDs)
		return Loaded{r.Shard, r.Epoch, r.IDs, list, err}
	case Due:
		list, err := b.Due(ctx, r.Shard, r.Scan.After, r.Scan.Before, r.Scan.Limit)
		return DueFound{r.Shard, r.Epoch, r.Scan, list, err}
	case Inbox:
		list, err := b.Inbox(ctx, r.Shard, r.Limit)
		return MailFound{r.Shard, r.Epoch, r.Limit, list, err}
	case Keys:
		rows, err := b.Keys(ctx, r.Asked)
		return KeysFound{r.Shard, r.Epoch, r.Asked, rows, err}
	case Journal:
		list, err := b.Journal(ctx, r.Read.Execution, r.Read.From, r.Read.Limit)
		return JournalFound{r.Shard, r.Epoch, r.Read, list, err}
	case Define:
		return define(ctx, b, r.Ref)
	case Resolve:
		return resolve(ctx, b, r.Ref)
	}
	s.t.Fatalf("unknown request %T", r)
	return nil
}

func failure(r Request, err error) Event {
	switch r := r.(type) {
	case ReadClaims:
		return ClaimsRead{nil, err}
	case Claim:
		return Claimed{Shard: r.Shard, Err: err}
	case Release:
		return Released{r.Fences, err}
	case Beat:
		return Beaten{Err: err}
	case Load:
		return Loaded{Shard: r.Shard, Epoch: r.Epoch, IDs: r.IDs, Err: err}
	case Due:
		return DueFound{Shard: r.Shard, Epoch: r.Epoch, Scan: r.Scan, Err: err}
	case Inbox:
		return MailFound{Shard: r.Shard, Epoch: r.Epoch, Limit: r.Limit, Err: err}
	case Keys:
		return KeysFound{Shard: r.Shard, Epoch: r.Epoch, Asked: r.Asked, Err: err}
	case Journal:
		return JournalFound{Shard: r.Shard, Epoch: r.Epoch, Read: r.Read, Err: err}
	case Define:
		return Defined{Ref: r.Ref, Err: err}
	case Resolve:
		return Resolved{Ref: r.Ref, Err: err}
	}
	return Tick{}
}

// deploy puts a chain named w into the store.
func (s *stand) deploy(nodes ...model.Node) {
	s.t.Helper()
	w := chain("w", nodes...)
	body, err := json.Marshal(w)
	if err != nil {
		s.t.Fatal(err)
	}
	d := store.Definition{Namespace: "default", Workflow: "w", Version: "1.0.0", Hash: "h", Body: body}
	if err := s.backend.Put(context.Background(), d, &store.Move{}); err != nil {
		s.t.Fatal(err)
	}
}

// begin starts an execution in the given shard.
func (s *stand) begin(n record.Shard, change ...func(*Command)) (record.ID, uint64) {
	s.ids++
	id := record.NewID(s.now.Wall, s.ids, uint16(n))
	c := Command{Verb: shard.Start, Execution: id, Start: &kernel.Start{
		ID: id, Namespace: "default", Workflow: "w", Version: "1.0.0", Input: []byte(`1`),
	}}
	for _, f := range change {
		f(&c)
	}
	return c.Execution, s.send(c)
}

func (s *stand) send(c Command) uint64 {
	s.t.Helper()
	s.ref++
	c.Ref = s.ref
	s.step(Commands{[]Command{c}})
	return s.ref
}

// answer answers the oldest commit with an outcome.
func (s *stand) answer(o store.Outcome) {
	s.t.Helper()
	if len(s.commits) == 0 {
		s.t.Fatal("no commit is under way")
	}
	b := s.commits[0]
	s.commits = s.commits[1:]
	s.step(CommitDone{Lane: b.Lane.Number, Number: b.Number, Digest: b.Digest, Outcome: o})
}

// apply lets the store apply the oldest commit and keeps the outcome back.
func (s *stand) apply() store.Outcome {
	s.t.Helper()
	return s.backend.Commit(context.Background(), s.commits[0])
}

// commit applies and answers commits until there is none.
func (s *stand) commit() {
	s.t.Helper()
	for len(s.commits) > 0 {
		s.answer(s.apply())
	}
}

// pass lets time pass in small steps, with a tick whenever one is wanted, and commits what comes up where commits is
// true.
func (s *stand) pass(d time.Duration, commits bool) {
	s.t.Helper()
	end := s.now.Mono + d
	for s.now.Mono < end && s.halted == nil && !s.stopped {
		next := min(end, max(s.m.Next(), s.now.Mono+time.Millisecond))
		s.now.Wall += int64((next - s.now.Mono) / time.Millisecond)
		s.now.Mono = next
		s.step(Tick{})
		if commits {
			s.commit()
		}
	}
}

// lease takes all ready tasks.
func (s *stand) lease() []runner.Lease {
	s.t.Helper()
	s.ref++
	s.leases = nil
	s.step(Demanded{s.ref, runner.Demand{Max: 1000}})
	s.step(DemandGone{s.ref})
	return s.leases
}

func (s *stand) report(list ...runner.Lease) uint64 {
	s.t.Helper()
	s.ref++
	var reports []runner.Report
	for _, l := range list {
		reports = append(reports, runner.Report{Token: l.Token, Result: model.Result{Output: []byte(`1`)}})
	}
	ref := s.ref
	s.step(Reported{ref, reports})
	return ref
}

func (s *stand) accepted(ref uint64) Reply {
	s.t.Helper()
	r, ok := s.replies[ref]
	if !ok || r.Error != nil {
		s.t.Fatalf("command %d: %+v, %v", ref, r, ok)
	}
	return r
}

func (s *stand) refused(ref uint64, code string) {
	s.t.Helper()
	r, ok := s.replies[ref]
	if !ok || r.Error == nil || r.Error.Code != code {
		s.t.Fatalf("command %d: %+v, %v; want %s", ref, r, ok, code)
	}
}

func (s *stand) unanswered(ref uint64) {
	s.t.Helper()
	if r, ok := s.replies[ref]; ok {
		s.t.Fatalf("command %d is answered: %+v", ref, r)
	}
}

func (s *stand) entries(id record.ID) int {
	s.t.Helper()
	list, err := s.backend.Journal(context.Background(), id, 1, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	return len(list)
}

func (s *stand) alarmed(code string) bool {
	for _, a := range s.alarms {
		if a.Code == code {
			return true
		}
	}
	return false
}
