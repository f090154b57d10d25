package redis

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/pawl-dev/pawl/store"
)

// A data key is a row of kw (what wraps it), kv (wrapped) and kn (time and namespace); ki has all ids in order, ks those
// of a namespace.

// AddDataKey implements [store.DataKeys].
func (s *Store) AddDataKey(ctx context.Context, k store.DataKey) error {
	return s.dataKey(ctx, k.ID, "add", k.KEK, string(k.Wrapped), u64(uint64(k.At))+k.Namespace)
}

// RewrapDataKey implements [store.DataKeys].
func (s *Store) RewrapDataKey(ctx context.Context, id uint64, from, kek string, wrapped []byte) error {
	return s.dataKey(ctx, id, "rewrap", from, kek, string(wrapped))
}

func (s *Store) dataKey(ctx context.Context, id uint64, verb string, more ...string) error {
	got, err := s.change(ctx, dataKeyScript, append([]string{verb, u64(id)}, more...))
	if err != nil {
		return err
	}
	if len(got) != 1 {
		return errReply
	}
	switch got[0].text() {
	case "done":
		return nil
	case "exists":
		return fmt.Errorf("data key %d: %w", id, store.ErrExists)
	case "missing":
		return fmt.Errorf("data key %d: %w", id, store.ErrNotFound)
	case "moved":
		return fmt.Errorf("data key %d: %w", id, store.ErrRewrapped)
	}
	return errReply
}

// DataKey implements [store.DataKeys].
func (s *Store) DataKey(ctx context.Context, id uint64) (store.DataKey, error) {
	all, err := s.dataKeys(ctx, []string{u64(id)})
	if err != nil {
		return store.DataKey{}, err
	}
	if len(all) == 0 {
		return store.DataKey{}, fmt.Errorf("data key %d: %w", id, store.ErrNotFound)
	}
	return all[0], nil
}

// DataKeys implements [store.DataKeys].
func (s *Store) DataKeys(ctx context.Context, namespace string) ([]store.DataKey, error) {
	out, err := s.dataKeysOf(ctx, "SMEMBERS", s.prefix+"ks:"+namespace)
	slices.SortFunc(out, func(a, b store.DataKey) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID)) })
	return out, err
}

// ListDataKeys implements [store.DataKeys].
func (s *Store) ListDataKeys(ctx context.Context, after uint64, limit int) ([]store.DataKey, error) {
	if limit <= 0 {
		return nil, s.present(ctx)
	}
	return s.dataKeysOf(ctx, "ZRANGE", s.prefix+"ki", "("+u64(after), "+", "BYLEX", "LIMIT", "0", strconv.Itoa(limit))
}

// dataKeysOf reads the keys of which a command gives the ids.
func (s *Store) dataKeysOf(ctx context.Context, command ...string) ([]store.DataKey, error) {
	got, err := s.read(ctx, command)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range got[0].list() {
		ids = append(ids, r.text())
	}
	return s.dataKeys(ctx, ids)
}

// dataKeys reads the keys of these ids in their order; keys stay for ever, so it need not be of one moment with them.
func (s *Store) dataKeys(ctx context.Context, ids []string) (out []store.DataKey, err error) {
	for from := 0; from < len(ids); from += maxWords {
		some := ids[from:min(from+maxWords, len(ids))]
		var commands [][]string
		for _, hash := range []string{"kw", "kv", "kn"} {
			commands = append(commands, append([]string{"HMGET", s.prefix + hash}, some...))
		}
		got, err := s.read(ctx, commands...)
		if err != nil {
			return nil, err
		}
		kek, wrapped, of := got[0].list(), got[1].list(), got[2].list()
		if len(kek) != len(some) || len(wrapped) != len(some) || len(of) != len(some) {
			return nil, errReply
		}
		for i := range some {
			if text := of[i].text(); len(text) >= 8 {
				out = append(out, store.DataKey{
					ID: parseU64(some[i]), Namespace: text[8:], KEK: kek[i].text(), Wrapped: []byte(wrapped[i].text()), At: int64(parseU64(text)),
				})
			}
		}
	}
	return out, nil
}
