// Order is a Go program that embeds the engine: it registers functions, deploys a definition, starts orders under
// their own keys and waits for them. Then it closes the engine, opens the store again and starts the same orders once
// more: the recorded results come back and no function is called.
//
//	go run ./examples/order
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/sqlite"
)

//go:embed order.yaml
var definition []byte

var orders = []Order{
	{"order-41", "ada", []Item{{"ratchet", 2}, {"pawl", 4}}},
	{"order-42", "bruno", []Item{{"pawl", 2}}},
	{"order-43", "chen", []Item{{"ratchet", 100}}},
	{"order-44", "dilara", []Item{{"ratchet", 1}}},
}

func main() {
	dir, err := os.MkdirTemp("", "pawl-order-")
	if err == nil {
		err = run(context.Background(), os.Stdout, filepath.Join(dir, "orders.db"))
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "order:", err)
		os.Exit(1)
	}
}

// run works through the orders twice on the store file, with one shop.
func run(ctx context.Context, w io.Writer, file string) error {
	s := newShop()
	if err := session(ctx, w, file, s); err != nil {
		return err
	}
	calls := s.count()
	fmt.Fprintf(w, "%d calls\n\nthe same keys again, in a new engine on the same store:\n", calls)
	if err := session(ctx, w, file, s); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d calls\n", s.count()-calls)
	return nil
}

// session opens the store, starts every order and prints how each ended.
func session(ctx context.Context, w io.Writer, file string, s *shop) (err error) {
	eng, err := pawl.Open(ctx, sqlite.Open(file), pawl.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, eng.Close(ctx)) }()

	err = errors.Join(
		pawl.Register(eng, "reserve_stock", s.reserve),
		pawl.Register(eng, "release_stock", s.release),
		pawl.Register(eng, "charge_card", s.charge),
		pawl.Register(eng, "ship_parcel", s.ship),
	)
	if err != nil {
		return err
	}
	if _, err := eng.Deploy(ctx, pawl.Text("order.yaml", definition)); err != nil {
		return err
	}
	// One after the other, so that the stock is given out in the same order every time.
	for _, o := range orders {
		run, err := eng.Start(ctx, "order", o, pawl.Key(o.ID))
		if err != nil {
			return err
		}
		ended, err := run.Wait(ctx)
		if err != nil {
			return err
		}
		if err := report(w, o, ended); err != nil {
			return err
		}
	}
	return nil
}

// report prints one line about an order that has ended.
func report(w io.Writer, o Order, x *pawl.Execution) error {
	var out struct {
		Cents                     int
		Receipt, Tracking, Reason string
	}
	if err := json.Unmarshal(x.Output, &out); err != nil {
		return fmt.Errorf("order %s was %s without an output: %w", o.ID, x.Status, err)
	}
	what := fmt.Sprintf("%d.%02d EUR, receipt %s, parcel %s", out.Cents/100, out.Cents%100, out.Receipt, out.Tracking)
	if out.Reason != "" {
		what = out.Reason
	}
	_, err := fmt.Fprintf(w, "%-9s %-9s %s\n", o.ID, x.Outcome, what)
	return err
}
