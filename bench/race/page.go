package race

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Write writes benchmarks.md and benchmarks.svg into dir, with the numbers of this one run.
func Write(dir string, entries []Entry, rows []Row, quick bool) error {
	if err := os.WriteFile(filepath.Join(dir, "benchmarks.md"), page(entries, rows, quick), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "benchmarks.svg"), chart(rows), 0o644)
}

const intro = `# Benchmarks

The same work on Pawl and on other systems, on one machine, in one run, with every commit flushed to the disk. Written by
the program itself; [how to repeat it](#repeat-it) is below. The numbers compare systems on this machine; they are not
what yours will do: %s says that.

![Executions of three steps a second, each system on its store](benchmarks.svg)

`

const rules = `## Rules

- Every repetition has a process, a store and a database of its own, and begins when the disk has written all that was left
  to write (sync); it warms up for a fifth of its time, then runs %s.
  The value is the median of three repetitions%s, with the lowest and the highest beside it. Where one repetition takes more
  than a minute, one is all there is.
- Steps do nothing and give a small result, which is kept. Executions are started by the same process that runs them.
- Where many executions are in flight, and for timers, the clock stops when the store has the ends of all. One at a time, it
  stops for Pawl when the end is durable, and for the others already when the last line of the execution's code ran.
- At the end of each repetition the store was asked how many executions have ended: exactly those that were started.
- The setting that makes commits durable was read back from the store in each repetition. Durable means flushed at each
  commit, except for Redis with ` + "`appendfsync everysec`" + `, which may lose a second.
- Speed is how many times as fast as Pawl on the same store, or on SQLite where Pawl was not measured on that one: 0.1 is a
  tenth. CPU and bytes are of the process and, where the store is a server, of all its processes (bytes as the kernel counts
  what is handed to the disk, so others on that server count too).
- One machine for all: engine, client and server share its processors, which favours stores inside the process. So compare
  what is on the same store.
- Runs are short and databases small: nothing here says what happens when tables have grown for a month.
- River and asynq are queues and do less; Temporal is a server made for many machines and does more. The table of systems
  says what.

`

const repeat = `## Repeat it

` + "```" + `
cd bench
go run . -peers -quick                        # some minutes: what works, not what is fast
go run . -peers -only river,dbos -case chain3 # some systems and cases; Pawl always takes part
go run . -peers -json                         # one object a row
go run . -peers -stores sqlite,postgres,mysql,redis -write # all, more than an hour; writes this page and the chart
` + "```" + `

It wants PostgreSQL on 127.0.0.1:5432 (user postgres without a password, or the URL in ` + "`PAWL_BENCH_POSTGRES`" + `), in which it
makes databases ` + "`pawl_race_*`" + ` and drops them (but not when it is interrupted); the program ` + "`redis-server`" + `, which it starts for itself; and a C compiler for
one peer. Where one of them is missing, its rows say so. The peers are a module of their own, ` + "`bench/peers`" + `, one file for each
with its settings and the reasons for them; a correction there is welcome. Temporal is another, ` + "`bench/peers/temporal`" + `: it
needs Go 1.26.8, takes minutes to build the first time, and is built only where it takes part, so not in ` + "`.ci/run`" + `.
`

func page(entries []Entry, rows []Row, quick bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, intro, "[`pawl bench`](health.md#pawl-bench)")
	if quick {
		b.WriteString("**This page was written with `-quick`: one short repetition each. Read no speed from it.**\n\n")
	}
	for _, c := range Cases {
		caseTable(&b, c, rows)
	}
	runs, reps := "five seconds", ""
	if quick {
		runs, reps = "one second", " (here: of one)"
	}
	fmt.Fprintf(&b, rules, runs, reps)
	systems(&b, entries, rows)
	b.WriteString(leftOut)
	machine(&b)
	b.WriteString(repeat)
	return b.Bytes()
}

