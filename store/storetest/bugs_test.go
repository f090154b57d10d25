package storetest_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/storetest"
)

// broken is a store with one bug: it may change a batch before it is committed and an outcome before it is answered.
type broken struct {
	store.Backend
	before func(s store.Backend, b *store.Batch) *store.Outcome
	after  func(s store.Backend, b *store.Batch, o *store.Outcome)
}

func (s *broken) Commit(ctx context.Context, b *store.Batch) store.Outcome {
	c := *b
	c.Parts = slices.Clone(b.Parts)
	if s.before != nil {
		if o := s.before(s.Backend, &c); o != nil {
			return *o
		}
	}
	o := s.Backend.Commit(ctx, &c)
	if s.after != nil {
		s.after(s.Backend, &c, &o)
	}
	return o
}

var ctx = context.Background()

// rows are the claims by shard.
func rows(s store.Backend) []record.Fence {
	all, err := s.Claims(ctx)
	if err != nil {
		return make([]record.Fence, 5000)
	}
	return append(all, make([]record.Fence, 5000)...)
}

// bugs are mistakes that drivers of this contract could make, each by name.
var bugs = map[string]func(s store.Backend) store.Backend{
	"lane after fence": func(s store.Backend) store.Backend {
		return &broken{s, func(s store.Backend, b *store.Batch) *store.Outcome {
			for _, p := range b.Parts {
				if rows(s)[p.Fence.Shard] != p.Fence {
					return &store.Outcome{Result: store.NotCommitted, Deposed: []record.Shard{p.Fence.Shard}}
				}
			}
			return nil
		}, nil}
	},
	"epoch without owner": changeParts(func(s store.Backend, p *record.Part) {
		if row := rows(s)[p.Fence.Shard]; row.Epoch == p.Fence.Epoch {
			p.Fence = row
		}
	}),
	"owner without epoch": changeParts(func(s store.Backend, p *record.Part) {
		if row := rows(s)[p.Fence.Shard]; row.Owner == p.Fence.Owner {
			p.Fence = row
		}
	}),
	"no fence": changeParts(func(s store.Backend, p *record.Part) { p.Fence = rows(s)[p.Fence.Shard] }),
	"unfenced forget": func(s store.Backend) store.Backend {
		return &broken{s, func(s store.Backend, b *store.Batch) *store.Outcome {
			for i := range b.Parts {
				if len(b.Parts[i].Forgets) > 0 {
					b.Parts[i].Fence = rows(s)[b.Parts[i].Fence.Shard]
				}
			}
			return nil
		}, nil}
	},
	"take without existence check": changeParts(func(s store.Backend, p *record.Part) {
		there, _ := s.Inbox(ctx, p.Fence.Shard, 1000)
		p.Takes = slices.DeleteFunc(slices.Clone(p.Takes), func(id record.MessageID) bool {
			return !slices.ContainsFunc(there, func(m record.Message) bool { return m.ID == id })
		})
	}),
	"key without compare": changeParts(func(s store.Backend, p *record.Part) {
		p.Keys = slices.Clone(p.Keys)
		for i := range p.Keys {
			p.Keys[i].Old = record.ID{}
			if row, _ := s.Keys(ctx, []record.Key{p.Keys[i].Key}); len(row) > 0 {
				p.Keys[i].Old = row[0].Execution
			}
		}
	}),
	"gap accepted": changeParts(func(s store.Backend, p *record.Part) {
		p.Entries = slices.Clone(p.Entries)
		for i := range p.Entries {
			if old, _ := s.Journal(ctx, p.Entries[i].Execution, 1, 1000); len(old) > 0 && p.Entries[i].Seq > uint64(len(old)) {
				p.Entries[i].Seq = uint64(len(old) + 1)
			}
		}
	}),
	"answers never expire": changeParts(func(_ store.Backend, p *record.Part) { p.Expire = 0 }),
	"the young expire too": changeParts(func(_ store.Backend, p *record.Part) {
		if p.Expire != 0 {
			p.Expire += 10
		}
	}),
	"superseded taken for committed": changeOutcome(func(o *store.Outcome) {
		if o.Result == store.Superseded {
			*o = store.Outcome{Result: store.Committed}
		}
	}),
	"superseded without winner": changeOutcome(func(o *store.Outcome) { o.Winner = 0 }),
	"went back in silence": changeOutcome(func(o *store.Outcome) {
		if o.Cause != nil {
			*o = store.Outcome{Result: store.Committed}
		}
	}),
	"one deposed shard named": changeOutcome(func(o *store.Outcome) { o.Deposed = o.Deposed[:min(1, len(o.Deposed))] }),
	"one culprit named":       changeOutcome(func(o *store.Outcome) { o.Rejected = o.Rejected[:min(1, len(o.Rejected))] }),
	"good part of a bad batch kept": func(s store.Backend) store.Backend {
		return &broken{s, nil, func(s store.Backend, b *store.Batch, o *store.Outcome) {
			for i, p := range b.Parts {
				if len(o.Rejected) > 0 {
					s.Commit(ctx, &store.Batch{Lane: store.Lane{Number: 99 + i, Owner: record.Owner{b.Parts[0].Fence.Owner[0], byte(b.Number)}}, Number: 1, Parts: []record.Part{p}})
				}
			}
		}}
	},
	"retention deletes a successor's key": func(s store.Backend) store.Backend { return &successor{broken{Backend: s}} },
	"due pages by time only":              func(s store.Backend) store.Backend { return &dueBug{s} },
	"page skips one":                      func(s store.Backend) store.Backend { return &pageBug{s, 1} },
	"page repeats one":                    func(s store.Backend) store.Backend { return &pageBug{s, -1} },
	"unfair inbox":                        func(s store.Backend) store.Backend { return &inboxBug{s} },
	"blind claim":                         func(s store.Backend) store.Backend { return &claimBug{s} },
	"stale release":                       func(s store.Backend) store.Backend { return &releaseBug{s} },
	"blob owners from the given one":      func(s store.Backend) store.Backend { return &ownersBug{Backend: s, from: true} },
	"blob owners that exist":              func(s store.Backend) store.Backend { return &ownersBug{Backend: s, real: true} },
	"dropped blobs stay":                  func(s store.Backend) store.Backend { return &dropBug{Backend: s} },
	"all blobs are dropped":               func(s store.Backend) store.Backend { return &dropBug{Backend: s, all: true} },
	"rewrap without compare":              func(s store.Backend) store.Backend { return &rewrapBug{s} },
	"oldest page skips one":               func(s store.Backend) store.Backend { return &oldestBug{s, 1} },
	"oldest page repeats one":             func(s store.Backend) store.Backend { return &oldestBug{s, -1} },
	"error text as a pattern": changeFilter(func(f *store.Filter) {
		if strings.ContainsAny(f.ErrorText, "%_") {
			f.ErrorText = strings.NewReplacer("%", "", "_", "").Replace(f.ErrorText)
		}
	}),
	"error text by its letters' case": changeFilter(func(f *store.Filter) {
		if f.ErrorText != strings.ToLower(f.ErrorText) {
			f.ErrorText = "\ue000"
		}
	}),
	"key without its trailing space": changeFilter(func(f *store.Filter) { f.Key = strings.TrimRight(f.Key, " ") }),
	"waiting looks at the first only": changeFilter(func(f *store.Filter) {
		if slices.Equal(f.Waiting, []string{"timer"}) {
			f.Statuses = []string{"paused"}
		}
	}),
	"a number is its text": changeFilter(func(f *store.Filter) {
		for i, t := range f.Tags {
			if t.Is == store.Equal && len(t.Values) == 1 && t.Values[0].Text == "1" {
				f.Tags[i].Values = []store.Value{{Text: "1"}, {Num: 1, IsNum: true}}
			}
		}
	}),
	"text is behind numbers": changeFilter(func(f *store.Filter) {
		for i, t := range f.Tags {
			if t.Is == store.Greater && t.Values[0].IsNum {
				f.Tags[i] = store.TagTest{Name: t.Name, Is: store.NotEqual, Values: []store.Value{{Num: 1, IsNum: true}, {Num: 2, IsNum: true}, {IsNum: true}, {Num: -0.5, IsNum: true}}}
			}
		}
	}),
	"an exception is forgotten": changeFilter(func(f *store.Filter) { f.Except = f.Except[:min(len(f.Except), 1)] }),
	"a bound is said to be all": func(s store.Backend) store.Backend { return &countBug{s} },
	"executions of every shard": func(s store.Backend) store.Backend { return &scanBug{s} },
}

