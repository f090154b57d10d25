package mysql_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/mysql"
)

// TestF36_MigrationGoesOnBehindEachStatement stops behind every statement, once after it was noted and once before, as a
// killed process does; nothing here belongs to a transaction.
func TestF36_MigrationGoesOnBehindEachStatement(t *testing.T) {
	killed := errors.New("killed")
	for _, noted := range []bool{true, false} {
		d := servertest.MySQL(t)
		steps := 0
		for {
			var at string
			_, err := mysql.Open(d.URL, mysql.After(func(step, statement int) error {
				at = fmt.Sprintf("step = %d AND statement = %d", step, statement)
				return killed
			})).Open(t.Context())
			if err != nil && !errors.Is(err, killed) {
				t.Fatalf("behind %d statements: %v", steps, err)
			}
			if at == "" {
				break
			}
			if steps++; !noted && steps%2 == 1 { // each second time, so that it comes to an end
				if _, err := d.Admin.ExecContext(t.Context(), "DELETE FROM migrations WHERE "+at); err != nil {
					t.Fatal(err)
				}
			}
		}
		if steps < 10 {
			t.Fatalf("only %d statements", steps)
		}
		u := newUser(opened(t, d), 1)
		u.Write(t, u.Start(t, drivertest.Execution(1)))
		u.Whole(t, drivertest.Execution(1), 1)
	}
}

// TestF36_TwoMigrateAtOnce opens a new database from several processes' worth of openers.
func TestF36_TwoMigrateAtOnce(t *testing.T) {
	d := servertest.MySQL(t)
	opened := make(chan error, 4)
	for range cap(opened) {
		go func() {
			b, err := mysql.Open(d.URL).Open(t.Context())
			if err == nil {
				err = b.Close()
			}
			opened <- err
		}()
	}
	for range cap(opened) {
		if err := <-opened; err != nil {
			t.Error(err)
		}
	}
}

func TestF36_NewerSchemaIsRefused(t *testing.T) {
	d := servertest.MySQL(t)
	open(t, d.URL).Close()
	if _, err := d.Admin.ExecContext(t.Context(), "INSERT INTO migrations VALUES (99, 1, '0099_later.sql')"); err != nil {
		t.Fatal(err)
	}
	_, err := mysql.Open(d.URL).Open(t.Context())
	if !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), "99") {
		t.Fatalf("got %v", err)
	}
}

// TestF37_RestoredDrawsAnIncarnation: only when it is said.
func TestF37_RestoredDrawsAnIncarnation(t *testing.T) {
	d := servertest.MySQL(t)
	a := opened(t, d).Info().Incarnation
	if b := opened(t, d).Info().Incarnation; b != a {
		t.Error("an open drew an incarnation")
	}
	if c := opened(t, d, mysql.Restored()).Info().Incarnation; c == a {
		t.Error("a restore drew none")
	}
}

// TestNamesAreBytes: no collation, no padding.
func TestNamesAreBytes(t *testing.T) {
	u := newUser(opened(t, servertest.MySQL(t)), 1)
	names := []string{"a", "a ", "A", "ä", "a\u0308", "a\t", "ａ"}
	for i, name := range names {
		p := u.Start(t, drivertest.Execution(i+1))
		p.Heads[0].Key, p.Heads[0].Workflow = name, name
		u.Write(t, p)
	}
	for i, name := range names {
		for _, f := range []store.Filter{{Key: name}, {Workflows: []string{name}}} {
			page, err := u.Search(t.Context(), "default", f)
			if err != nil || len(page.Heads) != 1 || page.Heads[0].Execution != drivertest.Execution(i+1) {
				t.Errorf("%q: %d executions, %v", name, len(page.Heads), err)
			}
		}
	}
}
