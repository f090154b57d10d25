package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// connect makes the pools. Nothing is sent before they are used.
func (c *config) connect(ctx context.Context) (*pools, error) {
	rest, err := c.settings()
	if err != nil {
		return nil, err
	}
	base, err := pgxpool.ParseConfig(rest)
	if err != nil {
		return nil, err // without the password: pgx leaves it out
	}
	if base.ConnConfig.RuntimeParams["application_name"] == "" {
		base.ConnConfig.RuntimeParams["application_name"] = "pawl"
	}
	dialer := &net.Dialer{KeepAlive: 15 * time.Second, Control: userTimeout(c.user)}
	base.ConnConfig.DialFunc = dialer.DialContext
	if base.ConnConfig.ConnectTimeout == 0 {
		base.ConnConfig.ConnectTimeout = 10 * time.Second
	}
	base.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	if c.pooler {
		base.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	} else {
		for name, value := range c.session() {
			base.ConnConfig.RuntimeParams[name] = value
		}
	}
	base.MaxConnIdleTime = 5 * time.Minute
	base.MaxConnLifetime = 0
	p := &pools{}
	if p.others, err = pgxpool.NewWithConfig(ctx, sized(base, c.conns)); err != nil {
		return nil, err
	}
	commits := sized(base, c.lanes)
	if !c.pooler {
		for name, value := range plans {
			commits.ConnConfig.RuntimeParams[name] = value
		}
	}
	if p.commits, err = pgxpool.NewWithConfig(ctx, commits); err != nil {
		p.others.Close()
		return nil, err
	}
	p.querier = querier{p.others, c.translator()}
	return p, nil
}

func sized(base *pgxpool.Config, conns int) *pgxpool.Config {
	c := base.Copy()
	c.MaxConns, c.MinConns = int32(conns), 0
	return c
}

// session is what every session of ours is set to, so that none that stalls holds a fence for long.
func (c *config) session() map[string]string {
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	all := map[string]string{
		"lock_timeout":                        ms(c.lock),
		"statement_timeout":                   ms(c.statement),
		"idle_in_transaction_session_timeout": ms(c.idle),
		"tcp_user_timeout":                    ms(c.user),
		"default_transaction_isolation":       "read committed",
		"default_transaction_read_only":       "off",
		"default_transaction_deferrable":      "off",
		"standard_conforming_strings":         "on",
		"jit":                                 "off",
		"TimeZone":                            "UTC",
	}
	if c.flush {
		all["synchronous_commit"] = "on"
	}
	return all
}

// plans are settings of the connections that commit: every statement there finds its rows one by one through a primary
// key, so its plan is made once and must not change with what the statistics say of a table that is new or has grown.
var plans = map[string]string{
	"plan_cache_mode":  "force_generic_plan",
	"enable_hashjoin":  "off",
	"enable_mergejoin": "off",
	"enable_seqscan":   "off",
	"enable_material":  "off",
}

// settings takes our own settings out of the URL and returns the rest.
func (c *config) settings() (string, error) {
	u, err := url.Parse(c.url)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", errors.New("want a URL of the form postgres://user:password@host:port/database") // may hold a password
	}
	q := u.Query()
	own := func(name string, set func(value string) error) {
		if value := q.Get(name); value != "" && err == nil {
			if failed := set(value); failed != nil {
				err = fmt.Errorf("%s=%s: %w", name, value, failed)
			}
		}
		q.Del(name)
	}
	own("schema", func(v string) error { c.schema = v; return nil })
	own("pooler", func(v string) error {
		if v != "transaction" {
			return errors.New("want transaction")
		}
		c.pooler = true
		return nil
	})
	own("connections", func(v string) (err error) {
		n, err := strconv.Atoi(v)
		c.conns = max(n, 2)
		return err
	})
	for name, to := range map[string]*time.Duration{
		"lock_timeout": &c.lock, "statement_timeout": &c.statement,
		"idle_in_transaction_session_timeout": &c.idle, "tcp_user_timeout": &c.user,
	} {
		own(name, func(v string) (err error) { *to, err = time.ParseDuration(v); return err })
	}
	if err != nil {
		return "", err
	}
	if c.schema == "" {
		c.schema = defaultSchema
	}
	if len(c.schema) > 63 || strings.ContainsRune(c.schema, 0) {
		return "", errors.New("the name of a schema has at most 63 bytes")
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// quote makes an identifier.
func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
