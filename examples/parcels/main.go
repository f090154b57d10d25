// Parcels is a Go program with a parent and its children: a shipment starts an execution for each of its parcels, hears
// from the first by a signal, and goes on when all have ended. A parcel that is too heavy voids its own label.
//
//	go run ./examples/parcels
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

//go:embed parcels.yaml
var definition []byte

// Parcel is one thing to send.
type Parcel struct {
	To string `json:"to"`
	Kg int    `json:"kg"`
}

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "parcels:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer) (err error) {
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := eng.Close(ctx); err == nil {
			err = cerr
		}
	}()
	if err := register(eng); err != nil {
		return err
	}
	if _, err := eng.Deploy(ctx, pawl.Text("parcels.yaml", definition)); err != nil {
		return err
	}
	parcels := []Parcel{{"ada", 2}, {"bruno", 40}, {"chen", 5}}
	shipment, err := eng.Start(ctx, "shipment", map[string]any{"parcels": parcels}, pawl.Key("monday"))
	if err != nil {
		return err
	}
	out, err := pawl.Result[struct {
		First  string    `json:"first"`
		Labels []*string `json:"labels"`
		Good   int       `json:"good"`
	}](ctx, shipment)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "heard of %s first; %d of %d others were sent\n", out.First, out.Good, len(out.Labels))
	return list(ctx, w, eng, shipment.ID())
}

// list prints how the children of an execution ended, by their tags and outcomes.
func list(ctx context.Context, w io.Writer, eng *pawl.Engine, parent string) error {
	page, err := eng.List(ctx, pawl.Filter{Parent: parent, Workflow: "parcel"})
	if err != nil {
		return err
	}
	var lines []string
	for _, x := range page.Executions {
		child, err := eng.Get(ctx, x.ID)
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s %s", child.Input, child.Status)
		if child.Error != nil {
			line += " " + child.Error.Code
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	for _, line := range lines {
		fmt.Fprintln(w, line)
	}
	return nil
}

func register(eng *pawl.Engine) error {
	return errors.Join(
		pawl.Register(eng, "print_label", func(_ context.Context, p Parcel) (string, error) { return "label for " + p.To, nil }),
		pawl.Register(eng, "hand_over", func(_ context.Context, label string) (string, error) { return label, nil }),
		pawl.Register(eng, "void_label", func(_ context.Context, label string) (string, error) { return "void " + label, nil }),
	)
}