func changeParts(f func(s store.Backend, p *record.Part)) func(s store.Backend) store.Backend {
	return func(s store.Backend) store.Backend {
		return &broken{s, func(s store.Backend, b *store.Batch) *store.Outcome {
			for i := range b.Parts {
				f(s, &b.Parts[i])
			}
			return nil
		}, nil}
	}
}

func changeOutcome(f func(o *store.Outcome)) func(s store.Backend) store.Backend {
	return func(s store.Backend) store.Backend {
		return &broken{s, nil, func(_ store.Backend, _ *store.Batch, o *store.Outcome) { f(o) }}
	}
}

type successor struct{ broken }

func (s *successor) Commit(ctx context.Context, b *store.Batch) store.Outcome {
	c := *b
	c.Parts = slices.Clone(b.Parts)
	for i := range c.Parts {
		p := &c.Parts[i]
		for _, id := range p.Forgets {
			loaded, _ := s.Load(ctx, p.Fence.Shard, []record.ID{id})
			if len(loaded) == 0 {
				continue
			}
			h := loaded[0].Head
			row, _ := s.Keys(ctx, []record.Key{{Namespace: h.Namespace, Workflow: h.Workflow, Key: h.Key}})
			if len(row) > 0 {
				p.Keys = append(slices.Clone(p.Keys), record.KeyChange{KeyRow: row[0], Old: row[0].Execution, Delete: true})
			}
		}
	}
	return s.Backend.Commit(ctx, &c)
}

