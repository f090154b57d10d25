package engine

import "context"

// read runs one question and hands back the answer.
func (l *Loop) read(r Request) {
	ctx, cancel := context.WithTimeout(l.ctx, l.opts.ReadTimeout)
	defer cancel()
	b := l.backend
	switch r := r.(type) {
	case ReadClaims:
		list, err := b.Claims(ctx)
		l.push(ClaimsRead{list, err})
	case Claim:
		f, err := b.Claim(ctx, r.Shard, r.Seen, l.opts.Machine.Owner)
		l.push(Claimed{r.Shard, f, err})
	case Release:
		l.push(Released{r.Fences, b.Release(ctx, r.Fences)})
	case Beat:
		list, now, err := b.Beat(ctx, r.Beat)
		l.push(Beaten{list, now, err})
	case Load:
		list, err := b.Load(ctx, r.Shard, r.IDs)
		l.push(Loaded{r.Shard, r.Epoch, r.IDs, list, err})
	case Due:
		list, err := b.Due(ctx, r.Shard, r.Scan.After, r.Scan.Before, r.Scan.Limit)
		l.push(DueFound{r.Shard, r.Epoch, r.Scan, list, err})
	case Inbox:
		list, err := b.Inbox(ctx, r.Shard, r.Limit)
		l.push(MailFound{r.Shard, r.Epoch, r.Limit, list, err})
	case Keys:
		rows, err := b.Keys(ctx, r.Asked)
		l.push(KeysFound{r.Shard, r.Epoch, r.Asked, rows, err})
	case Journal:
		list, err := b.Journal(ctx, r.Read.Execution, r.Read.From, r.Read.Limit)
		l.push(JournalFound{r.Shard, r.Epoch, r.Read, list, err})
	case Define:
		l.push(define(ctx, b, r.Ref))
	}
}
