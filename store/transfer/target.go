package transfer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Bounds of what is committed at once; within those of an engine.
const (
	mostEntries = 1000
	mostBytes   = 4 << 20
	beatEvery   = 2 * time.Second
	patience    = time.Minute // for a store that is away
)

// halfCopied is what the head of an execution waits for whose entries are not all there. Such a head is due never.
const halfCopied = "transfer: half copied"

// target writes into a store under fences of its own. It is a sink.
type target struct {
	b     store.Backend
	o     Options
	owner record.Owner
	lane  uint64
	done  *Done
	clean bool // nobody had left a shard behind
	// alike: messages come from a store with as many shards, so each stays in its own.
	alike bool

	fences []record.Fence
	stop   context.CancelFunc
	beats  sync.WaitGroup

	parts   map[record.Shard]*record.Part
	pending int // entries and heads in parts
	bytes   int
	cur     *writing
}

// writing is the execution under way.
type writing struct {
	execution
	shard record.Shard
	// there: it exists in the target; compare what comes until its journal ends.
	there bool
	half  bool   // and only a part of it was copied
	last  uint64 // last entry that is there
	seen  uint64 // last entry that came
	begun bool   // its head is written, or will be by a part under construction
	// filled: what was trimmed stands in for itself.
	filled bool
}

// openTarget claims all shards of b, which must be at rest, and keeps them. Of a dry run it claims none.
func openTarget(ctx context.Context, b store.Backend, o Options, done *Done) (*target, error) {
	t := &target{b: b, o: o, owner: newOwner(), done: done, parts: map[record.Shard]*record.Part{}, stop: func() {}}
	claims, clean, err := atRest(ctx, b, o.watch())
	if err != nil || o.DryRun {
		t.clean = clean
		return t, err
	}
	t.clean = clean && !done.Unclean
	if err := t.beat(ctx, 1); err != nil {
		return nil, err
	}
	for _, row := range claims {
		f, err := b.Claim(ctx, row.Shard, row, t.owner)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("taking the shards: %w", err), b.Release(ctx, t.fences))
		}
		t.fences = append(t.fences, f)
	}
	live, stop := context.WithCancel(ctx)
	t.stop = stop
	t.beats.Go(func() { t.keepBeating(live) })
	return t, nil
}

func (t *target) beat(ctx context.Context, n uint64) error {
	addr := "transfer"
	if t.clean {
		addr = cleanAddr
	}
	_, _, err := t.b.Beat(ctx, store.Beat{Owner: t.owner, Count: n, Addr: addr})
	return err
}

func (t *target) keepBeating(ctx context.Context) {
	for n := uint64(2); ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(beatEvery):
			_ = t.beat(ctx, n) // when it fails for long the fences stop the commits
		}
	}
}

// close gives the shards back, unless the tasks of who left them behind are to be taken for unknown by who comes next.
func (t *target) close(ctx context.Context) error {
	t.stop()
	t.beats.Wait()
	if !t.clean || len(t.fences) == 0 {
		return nil
	}
	return t.b.Release(context.WithoutCancel(ctx), t.fences)
}

func (t *target) dataKey(ctx context.Context, k *store.DataKey) error {
	have, err := t.b.DataKey(ctx, k.ID)
	switch {
	case err == nil && have.Namespace == k.Namespace && have.At == k.At:
		return nil // it may be wrapped anew
	case err == nil:
		return fmt.Errorf("data key %d: %w", k.ID, ErrDiffers)
	case !errors.Is(err, store.ErrNotFound) || t.o.DryRun:
		return ignore(err, store.ErrNotFound)
	}
	return t.b.AddDataKey(ctx, *k)
}

func ignore(err, not error) error {
	if errors.Is(err, not) {
		return nil
	}
	return err
}

// definition adds a version. Which one is active stays as the target has it, where it has one.
func (t *target) definition(ctx context.Context, d *store.Definition) error {
	have, err := t.b.Get(ctx, d.Namespace, d.Workflow, d.Version)
	switch {
	case err == nil && have.Hash != d.Hash:
		return fmt.Errorf("%s %s: %w", d.Workflow, d.Version, ErrDiffers)
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	case t.o.DryRun:
		return nil
	case err != nil:
		if err := t.b.Put(ctx, *d, nil); err != nil {
			return err
		}
	}
	if d.Active {
		_, err := t.b.Get(ctx, d.Namespace, d.Workflow, "")
		if errors.Is(err, store.ErrNotFound) {
			err = t.b.Activate(ctx, d.Namespace, d.Workflow, d.Version, store.Move{})
		}
		if err != nil {
			return err
		}
	}
	if d.Retired && !have.Retired {
		return t.b.Retire(ctx, d.Namespace, d.Workflow, d.Version, true)
	}
	return nil
}