type dueBug struct{ store.Backend }

func (s *dueBug) Due(ctx context.Context, sh record.Shard, after record.Due, before int64, limit int) ([]record.Due, error) {
	if after.Execution != (record.ID{}) {
		after.At, after.Execution = after.At+1, record.ID{}
	}
	return s.Backend.Due(ctx, sh, after, before, limit)
}

// pageBug is off by one from page to page.
type pageBug struct {
	store.Backend
	by int
}

func (s *pageBug) Search(ctx context.Context, namespace string, f store.Filter) (store.Page, error) {
	p, err := s.Backend.Search(ctx, namespace, f)
	if p.Next == "" {
		return p, err
	}
	if s.by < 0 && len(p.Heads) > 1 {
		p.Next = p.Heads[len(p.Heads)-2].Execution.String()
	}
	if s.by > 0 {
		f.Limit, f.Cursor = 1, p.Next
		if one, _ := s.Backend.Search(ctx, namespace, f); one.Next != "" {
			p.Next = one.Next
		}
	}
	return p, err
}

// oldestBug is pageBug for the other order alone.
type oldestBug pageBug

func (s *oldestBug) Search(ctx context.Context, namespace string, f store.Filter) (store.Page, error) {
	if f.Order == store.Oldest {
		return (*pageBug)(s).Search(ctx, namespace, f)
	}
	return s.Backend.Search(ctx, namespace, f)
}

// filterBug changes what is searched for.
type filterBug struct {
	store.Backend
	change func(f *store.Filter)
}

func changeFilter(f func(f *store.Filter)) func(s store.Backend) store.Backend {
	return func(s store.Backend) store.Backend { return &filterBug{s, f} }
}

func (s *filterBug) Search(ctx context.Context, namespace string, f store.Filter) (store.Page, error) {
	f.Tags = slices.Clone(f.Tags)
	s.change(&f)
	return s.Backend.Search(ctx, namespace, f)
}

// countBug looks at the newest only and does not say so.
type countBug struct{ store.Backend }

