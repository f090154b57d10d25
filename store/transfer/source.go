package transfer

import (
	"context"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// execution is what there is of one beside its entries.
type execution struct {
	head record.Head
	// first is the number of the first entry that is left.
	first uint64
	// key is the row of its key, where that points to it.
	key *record.KeyRow
	// orphan: its parent is not there any more.
	orphan bool
}

// blob is a large payload of an execution.
type blob struct {
	namespace string
	execution record.ID
	sum       [32]byte
	body      []byte
}

// sink takes what is moved, in this order: data keys, definitions, executions each followed by its blobs, its entries and
// an end, blobs of executions that are still to be made, messages.
type sink interface {
	dataKey(ctx context.Context, k *store.DataKey) error
	// definition takes versions, the older ones of a workflow first.
	definition(ctx context.Context, d *store.Definition) error
	execution(ctx context.Context, x *execution) error
	blob(ctx context.Context, b *blob) error
	entries(ctx context.Context, list []record.Entry) error
	end(ctx context.Context) error
	messages(ctx context.Context, list []record.Message) error
}

// source reads a store into a sink.
type source struct {
	b    store.Backend
	o    Options
	to   sink
	done *Done
	tell *teller
	// filter selects executions of Options.Namespace; nil is all.
	filter *store.Filter
	// live: engines may run, so each execution is read as of one moment.
	live bool
	// opened: what is sealed is opened on its way, so that data keys are of no use.
	opened bool
	// chosen are the executions that the filter selected, for their messages.
	chosen map[record.ID]bool
}

// run moves everything.
func (s *source) run(ctx context.Context) error {
	spaces, err := s.spaces(ctx)
	if err != nil {
		return err
	}
	if err := s.dataKeys(ctx); err != nil {
		return err
	}
	for _, ns := range spaces {
		if err := s.definitions(ctx, ns); err != nil {
			return err
		}
	}
	if s.filter != nil {
		s.chosen = map[record.ID]bool{}
	}
	for _, ns := range spaces {
		var f store.Filter
		if s.filter != nil {
			f = *s.filter
		}
		if err := heads(ctx, s.b, ns, f, func(list []record.Head) error { return s.page(ctx, list) }); err != nil {
			return err
		}
	}
	return s.messages(ctx)
}

// spaces are the namespaces to move.
func (s *source) spaces(ctx context.Context) ([]string, error) {
	all, err := s.b.Namespaces(ctx)
	if err != nil || s.o.Namespace == "" {
		return all, err
	}
	if !slices.Contains(all, s.o.Namespace) {
		return nil, fmt.Errorf("namespace %q: %w", s.o.Namespace, store.ErrNotFound)
	}
	return []string{s.o.Namespace}, nil
}

const dataKeyPage = 500

// dataKeys moves wrapped keys; those of no namespace are needed whatever is moved.
func (s *source) dataKeys(ctx context.Context) error {
	if s.opened {
		return nil
	}
	for after := uint64(0); ; {
		page, err := s.b.ListDataKeys(ctx, after, dataKeyPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			k := &page[i]
			if s.o.Namespace != "" && k.Namespace != "" && k.Namespace != s.o.Namespace {
				continue
			}
			if err := s.to.dataKey(ctx, k); err != nil {
				return err
			}
			s.done.DataKeys++
		}
		after = page[len(page)-1].ID
	}
}

func (s *source) definitions(ctx context.Context, ns string) error {
	list, err := s.b.List(ctx, ns, "")
	if err != nil {
		return err
	}
	for i := range list {
		d, err := s.b.Get(ctx, ns, list[i].Workflow, list[i].Version)
		if err != nil {
			return err
		}
		if err := s.to.definition(ctx, &d); err != nil {
			return err
		}
		s.done.Definitions++
	}
	return nil
}

// page moves some executions of a namespace.
func (s *source) page(ctx context.Context, list []record.Head) error {
	keys, err := keyRows(ctx, s.b, list)
	if err != nil {
		return err
	}
	for i := range list {
		x := &execution{head: list[i]}
		if row, ok := keys[keyOf(&x.head)]; ok && row.Execution == x.head.Execution {
			x.key = &row
		}
		if err := s.one(ctx, x); err != nil {
			return about(x.head.Execution, err)
		}
		s.tell.tell(s.done)
	}
	return nil
}

// one moves an execution with its journal.
func (s *source) one(ctx context.Context, x *execution) error {
	id := x.head.Execution
	until := ^uint64(0)
	if s.live {
		now, err := s.b.Load(ctx, id.Shard(s.b.Info().Shards), []record.ID{id})
		if err != nil || len(now) == 0 { // forgotten meanwhile
			return err
		}
		x.head, until = now[0].Head, lastOf(&now[0])
	}
	if !x.head.Parent.IsZero() {
		there, err := s.b.Journal(ctx, x.head.Parent, 0, 1)
		if err != nil {
			return err
		}
		x.orphan = len(there) == 0
	}
	damaged := false
	last, err := journal(ctx, s.b, id, 0, func(list []record.Entry) error {
		if x.first == 0 {
			x.first = list[0].Seq
			if err := s.to.execution(ctx, x); err != nil {
				return err
			}
			if err := s.blobs(ctx, x.head.Namespace, id); err != nil {
				return err
			}
		}
		n := 0
		for n < len(list) && list[n].Seq <= until {
			list[n].Namespace = x.head.Namespace
			damaged = damaged || list[n].Checksum() != list[n].Sum
			n++
		}
		s.done.Entries += n
		return s.to.entries(ctx, list[:n])
	})
	switch {
	case err != nil:
		return err
	case last == 0 && s.live: // forgotten meanwhile
		return nil
	case last == 0:
		return fmt.Errorf("%w: it has no entries", store.ErrCorrupt)
	}
	if damaged && len(s.done.Damaged) < MostNamed {
		s.done.Damaged = append(s.done.Damaged, id)
	}
	if s.chosen != nil {
		s.chosen[id] = true
	}
	s.done.Executions++
	return s.to.end(ctx)
}

// blobs moves the large payloads of an execution.
func (s *source) blobs(ctx context.Context, ns string, id record.ID) error {
	sums, err := s.b.BlobSums(ctx, id)
	if err != nil {
		return err
	}
	for _, sum := range sums {
		body, err := s.b.GetBlob(ctx, ns, id, sum)
		if err == nil {
			err = s.to.blob(ctx, &blob{ns, id, sum, body})
		}
		if err != nil {
			return fmt.Errorf("a large payload: %w", err)
		}
		s.done.Blobs++
	}
	return nil
}

// lastOf is the number of the last entry of an execution as it was loaded.
func lastOf(l *store.Loaded) uint64 {
	if n := len(l.Entries); n > 0 {
		return l.Entries[n-1].Seq
	}
	if l.Snapshot != nil {
		return l.Snapshot.Seq
	}
	return 0
}

// mostWaiting bounds the messages of one shard, since they can only be read from the oldest on.
const mostWaiting = 1 << 18

// messages moves what waits in the inboxes.
func (s *source) messages(ctx context.Context) error {
	shards, err := s.b.Waiting(ctx)
	if err != nil {
		return err
	}
	for _, sh := range shards {
		list, err := s.inbox(ctx, sh)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(m record.Message) bool {
			return s.o.Namespace != "" && m.Namespace != s.o.Namespace || s.chosen != nil && !s.chosen[m.To]
		})
		if len(list) == 0 {
			continue
		}
		if err := s.brought(ctx, list); err != nil {
			return err
		}
		if err := s.to.messages(ctx, list); err != nil {
			return err
		}
		s.done.Messages += len(list)
	}
	return nil
}

