package redis

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// loadAtOnce bounds the executions that one script loads, and pageOfJournal the entries that one reads: the server does
// nothing else meanwhile.
const (
	loadAtOnce    = 50
	pageOfJournal = 2000
)

// read runs commands that read, all of one moment.
func (s *Store) read(ctx context.Context, commands ...[]string) ([]reply, error) {
	var words []string
	for _, c := range commands {
		words = append(append(words, strconv.Itoa(len(c))), c...)
	}
	got, err := s.ask(ctx, readScript, words)
	if err == nil && len(got) != len(commands) {
		err = errReply
	}
	return got, err
}

// Load implements [store.Store].
func (s *Store) Load(ctx context.Context, sh record.Shard, ids []record.ID) (out []store.Loaded, err error) {
	if len(ids) == 0 {
		return nil, s.present(ctx)
	}
	for len(ids) > 0 {
		n := min(len(ids), loadAtOnce)
		if out, err = s.load(ctx, sh, ids[:n], true, out); err != nil {
			return nil, err
		}
		ids = ids[n:]
	}
	return out, nil
}

// present answers for calls that have nothing to ask.
func (s *Store) present(ctx context.Context) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	leave()
	return nil
}

func (s *Store) load(ctx context.Context, sh record.Shard, ids []record.ID, snapshots bool, out []store.Loaded) ([]store.Loaded, error) {
	words := []string{strconv.FormatBool(snapshots)}
	var mine []record.ID
	for _, id := range ids {
		if id.Shard(s.info.Shards) == sh {
			n := s.bucket(bucketOf(id))
			words = append(words, n.journal, n.last, n.trimmed, n.heads, n.snapshots, field(id))
			mine = append(mine, id)
		}
	}
	got, err := s.ask(ctx, loadScript, words)
	if err != nil {
		return nil, err
	}
	if len(got) != len(mine) {
		return nil, errReply
	}
	for i, id := range mine {
		l, found, usable, err := loaded(id, got[i].list())
		switch {
		case err != nil:
			return nil, err
		case found && !usable: // from entry 1 then
			if out, err = s.load(ctx, sh, []record.ID{id}, false, out); err != nil {
				return nil, err
			}
		case found:
			out = append(out, l)
		}
	}
	return out, nil
}

// loaded reads one execution. It is not usable where its snapshot is damaged.
func loaded(id record.ID, row []reply) (l store.Loaded, found, usable bool, err error) {
	if len(row) == 0 {
		return l, false, false, nil
	}
	if len(row) < 3 {
		return l, false, false, errReply
	}
	if l.Head, err = decodeHead(id, row[0].text()); err != nil {
		return l, false, false, err
	}
	if text := row[1].text(); text != "" {
		n := record.Snapshot{Execution: id, Seq: parseU64(text)}
		if len(text) < 12 {
			return l, true, false, nil
		}
		n.Sum, n.Body = binary.BigEndian.Uint32([]byte(text[8:12])), []byte(text[12:])
		if record.Checksum(n.Body) != n.Sum {
			return l, true, false, nil
		}
		l.Snapshot = &n
	}
	l.Entries, err = entries(id, row[2].text(), row[3:])
	return l, true, true, err
}

// entries reads rows of a journal, of which the first has the number given as text.
func entries(id record.ID, first string, rows []reply) ([]record.Entry, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	seq, err := strconv.ParseUint(first, 10, 64)
	if err != nil {
		return nil, errReply
	}
	out := make([]record.Entry, len(rows))
	for i := range rows {
		text := rows[i].text()
		if len(text) < 12 {
			return nil, fmt.Errorf("%w: entry %d of %s is not there", store.ErrCorrupt, seq+uint64(i), id)
		}
		head := []byte(text[:12])
		out[i] = record.Entry{
			Execution: id, Seq: seq + uint64(i), At: int64(binary.BigEndian.Uint64(head)),
			Sum: binary.BigEndian.Uint32(head[8:]), Body: []byte(text[12:]),
		}
	}
	return out, nil
}

