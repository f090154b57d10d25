// Command bench measures Pawl on SQLite with synchronous=FULL, or on other stores, and beside it, in the same run, the
// bare driver writing the same rows in the batch sizes that the engine reached.
//
//	go run . [-quick] [-json] [-case chain3] [-stores sqlite,mysql] [-dir DIR] [-cpuprofile FILE]
//	go run . -peers [-quick] [-json] [-write] [-only river,dbos] [-case chain3] [-dir DIR]
//
// With -peers, other systems do the same work as Pawl, each in a process of its own: see docs/benchmarks.md.
//
// It prints a table; -json prints one object a row instead. Goals are printed beside and never change the exit code:
// a machine that others use too is no reason to fail.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"

	"github.com/pawl-dev/pawl/bench/race"
)

// bench is one run of the program on one kind of store.
type bench struct {
	backing
	kind  string
	ctx   context.Context
	quick bool
	reps  int
}

// cases in the order in which they run.
var cases = []struct {
	name string
	run  func(b *bench) ([]row, error)
}{
	{"chain1", func(b *bench) ([]row, error) { return b.chain(1) }},
	{"chain3", func(b *bench) ([]row, error) { return b.chain(3) }},
	{"chain10", func(b *bench) ([]row, error) { return b.chain(10) }},
	{"latency3", (*bench).latency},
	{"pure3", (*bench).pure},
	{"foreach10k", (*bench).foreach},
	{"loop1m", (*bench).loop},
	{"talk100k", (*bench).talk},
	{"children1m", (*bench).children},
	{"sleep100k", (*bench).sleep},
	{"restart100k", (*bench).restart},
	{"limits100k", (*bench).limits},
	{"members3", (*bench).members},
	{"finished10m", (*bench).finished},
}

func main() {
	quick := flag.Bool("quick", false, "smaller numbers, one repetition: some 20 seconds")
	asJSON := flag.Bool("json", false, "print one JSON object a row")
	only := flag.String("case", "", "run only the cases whose `names` are given, separated by commas")
	stores := flag.String("stores", "sqlite", "the `stores` to measure, separated by commas; servers are looked for on this machine")
	dir := flag.String("dir", "", "where the databases are made; default the system's temporary directory")
	profile := flag.String("cpuprofile", "", "write a CPU profile of everything to this `file`")
	peers := flag.Bool("peers", false, "compare with other systems")
	systems := flag.String("only", "", "with -peers: only the systems whose `names` are given, separated by commas")
	write := flag.Bool("write", false, "with -peers: write docs/benchmarks.md and docs/benchmarks.svg")
	if err := start(func() error {
		if *peers {
			if err := os.Setenv(storesVariable, *stores); err != nil { // for the processes of Pawl
				return err
			}
			return againstPeers(race.Options{Quick: *quick, Only: *systems, Case: *only, Dir: *dir}, *asJSON, *write)
		}
		return run(*quick, *asJSON, *only, *stores, *dir, *profile)
	}); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// start reads the flags and calls f, unless the race started this process to let Pawl run.
func start(f func() error) error {
	if len(os.Args) > 1 && os.Args[1] == "race" {
		return race.Child(os.Args[1:], contenders(os.Getenv(storesVariable)))
	}
	flag.Parse()
	return f()
}

func run(quick, asJSON bool, only, stores, dir, profile string) error {
	tmp, err := os.MkdirTemp(dir, "pawl-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	var rows []row
	for kind := range strings.SplitSeq(stores, ",") {
		got, err := on(kind, tmp, quick, only)
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		rows = append(rows, got...)
	}
	if asJSON {
		return printJSON(os.Stdout, rows)
	}
	fmt.Printf("%s, %d CPUs, SQLite synchronous=FULL in %s\n\n", runtime.Version(), runtime.GOMAXPROCS(0), dir0(dir))
	return printTable(os.Stdout, rows)
}

// on runs the cases on one kind of store.
func on(kind, dir string, quick bool, only string) (rows []row, err error) {
	make, known := backings[kind]
	if !known {
		return nil, errors.New("no such store")
	}
	b := &bench{kind: kind, ctx: context.Background(), quick: quick, reps: 5}
	if quick {
		b.reps = 1
	}
	if b.backing, err = make(dir); err != nil {
		return nil, err
	}
	rows, err = b.all(only)
	return rows, errors.Join(err, b.drop())
}

func dir0(dir string) string {
	if dir == "" {
		return os.TempDir()
	}
	return dir
}

func (b *bench) all(only string) ([]row, error) {
	var rows []row
	for _, c := range cases {
		if only != "" && !strings.Contains(","+only+",", ","+c.name+",") {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s on %s ...\n", c.name, b.kind)
		got, err := c.run(b)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", c.name, err)
		}
		for i := range got {
			got[i].Store = b.kind
		}
		rows = append(rows, got...)
	}
	return rows, nil
}

// pick is a or, with -quick, q.
func (b *bench) pick(a, q int) int {
	if b.quick {
		return q
	}
	return a
}
