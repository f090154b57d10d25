package pawl_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/sqlite"
)

const txText = `
workflow: order
signals: {paid: {schema: {type: integer}}}
input: {n: integer}
nodes:
  - pay: {signal: paid}
output: "${ nodes.pay.output }"
`

func txEngine(t *testing.T, s store.Opener) *pawl.Engine {
	t.Helper()
	eng, err := pawl.Open(t.Context(), s, pawl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close(context.Background()) })
	if _, err := eng.Deploy(t.Context(), pawl.Text("order.yaml", []byte(txText))); err != nil {
		t.Fatal(err)
	}
	return eng
}

// TestTxStartsWhatItCommits: the caller's row, the start and the signal are there together, or none of them.
func TestTxStartsWhatItCommits(t *testing.T) {
	ctx := t.Context()
	eng := txEngine(t, sqlite.Open(filepath.Join(t.TempDir(), "pawl.db")))
	if err := eng.Tx(ctx, func(tx store.Tx) error { return tx.Exec("CREATE TABLE orders (n INTEGER, run TEXT)") }); err != nil {
		t.Fatal(err)
	}
	place := func(n int, then error) (run *pawl.Run, err error) {
		err = eng.Tx(ctx, func(tx store.Tx) (err error) {
			if run, err = eng.StartTx(ctx, tx, "order", map[string]int{"n": n}, pawl.RequestID(fmt.Sprint("r", n))); err != nil {
				return err
			}
			if err := eng.SignalTx(ctx, tx, run.ID(), "paid", n); err != nil {
				return err
			}
			return errors.Join(tx.Exec("INSERT INTO orders VALUES (?, ?)", n, run.ID()), then)
		})
		return run, err
	}
	changed := errors.New("the customer has changed their mind")
	gone, err := place(1, changed)
	if !errors.Is(err, changed) {
		t.Fatal(err)
	}
	run, err := place(2, nil)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := pawl.Result[int](ctx, run); err != nil || out != 2 {
		t.Fatalf("%v, %v", out, err)
	}
	// The same request has the same id again within a millisecond.
	if _, err := gone.Get(ctx); gone.ID() != run.ID() && pawl.Code(err) != pawl.CodeNotFound {
		t.Fatalf("what was rolled back: %v", err)
	}
	var n int64
	var id string
	err = eng.Tx(ctx, func(tx store.Tx) error {
		return tx.Query("SELECT n, run FROM orders", nil, func(scan func(...any) error) error { return scan(&n, &id) })
	})
	if err != nil || n != 2 || id != run.ID() {
		t.Fatalf("the table has %d of %s: %v", n, id, err)
	}
	page, err := eng.List(ctx, pawl.Filter{})
	if err != nil || len(page.Executions) != 1 {
		t.Fatalf("%d executions, %v", len(page.Executions), err)
	}
}

func TestTxRefuses(t *testing.T) {
	ctx := t.Context()
	eng := txEngine(t, sqlite.Open(filepath.Join(t.TempDir(), "pawl.db")))
	err := eng.Tx(ctx, func(tx store.Tx) error {
		_, unknown := eng.StartTx(ctx, tx, "ordre", nil)
		_, input := eng.StartTx(ctx, tx, "order", map[string]string{"n": "x"})
		for what, err := range map[string]error{
			"unknown workflow": unknown,
			"bad input":        input,
			"no name":          eng.SignalTx(ctx, tx, "01jd0000000000000000000000", "", nil),
			"no id":            eng.SignalTx(ctx, tx, "order", "paid", nil),
		} {
			if code := pawl.Code(err); code != pawl.CodeInvalid && code != pawl.CodeNotFound {
				t.Errorf("%s: %v", what, err)
			}
		}
		panic("fn is not the store's")
	})
	if err == nil {
		t.Error("a panic in fn was taken for success")
	}
	if err := eng.Tx(ctx, func(store.Tx) error { return nil }); err != nil {
		t.Errorf("after a panic: %v", err)
	}
	if err := txEngine(t, memory.Open()).Tx(ctx, func(store.Tx) error { return nil }); pawl.Code(err) != pawl.CodeInvalid {
		t.Errorf("a store without Tx: %v", err)
	}
}
