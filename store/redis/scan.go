package redis

import (
	"bytes"
	"context"
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Namespaces implements [store.Scanning].
func (s *Store) Namespaces(ctx context.Context) (out []string, err error) {
	got, err := s.read(ctx, []string{"SUNION", s.prefix + "namespaces", s.prefix + "vn"})
	if err != nil {
		return nil, err
	}
	for _, r := range got[0].list() {
		out = append(out, r.text())
	}
	slices.Sort(out)
	return out, nil
}

// Executions implements [store.Scanning]. The rows of a bucket are in no order, so each page reads whole buckets: the
// executions of 65 seconds each.
func (s *Store) Executions(ctx context.Context, sh record.Shard, after record.ID, limit int) (out []record.ID, err error) {
	if limit <= 0 {
		return nil, s.present(ctx)
	}
	first := bucketOf(after)
	from := "[" + string(first[:])
	for len(out) < limit {
		got, err := s.read(ctx, []string{"ZRANGE", s.prefix + "buckets", from, "+", "BYLEX", "LIMIT", "0", "1"})
		if err != nil {
			return nil, err
		}
		next := got[0].list()
		if len(next) == 0 {
			return out, nil
		}
		name := next[0].text()
		if len(name) != len(bucket{}) {
			return nil, errReply
		}
		some, err := s.idsOf(ctx, bucket([]byte(name)), sh, after)
		if err != nil {
			return nil, err
		}
		out = append(out, some[:min(len(some), limit-len(out))]...)
		from = "(" + name
	}
	return out, nil
}

// idsOf are the executions of a bucket and a shard behind after, in order.
func (s *Store) idsOf(ctx context.Context, b bucket, sh record.Shard, after record.ID) (out []record.ID, err error) {
	got, err := s.read(ctx, []string{"HKEYS", s.bucket(b).last})
	if err != nil {
		return nil, err
	}
	for _, r := range got[0].list() {
		var id record.ID
		copy(id[:], b[:])
		if copy(id[len(b):], r.text()) != len(id)-len(b) {
			return nil, errReply
		}
		if bytes.Compare(id[:], after[:]) > 0 && (sh == store.EveryShard || id.Shard(s.info.Shards) == sh) {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, func(a, b record.ID) int { return bytes.Compare(a[:], b[:]) })
	return out, nil
}