func (s *countBug) Count(ctx context.Context, namespace string, f store.Filter, by store.Facet) (store.Counts, error) {
	c, err := s.Backend.Count(ctx, namespace, f, by)
	if by.Look > 0 && c.Total > int64(by.Look) {
		c.Total = int64(by.Look)
	}
	return c, err
}

type scanBug struct{ store.Backend }

func (s *scanBug) Executions(ctx context.Context, _ record.Shard, after record.ID, limit int) ([]record.ID, error) {
	return s.Backend.Executions(ctx, store.EveryShard, after, limit)
}

type inboxBug struct{ store.Backend }

func (s *inboxBug) Inbox(ctx context.Context, sh record.Shard, limit int) ([]record.Message, error) {
	all, err := s.Backend.Inbox(ctx, sh, 1000)
	slices.SortStableFunc(all, func(a, b record.Message) int { return bytes.Compare([]byte(a.Namespace), []byte(b.Namespace)) })
	return all[:min(len(all), limit)], err
}

// ownersBug begins a page with the one given, or leaves out those that no execution owns.
type ownersBug struct {
	store.Backend
	from, real bool
}

func (s *ownersBug) BlobOwners(ctx context.Context, after record.ID, limit int) ([]record.ID, error) {
	if s.from && after[15] > 0 {
		after[15]--
	}
	all, err := s.Backend.BlobOwners(ctx, after, limit)
	return slices.DeleteFunc(all, func(id record.ID) bool {
		got, _ := s.Load(ctx, id.Shard(s.Info().Shards), []record.ID{id})
		return s.real && len(got) == 0
	}), err
}

// dropBug drops nothing, or everything.
type dropBug struct {
	store.Backend
	all bool
}

func (s *dropBug) DropBlobs(ctx context.Context, id record.ID) error {
	if !s.all {
		return nil
	}
	list, err := s.BlobOwners(ctx, record.ID{}, 1000)
	for _, id := range list {
		if err := s.Backend.DropBlobs(ctx, id); err != nil {
			return err
		}
	}
	return err
}

// rewrapBug compares nothing.
type rewrapBug struct{ store.Backend }

func (s *rewrapBug) RewrapDataKey(ctx context.Context, id uint64, _, kek string, wrapped []byte) error {
	k, err := s.DataKey(ctx, id)
	if err != nil {
		return err
	}
	return s.Backend.RewrapDataKey(ctx, id, k.KEK, kek, wrapped)
}

type claimBug struct{ store.Backend }

func (s *claimBug) Claim(ctx context.Context, sh record.Shard, _ record.Fence, self record.Owner) (record.Fence, error) {
	return s.Backend.Claim(ctx, sh, rows(s.Backend)[sh], self)
}

// releaseBug releases by owner alone.
type releaseBug struct{ store.Backend }

func (s *releaseBug) Release(ctx context.Context, all []record.Fence) error {
	all = slices.Clone(all)
	for i, f := range all {
		if row := rows(s.Backend)[f.Shard]; f.Epoch != row.Epoch {
			all[i] = row
		}
	}
	return s.Backend.Release(ctx, all)
}

const bugVariable = "STORETEST_BUG"

// TestSuiteFindsEveryBug runs the suite in a child process over a store with one bug; the suite must fail.
func TestSuiteFindsEveryBug(t *testing.T) {
	if os.Getenv(bugVariable) != "" {
		t.Skip("this is the child")
	}
	for name := range bugs {
		cmd := exec.Command(os.Args[0], "-test.run=^TestBrokenStore$", "-test.v=false")
		cmd.Env = append(os.Environ(), bugVariable+"="+name)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "--- FAIL: TestBrokenStore/") {
			t.Errorf("%s was not found: %v\n%s", name, err, out)
		}
	}
}

// TestBrokenStore is the child's; as a test of its own it runs the suite over a store without a bug.
func TestBrokenStore(t *testing.T) {
	bug := func(s store.Backend) store.Backend { return &broken{Backend: s} }
	if name := os.Getenv(bugVariable); name != "" {
		bug = bugs[name]
	}
	storetest.Run(t, func(t *testing.T) store.Backend {
		s, err := memory.Open().Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return bug(s)
	})
}
