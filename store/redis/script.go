package redis

import (
	"context"
	"crypto/sha1"
	_ "embed"
	"encoding/hex"
	"errors"

	"github.com/redis/rueidis"
)

// script is one program that the server runs as a whole. Its name at the server is the sum of its text.
type script struct{ text, sum string }

func newScript(text string) *script {
	sum := sha1.Sum([]byte(text))
	return &script{text, hex.EncodeToString(sum[:])}
}

// The programs, each in a file with a word on its arguments.
var (
	//go:embed scripts/commit.lua
	commitText string
	//go:embed scripts/read.lua
	readText string
	//go:embed scripts/load.lua
	loadText string
	//go:embed scripts/journal.lua
	journalText string
	//go:embed scripts/create.lua
	createText string
	//go:embed scripts/tidy.lua
	tidyText string
	//go:embed scripts/send.lua
	sendText string
	//go:embed scripts/claim.lua
	claimText string
	//go:embed scripts/release.lua
	releaseText string
	//go:embed scripts/beat.lua
	beatText string
	//go:embed scripts/define.lua
	defineText string
	//go:embed scripts/blob.lua
	blobText string
	//go:embed scripts/drop.lua
	dropText string
	//go:embed scripts/datakey.lua
	dataKeyText string
	//go:embed scripts/inbox.lua
	inboxText string
	//go:embed scripts/waiting.lua
	waitingText string
	//go:embed scripts/search.lua
	searchText string

	commitScript  = newScript(commitText)
	readScript    = newScript(readText)
	loadScript    = newScript(loadText)
	journalScript = newScript(journalText)
	createScript  = newScript(createText)
	tidyScript    = newScript(tidyText)
	sendScript    = newScript(sendText)
	claimScript   = newScript(claimText)
	releaseScript = newScript(releaseText)
	beatScript    = newScript(beatText)
	defineScript  = newScript(defineText)
	blobScript    = newScript(blobText)
	dropScript    = newScript(dropText)
	dataKeyScript = newScript(dataKeyText)
	inboxScript   = newScript(inboxText)
	waitingScript = newScript(waitingText)
	searchScript  = newScript(searchText)
)

// reply is one value of an answer.
type reply struct{ rueidis.RedisMessage }

// text is the value as text; "" where it is none.
func (r reply) text() string {
	s, err := r.ToString()
	if err != nil {
		return ""
	}
	return s
}

// number is the value as a number; 0 where it is none.
func (r reply) number() int64 {
	n, err := r.AsInt64()
	if err != nil {
		return 0
	}
	return n
}

// none reports that nothing was there.
func (r reply) none() bool { return r.IsNil() }

// list is the value as a list; nil where it is none.
func (r reply) list() []reply {
	all, err := r.ToArray()
	if err != nil {
		return nil
	}
	out := make([]reply, len(all))
	for i := range all {
		out[i] = reply{all[i]}
	}
	return out
}

// run runs a script once. A server that does not know it has not run it, and is given it first.
func (s *Store) run(ctx context.Context, what *script, words []string) ([]reply, error) {
	return runOn(ctx, s.client, what, words)
}

func runOn(ctx context.Context, client rueidis.Client, what *script, words []string) ([]reply, error) {
	got, err := try(ctx, client, what, words)
	var told *rueidis.RedisError
	if !errors.As(err, &told) || !told.IsNoScript() {
		return got, err
	}
	if err := client.Do(ctx, client.B().ScriptLoad().Script(what.text).Build()).Error(); err != nil {
		return nil, notSent{err}
	}
	return try(ctx, client, what, words)
}

func try(ctx context.Context, client rueidis.Client, what *script, words []string) ([]reply, error) {
	all, err := client.Do(ctx, client.B().Arbitrary("EVALSHA", what.sum, "0").Args(words...).Build()).ToArray()
	if err != nil {
		return nil, err
	}
	out := make([]reply, len(all))
	for i := range all {
		out[i] = reply{all[i]}
	}
	return out, nil
}

// ask runs a script that writes nothing, a second time where the connection broke.
func (s *Store) ask(ctx context.Context, what *script, words []string) ([]reply, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	got, err := s.run(ctx, what, s.words(words))
	if lost(err) && ctx.Err() == nil {
		got, err = s.run(ctx, what, s.words(words))
	}
	return s.answered(got, err)
}

// change runs a script that writes and that is harmless to run twice by whoever called; it is run once here.
func (s *Store) change(ctx context.Context, what *script, words []string) ([]reply, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return s.answered(s.run(ctx, what, s.words(words)))
}

// words puts what every script is told before its own words.
func (s *Store) words(words []string) []string {
	return append([]string{s.names.prefix, s.incarnation}, words...)
}

// answered turns an answer into its values, without the word that all went well.
func (s *Store) answered(got []reply, err error) ([]reply, error) {
	switch {
	case err != nil:
		return nil, classify(err)
	case len(got) == 0:
		return nil, errReply
	}
	switch got[0].text() {
	case "ok":
		return got[1:], nil
	case "back":
		return nil, errIncarnation
	}
	return got, nil
}
