package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
	"github.com/pawl-dev/pawl/store/postgres"
)

// TestF36_MigrationGoesOnBehindEachStatement ends behind every statement in turn, as a killed process does: what its
// step had done is undone by the server, and the next open goes on.
func TestF36_MigrationGoesOnBehindEachStatement(t *testing.T) {
	database := servertest.Postgres(t)
	killed := errors.New("killed")
	steps := postgres.Own()
	last, tried := 0, 0
	for last < len(steps) {
		for at := 1; at <= len(steps[last].Statements); at++ {
			_, err := postgres.Open(database, postgres.After(func(step, statement int) error {
				if step == last+1 && statement == at {
					return killed
				}
				return nil
			})).Open(t.Context())
			if !errors.Is(err, killed) {
				t.Fatalf("step %d, statement %d: %v", last+1, at, err)
			}
			tried++
		}
		last++
		b, err := postgres.Open(database, postgres.Steps(steps[:last])).Open(t.Context())
		if err == nil {
			b.Close()
		} else if last == len(steps) {
			t.Fatal(err)
		}
	}
	if tried < 20 {
		t.Fatalf("only %d statements", tried)
	}
	u := newUser(open(t, database), 1)
	u.Write(t, u.Start(t, drivertest.Execution(1)))
	u.Whole(t, drivertest.Execution(1), 1)
}

// TestF36_SeveralMigrateAtOnce opens a new schema from several openers.
func TestF36_SeveralMigrateAtOnce(t *testing.T) {
	database := servertest.Postgres(t)
	opened := make(chan error, 4)
	for range cap(opened) {
		go func() {
			b, err := postgres.Open(database).Open(t.Context())
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
	database := servertest.Postgres(t)
	steps := append(postgres.Own(), sqlstore.Migration{Name: "9999_later.sql", Statements: []string{"CREATE TABLE pawl.later (x bigint)"}})
	open(t, database, postgres.Steps(steps)).Close()
	_, err := postgres.Open(database).Open(t.Context())
	if !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), "use the newer program") {
		t.Fatalf("got %v", err)
	}
}

func TestSchemaOfAnotherProgramIsRefused(t *testing.T) {
	database := servertest.Postgres(t)
	theirs := postgres.Own()
	theirs[0].Name = "0001_theirs.sql"
	open(t, database, postgres.Steps(theirs)).Close()
	_, err := postgres.Open(database).Open(t.Context())
	if err == nil || !strings.Contains(err.Error(), "another program") {
		t.Fatalf("got %v", err)
	}
}

// TestOpensWithoutTheRightToChangeTheSchema: where nothing is to be migrated, a role that can only read and write rows
// is enough.
func TestOpensWithoutTheRightToChangeTheSchema(t *testing.T) {
	database := servertest.Postgres(t)
	open(t, database).Close()
	c := admin(t, database)
	role := "pawl_test_" + strings.ToLower(t.Name()[:8])
	execute(t, c, "DROP ROLE IF EXISTS "+role)
	execute(t, c, "CREATE ROLE "+role+" LOGIN")
	t.Cleanup(func() {
		for _, sql := range []string{"DROP OWNED BY " + role, "DROP ROLE " + role} {
			if _, err := c.Exec(context.Background(), sql); err != nil {
				t.Error(err)
			}
		}
	})
	execute(t, c, "GRANT USAGE ON SCHEMA pawl TO "+role)
	execute(t, c, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pawl TO "+role)
	u := newUser(open(t, strings.Replace(database, "postgres://", "postgres://"+role+"@", 1)), 1)
	u.Write(t, u.Start(t, drivertest.Execution(1)))
	u.Whole(t, drivertest.Execution(1), 1)
}
