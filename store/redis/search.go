package redis

import (
	"bytes"
	"context"
	"slices"
	"strconv"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// maxCandidates bounds how many ids one question of a search brings.
const maxCandidates = 2000

// Search implements [store.Store]. An index gives ids in their order, and the filter chooses among their heads.
func (s *Store) Search(ctx context.Context, namespace string, f store.Filter) (page store.Page, err error) {
	if err := f.Check(); err != nil {
		return page, err
	}
	lo, hi, err := f.Range()
	if err != nil {
		return page, err
	}
	size := f.Size()
	n := size + 1
	for more := inRange(lo, hi); more && len(page.Heads) <= size; n = min(2*n, maxCandidates) {
		ids, err := s.candidates(ctx, namespace, &f, lo, hi, n)
		if err != nil {
			return store.Page{}, err
		}
		if err := s.choose(ctx, namespace, &f, ids, func(h *record.Head) {
			if len(page.Heads) <= size {
				page.Heads = append(page.Heads, *h)
			}
		}); err != nil {
			return store.Page{}, err
		}
		if more = len(ids) == n; more {
			lo, hi, more = rest(f.Order, ids[n-1], lo, hi)
		}
	}
	if len(page.Heads) > size {
		page.Heads = page.Heads[:size]
		page.Next = page.Heads[size-1].Execution.String()
	}
	return page, s.present(ctx)
}

func inRange(lo, hi record.ID) bool { return bytes.Compare(lo[:], hi[:]) <= 0 }

// rest is the range behind last, and whether there is one.
func rest(order store.Order, last, lo, hi record.ID) (record.ID, record.ID, bool) {
	if order == store.Newest {
		return lo, before(last), last != lo
	}
	return behind(last), hi, last != hi
}

// before is the id before id, which is not zero.
func before(id record.ID) record.ID {
	for i := len(id) - 1; i >= 0; i-- {
		id[i]--
		if id[i] != 0xff {
			break
		}
	}
	return id
}

// behind is the id after id, which is not the last.
func behind(id record.ID) record.ID {
	for i := len(id) - 1; i >= 0; i-- {
		id[i]++
		if id[i] != 0 {
			break
		}
	}
	return id
}

// choose shows the heads of ids that the filter selects.
func (s *Store) choose(ctx context.Context, namespace string, f *store.Filter, ids []record.ID, show func(*record.Head)) error {
	heads, err := s.heads(ctx, ids)
	for i := range heads {
		if h := &heads[i]; h.Namespace == namespace && f.Match(h) {
			show(h)
		}
	}
	return err
}

// run is one stretch of an index that is in order of ids: a sorted set and what its members have before the id.
type run struct{ set, value string }

// runs are those of the index that narrows most; none where that is the one by workflow and status.
func runs(namespace string, f *store.Filter) (out []run) {
	switch {
	case !f.Parent.IsZero():
		return []run{{parentIndex(namespace), string(f.Parent[:])}}
	case f.Key != "":
		return []run{{keyIndex(namespace), sized(f.Key)}}
	case len(f.Fingerprints) > 0 && !slices.Contains(f.Fingerprints, ""):
		for _, kind := range f.Fingerprints {
			if r := (run{fingerprintIndex(namespace), sized(kind)}); !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
		return out
	}
	for i := range f.Tags {
		t := &f.Tags[i]
		if t.Is != store.Equal {
			continue
		}
		for _, v := range t.Values {
			r := run{tagIndex(namespace, t.Name), tagValue(&record.Tag{Text: v.Text, Num: v.Num, IsNum: v.IsNum})}
			if !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
		return out
	}
	return nil
}

// candidates are the first n ids of a range, in the filter's order.
func (s *Store) candidates(ctx context.Context, namespace string, f *store.Filter, lo, hi record.ID, n int) (ids []record.ID, err error) {
	of := runs(namespace, f)
	if of == nil {
		var all []answer
		if all, err = s.pairs(ctx, namespace, f, direction(f.Order), lo, hi, n); err != nil {
			return nil, err
		}
		for _, a := range all {
			if ids, err = appendIDs(ids, a.list()); err != nil {
				return nil, err
			}
		}
	} else {
		var commands [][]string
		for _, r := range of {
			commands = append(commands, s.stretch(r, f.Order, lo, hi, n))
		}
		got, err := s.read(ctx, commands...)
		if err != nil {
			return nil, err
		}
		for _, r := range got {
			if ids, err = appendIDs(ids, r.list()); err != nil {
				return nil, err
			}
		}
	}
	// Of each run the first n came, so the first n of all are among them.
	slices.SortFunc(ids, func(a, b record.ID) int {
		if f.Order == store.Newest {
			a, b = b, a
		}
		return bytes.Compare(a[:], b[:])
	})
	return ids[:min(n, len(ids))], nil
}

func direction(o store.Order) string {
	if o == store.Newest {
		return "REV"
	}
	return ""
}

// stretch is the command that reads a run.
func (s *Store) stretch(r run, o store.Order, lo, hi record.ID, n int) []string {
	first, last := "["+r.value+string(lo[:]), "["+r.value+string(hi[:])
	words := []string{"ZRANGE", s.prefix + "x" + r.set, first, last, "BYLEX"}
	if o == store.Newest {
		words = []string{"ZRANGE", s.prefix + "x" + r.set, last, first, "BYLEX", "REV"}
	}
	return append(words, "LIMIT", "0", strconv.Itoa(n))
}

// appendIDs adds the ids with which members end.
func appendIDs(ids []record.ID, members []reply) ([]record.ID, error) {
	for _, m := range members {
		text := m.text()
		if len(text) < len(record.ID{}) {
			return nil, errReply
		}
		ids = append(ids, record.ID([]byte(text[len(text)-len(record.ID{}):])))
	}
	return ids, nil
}

// answer is what one pair of workflow and status answered.
type answer struct {
	reply
	pair string
}

// pairs asks every pair of workflow and status that the filter allows, all at one moment.
func (s *Store) pairs(ctx context.Context, namespace string, f *store.Filter, what string, lo, hi record.ID, n int) ([]answer, error) {
	words := []string{namespace, what, string(lo[:]), string(hi[:]), strconv.Itoa(n), strconv.Itoa(len(f.Workflows))}
	words = append(append(words, f.Workflows...), f.Statuses...)
	got, err := s.ask(ctx, searchScript, words)
	if err != nil {
		return nil, err
	}
	var out []answer
	for ; len(got) > 1; got = got[2:] {
		out = append(out, answer{got[1], got[0].text()})
	}
	return out, nil
}

// heads reads the heads of ids in their order; those that are gone meanwhile are left out.
func (s *Store) heads(ctx context.Context, ids []record.ID) ([]record.Head, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var commands [][]string
	var of [][]int
	at := map[bucket]int{}
	for i, id := range ids {
		b := bucketOf(id)
		c, found := at[b]
		if !found {
			c = len(commands)
			at[b] = c
			commands = append(commands, []string{"HMGET", s.bucket(b).heads})
			of = append(of, nil)
		}
		commands[c] = append(commands[c], field(id))
		of[c] = append(of[c], i)
	}
	got, err := s.read(ctx, commands...)
	if err != nil {
		return nil, err
	}
	rows := make([]reply, len(ids))
	for c := range got {
		list := got[c].list()
		if len(list) != len(of[c]) {
			return nil, errReply
		}
		for j, i := range of[c] {
			rows[i] = list[j]
		}
	}
	out := make([]record.Head, 0, len(ids))
	for i := range rows {
		if rows[i].none() {
			continue
		}
		h, err := decodeHead(ids[i], rows[i].text())
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}