// execution looks what the target has of one.
func (t *target) execution(ctx context.Context, x *execution) error {
	id := x.head.Execution
	w := &writing{execution: *x, shard: id.Shard(t.b.Info().Shards)}
	t.cur = w
	there, err := t.b.Journal(ctx, id, 0, 1)
	if err == nil {
		err = t.keyFree(ctx, x)
	}
	if err != nil || len(there) == 0 {
		return err
	}
	have, err := t.b.Load(ctx, w.shard, []record.ID{id})
	if err != nil {
		return err
	}
	if len(have) == 0 {
		return fmt.Errorf("%w: it has entries and no head", store.ErrCorrupt)
	}
	w.there, w.begun, w.last = true, true, lastOf(&have[0])
	w.half = have[0].Head.Waiting == halfCopied
	switch {
	case w.half && have[0].Head.Namespace != x.head.Namespace, !w.half && !sameHead(&have[0].Head, &x.head):
		return fmt.Errorf("%w: its head", ErrDiffers)
	case !w.half && there[0].Seq != x.first:
		return fmt.Errorf("%w: its journal begins at entry %d, not at %d", ErrDiffers, there[0].Seq, x.first)
	}
	return nil
}

// keyFree refuses an execution whose key belongs to another one in the target.
func (t *target) keyFree(ctx context.Context, x *execution) error {
	if x.key == nil {
		return nil
	}
	rows, err := t.b.Keys(ctx, []record.Key{x.key.Key})
	if err == nil && len(rows) > 0 && rows[0].Execution != x.head.Execution {
		return fmt.Errorf("%w: its key belongs to %s", ErrDiffers, rows[0].Execution)
	}
	return err
}

func sameHead(a, b *record.Head) bool {
	x, y := *a, *b
	x.Insert, y.Insert = false, false
	x.Tags, y.Tags = nil, nil
	return fmt.Sprintf("%+v", x) == fmt.Sprintf("%+v", y) && slices.Equal(sortedTags(a.Tags), sortedTags(b.Tags))
}

func sortedTags(tags []record.Tag) []record.Tag {
	return slices.SortedFunc(slices.Values(tags), func(a, b record.Tag) int { return strings.Compare(a.Name, b.Name) })
}

// blob writes a large payload, unless its execution is there already.
func (t *target) blob(ctx context.Context, b *blob) error {
	if t.o.DryRun || t.cur != nil && t.cur.there && !t.cur.half {
		return nil
	}
	return t.b.PutBlob(ctx, b.namespace, b.execution, b.sum, b.body)
}

// entries compares what is there and writes the rest.
func (t *target) entries(ctx context.Context, list []record.Entry) error {
	w := t.cur
	if !w.filled && w.last+1 < w.first && (!w.there || w.half) {
		w.filled = true
		if err := t.fill(ctx, w.last+1, w.first); err != nil {
			return err
		}
	}
	if len(list) > 0 {
		w.seen = list[len(list)-1].Seq
	}
	if w.there && len(list) > 0 && list[0].Seq <= w.last {
		n, err := t.compare(ctx, list)
		if err != nil {
			return err
		}
		list = list[n:]
	}
	for i := range list {
		if w.there && !w.half {
			return fmt.Errorf("%w: it lacks entry %d", ErrDiffers, list[i].Seq)
		}
		if err := t.add(ctx, &list[i]); err != nil {
			return err
		}
	}
	return nil
}

// compare holds entries against those that are there and returns how many those are.
func (t *target) compare(ctx context.Context, list []record.Entry) (int, error) {
	w := t.cur
	n := int(min(uint64(len(list)), w.last-list[0].Seq+1))
	have, err := t.b.Journal(ctx, w.head.Execution, list[0].Seq, n)
	if err != nil {
		return 0, err
	}
	for i := range n {
		if i >= len(have) || !sameEntry(&have[i], &list[i]) {
			return 0, fmt.Errorf("%w: its entry %d", ErrDiffers, list[i].Seq)
		}
	}
	return n, nil
}

func sameEntry(a, b *record.Entry) bool {
	return a.Execution == b.Execution && a.Seq == b.Seq && a.At == b.At && a.Sum == b.Sum && string(a.Body) == string(b.Body)
}

// fill writes entries in place of those that were trimmed, since a journal begins at 1; the end trims them again.
func (t *target) fill(ctx context.Context, from, to uint64) error {
	for seq := from; seq < to; seq++ {
		e := record.Entry{Namespace: t.cur.head.Namespace, Execution: t.cur.head.Execution, Seq: seq, Body: []byte{record.CodecPlain, '{', '}'}}
		e.Sum = e.Checksum()
		if err := t.add(ctx, &e); err != nil {
			return err
		}
	}
	return nil
}

// add puts an entry into the part of its shard.
func (t *target) add(ctx context.Context, e *record.Entry) error {
	w := t.cur
	if t.o.DryRun {
		return nil
	}
	if t.pending >= mostEntries || t.pending > 0 && t.bytes+len(e.Body) > mostBytes {
		if err := t.flush(ctx); err != nil {
			return err
		}
	}
	p := t.part(w.shard)
	if !w.begun {
		h := w.head
		h.Insert, h.NextAt, h.Waiting = true, record.Never, halfCopied
		p.Heads = append(p.Heads, h)
		w.begun = true
	}
	c := *e
	c.Body = slices.Clone(e.Body)
	p.Entries = append(p.Entries, c)
	t.pending++
	t.bytes += len(e.Body)
	return nil
}

