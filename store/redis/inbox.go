package redis

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/pawl-dev/pawl/record"
)

// Send implements [store.Store].
func (s *Store) Send(ctx context.Context, all []record.Message) error {
	m := &message{}
	for i := range all {
		if reason := unsendable(&all[i], s.info.Shards); reason != "" {
			return fmt.Errorf("message %d: %s", i, reason)
		}
		m.add(shardName(all[i].Shard), messageField(all[i].ID), all[i].Namespace, m.mail(&all[i]))
	}
	if len(all) == 0 {
		return s.present(ctx)
	}
	_, err := s.change(ctx, sendScript, m.words)
	return err
}

// mail is the value of a message: to whom, when, body.
func (m *message) mail(s *record.Message) string {
	from := len(m.arena)
	m.arena = append(m.arena, s.To[:]...)
	m.arena = binary.BigEndian.AppendUint64(m.arena, uint64(s.At))
	m.arena = append(m.arena, s.Body...)
	return m.cut(from)
}

// Inbox implements [store.Store].
func (s *Store) Inbox(ctx context.Context, sh record.Shard, limit int) ([]record.Message, error) {
	if limit <= 0 || int(sh) >= s.info.Shards {
		return nil, s.present(ctx)
	}
	got, err := s.ask(ctx, inboxScript, []string{shardName(sh), strconv.Itoa(limit)})
	if err != nil {
		return nil, err
	}
	var out []record.Message
	for i := 0; i+2 < len(got); i += 3 {
		id, ok := parseMessageField(got[i+1].text())
		text := got[i+2].text()
		if !ok || len(text) < 24 {
			return nil, errReply
		}
		out = append(out, record.Message{
			ID: id, Shard: sh, Namespace: got[i].text(), To: record.ID([]byte(text[:16])),
			At: int64(parseU64(text[16:])), Body: []byte(text[24:]),
		})
	}
	return out, nil
}

// Waiting implements [store.Store].
func (s *Store) Waiting(ctx context.Context) ([]record.Shard, error) {
	got, err := s.ask(ctx, waitingScript, []string{strconv.Itoa(s.info.Shards)})
	if err != nil {
		return nil, err
	}
	var out []record.Shard
	for _, r := range got {
		n, err := strconv.Atoi(r.text())
		if err != nil {
			return nil, errReply
		}
		out = append(out, record.Shard(n))
	}
	return out, nil
}
