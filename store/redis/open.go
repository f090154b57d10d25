package redis

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/pawl-dev/pawl/store"
)

// schema is the number of the layout. A store with a higher one was written by a newer program.
const schema = 1

// maxLanes is how many lanes are remembered whoever they belonged to.
const maxLanes = 1000

// patience bounds how long an open waits for a server that is reading its data back into memory.
const patience = time.Minute

var errCluster = errors.New("this is Redis Cluster, where a commit cannot be whole: it writes rows of several shards, " +
	"which lie on several nodes; use one server, with replicas if you like")

// Open implements [store.Opener].
func (c *config) Open(ctx context.Context) (store.Backend, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	option, prefix, err := c.parse()
	if err != nil {
		return nil, err
	}
	client, err := rueidis.NewClient(option)
	if err != nil {
		if client != nil {
			client.Close()
		}
		return nil, fmt.Errorf("open redis at %s: %w", option.InitAddress[0], classify(err))
	}
	s := &Store{names: names{prefix}, client: client, seen: &epochs{}}
	if err := s.prepare(ctx, c.restored); err != nil {
		client.Close()
		return nil, fmt.Errorf("open redis at %s: %w", option.InitAddress[0], err)
	}
	return s, nil
}

// parse reads the URL. What it says of passwords is in no error.
func (c *config) parse() (o rueidis.ClientOption, prefix string, err error) {
	u, err := url.Parse(c.url)
	if err != nil {
		return o, "", errors.New("open redis: the URL cannot be read; want redis://host:6379/0?prefix=NAME")
	}
	q := u.Query()
	for name := range q {
		switch name {
		case "prefix", "db", "dial_timeout", "write_timeout", "skip_verify", "client_name":
		case "addr", "master_set":
			return o, "", fmt.Errorf("open redis: %q in the URL: want one server, the primary", name)
		default:
			return o, "", fmt.Errorf("open redis: %q in the URL is nothing that this store knows", name)
		}
	}
	prefix = defaultPrefix
	if q.Has("prefix") {
		prefix = q.Get("prefix")
	}
	if c.prefix != "" {
		prefix = c.prefix
	}
	q.Del("prefix")
	if u.Path == "/" && u.Scheme != "unix" {
		u.Path = ""
	}
	u.RawQuery = q.Encode()
	if o, err = rueidis.ParseURL(u.String()); err != nil {
		return o, "", errors.New("open redis: " + strings.TrimPrefix(safe(err.Error(), u), "redis: "))
	}
	o.ForceSingleClient, o.DisableRetry, o.DisableCache = true, true, true
	return o, prefix, nil
}

// safe takes what a URL says of the user out of a text.
func safe(text string, u *url.URL) string {
	if u.User == nil {
		return text
	}
	if p, ok := u.User.Password(); ok && p != "" {
		text = strings.ReplaceAll(text, p, "***")
	}
	return text
}

// prepare looks at the server, then at the store on it.
func (s *Store) prepare(ctx context.Context, restored bool) error {
	if err := s.loaded(ctx); err != nil {
		return err
	}
	settings, err := readSettings(ctx, s.client)
	if err != nil {
		return err
	}
	if s.info, err = settings.check(); err != nil {
		return err
	}
	s.info.Schema = schema
	if err := s.create(ctx, restored); err != nil {
		return err
	}
	_, err = s.change(ctx, tidyScript, []string{strconv.Itoa(maxLanes)})
	return err
}

// loaded waits while the server reads its data.
func (s *Store) loaded(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := s.client.Do(ctx, s.client.B().Exists().Key(s.meta()).Build()).Error()
		var told *rueidis.RedisError
		if !errors.As(err, &told) || firstWord(told.Error()) != "LOADING" {
			return classify(err)
		}
		select {
		case <-ctx.Done():
			return classify(err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// create makes the store where there is none, and reads who it is.
func (s *Store) create(ctx context.Context, restored bool) error {
	var fresh [16]byte
	rand.Read(fresh[:])
	words := []string{s.prefix, drawn(fresh), strconv.Itoa(schema), strconv.Itoa(shards), strconv.FormatBool(restored)}
	for i := range shards {
		words = append(words, strconv.Itoa(i))
	}
	got, err := runOn(ctx, s.client, createScript, words)
	if err != nil {
		return classify(err)
	}
	if len(got) != 3 {
		return fmt.Errorf("%w: there are rows of a store under %q, but not what says which", store.ErrCorrupt, s.prefix)
	}
	if n := got[1].text(); n != strconv.Itoa(schema) {
		return fmt.Errorf("%w: layout %.20s, and this program knows %d", store.ErrNewer, n, schema)
	}
	if s.info.Shards, err = strconv.Atoi(got[2].text()); err != nil || s.info.Shards != shards {
		return fmt.Errorf("%w: %.20s shards", store.ErrCorrupt, got[2].text())
	}
	s.incarnation = got[0].text()
	if n, err := hex.Decode(s.info.Incarnation[:], []byte(s.incarnation)); err != nil || n != len(s.info.Incarnation) {
		return fmt.Errorf("%w: the incarnation", store.ErrCorrupt)
	}
	return nil
}
