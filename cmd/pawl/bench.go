package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/cmd/pawl/disk"
	"github.com/pawl-dev/pawl/store/sqlite"
)

type benchCmd struct {
	Dir     string        `help:"Folder of the store that is made for it; measure the disk that yours will lie on." default:"." type:"existingdir" placeholder:"DIR"`
	Steps   int           `help:"Steps of the workflow, one after the other." default:"3"`
	Flight  int           `help:"Executions at once under load." default:"500" placeholder:"N"`
	Payload int           `help:"Bytes of the input, and of each step's output." default:"0" placeholder:"BYTES"`
	For     time.Duration `help:"How long each part of it takes." default:"5s"`
	Output  format        `short:"o" help:"table, json or yaml." enum:"table,json,yaml" default:"table"`
}

// capacity is what was measured.
type capacity struct {
	Steps   int `json:"steps"`
	Flight  int `json:"in_flight"`
	Payload int `json:"payload_bytes"`
	// Milliseconds of a flush of four kilobytes, and of one execution alone.
	Flush    float64 `json:"flush_ms"`
	Flush99  float64 `json:"flush_p99_ms"`
	Alone    float64 `json:"alone_ms"`
	Alone99  float64 `json:"alone_p99_ms"`
	Ended    int     `json:"executions"`
	PerSec   float64 `json:"executions_per_second"`
	StepsSec float64 `json:"steps_per_second"`
	// Bytes that an execution leaves in the store once it has ended.
	Bytes float64 `json:"bytes_per_execution"`

	all int // executions, those that ran alone among them
}

