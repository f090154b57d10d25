package main

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"
	_ "modernc.org/sqlite"

	"github.com/pawl-dev/pawl/bench/race"
)

// file is a SQLite database with a write-ahead log that is flushed at every commit, opened with modernc's driver. The
// peers that open theirs themselves are given the same dsn.
type file struct{ *sql.DB }

func dsn(dir string) string {
	return "file:" + filepath.Join(dir, "peer.db") +
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_txlock=immediate"
}

// openFile opens the database of the directory with so many connections.
func openFile(dir string, connections int) (file, error) {
	db, err := sql.Open("sqlite", dsn(dir))
	if err != nil {
		return file{}, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return file{db}, db.Ping()
}

// durable reads the settings back from a connection.
func (f file) durable(ctx context.Context) (string, error) {
	var journal, sync, version string
	if err := f.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return "", err
	}
	if err := f.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
		return "", err
	}
	if err := f.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&sync); err != nil {
		return "", err
	}
	if journal != "wal" || sync != "2" {
		return "", fmt.Errorf("SQLite is not durable: journal_mode=%s synchronous=%s", journal, sync)
	}
	return "SQLite " + version + ": synchronous=FULL", nil
}

func (f file) count(ctx context.Context, query string) (n int, err error) {
	err = f.QueryRowContext(ctx, query).Scan(&n)
	return n, err
}

func (f file) close() {
	if f.DB != nil {
		f.DB.Close()
	}
}

// database is a PostgreSQL database of its own, on the server that PAWL_BENCH_POSTGRES names.
type database struct {
	name string
	conn *pgx.Conn
	pid  int
}

func server() string {
	if url := os.Getenv("PAWL_BENCH_POSTGRES"); url != "" {
		return url
	}
	return "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
}

func newDatabase(ctx context.Context) (*database, error) {
	admin, err := pgx.Connect(ctx, server())
	if err != nil {
		return nil, err
	}
	defer admin.Close(ctx)
	d := &database{name: fmt.Sprintf("pawl_race_%d", os.Getpid())}
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+d.name); err != nil {
		return nil, err
	}
	if d.conn, err = pgx.Connect(ctx, d.url()); err != nil {
		return d, err
	}
	var backend int
	if err := d.conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		return d, err
	}
	d.pid = race.Parent(backend) // the server's first process, if it runs on this machine
	return d, nil
}

func (d *database) config() *pgx.ConnConfig {
	c, err := pgx.ParseConfig(server())
	if err != nil {
		panic(err) // it connected with it
	}
	return c
}

// url is the address of the database for libraries that take one.
func (d *database) url() string {
	c := d.config()
	user := c.User
	if c.Password != "" {
		user += ":" + c.Password
	}
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", user, net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))), d.name)
}

// durable reads the settings back.
func (d *database) durable(ctx context.Context) (string, error) {
	for _, setting := range []string{"synchronous_commit", "fsync"} {
		var value string
		if err := d.conn.QueryRow(ctx, "SHOW "+setting).Scan(&value); err != nil {
			return "", err
		}
		if value != "on" {
			return "", fmt.Errorf("PostgreSQL is not durable: %s=%s", setting, value)
		}
	}
	return "PostgreSQL " + d.conn.PgConn().ParameterStatus("server_version") + ": synchronous_commit=on fsync=on", nil
}

func (d *database) count(ctx context.Context, query string) (n int, err error) {
	err = d.conn.QueryRow(ctx, query).Scan(&n)
	return n, err
}

// pool has 32 connections: more than two processors can use, and none made in between.
func (d *database) pool() (*sql.DB, error) {
	db, err := sql.Open("pgx", d.url())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(32)
	db.SetMaxIdleConns(32)
	return db, db.Ping()
}

func (d *database) drop() error {
	if d == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if d.conn != nil {
		d.conn.Close(ctx)
	}
	admin, err := pgx.Connect(ctx, server())
	if err != nil {
		return err
	}
	defer admin.Close(ctx)
	_, err = admin.Exec(ctx, "DROP DATABASE IF EXISTS "+d.name+" WITH (FORCE)")
	return err
}

// redisServer is a server of its own, with an append-only file that is flushed as fsync says.
type redisServer struct {
	*redis.Client
	addr, fsync string
	cmd         *exec.Cmd
}

func newRedis(ctx context.Context, dir, fsync string) (*redisServer, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := free.Addr().String()
	free.Close()
	_, port, _ := net.SplitHostPort(addr)
	r := &redisServer{addr: addr, fsync: fsync}
	r.cmd = exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", "",
		"--appendonly", "yes", "--appendfsync", fsync)
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start redis-server: %w", err)
	}
	r.Client = redis.NewClient(&redis.Options{Addr: addr, PoolSize: 300})
	for range 100 {
		if err = r.Ping(ctx).Err(); err == nil {
			return r, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return r, fmt.Errorf("redis-server does not answer: %w", err)
}

// durable reads the settings back.
func (r *redisServer) durable(ctx context.Context) (string, error) {
	m, err := r.ConfigGet(ctx, "append*").Result()
	if err != nil {
		return "", err
	}
	if m["appendonly"] != "yes" || m["appendfsync"] != r.fsync {
		return "", fmt.Errorf("Redis is not as it was started: %v", m)
	}
	version := ""
	for line := range strings.SplitSeq(r.Info(ctx, "server").Val(), "\r\n") {
		if v, ok := strings.CutPrefix(line, "redis_version:"); ok {
			version = v
		}
	}
	return "Redis " + version + ": appendonly=yes appendfsync=" + r.fsync, nil
}

func (r *redisServer) stop() error {
	if r == nil {
		return nil
	}
	r.Client.Close()
	r.cmd.Process.Kill()
	r.cmd.Wait()
	return nil
}