// brought moves the large payloads of executions that messages are still to make.
func (s *source) brought(ctx context.Context, list []record.Message) error {
	seen := map[record.ID]bool{}
	for i := range list {
		id := list[i].To
		if id.IsZero() || seen[id] {
			continue
		}
		seen[id] = true
		there, err := s.b.Journal(ctx, id, 0, 1)
		if err == nil && len(there) == 0 {
			err = s.blobs(ctx, list[i].Namespace, id)
		}
		if err != nil {
			return about(id, err)
		}
	}
	return nil
}

func (s *source) inbox(ctx context.Context, sh record.Shard) ([]record.Message, error) {
	for limit := 1024; limit <= mostWaiting; limit *= 4 {
		list, err := s.b.Inbox(ctx, sh, limit)
		if err != nil {
			return nil, err
		}
		if err := s.locked(ctx, sh, limit, len(list)); err != nil {
			return nil, err
		}
		if len(list) < limit {
			return list, nil
		}
	}
	return nil, fmt.Errorf("more than %d messages wait in shard %d; let an engine take them first", mostWaiting, sh)
}

// locked refuses an inbox of which messages were left out because no key is here for them.
func (s *source) locked(ctx context.Context, sh record.Shard, limit, read int) error {
	sealed, is := s.b.(interface{ Inner() store.Backend })
	if !is {
		return nil
	}
	all, err := sealed.Inner().Inbox(ctx, sh, limit)
	if err == nil && len(all) > read {
		err = fmt.Errorf("messages of shard %d: %w", sh, errLocked)
	}
	return err
}
