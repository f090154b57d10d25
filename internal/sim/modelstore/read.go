package modelstore

import (
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Load is the state of the store at this instant; see [store.Store].
func (m *Model) Load(s record.Shard, ids []record.ID) []store.Loaded {
	var out []store.Loaded
	for _, id := range ids {
		x := m.execs[id]
		if x == nil || id.Shard(m.info.Shards) != s {
			continue
		}
		out = append(out, x.loaded())
	}
	return out
}

func (x *Execution) loaded() store.Loaded {
	l := store.Loaded{Head: x.Head, Entries: slices.Clone(x.Entries)}
	snap := x.Snapshot
	if snap == nil || record.Checksum(snap.Body) != snap.Sum {
		return l
	}
	l.Snapshot = snap
	i := slices.IndexFunc(l.Entries, func(e record.Entry) bool { return e.Seq > snap.Seq })
	if i < 0 {
		i = len(l.Entries)
	}
	l.Entries = l.Entries[i:]
	return l
}

// Answers returns the answers to those messages that have one.
func (m *Model) Answers(to []record.ID) []record.Answer {
	var out []record.Answer
	for _, id := range to {
		if a, ok := m.answers[id]; ok {
			out = append(out, a.Answer)
		}
	}
	return out
}

// Journal returns up to limit entries of id from seq on.
func (m *Model) Journal(id record.ID, from uint64, limit int) []record.Entry {
	x := m.execs[id]
	if x == nil {
		return nil
	}
	var out []record.Entry
	for _, e := range x.Entries {
		if e.Seq >= from && len(out) < limit {
			out = append(out, e)
		}
	}
	return out
}

// Due returns up to limit executions of s with next_at before the horizon, after the given one.
func (m *Model) Due(s record.Shard, after record.Due, before int64, limit int) []record.Due {
	var out []record.Due
	if int(s) >= len(m.shards) {
		return nil
	}
	for id, x := range m.execs {
		d := record.Due{At: x.Head.NextAt, Execution: id}
		if id.Shard(m.info.Shards) != s || d.At >= before {
			continue
		}
		if after != (record.Due{}) && compareDue(d, after) <= 0 {
			continue
		}
		out = append(out, d)
	}
	slices.SortFunc(out, compareDue)
	return out[:min(max(limit, 0), len(out))]
}

func compareDue(a, b record.Due) int {
	if a.At != b.At {
		if a.At < b.At {
			return -1
		}
		return 1
	}
	return compareIDs(a.Execution, b.Execution)
}

// Inbox returns up to limit messages of s, oldest first per sender, in turn over the namespaces, the one that
// waits longest first.
func (m *Model) Inbox(s record.Shard, limit int) []record.Message {
	if int(s) >= len(m.inbox) {
		return nil
	}
	byName := map[string][]record.Message{}
	var names []string
	for _, x := range m.inbox[s] {
		if byName[x.Namespace] == nil {
			names = append(names, x.Namespace)
		}
		byName[x.Namespace] = append(byName[x.Namespace], x)
	}
	var out []record.Message
	for round := 0; len(out) < limit && len(out) < len(m.inbox[s]); round++ {
		for _, n := range names {
			if round < len(byName[n]) && len(out) < limit {
				out = append(out, byName[n][round])
			}
		}
	}
	return out
}

// Keys returns the rows of those keys that exist.
func (m *Model) Keys(keys []record.Key) []record.KeyRow {
	var out []record.KeyRow
	for _, k := range keys {
		if r, ok := m.keys[k]; ok {
			out = append(out, r)
		}
	}
	return out
}

// Waiting lists the shards in which messages wait.
func (m *Model) Waiting() []record.Shard {
	var out []record.Shard
	for i := range m.inbox {
		if len(m.inbox[i]) > 0 {
			out = append(out, record.Shard(i))
		}
	}
	return out
}