// caseTable is the table of one case, the fastest first.
func caseTable(b *bytes.Buffer, c Case, rows []Row) {
	var of []Row
	for _, r := range rows {
		if r.Case == c.Name {
			of = append(of, r)
		}
	}
	if len(of) == 0 {
		return
	}
	slices.SortStableFunc(of, func(x, y Row) int { return faster(x, y, c.Less) })
	fmt.Fprintf(b, "## %s\n\n%s%s.\n\n", c.Name, strings.ToUpper(c.Text[:1]), c.Text[1:])
	fmt.Fprintf(b, "| system | store | %s | lowest–highest | speed | CPU ms each | KB written each |\n", c.Unit)
	b.WriteString("| --- | --- | --: | --: | --: | --: | --: |\n")
	for _, r := range of {
		if r.Error != "" {
			fmt.Fprintf(b, "| %s | %s | – | %s | | | |\n", r.System, r.Store, cell(r.Error))
			continue
		}
		cpu, kb := "–", "–"
		if r.CPU >= 0 && r.Executions > 0 {
			cpu, kb = number(r.CPU*1000/float64(r.Executions)), number(float64(r.Written)/1000/float64(r.Executions))
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s–%s | %s | %s | %s |\n", strong(r.System), r.Store, number(r.Median), number(r.Min), number(r.Max), number(r.Ratio), cpu, kb)
	}
	b.WriteString("\n")
}

// faster orders rows by what was measured, those without a number last.
func faster(x, y Row, less bool) int {
	switch {
	case x.Error != "" && y.Error != "":
		return 0
	case x.Error != "":
		return 1
	case y.Error != "":
		return -1
	case less:
		return compare(x.Median, y.Median)
	}
	return compare(y.Median, x.Median)
}

func strong(system string) string {
	if system == "pawl" {
		return "**pawl**"
	}
	return system
}

// cell is text that a cell of a table can hold.
func cell(text string) string { return strings.NewReplacer("|", "\\|", "\n", " ").Replace(text) }

// systems says of each system what was chosen, what it writes and what it does not do.
func systems(b *bytes.Buffer, entries []Entry, rows []Row) {
	durable := map[string]string{}
	for _, r := range rows {
		if r.Durable != "" {
			durable[r.System+" "+r.Store] = r.Durable
		}
	}
	b.WriteString("## Systems\n\n| system | store | version | licence | read back | settings | what a step persists | to know |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, e := range entries {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", strong(e.System), e.Store, e.Version, e.License,
			cell(durable[e.System+" "+e.Store]), cell(e.Settings), cell(e.Persists), cell(e.Note))
	}
	b.WriteString("\n")
}

const leftOut = `## Not here

- **parevo/flow** (MIT): its module could not be fetched, the Go proxy answered 403. Its v1.0.0, tried from the source, does not
  run a step on PostgreSQL: missing destination name labels in *models.ExecutionStep.
- **Restate, Hatchet, Inngest**: servers to be installed, not Go modules.
- **go-workflows on MySQL**: its queries do not run on MariaDB.

`

func machine(b *bytes.Buffer) {
	fmt.Fprintf(b, "## Machine\n\n%s, %d CPUs%s, %s/%s, %s; %s.\n\n", processor(), runtime.NumCPU(), memory(), runtime.GOOS, runtime.GOARCH,
		runtime.Version(), time.Now().UTC().Format("2 January 2006"))
}

// processor is the name of the processor, as far as the system tells.
func processor() string {
	if name := field("/proc/cpuinfo", "model name"); name != "" {
		return name
	}
	return "a processor"
}

func memory() string {
	var kib float64
	if fmt.Sscan(field("/proc/meminfo", "MemTotal"), &kib); kib == 0 {
		return ""
	}
	return fmt.Sprintf(", %.0f GB", kib*1024/1e9)
}

// field is the value behind a name and a colon in a file of /proc; "" where there is none.
func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
