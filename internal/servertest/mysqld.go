package servertest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// MySQLServer is a server that a test has for itself.
type MySQLServer struct {
	Addr string
	t    testing.TB
	dir  string
	args []string
	cmd  *exec.Cmd
	done chan struct{}
}

// StartMySQL starts a MariaDB server on a free port with its files in a temporary folder, and what args say beyond
// ("--log-bin"). It ends with the test.
func StartMySQL(t testing.TB, args ...string) *MySQLServer {
	t.Helper()
	dir := t.TempDir()
	install := exec.Command("mariadb-install-db", "--no-defaults", "--user=root", "--datadir="+filepath.Join(dir, "data"),
		"--auth-root-authentication-method=normal", "--skip-test-db")
	if out, err := install.CombinedOutput(); errors.Is(err, exec.ErrNotFound) {
		Absent(t, "mysql", err)
	} else if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &MySQLServer{Addr: l.Addr().String(), t: t, dir: dir}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(m.Addr)
	m.args = append([]string{"--no-defaults", "--user=root", "--datadir=" + filepath.Join(dir, "data"), "--port=" + port,
		"--bind-address=127.0.0.1", "--socket=" + filepath.Join(dir, "socket"), "--innodb-buffer-pool-size=32M"}, args...)
	t.Cleanup(m.Kill)
	m.Start()
	m.Do("CREATE DATABASE pawl")
	return m
}

// URL is where a store on the server is.
func (m *MySQLServer) URL() string { return "mysql://root@" + m.Addr + "/pawl" }

// Start starts the server again, on the files it left and with what args say beyond, and waits until it answers.
func (m *MySQLServer) Start(args ...string) {
	m.t.Helper()
	log, err := os.OpenFile(filepath.Join(m.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		m.t.Fatal(err)
	}
	defer log.Close()
	m.cmd = exec.Command("mariadbd", append(slices.Clone(m.args), args...)...)
	m.cmd.Stdout, m.cmd.Stderr = log, log
	if err := m.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) {
		_ = cmd.Wait() // killed, as intended
		close(done)
	}(m.cmd, m.done)
	if err := m.ready(); err != nil {
		text, _ := os.ReadFile(filepath.Join(m.dir, "log"))
		m.t.Fatalf("%v\n%s", err, bytes.TrimSpace(text))
	}
}

func (m *MySQLServer) ready() (err error) {
	db := m.connect("")
	defer db.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if err = db.PingContext(context.Background()); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-m.done:
			return fmt.Errorf("the server ended: %w", err)
		}
	}
	return err
}

func (m *MySQLServer) connect(database string) *sql.DB {
	return connectMySQL(m.t, &url.URL{Host: m.Addr, User: url.User("root")}, database)
}

// Kill ends the server at once, as kill -9 does, and waits until it is gone.
func (m *MySQLServer) Kill() {
	if m.cmd == nil {
		return
	}
	_ = m.cmd.Process.Kill() // it may have ended
	<-m.done
	m.cmd = nil
}

// Stop asks the server to end and waits until it has.
func (m *MySQLServer) Stop() {
	m.t.Helper()
	if err := m.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		m.t.Fatal(err)
	}
	<-m.done
	m.cmd = nil
}

// Do runs statements with all rights.
func (m *MySQLServer) Do(statements ...string) {
	m.t.Helper()
	db := m.connect("")
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(context.Background(), s); err != nil {
			m.t.Fatalf("%s: %v", s, err)
		}
	}
}