// Journal implements [store.Store]. Long journals are read in pieces.
func (s *Store) Journal(ctx context.Context, id record.ID, from uint64, limit int) (out []record.Entry, err error) {
	if limit <= 0 || from > 1<<53 {
		return nil, s.present(ctx)
	}
	n := s.bucket(bucketOf(id))
	for len(out) < limit {
		size := min(limit-len(out), pageOfJournal)
		got, err := s.ask(ctx, journalScript, []string{n.journal, n.last, n.trimmed, field(id), u64(from), strconv.Itoa(size)})
		if err != nil {
			return nil, err
		}
		if len(got) != 2 {
			return out, nil
		}
		some, err := entries(id, got[0].text(), got[1].list())
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
		if len(some) < size {
			return out, nil
		}
		from = some[len(some)-1].Seq + 1
	}
	return out, nil
}

// Due implements [store.Store].
func (s *Store) Due(ctx context.Context, sh record.Shard, after record.Due, before int64, limit int) ([]record.Due, error) {
	if limit <= 0 || int(sh) >= s.info.Shards {
		return nil, s.present(ctx)
	}
	shard := shardBytes(sh)
	got, err := s.read(ctx, []string{"ZRANGE", s.due(), "(" + shard + timeBytes(after.At) + string(after.Execution[:]),
		"(" + shard + timeBytes(before), "BYLEX", "LIMIT", "0", strconv.Itoa(limit)})
	if err != nil {
		return nil, err
	}
	var out []record.Due
	for _, r := range got[0].list() {
		member := r.text()
		if len(member) != 26 {
			return nil, errReply
		}
		out = append(out, record.Due{At: parseTime(member[2:]), Execution: record.ID([]byte(member[10:]))})
	}
	return out, nil
}

// Keys implements [store.Store].
func (s *Store) Keys(ctx context.Context, k []record.Key) ([]record.KeyRow, error) {
	if len(k) == 0 {
		return nil, s.present(ctx)
	}
	var commands [][]string
	for from := 0; from < len(k); from += maxWords {
		words := []string{"MGET"}
		for _, key := range k[from:min(from+maxWords, len(k))] {
			words = append(words, s.key(key))
		}
		commands = append(commands, words)
	}
	got, err := s.read(ctx, commands...)
	if err != nil {
		return nil, err
	}
	var out []record.KeyRow
	for i, rows := range got {
		for j, r := range rows.list() {
			if r.none() {
				continue
			}
			row := record.KeyRow{Key: k[i*maxWords+j]}
			text := r.text()
			if len(text) != 32 {
				return nil, fmt.Errorf("%w: a key", store.ErrCorrupt)
			}
			row.Execution, row.Digest, row.ClosedAt = record.ID([]byte(text[:16])), parseU64(text[16:]), int64(parseU64(text[24:]))
			out = append(out, row)
		}
	}
	return out, nil
}

// Answers implements [store.Store].
func (s *Store) Answers(ctx context.Context, to []record.ID) ([]record.Answer, error) {
	if len(to) == 0 {
		return nil, s.present(ctx)
	}
	var commands [][]string
	for from := 0; from < len(to); from += maxWords {
		words := []string{"HMGET", s.names.answers()}
		for _, id := range to[from:min(from+maxWords, len(to))] {
			words = append(words, string(id[:]))
		}
		commands = append(commands, words)
	}
	got, err := s.read(ctx, commands...)
	if err != nil {
		return nil, err
	}
	var out []record.Answer
	for i, rows := range got {
		for j, r := range rows.list() {
			text := r.text()
			if len(text) < 10 {
				continue
			}
			out = append(out, record.Answer{To: to[i*maxWords+j], At: parseTime(text[2:]), Body: []byte(text[10:])})
		}
	}
	return out, nil
}
