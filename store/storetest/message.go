package storetest

import (
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/record"
)

var messageTests = []test{
	{"F38_I12_SendIsIdempotent", sendRepeat},
	{"F38_I12_SentWithThePart", sendPart},
	{"SendToNoShard", sendNowhere},
	{"F38_I12_TakeMustExist", takeMissing},
	{"I12_TakenIsGone", takeGone},
	{"TakeIsOfTheShard", takeForeign},
	{"I12_OrderPerSender", inboxOrder},
	{"F45_FairOverNamespaces", inboxFair},
	{"InboxIsOfTheShard", inboxShards},
	{"ShardsThatWait", inboxWaiting},
}

// message is a message to one execution in shard s.
func message(from record.ID, s record.Shard, to record.ID, seq uint64) record.Message {
	return record.Message{
		ID: record.MessageID{From: from, Seq: seq, N: uint32(seq % 3)}, Shard: s, Namespace: "default", To: to,
		At: 500 + int64(seq), Body: fmt.Appendf(nil, "\x00\xff from %s/%d", from, seq),
	}
}

func (f *fixture) inbox(s record.Shard, limit int) []record.Message {
	f.Helper()
	got, err := f.Inbox(f.ctx, s, limit)
	f.must(err)
	return got
}

func sendRepeat(f *fixture) {
	a, b := message(f.id(0), 2, f.id(2), 0), message(f.id(0), 2, f.id(2), 0)
	f.must(f.Send(f.ctx, []record.Message{a, b, a}))
	other := a
	other.Body = []byte("another body, the same message")
	f.must(f.Send(f.ctx, []record.Message{other, b}))
	f.restart()
	f.equal(f.inbox(2, 10), []record.Message{a, b})
	f.must(f.Send(f.ctx, nil))
}

func sendPart(f *fixture) {
	from := f.start(0, 1, nil).Execution
	a, b := message(from, 1, f.id(1), 2), message(from, 0, f.id(0), 3)
	p := f.part(0)
	p.Entries = entries(from, 2, 2)
	p.Sends = []record.Message{a, b, a}
	f.commit(p)
	f.equal(f.inbox(1, 10), []record.Message{a})
	f.equal(f.inbox(0, 10), []record.Message{b})
	again := f.part(0)
	again.Sends = []record.Message{a} // a repeat is no reason to fail
	f.commit(again)
	f.equal(f.inbox(1, 10), []record.Message{a})
}

func sendNowhere(f *fixture) {
	lost := message(f.start(0, 1, nil).Execution, record.Shard(f.Info().Shards), f.id(0), 2)
	ok := message(f.id(0), 1, f.id(1), 0)
	if err := f.Send(f.ctx, []record.Message{ok, lost}); err == nil {
		f.Fatal("a message to no shard was accepted")
	}
	f.equal(f.inbox(1, 10), nil)
	p := f.part(0)
	p.Sends = []record.Message{lost}
	f.rejected([]record.ID{lost.ID.From}, p)
}

func takeMissing(f *fixture) {
	h := f.start(0, 1, nil)
	m := message(f.id(0), 0, h.Execution, 0)
	p := f.part(0)
	p.Entries = entries(h.Execution, 2, 2)
	p.Takes = []record.MessageID{m.ID}
	f.rejected([]record.ID{h.Execution}, p)
	f.length(h.Execution, 1)
	f.must(f.Send(f.ctx, []record.Message{m}))
	for _, near := range []record.MessageID{
		{From: m.ID.From, Seq: m.ID.Seq + 1, N: m.ID.N}, {From: m.ID.From, Seq: m.ID.Seq, N: m.ID.N + 1}, {From: h.Execution},
	} {
		p.Takes[0] = near
		f.rejected([]record.ID{h.Execution}, p)
	}
	p.Takes = []record.MessageID{m.ID, m.ID}
	f.rejected([]record.ID{h.Execution}, p)
	f.equal(f.inbox(0, 10), []record.Message{m})
	p.Takes = p.Takes[:1]
	f.commit(p)
	f.length(h.Execution, 2)
}

