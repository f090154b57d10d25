package judge_test

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/judge"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/storetest"
)

// judged is a memory store whose rejections are those that the judge finds from facts.
type judged struct {
	store.Backend
	limits judge.Limits
	mu     sync.Mutex            // facts and commit are of one moment
	seen   map[store.Lane]uint64 // the last number that was committed
}

func (j *judged) Commit(ctx context.Context, b *store.Batch) store.Outcome {
	j.mu.Lock()
	defer j.mu.Unlock()
	facts := j.facts(ctx, b.Parts)
	o := j.Backend.Commit(ctx, b)
	found := judge.Judge(b.Parts, facts, j.limits)
	switch {
	case o.Result == store.Committed && b.Number == j.seen[b.Lane]+1:
		j.seen[b.Lane] = b.Number
		o.Rejected = found // none, or the outcomes differ
	case len(o.Rejected) > 0:
		o.Rejected = found
	}
	return o
}

// facts reads what the parts name, as a driver would.
func (j *judged) facts(ctx context.Context, parts []record.Part) judge.Facts {
	f := judge.Facts{Executions: map[record.ID]judge.Execution{}, Keys: map[record.Key]record.ID{}, Waiting: map[judge.Letter]bool{}}
	for i := range parts {
		p := &parts[i]
		var ids []record.ID
		for k := range p.Heads {
			ids = append(ids, p.Heads[k].Execution)
		}
		for k := range p.Entries {
			ids = append(ids, p.Entries[k].Execution)
		}
		for k := range p.Snapshots {
			ids = append(ids, p.Snapshots[k].Execution)
		}
		for k := range p.Trims {
			ids = append(ids, p.Trims[k].Execution)
		}
		for _, id := range slices.Concat(ids, p.Forgets) {
			j.execution(ctx, id, f.Executions)
		}
		for k := range p.Keys {
			rows, _ := j.Keys(ctx, []record.Key{p.Keys[k].Key})
			for _, r := range rows {
				f.Keys[r.Key] = r.Execution
			}
		}
		mail, _ := j.Inbox(ctx, p.Fence.Shard, 1000)
		for _, m := range mail {
			f.Waiting[judge.Letter{Shard: m.Shard, ID: m.ID}] = true
		}
	}
	return f
}

func (j *judged) execution(ctx context.Context, id record.ID, into map[record.ID]judge.Execution) {
	l, _ := j.Load(ctx, id.Shard(j.limits.Shards), []record.ID{id})
	if len(l) == 0 {
		return
	}
	h := &l[0].Head
	all, _ := j.Journal(ctx, id, 0, 1000)
	e := judge.Execution{Ended: h.Ended != 0, Key: record.Key{Namespace: h.Namespace, Workflow: h.Workflow, Key: h.Key}}
	if len(all) > 0 {
		e.First, e.Last = all[0].Seq, all[len(all)-1].Seq
	}
	into[id] = e
}

// TestSameAsMemory: from facts about what a batch names the judge finds exactly the executions that the memory store
// rejects.
func TestSameAsMemory(t *testing.T) {
	open := func(r *rapid.T) store.Backend {
		b, err := memory.Open().Open(t.Context())
		if err != nil {
			r.Fatal(err)
		}
		return b
	}
	storetest.Same(t, func(r *rapid.T) (right, tested store.Backend) {
		b := open(r)
		return open(r), &judged{Backend: b, limits: judge.Limits{Shards: b.Info().Shards, Body: 16 << 20}, seen: map[store.Lane]uint64{}}
	})
}

// TestConforms runs what the suite asks of rejections, limits among it.
func TestConforms(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Backend {
		b, err := memory.Open().Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return &judged{Backend: b, limits: judge.Limits{Shards: b.Info().Shards, Body: 16 << 20}, seen: map[store.Lane]uint64{}}
	})
}

// F35: what no database can keep is refused by name, before it is asked.
func TestF35_LimitsOfTexts(t *testing.T) {
	l := judge.Limits{Shards: 1, Body: 10, Text: 5}
	good := record.Head{Namespace: "a", Workflow: "b", Tags: []record.Tag{{Name: "t", Text: "ok"}, {Name: "n", Num: 1, IsNum: true}}}
	if why := l.Head(&good); why != "" {
		t.Fatal(why)
	}
	for name, change := range map[string]func(h *record.Head){
		"too long":    func(h *record.Head) { h.Key = "123456" },
		"not UTF-8":   func(h *record.Head) { h.Outcome = "a\xff" },
		"NUL":         func(h *record.Head) { h.Namespace = "a\x00" },
		"a tag's":     func(h *record.Head) { h.Tags = []record.Tag{{Name: "t", Text: "\x00"}} },
		"no number":   func(h *record.Head) { h.Tags = []record.Tag{{Name: "t", Num: math.NaN(), IsNum: true}} },
		"a tag's own": func(h *record.Head) { h.Tags = []record.Tag{{Name: "123456"}} },
	} {
		h := good
		change(&h)
		if l.Head(&h) == "" {
			t.Errorf("%s is accepted", name)
		}
	}
	if l.Key(record.Key{Key: "123456"}) == "" || l.Message(&record.Message{Body: make([]byte, 11)}) == "" || l.Message(&record.Message{Shard: 1}) == "" {
		t.Error("over a limit, and accepted")
	}
}
