package race

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Options shape a race.
type Options struct {
	Quick bool
	// Only and Case name systems and cases, separated by commas; "" is all.
	Only, Case string
	// Programs each answer `list` and `run`, see [Child]; the systems of the first are what the others are compared with.
	Programs []string
	// Dir is where the stores are made.
	Dir string
	// Progress hears what is being measured.
	Progress io.Writer
}

// Row is one system in one case: the median of the repetitions.
type Row struct {
	Case   string  `json:"case"`
	System string  `json:"system"`
	Store  string  `json:"store"`
	Metric string  `json:"metric"`
	Unit   string  `json:"unit"`
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	// Ratio is the speed as a multiple of Pawl's on the same store: below 1 is slower.
	Ratio float64 `json:"ratio"`
	// Executions, CPU and Written are of the repetition in the middle; negative where not known.
	Executions int     `json:"executions"`
	CPU        float64 `json:"cpu_seconds"`
	Written    int64   `json:"bytes_written"`
	Reps       int     `json:"repetitions"`
	Durable    string  `json:"durable,omitempty"`
	// Error says why there is no number.
	Error string `json:"error,omitempty"`
}

// entrant is an entry and the program that has it.
type entrant struct {
	Entry
	program string
}

// Run measures every system in every case: case by case, so that what is compared was measured at about the same time.
func Run(ctx context.Context, o Options) (entries []Entry, rows []Row, err error) {
	entrants, err := o.entrants(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entrants {
		entries = append(entries, e.Entry)
	}
	for _, c := range Cases {
		if !chosen(o.Case, c.Name) {
			continue
		}
		var of []Row
		for _, e := range entrants {
			fmt.Fprintf(o.Progress, "%s: %s on %s ...\n", c.Name, e.System, e.Store)
			of = append(of, o.measure(ctx, e, c))
		}
		rows = append(rows, compared(of, c)...)
	}
	return entries, rows, ctx.Err()
}

func chosen(list, name string) bool {
	return list == "" || slices.Contains(strings.Split(list, ","), name)
}

// entrants asks the programs whom they have. The first, Pawl, always takes part: all are compared with it.
func (o Options) entrants(ctx context.Context) (all []entrant, err error) {
	for i, program := range o.Programs {
		var entries []Entry
		if err := call(ctx, program, &entries, "list"); err != nil {
			return nil, err
		}
		for _, e := range entries {
			if i == 0 || chosen(o.Only, e.System) {
				all = append(all, entrant{e, program})
			}
		}
	}
	return all, nil
}

// measure repeats a case in a process and with a store of its own each time. What takes minutes is done once.
func (o Options) measure(ctx context.Context, e entrant, c Case) Row {
	row := Row{Case: c.Name, System: e.System, Store: e.Store, Metric: c.Metric, Unit: c.Unit}
	if why := e.Without[c.Name]; why != "" {
		row.Error = why
		return row
	}
	reps, seconds, count := 3, 5.0, 10_000
	if o.Quick {
		reps, seconds, count = 1, 1.0, 1_000
	}
	var results []Result
	for range reps {
		settle()
		began := time.Now()
		r, err := o.repeat(ctx, e, c, seconds, count)
		if err != nil {
			row.Error = err.Error()
			return row
		}
		results = append(results, r)
		if time.Since(began) > time.Minute {
			break
		}
	}
	slices.SortFunc(results, func(a, b Result) int { return compare(a.Value, b.Value) })
	mid := results[len(results)/2]
	row.Median, row.Min, row.Max = mid.Value, results[0].Value, results[len(results)-1].Value
	row.Executions, row.CPU, row.Written, row.Durable, row.Reps = mid.Executions, mid.CPU, mid.Written, mid.Durable, len(results)
	return row
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// repeat does one repetition in an empty directory.
func (o Options) repeat(ctx context.Context, e entrant, c Case, seconds float64, count int) (r Result, err error) {
	dir, err := os.MkdirTemp(o.Dir, "pawl-race-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	err = call(ctx, e.program, &r, "run", e.System, e.Store, c.Name, strconv.FormatFloat(seconds, 'f', -1, 64), strconv.Itoa(count), dir)
	return r, err
}

// call runs a program and reads its result into v.
func call(ctx context.Context, program string, v any, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, limit+time.Minute)
	defer cancel()
	var out, log bytes.Buffer
	cmd := exec.CommandContext(ctx, program, append([]string{"race"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Run()
	if err == nil {
		_, line, found := strings.Cut(out.String(), "\n"+marker)
		if line, _, _ = strings.Cut(line, "\n"); found {
			return json.Unmarshal([]byte(line), v)
		}
		err = errors.New("no result")
	}
	if text := lastLine(log.String()); text != "" {
		err = fmt.Errorf("%s (%w)", text, err)
	}
	return err
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// compared fills in the ratios: to the first system on the same store, and where that was not measured, to the first row.
func compared(rows []Row, c Case) []Row {
	by := map[string]float64{} // median of the first system by store
	for _, r := range rows {
		if r.System == rows[0].System && r.Error == "" {
			by[r.Store] = r.Median
		}
	}
	for i := range rows {
		r := &rows[i]
		server, _, _ := strings.Cut(r.Store, "-") // redis-everysec is Redis, too
		of, measured := by[server]
		if !measured {
			of = rows[0].Median
		}
		if r.Error != "" || r.Median == 0 || of == 0 {
			continue
		}
		if r.Ratio = r.Median / of; c.Less {
			r.Ratio = of / r.Median
		}
	}
	return rows
}
