package servertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// redisAddr is the server that tests share; PAWL_TEST_REDIS names another one.
const redisAddr = "127.0.0.1:6379"

// Redis gives a test the URL of a store of its own on the shared server. Its keys are removed at the end.
func Redis(t testing.TB) string {
	t.Helper()
	addr := redisAddr
	if a := os.Getenv("PAWL_TEST_REDIS"); a != "" {
		addr = a
	}
	prefix := "pawltest:" + strings.ToLower(rand.Text()[:10]) + ":"
	client, err := dialRedis(addr)
	if err != nil {
		Absent(t, "redis", err)
	}
	t.Cleanup(func() {
		defer client.Close()
		if err := dropRedis(client, prefix); err != nil {
			t.Errorf("remove %s*: %v", prefix, err)
		}
	})
	return "redis://" + addr + "/0?prefix=" + url.QueryEscape(prefix)
}

func dialRedis(addr string) (rueidis.Client, error) {
	c, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{addr}, DisableCache: true, DisableRetry: true, ForceSingleClient: true, PipelineMultiplex: -1,
	})
	if err != nil && c != nil {
		c.Close()
	}
	return c, err
}

// dropRedis removes all keys with a prefix.
func dropRedis(c rueidis.Client, prefix string) error {
	ctx := context.Background()
	var cursor uint64
	for {
		e, err := c.Do(ctx, c.B().Scan().Cursor(cursor).Match(prefix+"*").Count(5000).Build()).AsScanEntry()
		if err != nil {
			return err
		}
		if len(e.Elements) > 0 {
			if err := c.Do(ctx, c.B().Unlink().Key(e.Elements...).Build()).Error(); err != nil {
				return err
			}
		}
		if cursor = e.Cursor; cursor == 0 {
			return nil
		}
	}
}

// RedisServer is a server that a test has for itself.
type RedisServer struct {
	Addr string
	t    testing.TB
	dir  string
	args []string
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{}
}

// StartRedis starts a server on a free port with its files in a temporary folder: appendonly, appendfsync always, and
// what args say beyond ("--appendfsync", "everysec"). It ends with the test.
func StartRedis(t testing.TB, args ...string) *RedisServer {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		Absent(t, "redis", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(addr)
	dir := t.TempDir()
	r := &RedisServer{Addr: addr, t: t, dir: dir}
	r.args = append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--daemonize", "no",
		"--appendonly", "yes", "--appendfsync", "always"}, args...)
	t.Cleanup(r.Kill)
	r.Start()
	return r
}

// URL is where a store on the server is.
func (r *RedisServer) URL() string { return "redis://" + r.Addr }

// Dir is where the server keeps its files.
func (r *RedisServer) Dir() string { return r.dir }

// Start starts the server again, on the files it left, and waits until it has read them.
func (r *RedisServer) Start(args ...string) {
	r.t.Helper()
	r.Launch(args...)
	if err := r.ready(); err != nil {
		text, _ := os.ReadFile(filepath.Join(r.dir, "log"))
		r.t.Fatalf("%v\n%s", err, bytes.TrimSpace(text))
	}
}

// Launch is Start without the wait.
func (r *RedisServer) Launch(args ...string) {
	r.t.Helper()
	log, err := os.OpenFile(filepath.Join(r.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	r.log = log
	r.cmd = exec.Command("redis-server", append(slices.Clone(r.args), args...)...)
	r.cmd.Stdout, r.cmd.Stderr = log, log
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	done := make(chan struct{})
	r.done = done
	go func(cmd *exec.Cmd) {
		_ = cmd.Wait() // killed, as intended
		close(done)
	}(r.cmd)
}

// ready waits until the server answers.
func (r *RedisServer) ready() (err error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		if err = r.ping(); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-r.done:
			return fmt.Errorf("the server ended: %w", err)
		}
	}
	return err
}

func (r *RedisServer) ping() error {
	c, err := dialRedis(r.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Do(context.Background(), c.B().Ping().Build()).Error()
}

// Kill ends the server at once, as kill -9 does, and waits until it is gone.
func (r *RedisServer) Kill() {
	if r.cmd == nil {
		return
	}
	_ = r.cmd.Process.Kill() // it may have ended
	<-r.done
	_ = r.log.Close()
	r.cmd = nil
}

// Signal sends the server a signal: SIGSTOP and SIGCONT.
func (r *RedisServer) Signal(s syscall.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
}

// Do gives the server one command and returns its answer as text.
func (r *RedisServer) Do(words ...string) string {
	r.t.Helper()
	text, err := r.Try(words...)
	if err != nil {
		r.t.Fatalf("%s: %v", words[0], err)
	}
	return text
}

// Try is Do for commands that may fail.
func (r *RedisServer) Try(words ...string) (string, error) {
	c, err := dialRedis(r.Addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	m, err := c.Do(context.Background(), c.B().Arbitrary(words...).Build()).ToMessage()
	switch {
	case rueidis.IsRedisNil(err):
		return "", nil
	case err != nil:
		return "", err
	case m.IsInt64():
		n, err := m.AsInt64()
		return strconv.FormatInt(n, 10), err
	}
	if text, err := m.ToString(); err == nil {
		return text, nil
	}
	return m.String(), nil
}

// Until gives the server a command until its answer is as wanted.
func (r *RedisServer) Until(command string, want func(answer string) bool) {
	r.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	last := ""
	for range 500 {
		if last = r.Do(strings.Fields(command)...); want(last) {
			return
		}
		<-tick.C
	}
	r.t.Fatalf("%s answers %s", command, last)
}
