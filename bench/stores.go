package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	driver "github.com/go-sql-driver/mysql"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/mysql"
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
	"sqlite": func(dir string) (backing, error) { return &files{dir: dir}, nil },
	"mysql":  func(string) (backing, error) { return newSchemas("127.0.0.1:3306", "root") },
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

// schemas are databases of a MySQL or MariaDB server on this machine.
type schemas struct {
	server *sql.DB
	url    string // without the database
	made   []string
}

func newSchemas(addr, user string) (backing, error) {
	c := driver.NewConfig()
	c.Net, c.Addr, c.User = "tcp", addr, user
	connector, err := driver.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return &schemas{server: sql.OpenDB(connector), url: "mysql://" + user + "@" + addr + "/"}, nil
}

func (s *schemas) fresh() (store.Opener, error) {
	name := "pawl_bench_" + strings.ToLower(rand.Text()[:10])
	if _, err := s.server.ExecContext(context.Background(), "CREATE DATABASE "+name); err != nil {
		return nil, err
	}
	s.made = append(s.made, name)
	return s.last(), nil
}

func (s *schemas) last() store.Opener { return mysql.Open(s.url + s.made[len(s.made)-1]) }

func (s *schemas) drop() error {
	var failed error
	for _, name := range s.made {
		_, err := s.server.ExecContext(context.Background(), "DROP DATABASE "+name)
		failed = errors.Join(failed, err)
	}
	return errors.Join(failed, s.server.Close())
}
