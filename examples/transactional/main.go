// Transactional is a Go program whose orders and workflows are saved together: of twenty orders every second one is rolled
// back. What was rolled back starts nothing, and what was committed starts once.
//
//	go run ./examples/transactional [-postgres URL]
//
// It plays on SQLite, and on PostgreSQL where that is reached.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/postgres"
	"github.com/pawl-dev/pawl/store/sqlite"
)

//go:embed order.yaml
var definition []byte

// schema keeps what this program makes apart from all else in the database.
const schema = "pawl_example_transactional"

const orders = 20

func main() {
	url := flag.String("postgres", "postgres://127.0.0.1:5432/postgres", "where it makes a schema of its own, which it drops at the end")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *url); err != nil {
		fmt.Fprintln(os.Stderr, "transactional:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, url string) error {
	dir, err := os.MkdirTemp("", "pawl-example-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := play(ctx, w, "sqlite", sqlite.Open(filepath.Join(dir, "shop.db")), onSQLite); err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("PAWL_TEST_REQUIRE"), ","), "postgres") {
			return err
		}
		fmt.Fprintln(w, "postgres: not reached, so it is left out")
		return nil
	}
	defer conn.Close(ctx)
	defer conn.Exec(context.WithoutCancel(ctx), "DROP SCHEMA IF EXISTS "+schema+" CASCADE")
	if err := play(ctx, w, "postgres", postgres.Open(url, postgres.Schema(schema)), onPostgres(conn)); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	return nil
}

// errChanged rolls an order back.
var errChanged = errors.New("the customer has changed their mind")

// shop saves order n and its workflow in one transaction, and rolls both back where keep is false.
type shop struct {
	prepare func(ctx context.Context, eng *pawl.Engine) error
	save    func(ctx context.Context, eng *pawl.Engine, n int, keep bool) (*pawl.Run, error)
	count   func(ctx context.Context, eng *pawl.Engine) (int64, error)
}

// play saves all orders and looks at what became of them.
func play(ctx context.Context, w io.Writer, name string, s store.Opener, at func() shop) (err error) {
	eng, err := pawl.Open(ctx, s, pawl.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, eng.Close(ctx)) }()
	var began starts
	if err := pawl.Register(eng, "reserve", began.reserve); err != nil {
		return err
	}
	if _, err := eng.Deploy(ctx, pawl.Text("order.yaml", definition)); err != nil {
		return err
	}
	shop := at()
	if err := shop.prepare(ctx, eng); err != nil {
		return err
	}
	var delays []time.Duration
	for n := range orders {
		run, err := shop.save(ctx, eng, n, n%2 == 0)
		if errors.Is(err, errChanged) {
			continue
		}
		if err != nil {
			return err
		}
		committed := time.Now()
		if _, err := pawl.Result[int](ctx, run); err != nil {
			return err
		}
		delays = append(delays, began.first[n].Sub(committed))
	}
	page, err := eng.List(ctx, pawl.Filter{Workflow: "order"})
	if err != nil {
		return err
	}
	rows, err := shop.count(ctx, eng)
	if err != nil {
		return err
	}
	slices.Sort(delays)
	fmt.Fprintf(w, "%s: %d transactions, %d committed; %d orders, %d executions, each begun %s; begun %s after the commit at the median\n",
		name, orders, len(delays), rows, len(page.Executions), began.often(), max(delays[len(delays)/2], 0).Round(100*time.Microsecond))
	if rows != orders/2 || len(page.Executions) != orders/2 || began.often() != "once" {
		return errors.New("orders and executions do not belong together")
	}
	return nil
}

// starts counts what the workflows do.
type starts struct {
	mu    sync.Mutex
	first [orders]time.Time
	times [orders]int
}

func (s *starts) reserve(_ context.Context, n int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.times[n]++; s.times[n] == 1 {
		s.first[n] = time.Now()
	}
	return n, nil
}

// often says how often each order that was kept has begun, and whether another has.
func (s *starts) often() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, times := range s.times {
		if want := 1 - n%2; times != want {
			return fmt.Sprintf("not as it should: order %d %d times", n, times)
		}
	}
	return "once"
}

// onSQLite borrows the engine's writer.
func onSQLite() shop {
	return shop{
		prepare: func(ctx context.Context, eng *pawl.Engine) error {
			return eng.Tx(ctx, func(tx store.Tx) error { return tx.Exec("CREATE TABLE orders (n INTEGER PRIMARY KEY)") })
		},
		save: func(ctx context.Context, eng *pawl.Engine, n int, keep bool) (run *pawl.Run, err error) {
			err = eng.Tx(ctx, func(tx store.Tx) (err error) {
				if err := tx.Exec("INSERT INTO orders VALUES (?)", n); err != nil {
					return err
				}
				if run, err = eng.StartTx(ctx, tx, "order", map[string]int{"n": n}); err == nil && !keep {
					err = errChanged
				}
				return err
			})
			return run, err
		},
		count: func(ctx context.Context, eng *pawl.Engine) (n int64, err error) {
			err = eng.Tx(ctx, func(tx store.Tx) error {
				return tx.Query("SELECT count(*) FROM orders", nil, func(scan func(...any) error) error { return scan(&n) })
			})
			return n, err
		},
	}
}

// onPostgres uses transactions of its own on the same database.
func onPostgres(conn *pgx.Conn) func() shop {
	return func() shop {
		return shop{
			prepare: func(ctx context.Context, _ *pawl.Engine) error {
				_, err := conn.Exec(ctx, "CREATE TABLE IF NOT EXISTS "+schema+".orders (n int PRIMARY KEY)")
				return err
			},
			save: func(ctx context.Context, eng *pawl.Engine, n int, keep bool) (*pawl.Run, error) {
				tx, err := conn.Begin(ctx)
				if err != nil {
					return nil, err
				}
				defer tx.Rollback(ctx)
				if _, err := tx.Exec(ctx, "INSERT INTO "+schema+".orders VALUES ($1)", n); err != nil {
					return nil, err
				}
				run, err := eng.StartTx(ctx, postgres.Tx(tx, postgres.Schema(schema)), "order", map[string]int{"n": n})
				if err != nil {
					return nil, err
				}
				if !keep {
					return nil, errChanged
				}
				return run, tx.Commit(ctx)
			},
			count: func(ctx context.Context, _ *pawl.Engine) (n int64, err error) {
				err = conn.QueryRow(ctx, "SELECT count(*) FROM "+schema+".orders").Scan(&n)
				return n, err
			},
		}
	}
}
