// Command bench measures Pawl on SQLite with synchronous=FULL, and beside it, in the same run, the bare driver
// writing the same rows in the batch sizes that the engine reached.
//
//	go run . [-quick] [-json] [-case chain3] [-dir DIR] [-cpuprofile FILE]
//	go run . -peers [-quick] [-json] [-write] [-only river,dbos] [-case chain3] [-dir DIR]
//
// With -peers, other systems do the same work as Pawl, each in a process of its own: see docs/benchmarks.md.
//
// It prints a table; -json prints one object a row instead. Goals are printed beside and never change the exit code:
// a machine that others use too is no reason to fail.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"

	"github.com/pawl-dev/pawl/bench/race"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// bench is one run of the program.
type bench struct {
	ctx   context.Context
	dir   string
	quick bool
	reps  int
	n     int // databases made
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
	{"finished10m", (*bench).finished},
}

func main() {
	quick := flag.Bool("quick", false, "smaller numbers, one repetition: some 20 seconds")
	asJSON := flag.Bool("json", false, "print one JSON object a row")
	only := flag.String("case", "", "run only the cases whose `names` are given, separated by commas")
	dir := flag.String("dir", "", "where the databases are made; default the system's temporary directory")
	profile := flag.String("cpuprofile", "", "write a CPU profile of everything to this `file`")
	peers := flag.Bool("peers", false, "compare with other systems")
	systems := flag.String("only", "", "with -peers: only the systems whose `names` are given, separated by commas")
	write := flag.Bool("write", false, "with -peers: write docs/benchmarks.md and docs/benchmarks.svg")
	if err := start(func() error {
		if *peers {
			return againstPeers(race.Options{Quick: *quick, Only: *systems, Case: *only, Dir: *dir}, *asJSON, *write)
		}
		return run(*quick, *asJSON, *only, *dir, *profile)
	}); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// start reads the flags and calls f, unless the race started this process to let Pawl run.
func start(f func() error) error {
	if len(os.Args) > 1 && os.Args[1] == "race" {
		return race.Child(os.Args[1:], contenders())
	}
	flag.Parse()
	return f()
}

func run(quick, asJSON bool, only, dir, profile string) error {
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
	b := &bench{ctx: context.Background(), dir: tmp, quick: quick, reps: 5}
	if quick {
		b.reps = 1
	}
	rows, err := b.all(only)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(os.Stdout, rows)
	}
	fmt.Printf("%s, %d CPUs, SQLite synchronous=FULL in %s\n\n", runtime.Version(), runtime.GOMAXPROCS(0), dir0(dir))
	return printTable(os.Stdout, rows)
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
		fmt.Fprintf(os.Stderr, "%s ...\n", c.name)
		got, err := c.run(b)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", c.name, err)
		}
		rows = append(rows, got...)
	}
	return rows, nil
}

// fresh names a database that does not exist yet.
func (b *bench) fresh() store.Opener {
	b.n++
	return b.store()
}

// store is the newest database, and path its file.
func (b *bench) store() store.Opener { return sqlite.Open(b.path()) }

func (b *bench) path() string { return filepath.Join(b.dir, fmt.Sprintf("%d.db", b.n)) }

// pick is a or, with -quick, q.
func (b *bench) pick(a, q int) int {
	if b.quick {
		return q
	}
	return a
}
