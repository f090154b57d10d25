package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	p := &pools{searches: &pools{}}
	for _, pool := range []struct {
		is    **pgxpool.Pool
		conns int
		plans []map[string]string
	}{
		{&p.commits, c.lanes, []map[string]string{byKey, planOnce}}, {&p.others, c.conns, []map[string]string{byKey}}, {&p.searches.others, searching, nil},
	} {
		own := base.Copy()
		own.MaxConns, own.MinConns = int32(pool.conns), 0
		if !c.pooler {
			for _, plan := range pool.plans {
				maps.Copy(own.ConnConfig.RuntimeParams, plan)
			}
		}
		if *pool.is, err = pgxpool.NewWithConfig(ctx, own); err != nil {
			return nil, err // only of a configuration that is wrong in itself: nothing is connected
		}
	}
	p.searches.querier = querier{p.searches.others, c.translator()}
	p.querier = querier{p.others, c.translator()}
	return p, nil
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

// byKey are settings of connections whose every statement finds its rows one by one through a key. Without them the server
// reads a whole journal where it has not counted it yet.
var byKey = map[string]string{
	"enable_hashjoin":  "off",
	"enable_mergejoin": "off",
	"enable_seqscan":   "off",
	"enable_material":  "off",
}

// planOnce is a setting of those that commit: the plan of a statement does not depend on how long its arrays are.
var planOnce = map[string]string{"plan_cache_mode": "force_generic_plan"}

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

// quote makes an identifier, in which no character is left that means something to the translator of statements.
func quote(name string) string {
	var b strings.Builder
	begin := `"`
	for _, c := range name {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' {
			b.WriteRune(c)
			continue
		}
		begin = `U&"`
		fmt.Fprintf(&b, `\+%06X`, c)
	}
	return begin + b.String() + `"`
}
