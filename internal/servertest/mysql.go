package servertest

import (
	"crypto/rand"
	"database/sql"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// MySQLDatabase is a database of its own on a server, dropped when the test ends.
type MySQLDatabase struct {
	// URL is mysql://user:password@host:port/database.
	URL string
	// Addr is host:port of the server.
	Addr string
	// Admin speaks to the database with the rights of the server's user.
	Admin *sql.DB
}

// MySQL makes a database on the MySQL or MariaDB server that PAWL_TEST_MYSQL names (a URL without a database, whose
// user may create one), else on the one on this machine.
func MySQL(t testing.TB) *MySQLDatabase {
	t.Helper()
	server := os.Getenv("PAWL_TEST_MYSQL")
	if server == "" {
		server = "mysql://root@127.0.0.1:3306/"
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("PAWL_TEST_MYSQL is not a URL")
	}
	name := "pawl_test_" + strings.ToLower(rand.Text()[:12])
	all := connectMySQL(t, u, "")
	t.Cleanup(func() { all.Close() })
	if _, err := all.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		Absent(t, "mysql", err)
	}
	t.Cleanup(func() {
		if _, err := all.Exec("DROP DATABASE " + name); err != nil {
			t.Errorf("the database %s is left behind: %v", name, err)
		}
	})
	d := &MySQLDatabase{Addr: u.Host, Admin: connectMySQL(t, u, name)}
	t.Cleanup(func() { d.Admin.Close() })
	u.Path = "/" + name
	d.URL = u.String()
	return d
}

// Through is the URL of the same database at another address: that of a [Proxy].
func (d *MySQLDatabase) Through(at net.Addr) string {
	return strings.Replace(d.URL, d.Addr, at.String(), 1)
}

func connectMySQL(t testing.TB, u *url.URL, database string) *sql.DB {
	t.Helper()
	c := mysql.NewConfig()
	c.Net, c.Addr, c.DBName, c.Logger = "tcp", u.Host, database, &mysql.NopLogger{}
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	connector, err := mysql.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	return sql.OpenDB(connector)
}
