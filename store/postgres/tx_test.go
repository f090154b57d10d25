package postgres_test

import (
	"context"
	"database/sql"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/postgres"
)

func message(n int) record.Message {
	return record.Message{
		ID: record.MessageID{From: drivertest.Execution(n), Seq: uint64(n), N: 1}, Shard: 1, Namespace: "default", To: drivertest.Execution(1), At: int64(n), Body: []byte{0, byte(n)},
	}
}

// transaction is one of either kind.
type transaction struct {
	sender           store.Sender
	commit, rollback func() error
	exec             func(sql string) error
}

// I12: what is sent in a transaction is there once it commits, once, and never if it does not.
func TestI12_SentWithTheTransactionOfTheCaller(t *testing.T) {
	database := servertest.Postgres(t)
	s := open(t, database+"?schema=engine")
	c := admin(t, database)
	execute(t, c, "CREATE TABLE orders (id bigint)")
	db := stdlib.OpenDB(*c.Config())
	t.Cleanup(func() { db.Close() })
	for name, begin := range map[string]func() transaction{
		"pgx": func() transaction {
			tx, err := c.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return transaction{
				postgres.Tx(tx, postgres.Schema("engine")), func() error { return tx.Commit(t.Context()) }, func() error { return tx.Rollback(t.Context()) },
				func(sql string) error { _, err := tx.Exec(t.Context(), sql); return err },
			}
		},
		"database/sql": func() transaction {
			tx, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable})
			if err != nil {
				t.Fatal(err)
			}
			return transaction{
				postgres.SQLTx(tx, postgres.Schema("engine")), tx.Commit, tx.Rollback,
				func(sql string) error { _, err := tx.ExecContext(t.Context(), sql); return err },
			}
		},
	} {
		t.Run(name, func(t *testing.T) { sent(t, s, c.QueryRow, begin) })
		execute(t, c, "TRUNCATE orders, engine.inbox")
	}
}

func sent[R interface{ Scan(...any) error }](t *testing.T, s store.Backend, queryRow func(context.Context, string, ...any) R, begin func() transaction) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	inbox := func(want ...record.Message) {
		t.Helper()
		got, err := s.Inbox(t.Context(), 1, 100)
		if must(err); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	}
	lost := begin()
	must(lost.exec("INSERT INTO orders VALUES (1)"))
	must(lost.sender.Send(t.Context(), []record.Message{message(1)}))
	inbox() // nobody sees it yet
	must(lost.rollback())
	inbox()

	kept := begin()
	must(kept.sender.Send(t.Context(), []record.Message{message(2), message(3), message(2)}))
	must(kept.sender.Send(t.Context(), []record.Message{message(3)}))
	must(kept.exec("INSERT INTO orders VALUES (2)"))
	must(kept.commit())
	inbox(message(2), message(3))
	var orders int
	must(queryRow(t.Context(), "SELECT count(*) FROM orders").Scan(&orders))
	if orders != 1 {
		t.Fatalf("%d orders", orders)
	}

	bad := begin()
	big := message(4)
	big.Body = make([]byte, 16<<20+1)
	if err := bad.sender.Send(t.Context(), []record.Message{message(5), big}); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Fatalf("got %v", err)
	}
	must(bad.commit()) // a refusal does not break the transaction
	inbox(message(2), message(3))
}