func (t *target) part(s record.Shard) *record.Part {
	p := t.parts[s]
	if p == nil {
		p = &record.Part{Fence: t.fences[s], Number: t.lane + 1}
		t.parts[s] = p
	}
	return p
}

// end completes the execution: its head as it is, its key, and what was only to fill goes.
func (t *target) end(ctx context.Context) error {
	w := t.cur
	t.cur = nil
	if w.last > w.seen {
		return fmt.Errorf("%w: it has entry %d", ErrDiffers, w.seen+1)
	}
	if w.there && !w.half {
		t.done.Same++
		return nil
	}
	if t.o.DryRun {
		return nil
	}
	p := t.part(w.shard)
	h := w.head
	if i := slices.IndexFunc(p.Heads, func(o record.Head) bool { return o.Execution == h.Execution }); i >= 0 {
		h.Insert = p.Heads[i].Insert
		p.Heads[i] = h
	} else {
		h.Insert = false
		p.Heads = append(p.Heads, h)
	}
	if w.first > 1 {
		p.Trims = append(p.Trims, record.Trim{Execution: h.Execution, Before: w.first})
	}
	if w.key != nil {
		p.Keys = append(p.Keys, record.KeyChange{KeyRow: *w.key})
	}
	t.pending++
	return nil
}

// flush commits the parts under construction, and insists until it is known what became of them.
func (t *target) flush(ctx context.Context) error {
	if t.pending == 0 {
		return nil
	}
	t.lane++
	b := &store.Batch{Lane: store.Lane{Owner: t.owner}, Number: t.lane, Digest: t.lane}
	for s := range t.parts { // sorted: below
		b.Parts = append(b.Parts, *t.parts[s])
	}
	slices.SortFunc(b.Parts, func(x, y record.Part) int { return int(x.Fence.Shard) - int(y.Fence.Shard) })
	for i := range b.Parts {
		b.Parts[i].Number = t.lane
	}
	if err := t.insist(ctx, b); err != nil {
		return err
	}
	clear(t.parts)
	t.pending, t.bytes = 0, 0
	return nil
}

func (t *target) insist(ctx context.Context, b *store.Batch) error {
	wait, end := 50*time.Millisecond, time.Now().Add(patience)
	for {
		o := t.b.Commit(ctx, b)
		switch {
		case o.Result == store.Committed:
			return nil
		case len(o.Deposed) > 0:
			return fmt.Errorf("%w: somebody took shard %d; run it again once nobody uses the store", ErrAlive, o.Deposed[0])
		case len(o.Rejected) > 0:
			return fmt.Errorf("execution %s: the store refuses it: %s", o.Rejected[0].Execution, o.Rejected[0].Reason)
		case errors.Is(o.Cause, store.ErrStoreWentBack) || o.Result == store.Superseded:
			return store.ErrStoreWentBack
		case time.Now().After(end):
			return fmt.Errorf("the store does not take what is written: %w", cmp.Or(o.Cause, errors.New("no answer")))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
			wait = min(2*wait, 2*time.Second)
		}
	}
}

// mostSent bounds the messages of one call.
const mostSent = 500

// messages sends what waited, to the shards of this store.
func (t *target) messages(ctx context.Context, list []record.Message) error {
	if err := t.flush(ctx); err != nil {
		return err
	}
	for i := range list {
		if err := t.home(&list[i]); err != nil {
			return err
		}
	}
	if t.o.DryRun {
		return nil
	}
	for len(list) > 0 {
		n, bytes := 0, 0
		for n < len(list) && n < mostSent && (n == 0 || bytes+len(list[n].Body) <= mostBytes) {
			bytes += len(list[n].Body)
			n++
		}
		if err := t.b.Send(ctx, list[:n]); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// home finds the shard of a message in this store. One to nobody in particular is for the holder of a key, which its body
// names.
func (t *target) home(m *record.Message) error {
	shards := t.b.Info().Shards
	if t.alike {
		return nil
	}
	if !m.To.IsZero() {
		m.Shard = m.To.Shard(shards)
		return nil
	}
	var to struct {
		Workflow string `json:"workflow"`
		Key      string `json:"key"`
	}
	if err := json.Unmarshal(m.Body, &to); err != nil || to.Workflow == "" {
		return fmt.Errorf("a message of %s is to the holder of a key, and sealed: let an engine take it before the move", m.ID.From)
	}
	slot := record.KeySlot(record.Key{Namespace: m.Namespace, Workflow: to.Workflow, Key: to.Key})
	m.Shard = record.Shard(int(slot) % shards)
	return nil
}