func takeGone(f *fixture) {
	h := f.start(0, 1, nil)
	a, b := message(f.id(0), 0, h.Execution, 0), message(f.id(0), 0, h.Execution, 0)
	f.must(f.Send(f.ctx, []record.Message{a, b}))
	p := f.part(0)
	p.Takes = []record.MessageID{a.ID}
	f.commit(p)
	f.restart()
	f.equal(f.inbox(0, 10), []record.Message{b})
	// With several executions in the part a store may be unable to say whose message is missing.
	p.Entries = append(entries(h.Execution, 2, 2), entry(f.start(0, 1, nil).Execution, 2))
	f.rejected([]record.ID{{}}, p)
	p.Entries = append(p.Entries, entry(h.Execution, 3))
	f.rejected([]record.ID{{}}, p)
	f.equal(f.inbox(0, 10), []record.Message{b})
}

func takeForeign(f *fixture) {
	h := f.start(0, 1, nil)
	m := message(f.id(0), 1, h.Execution, 0)
	f.must(f.Send(f.ctx, []record.Message{m}))
	p := f.part(0)
	p.Entries = entries(h.Execution, 2, 2)
	p.Takes = []record.MessageID{m.ID}
	f.rejected([]record.ID{h.Execution}, p)
	f.equal(f.inbox(1, 10), []record.Message{m})
}

func inboxOrder(f *fixture) {
	senders := []record.ID{f.id(3), f.id(1), f.id(2)}
	for seq := range uint64(20) {
		for _, from := range senders {
			f.must(f.Send(f.ctx, []record.Message{message(from, 0, f.id(0), seq)}))
		}
	}
	var got []record.Message
	for range 10 { // drained in rounds
		some := f.inbox(0, 7)
		p := f.part(0)
		for _, m := range some {
			p.Takes = append(p.Takes, m.ID)
		}
		f.commit(p)
		got = append(got, some...)
	}
	if len(got) != 60 {
		f.Fatalf("%d messages", len(got))
	}
	next := map[record.ID]uint64{}
	for _, m := range got {
		if m.ID.Seq != next[m.ID.From] {
			f.Fatalf("%s: message %d before %d", m.ID.From, m.ID.Seq, next[m.ID.From])
		}
		next[m.ID.From]++
	}
}

func inboxFair(f *fixture) {
	in := func(namespace string, n int) (out []record.Message) {
		for range n {
			m := message(f.id(0), 0, f.id(0), 0)
			m.Namespace = namespace
			out = append(out, m)
		}
		return out
	}
	f.must(f.Send(f.ctx, slices.Concat(in("loud", 50), in("quiet", 3), in("small", 1))))
	count := map[string]int{}
	for _, m := range f.inbox(0, 12) {
		count[m.Namespace]++
	}
	f.equal(count, map[string]int{"loud": 8, "quiet": 3, "small": 1})
	clear(count)
	for _, m := range f.inbox(0, 6) {
		count[m.Namespace]++
	}
	if count["small"] != 1 || count["quiet"] < 2 || len(f.inbox(0, 1000)) != 54 || len(f.inbox(0, 0)) != 0 {
		f.Fatalf("6 messages are %v", count)
	}
	// More namespaces than room: none of them waits for ever behind a name.
	for i := range 5 {
		f.must(f.Send(f.ctx, in(fmt.Sprintf("a%d", i), 1)))
	}
	if got := f.inbox(0, 1); len(got) != 1 || got[0].Namespace != "loud" {
		f.Fatalf("the namespace that waits longest comes first, got %+v", got)
	}
}

func inboxShards(f *fixture) {
	a, b := message(f.id(0), 0, f.id(0), 0), message(f.id(0), 1, f.id(1), 0)
	f.must(f.Send(f.ctx, []record.Message{a, b}))
	f.equal(f.inbox(0, 10), []record.Message{a})
	f.equal(f.inbox(1, 10), []record.Message{b})
	f.equal(f.inbox(2, 10), nil)
}

func inboxWaiting(f *fixture) {
	waiting := func(want ...record.Shard) {
		f.Helper()
		got, err := f.Waiting(f.ctx)
		f.must(err)
		f.equal(got, want)
	}
	waiting()
	last := record.Shard(f.Info().Shards - 1)
	var sent []record.Message
	for i, s := range []record.Shard{2, last, 0, 2} {
		sent = append(sent, message(f.id(0), s, f.id(s), uint64(i)))
	}
	f.must(f.Send(f.ctx, sent))
	waiting(0, 2, last)
	for _, m := range sent[:2] {
		p := f.part(m.Shard)
		p.Takes = []record.MessageID{m.ID}
		f.commit(p)
	}
	waiting(0, 2)
}
