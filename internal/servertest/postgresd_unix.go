//go:build unix

package servertest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PostgresServer is a server that a test has for itself.
type PostgresServer struct {
	Addr string
	t    testing.TB
	bin  string
	dir  string
	as   *syscall.SysProcAttr
	args []string
	cmd  *exec.Cmd
	done chan struct{}
}

// StartPostgres starts a server on a free port with its files in a temporary folder, durable as a server is by default,
// and what args say beyond ("-c", "max_connections=5"). Where the test is root it runs as the user postgres, since the
// server refuses root. It ends with the test.
func StartPostgres(t testing.TB, args ...string) *PostgresServer {
	t.Helper()
	bin, err := postgresBin()
	if err != nil {
		Absent(t, "postgres", err)
	}
	dir, err := os.MkdirTemp("", "pawl-postgres-") // not t.TempDir: another user has no way into that
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := &PostgresServer{t: t, bin: bin, dir: dir}
	if os.Getuid() == 0 {
		p.become("postgres")
	}
	data := filepath.Join(dir, "data")
	initdb := p.command("initdb", "--pgdata="+data, "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.Addr = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(p.Addr)
	p.args = append([]string{"-D", data, "-p", port, "-k", dir, "-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=32MB"}, args...)
	t.Cleanup(func() { p.Stop("immediate") })
	p.Start()
	return p
}

// postgresBin is the folder of the programs, which some systems keep out of the path.
func postgresBin() (string, error) {
	path, err := exec.LookPath("initdb")
	if err != nil {
		all, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
		if len(all) == 0 {
			return "", err
		}
		path = all[len(all)-1]
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

// become gives the folder to another user, as whom everything then runs.
func (p *PostgresServer) become(name string) {
	p.t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		Absent(p.t, "postgres", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(p.dir, uid, gid); err != nil {
		p.t.Fatal(err)
	}
	p.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func (p *PostgresServer) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = p.dir, p.as
	return cmd
}

// URL is where a store on the server is.
func (p *PostgresServer) URL() string { return "postgres://postgres@" + p.Addr + "/postgres" }

// Start starts the server again, on the files it left and with what args say beyond, and waits until it answers. What
// is left of a killed one may still hold its memory: it is tried until that is gone.
func (p *PostgresServer) Start(args ...string) {
	p.t.Helper()
	var err error
	for range 50 {
		if p.cmd == nil {
			p.launch(args)
		}
		if err = p.ready(); err == nil {
			return
		}
		if !p.ended() {
			break
		}
		p.cmd = nil
	}
	text, _ := os.ReadFile(filepath.Join(p.dir, "log"))
	p.t.Fatalf("%v\n%s", err, bytes.TrimSpace(text))
}

func (p *PostgresServer) launch(args []string) {
	p.t.Helper()
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	p.cmd = p.command("postgres", append(slices.Clone(p.args), args...)...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) {
		_ = cmd.Wait() // stopped or killed, as intended
		close(done)
	}(p.cmd, p.done)
}

// ready waits until the server answers, or has ended.
func (p *PostgresServer) ready() (err error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1500 {
		if err = administer(p.URL(), "SELECT 1"); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.done:
			<-tick.C
			return fmt.Errorf("the server ended: %w", err)
		}
	}
	return err
}

func (p *PostgresServer) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Stop stops the server as pg_ctl does and waits until it is gone: smart, fast, or immediate, which leaves recovery to
// the next start.
func (p *PostgresServer) Stop(mode string) {
	p.t.Helper()
	p.stop(map[string]syscall.Signal{"smart": syscall.SIGTERM, "fast": syscall.SIGINT, "immediate": syscall.SIGQUIT}[mode])
}

// Kill9 kills the main process; the others notice that and end.
func (p *PostgresServer) Kill9() { p.stop(syscall.SIGKILL) }

// Restart is [PostgresServer.Stop] and a start.
func (p *PostgresServer) Restart(mode string) {
	p.t.Helper()
	p.Stop(mode)
	p.Start()
}

func (p *PostgresServer) stop(s syscall.Signal) {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(s) // it may have ended
	<-p.done
	p.cmd = nil
}

// KillBackend kills a process of the server that serves a client, whereupon the server cuts all the others off and
// recovers. It reports whether there was one.
func (p *PostgresServer) KillBackend() bool {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.t.Context(), time.Minute)
	defer stop()
	conn, err := pgx.Connect(ctx, p.URL())
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close(ctx)
	var pid int
	const sql = `SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`
	if err := conn.QueryRow(ctx, sql).Scan(&pid); err != nil {
		p.t.Fatal(err)
	}
	return pid > 0 && syscall.Kill(pid, syscall.SIGKILL) == nil
}
