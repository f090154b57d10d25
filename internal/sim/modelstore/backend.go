package modelstore

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Backend is a [Model] behind a lock: every call happens at once. It exists so that storetest judges the model.
type Backend struct {
	mu     sync.Mutex
	m      *Model
	closed bool
}

var _ store.Backend = (*Backend)(nil)

// NewBackend is a locked empty model on the wall clock.
func NewBackend(shards, lanes int) *Backend {
	return &Backend{m: New(shards, lanes, func() int64 { return time.Now().UnixMilli() })}
}

func (b *Backend) enter(ctx context.Context) (*Model, func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil, nil, store.ErrClosed
	}
	return b.m, b.mu.Unlock, nil
}

// Commit runs all steps of a commit at once.
func (b *Backend) Commit(ctx context.Context, batch *store.Batch) store.Outcome {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return store.Outcome{Result: store.NotCommitted, Cause: err}
	}
	defer leave()
	t := m.Arrive(batch)
	if !t.Lock() {
		return store.Outcome{Result: store.NotCommitted, Cause: store.ErrInUse}
	}
	out, _ := t.Apply()
	return out
}

func (b *Backend) Load(ctx context.Context, s record.Shard, ids []record.ID) ([]store.Loaded, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	list := m.Load(s, ids)
	for i := range list {
		list[i].Entries = copied(list[i].Entries)
		if snap := list[i].Snapshot; snap != nil {
			c := *snap
			c.Body = slices.Clone(c.Body)
			list[i].Snapshot = &c
		}
	}
	return list, nil
}

func (b *Backend) Journal(ctx context.Context, id record.ID, from uint64, limit int) ([]record.Entry, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return copied(m.Journal(id, from, limit)), nil
}

// copied shares nothing with what the model keeps.
func copied(entries []record.Entry) []record.Entry {
	entries = slices.Clone(entries)
	for i := range entries {
		entries[i].Body = slices.Clone(entries[i].Body)
	}
	return entries
}

func (b *Backend) Due(ctx context.Context, s record.Shard, after record.Due, before int64, limit int) ([]record.Due, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return m.Due(s, after, before, limit), nil
}

func (b *Backend) Inbox(ctx context.Context, s record.Shard, limit int) ([]record.Message, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return m.Inbox(s, limit), nil
}

func (b *Backend) Keys(ctx context.Context, k []record.Key) ([]record.KeyRow, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return m.Keys(k), nil
}

func (b *Backend) Waiting(ctx context.Context) ([]record.Shard, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return m.Waiting(), nil
}

func (b *Backend) Answers(ctx context.Context, to []record.ID) ([]record.Answer, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return m.Answers(to), nil
}

func (b *Backend) Send(ctx context.Context, msgs []record.Message) error {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	msgs = slices.Clone(msgs)
	for i := range msgs {
		msgs[i].Body = slices.Clone(msgs[i].Body)
	}
	return m.Send(msgs)
}

func (b *Backend) Search(ctx context.Context, namespace string, f store.Filter) (store.Page, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return store.Page{}, err
	}
	defer leave()
	return m.Search(namespace, f)
}

func (b *Backend) Count(ctx context.Context, namespace string, f store.Filter, by store.Facet) (store.Counts, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return store.Counts{}, err
	}
	defer leave()
	return m.Count(namespace, f, by)
}

func (b *Backend) Namespaces(ctx context.Context) ([]string, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return m.Namespaces(), nil
}

func (b *Backend) Executions(ctx context.Context, s record.Shard, after record.ID, limit int) ([]record.ID, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return m.Executions(s, after, limit), nil
}

// Close makes every later call answer [store.ErrClosed].
func (b *Backend) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}

func (b *Backend) Claim(ctx context.Context, s record.Shard, seen record.Fence, self record.Owner) (record.Fence, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return record.Fence{}, err
	}
	defer leave()
	return m.Claim(s, seen, self)
}

func (b *Backend) Release(ctx context.Context, f []record.Fence) error {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	m.Release(f)
	return nil
}

func (b *Backend) Claims(ctx context.Context) ([]record.Fence, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return m.Claims(), nil
}

func (b *Backend) Beat(ctx context.Context, beat store.Beat) ([]store.Beat, int64, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer leave()
	beats, now := m.Beat(beat)
	return beats, now, nil
}

// Info is what the store says of itself.
func (b *Backend) Info() store.Info { return b.m.Info() }

func (b *Backend) Put(ctx context.Context, d store.Definition, move *store.Move) error {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return m.put(d, move)
}

func (b *Backend) Activate(ctx context.Context, namespace, workflow, version string, move store.Move) error {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if m.find(namespace, workflow, version) < 0 {
		return store.ErrNotFound
	}
	return m.activate(namespace, workflow, version, move)
}

func (b *Backend) Get(ctx context.Context, namespace, workflow, version string) (store.Definition, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return store.Definition{}, err
	}
	defer leave()
	return m.get(namespace, workflow, version)
}

func (b *Backend) List(ctx context.Context, namespace, workflow string) ([]store.Definition, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var out []store.Definition
	for _, d := range m.defs {
		if d.Namespace == namespace && (workflow == "" || d.Workflow == workflow) {
			d.Body, d.Source = nil, nil
			d.Active = m.active[[2]string{namespace, d.Workflow}] == d.Version
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b store.Definition) int {
		return cmp.Or(cmp.Compare(a.Workflow, b.Workflow), cmp.Compare(a.At, b.At), cmp.Compare(a.Version, b.Version))
	})
	return out, nil
}

func (b *Backend) Retire(ctx context.Context, namespace, workflow, version string, retired bool) error {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	i := m.find(namespace, workflow, version)
	if i < 0 {
		return store.ErrNotFound
	}
	m.defs[i].Retired = retired
	return nil
}

func (b *Backend) PutBlob(ctx context.Context, _ string, id record.ID, sum [32]byte, body []byte) error {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	m.blobs[blobKey{id, sum}] = slices.Clone(body)
	return nil
}

func (b *Backend) GetBlob(ctx context.Context, _ string, id record.ID, sum [32]byte) ([]byte, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	body, ok := m.blobs[blobKey{id, sum}]
	if !ok {
		return nil, store.ErrNotFound
	}
	return slices.Clone(body), nil
}

func (b *Backend) BlobOwners(ctx context.Context, after record.ID, limit int) ([]record.ID, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var out []record.ID
	for k := range m.blobs { // sorted: below
		if bytes.Compare(k.id[:], after[:]) > 0 {
			out = append(out, k.id)
		}
	}
	slices.SortFunc(out, func(a, b record.ID) int { return bytes.Compare(a[:], b[:]) })
	out = slices.Compact(out)
	return out[:min(len(out), max(limit, 0))], nil
}

func (b *Backend) BlobSums(ctx context.Context, id record.ID) ([][32]byte, error) {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var out [][32]byte
	for k := range m.blobs { // sorted: below
		if k.id == id {
			out = append(out, k.sum)
		}
	}
	slices.SortFunc(out, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	return out, nil
}

func (b *Backend) DropBlobs(ctx context.Context, id record.ID) error {
	m, leave, err := b.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	maps.DeleteFunc(m.blobs, func(k blobKey, _ []byte) bool { return k.id == id })
	return nil
}
