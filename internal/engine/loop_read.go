package engine

import (
	"context"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// read runs one question and hands back the answer. While there is none for long, it says so.
func (l *Loop) read(r Request) {
	ctx, cancel := context.WithTimeout(l.ctx, l.opts.ReadTimeout)
	defer cancel()
	n := &nag{loop: l, question: r}
	switch r.(type) {
	case ReadClaims, Load, Due, Inbox, Keys, Journal, Define, Resolve:
		defer time.AfterFunc(l.opts.Machine.Patience, n.say).Stop()
	}
	e := Answer(ctx, l.backend, l.opts.Machine.Owner, r)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.over = true
	if e != nil {
		l.push(e)
	}
}

// nag says that a question has no answer yet, and never after that has come.
type nag struct {
	loop     *Loop
	question Request
	mu       sync.Mutex
	over     bool
}

func (n *nag) say() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.over && n.loop.push(Slow{n.question}) {
		time.AfterFunc(time.Second, n.say)
	}
}

// Answer asks the store what a Machine of the owner wants to know, or to claim, and gives the event that answers it;
// nil where the request is none of these.
func Answer(ctx context.Context, b store.Backend, owner record.Owner, r Request) Event {
	switch r := r.(type) {
	case ReadClaims:
		list, err := b.Claims(ctx)
		return ClaimsRead{list, err}
	case Claim:
		f, err := b.Claim(ctx, r.Shard, r.Seen, owner)
		return Claimed{r.Shard, f, err}
	case Release:
		return Released{r.Fences, b.Release(ctx, r.Fences)}
	case Beat:
		list, now, err := b.Beat(ctx, r.Beat)
		return Beaten{list, now, err}
	case Load:
		list, err := b.Load(ctx, r.Shard, r.IDs)
		return Loaded{r.Shard, r.Epoch, r.IDs, list, err}
	case Due:
		list, err := b.Due(ctx, r.Shard, r.Scan.After, r.Scan.Before, r.Scan.Limit)
		return DueFound{r.Shard, r.Epoch, r.Scan, list, err}
	case Inbox:
		list, err := b.Inbox(ctx, r.Shard, r.Limit)
		return MailFound{r.Shard, r.Epoch, r.Limit, list, err}
	case Keys:
		rows, err := b.Keys(ctx, r.Asked)
		return KeysFound{r.Shard, r.Epoch, r.Asked, rows, err}
	case Journal:
		list, err := b.Journal(ctx, r.Read.Execution, r.Read.From, r.Read.Limit)
		return JournalFound{r.Shard, r.Epoch, r.Read, list, err}
	case FindMail:
		list, err := b.Waiting(ctx)
		return MailWaits{list, err}
	case SendMail:
		return MailSent{r.Messages, b.Send(ctx, r.Messages)}
	case ReadAnswers:
		list, err := b.Answers(ctx, r.To)
		return AnswersRead{list, err}
	case Define:
		return define(ctx, b, r.Ref)
	case Resolve:
		return resolve(ctx, b, r.Ref)
	}
	return nil
}
