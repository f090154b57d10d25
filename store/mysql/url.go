package mysql

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	my "github.com/go-sql-driver/mysql"
)

// errURL never quotes what was given: it may hold a password.
var errURL = errors.New("want mysql://user:password@host:port/database, and perhaps ?tls=true or ?socket=/path")

// parseURL reads mysql://user:password@host:port/database. Of the query it knows tls (true, skip-verify, preferred,
// false) and socket, the path of a Unix socket in place of the host.
func parseURL(text string) (*my.Config, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "mysql" && u.Scheme != "mariadb" || u.Opaque != "" || u.Fragment != "" {
		return nil, errURL
	}
	c := my.NewConfig()
	c.Net, c.Addr = "tcp", u.Host
	if u.Hostname() == "" {
		c.Addr = net.JoinHostPort("127.0.0.1", portOf(u))
	} else if u.Port() == "" {
		c.Addr = net.JoinHostPort(u.Hostname(), portOf(u))
	}
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.DBName = strings.TrimPrefix(u.Path, "/")
	if c.DBName == "" || strings.Contains(c.DBName, "/") {
		return nil, fmt.Errorf("no database is named: %w", errURL)
	}
	if err := parameters(c, u); err != nil {
		return nil, err
	}
	c.Timeout = dialTimeout
	c.Logger = &my.NopLogger{}
	return c, nil
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return "3306"
}

// parameters reads what follows the question mark. What is not known is refused: a mistyped tls must not go unnoticed.
func parameters(c *my.Config, u *url.URL) error {
	for name, values := range u.Query() {
		v := values[len(values)-1]
		switch name {
		case "socket":
			c.Net, c.Addr = "unix", v
		case "tls":
			if err := encrypt(c, v, u.Hostname()); err != nil {
				return err
			}
		default:
			return fmt.Errorf("the URL has %q, which is not known: %w", name, errURL)
		}
	}
	return nil
}

func encrypt(c *my.Config, how, host string) error {
	switch how {
	case "true":
		c.TLS = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	case "skip-verify":
		c.TLS = &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}
	case "preferred":
		c.TLS = &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}
		c.AllowFallbackToPlaintext = true
	case "false":
	default:
		return fmt.Errorf("tls is true, skip-verify, preferred or false, not %q", how)
	}
	return nil
}

// dialTimeout bounds the wait for a connection.
const dialTimeout = 5 * time.Second
