package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/redis"
)

// prefixes are stores on a Redis server of the bench's own, with its files in a folder and appendfsync as asked.
type prefixes struct {
	server *exec.Cmd
	addr   string
	n      int
}

func newPrefixes(dir, fsync string) (backing, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	dir = filepath.Join(dir, "redis-"+fsync)
	if err := errors.Join(l.Close(), os.MkdirAll(dir, 0o700)); err != nil {
		return nil, err
	}
	c := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--loglevel", "warning",
		"--appendonly", "yes", "--appendfsync", fsync)
	c.Stdout, c.Stderr = os.Stderr, os.Stderr
	if err := c.Start(); err != nil {
		return nil, err
	}
	p := &prefixes{server: c, addr: addr}
	for range 100 {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			return p, conn.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, errors.Join(errors.New("redis-server does not listen"), p.drop())
}

func (p *prefixes) fresh() (store.Opener, error) {
	p.n++
	return p.last(), nil
}

func (p *prefixes) url() string { return "redis://" + p.addr }

func (p *prefixes) prefix(n int) string { return fmt.Sprintf("bench%d:", n) }

func (p *prefixes) last() store.Opener { return redis.Open(p.url(), redis.Prefix(p.prefix(p.n))) }

func (p *prefixes) drop() error {
	err := p.server.Process.Kill()
	_ = p.server.Wait() // killed, as intended
	return err
}
