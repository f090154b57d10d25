package storetest

import (
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var answerTests = []test{
	{"ReadAfterCommit", answerRead},
	{"I6_TakenAndAnsweredTogether", answerAtomic},
	{"TheLastOneCounts", answerTwice},
	{"OnlyOldOnesOfTheShardExpire", answerExpires},
	{"SurvivesARestart", answerRestart},
}

func answerTo(id record.ID, at int64, text string) record.Answer {
	return record.Answer{To: id, At: at, Body: append([]byte{record.CodecPlain}, text...)}
}

// answer commits answers in a part of shard s.
func (f *fixture) answer(s record.Shard, all ...record.Answer) {
	f.Helper()
	p := f.part(s)
	p.Answers = all
	f.commit(p)
}

// answers wants exactly these, in the order of the question.
func (f *fixture) answers(to []record.ID, want ...record.Answer) {
	f.Helper()
	got, err := f.Answers(f.ctx, to)
	f.must(err)
	byID := map[record.ID]record.Answer{}
	for _, a := range got {
		byID[a.To] = a
	}
	if len(byID) != len(want) || len(got) != len(want) {
		f.Fatalf("%d answers, want %d: %+v", len(got), len(want), got)
	}
	for _, a := range want {
		f.equal(byID[a.To], a)
	}
}

func answerRead(f *fixture) {
	a, b, unknown := answerTo(f.id(3), 10, "first"), answerTo(f.id(0), 11, ""), f.id(0)
	f.answers([]record.ID{a.To, b.To})
	f.answer(0, a, b)
	f.answers([]record.ID{unknown, a.To, b.To}, a, b)
	f.answers([]record.ID{b.To}, b)
	f.answers(nil)
}

func answerAtomic(f *fixture) {
	m := message(f.id(0), 0, f.id(0), 0)
	f.must(f.Send(f.ctx, []record.Message{m}))
	p := f.part(0)
	p.Takes = []record.MessageID{m.ID}
	p.Answers = []record.Answer{answerTo(m.ID.From, 5, "done")}
	f.commit(p)
	f.answers([]record.ID{m.ID.From}, p.Answers...)

	again := f.part(0)
	again.Takes = []record.MessageID{m.ID}
	again.Answers = []record.Answer{answerTo(m.ID.From, 6, "done twice"), answerTo(f.id(0), 6, "beside")}
	if o := f.send(f.batch(again)); o.Result != store.NotCommitted {
		f.Fatalf("a message was taken twice: %s", describe(o))
	}
	f.answers([]record.ID{m.ID.From, again.Answers[1].To}, p.Answers...)
}

func answerTwice(f *fixture) {
	id := f.id(0)
	f.answer(0, answerTo(id, 5, "one"), answerTo(id, 5, "two"))
	f.answers([]record.ID{id}, answerTo(id, 5, "two"))
	f.answer(0, answerTo(id, 7, "three"))
	f.answers([]record.ID{id}, answerTo(id, 7, "three"))
}

func answerExpires(f *fixture) {
	old, young, other := answerTo(f.id(0), 10, "old"), answerTo(f.id(0), 20, "young"), answerTo(f.id(0), 10, "of another shard")
	f.answer(0, old, young)
	f.answer(1, other)
	p := f.part(0)
	p.Expire = 20
	late := answerTo(f.id(0), 11, "as old, written with it")
	p.Answers = []record.Answer{late}
	f.commit(p)
	f.answers([]record.ID{old.To, young.To, other.To, late.To}, young, other, late)
}

func answerRestart(f *fixture) {
	a := answerTo(f.id(0), 10, "kept")
	f.answer(0, a)
	f.restart()
	f.answers([]record.ID{a.To}, a)
}