// Run measures this machine and this disk.
func (c *benchCmd) Run(ctx context.Context, e *env) error {
	switch {
	case c.Steps < 1 || c.Steps > 100:
		return usage("--steps is from 1 to 100")
	case c.Flight < 1 || c.Flight > 10_000:
		return usage("--flight is from 1 to 10000")
	case c.Payload < 0 || c.Payload > 200_000:
		return usage("--payload is from 0 to 200000")
	case c.For < 100*time.Millisecond:
		return usage("--for is at least 100ms")
	}
	dir, err := os.MkdirTemp(c.Dir, ".pawl-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	got, err := c.measure(ctx, e, dir)
	if err != nil {
		return err
	}
	if c.Output != asTable {
		return e.print(c.Output, &listing{values: []any{got}, single: true})
	}
	fmt.Fprint(e.out, got.plainly())
	return nil
}

func (c *benchCmd) measure(ctx context.Context, e *env, dir string) (*capacity, error) {
	got := &capacity{Steps: c.Steps, Flight: c.Flight, Payload: c.Payload}
	e.say("The disk ...")
	f, err := disk.Flush(dir, c.For/5)
	if err != nil {
		return nil, err
	}
	got.Flush, got.Flush99 = milliseconds(f.P50), milliseconds(f.P99)
	file := filepath.Join(dir, "bench.db")
	eng, err := c.engine(ctx, file)
	if err != nil {
		return nil, err
	}
	err = c.loads(ctx, e, eng, got)
	if err := errors.Join(err, eng.Close(ctx)); err != nil {
		return nil, err
	}
	got.Bytes = float64(sizeOf(file)) / float64(got.all)
	return got, nil
}

// loads runs the workflow alone and with others.
func (c *benchCmd) loads(ctx context.Context, e *env, eng *pawl.Engine, got *capacity) error {
	e.say("One at a time, for %s ...", c.For)
	alone, err := c.load(ctx, eng, 1)
	if err != nil {
		return err
	}
	got.Alone, got.Alone99 = milliseconds(alone[len(alone)/2]), milliseconds(alone[len(alone)*99/100])
	e.say("%d at once, for %s ...", c.Flight, c.For)
	began := time.Now()
	loaded, err := c.load(ctx, eng, c.Flight)
	if err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	got.Ended, got.all = len(loaded), len(alone)+len(loaded)
	got.PerSec = float64(got.Ended) / took
	got.StepsSec = got.PerSec * float64(c.Steps)
	return nil
}

// engine opens a store of its own with the workflow in it.
func (c *benchCmd) engine(ctx context.Context, file string) (*pawl.Engine, error) {
	eng, err := pawl.Open(ctx, sqlite.Open(file), pawl.Options{})
	if err != nil {
		return nil, err
	}
	err = pawl.Register(eng, "step", func(_ context.Context, in json.RawMessage) (json.RawMessage, error) { return in, nil })
	if err == nil {
		var doc strings.Builder
		doc.WriteString("workflow: chain\nnodes:\n")
		for i := range c.Steps {
			fmt.Fprintf(&doc, "  - s%d: {call: step, args: \"${ input }\"}\n", i+1)
		}
		_, err = eng.Deploy(ctx, pawl.Text("chain.yaml", []byte(doc.String())))
	}
	if err != nil {
		_ = eng.Close(ctx)
		return nil, err
	}
	return eng, nil
}

// load keeps so many executions in flight for the time that was asked for, and gives how long each took, sorted.
func (c *benchCmd) load(ctx context.Context, eng *pawl.Engine, flight int) ([]time.Duration, error) {
	input := map[string]string{}
	if c.Payload > 0 {
		input["text"] = strings.Repeat("x", c.Payload)
	}
	var mu sync.Mutex
	var all []time.Duration
	var failed error
	end := time.Now().Add(c.For)
	var wg sync.WaitGroup
	for range flight {
		wg.Go(func() {
			var mine []time.Duration
			var err error
			for err == nil && time.Now().Before(end) {
				at := time.Now()
				var run *pawl.Run
				if run, err = eng.Start(ctx, "chain", input); err == nil {
					_, err = run.Wait(ctx)
				}
				mine = append(mine, time.Since(at))
			}
			mu.Lock()
			defer mu.Unlock()
			if all = append(all, mine...); err != nil {
				failed = err
			}
		})
	}
	wg.Wait()
	slices.Sort(all)
	return all, failed
}

// sizeOf is the store's file and the log beside it, in bytes.
func sizeOf(file string) (n int64) {
	for _, name := range []string{file, file + "-wal"} {
		if i, err := os.Stat(name); err == nil {
			n += i.Size()
		}
	}
	return n
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// plainly says what the numbers mean.
func (c *capacity) plainly() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-8s  %s\n", name, fmt.Sprintf(format, args...))
	}
	line("disk", "a flush takes %.2f ms, one in a hundred %.2f ms", c.Flush, c.Flush99)
	line("alone", "a workflow of %d steps takes %.2f ms, one in a hundred %.2f ms: %d commits, one after the other", c.Steps, c.Alone, c.Alone99, c.Steps+1)
	line("load", "%s workflows a second with %d at once: %s steps, each durable before the next begins", thousands(c.PerSec), c.Flight, thousands(c.StepsSec))
	line("space", "%s for each workflow that has ended", bytesText(uint64(c.Bytes)))
	day := c.PerSec * 86_400
	fmt.Fprintf(&b, "\nAt half of that, which leaves room for bursts, this machine ends %s such workflows a day and writes %s.\n", thousands(day/2), bytesText(uint64(c.Bytes*day/2)))
	if c.Alone > 4*c.Flush*float64(c.Steps+1) {
		fmt.Fprintf(&b, "One alone takes much longer than its flushes: something else keeps the processors or the disk busy.\n")
	}
	return b.String()
}

// thousands writes a large number as a person says it.
func thousands(f float64) string {
	switch {
	case f >= 1e9:
		return fmt.Sprintf("%.1f billion", f/1e9)
	case f >= 1e6:
		return fmt.Sprintf("%.0f million", f/1e6)
	case f >= 1e4:
		return fmt.Sprintf("%.0f,000", f/1e3)
	}
	return fmt.Sprintf("%.0f", f)
}
