package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	v12 "go.temporal.io/server/schema/postgresql/v12"
	"go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/tools/common/schema"
	temporalsql "go.temporal.io/server/tools/sql"
	_ "modernc.org/sqlite"

	"github.com/pawl-dev/pawl/bench/race"
)

// data is a store that holds nothing but the schema, and a connection beside those of the server.
type data struct {
	*sql.DB
	executions, visibility *config.SQL
	shards                 int32
	pid                    int      // of PostgreSQL's first process, if it runs on this machine; negative on SQLite
	databases              []string // of PostgreSQL, to be dropped
}

func newData(ctx context.Context, store, dir string) (data, error) {
	if store == "sqlite" {
		return newFile(dir)
	}
	return newDatabases(ctx)
}

// newFile is one file for both, as the development server has it. Temporal turns attributes that it does not know into
// pragmas of each connection; the one beside it is opened with the same name. Its plugin has one connection unless told
// otherwise: with more, transactions that turn from reading to writing fail with SQLITE_BUSY.
func newFile(dir string) (data, error) {
	file := filepath.Join(dir, "peer.db")
	c := &config.SQL{
		PluginName: sqliteplugin.PluginName, DatabaseName: file, MaxConns: 1, MaxIdleConns: 1,
		ConnectAttributes: map[string]string{"mode": "rwc", "journal_mode": "wal", "synchronous": "full", "busy_timeout": "5000"},
	}
	if err := sqlite.SetupSchema(c); err != nil {
		return data{}, err
	}
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode=wal&_pragma=synchronous=full&_pragma=busy_timeout=5000&mode=rwc")
	return data{DB: db, executions: c, visibility: c, shards: 1, pid: -1}, err
}

func server() string {
	if url := os.Getenv("PAWL_BENCH_POSTGRES"); url != "" {
		return url
	}
	return "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
}

// newDatabases are two, since each holds the version of one schema. Sixteen shards did better than four, 64 no better; the
// services, of which history uses most, each have pools of their own.
func newDatabases(ctx context.Context) (d data, err error) {
	d.shards = 16
	admin, err := pgx.Connect(ctx, server())
	if err != nil {
		return d, err
	}
	defer admin.Close(ctx)
	name := fmt.Sprintf("pawl_race_%d", os.Getpid())
	for _, each := range []string{name, name + "_visibility"} {
		if _, err := admin.Exec(ctx, "CREATE DATABASE "+each); err != nil {
			return d, err
		}
		d.databases = append(d.databases, each)
	}
	c := admin.Config()
	if d.executions, err = newSchema(c, d.databases[0], "temporal", v12.Version, 16); err != nil {
		return d, err
	}
	if d.visibility, err = newSchema(c, d.databases[1], "visibility", v12.VisibilityVersion, 4); err != nil {
		return d, err
	}
	c.Database = name
	if d.DB, err = sql.Open("pgx", fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", c.User, c.Password, d.executions.ConnectAddr, name)); err != nil {
		return d, err
	}
	var backend int
	err = d.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&backend)
	d.pid = race.Parent(backend)
	return d, err
}

// newSchema fills a database with one of Temporal's schemas and gives the settings for it.
func newSchema(c *pgx.ConnConfig, database, name, version string, connections int) (*config.SQL, error) {
	of := &config.SQL{
		PluginName: postgresql.PluginNamePGX, DatabaseName: database, ConnectProtocol: "tcp",
		ConnectAddr: net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))), User: c.User, Password: c.Password,
		MaxConns: connections, MaxIdleConns: connections,
	}
	conn, err := temporalsql.NewConnection(of, log.NewNoopLogger())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return of, schema.NewSetupSchemaTask(conn, &schema.SetupConfig{SchemaName: "postgresql/v12/" + name, InitialVersion: version}, log.NewNoopLogger()).Run()
}

// durable reads the settings back.
func (d data) durable(ctx context.Context) (string, error) {
	if d.pid < 0 {
		return d.read(ctx, "SQLite", "sqlite_version()", map[string]string{"PRAGMA journal_mode": "wal", "PRAGMA synchronous": "2"}, "synchronous=FULL")
	}
	return d.read(ctx, "PostgreSQL", "current_setting('server_version')",
		map[string]string{"SHOW synchronous_commit": "on", "SHOW fsync": "on"}, "synchronous_commit=on fsync=on")
}

func (d data) read(ctx context.Context, store, version string, want map[string]string, says string) (string, error) {
	for query, value := range want {
		var got string
		if err := d.QueryRowContext(ctx, query).Scan(&got); err != nil {
			return "", err
		}
		if got != value {
			return "", fmt.Errorf("%s is not durable: %s says %s", store, query, got)
		}
	}
	var number string
	err := d.QueryRowContext(ctx, "SELECT "+version).Scan(&number)
	return store + " " + number + ": " + says, err
}

func (d data) close() (err error) {
	if d.DB != nil {
		err = d.Close()
	}
	if len(d.databases) == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	admin, failed := pgx.Connect(ctx, server())
	if failed != nil {
		return errors.Join(err, failed)
	}
	defer admin.Close(ctx)
	for _, each := range d.databases {
		_, failed := admin.Exec(ctx, "DROP DATABASE IF EXISTS "+each+" WITH (FORCE)")
		err = errors.Join(err, failed)
	}
	return err
}
