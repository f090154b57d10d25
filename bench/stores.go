package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	driver "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"

	"github.com/pawl-dev/pawl/bench/race"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/mysql"
	"github.com/pawl-dev/pawl/store/postgres"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// backing makes databases of one kind, and removes them.
type backing interface {
	// fresh names a database that does not exist yet; last is the newest one.
	fresh() (store.Opener, error)
	last() store.Opener
	drop() error
}

// anew is an opener of a database that does not exist yet.
func (b *bench) anew() store.Opener {
	o, err := b.fresh()
	if err != nil {
		return failed{err}
	}
	return o
}

// failed is the opener of what could not be made.
type failed struct{ err error }

// Open implements [store.Opener].
func (f failed) Open(context.Context) (store.Backend, error) { return nil, f.err }

// backings by name. dir is a folder for files.
var backings = map[string]func(dir string) (backing, error){
	"sqlite":         func(dir string) (backing, error) { return &files{dir: dir}, nil },
	"redis":          func(dir string) (backing, error) { return newPrefixes(dir, "always") },
	"redis-everysec": func(dir string) (backing, error) { return newPrefixes(dir, "everysec") },
	"mysql": func(string) (backing, error) {
		return newServer("PAWL_TEST_MYSQL", "mysql://root@127.0.0.1:3306/", inMySQL)
	},
	"postgres": func(string) (backing, error) {
		return newServer("PAWL_TEST_POSTGRES", "postgres://127.0.0.1:5432/postgres", inPostgres)
	},
}

// files are SQLite's.
type files struct {
	dir string
	n   int
}

func (f *files) fresh() (store.Opener, error) {
	f.n++
	return f.last(), nil
}

func (f *files) last() store.Opener { return sqlite.Open(f.path()) }

func (f *files) path() string { return filepath.Join(f.dir, fmt.Sprintf("%d.db", f.n)) }

func (f *files) drop() error { return nil } // they go with their folder

// server is a database server on which databases are made.
type server struct {
	url  *url.URL // of the server
	kind serverKind
	made []string
}

// serverKind is how one kind of server is spoken to: one statement on a connection of its own, and a store. pid is its first
// process, if it runs on this machine and that can be learned, else 0.
type serverKind struct {
	do   func(u *url.URL, sql string) error
	open func(url string) store.Opener
	pid  func(u *url.URL) int
}

// newServer is the server that a variable of the environment names by its URL, else the one at home.
func newServer(variable, home string, kind serverKind) (backing, error) {
	if at := os.Getenv(variable); at != "" {
		home = at
	}
	u, err := url.Parse(home)
	if err != nil {
		return nil, fmt.Errorf("%s is not a URL", variable)
	}
	return &server{url: u, kind: kind}, nil
}

func (s *server) fresh() (store.Opener, error) {
	name := "pawl_bench_" + strings.ToLower(rand.Text()[:10])
	if err := s.kind.do(s.url, "CREATE DATABASE "+name); err != nil {
		return nil, err
	}
	s.made = append(s.made, name)
	return s.last(), nil
}

func (s *server) last() store.Opener {
	u := *s.url
	u.Path = "/" + s.made[len(s.made)-1]
	return s.kind.open(u.String())
}

func (s *server) drop() (failed error) {
	for _, name := range s.made {
		failed = errors.Join(failed, s.kind.do(s.url, "DROP DATABASE "+name))
	}
	return failed
}

var inMySQL = serverKind{
	do: func(u *url.URL, statement string) error {
		db, err := openMySQL(u)
		if err != nil {
			return err
		}
		_, err = db.ExecContext(context.Background(), statement)
		return errors.Join(err, db.Close())
	},
	open: func(url string) store.Opener { return mysql.Open(url) },
	pid: func(u *url.URL) (pid int) {
		db, err := openMySQL(u)
		if err != nil {
			return 0
		}
		defer db.Close()
		var file, folder string
		if db.QueryRowContext(context.Background(), "SELECT @@pid_file, @@datadir").Scan(&file, &folder) != nil {
			return 0
		}
		if !filepath.IsAbs(file) {
			file = filepath.Join(folder, file)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return 0
		}
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return pid
	},
}

func openMySQL(u *url.URL) (*sql.DB, error) {
	c := driver.NewConfig()
	c.Net, c.Addr, c.User = "tcp", u.Host, u.User.Username()
	c.Passwd, _ = u.User.Password()
	connector, err := driver.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

var inPostgres = serverKind{
	do: func(u *url.URL, statement string) error {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, u.String())
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, statement)
		return errors.Join(err, conn.Close(ctx))
	},
	open: func(url string) store.Opener { return postgres.Open(url) },
	pid: func(u *url.URL) (backend int) {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, u.String())
		if err != nil {
			return 0
		}
		defer conn.Close(ctx)
		if conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend) != nil {
			return 0
		}
		return race.Parent(backend)
	},
}
