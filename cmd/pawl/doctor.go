package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/cmd/pawl/disk"
)

type doctorCmd struct {
	storeFlags
	Output format `short:"o" help:"table, wide, json, jsonl, yaml or name." enum:"table,wide,json,jsonl,yaml,name" default:"table"`
}

// Run looks at the disk, the store and what is stored, and says what is wrong and how to mend it.
func (c *doctorCmd) Run(ctx context.Context, e *env) error {
	if err := c.prepare(inspecting); err != nil {
		return err
	}
	found := c.disk()
	eng, err := c.open(ctx, e, inspecting, workFlags{})
	switch {
	case pawl.Code(err) == pawl.CodeInUse:
		found = append(found, pawl.Finding{
			Check: "store", State: pawl.FindingWarning, Text: oneLineError(err),
			Fix: "stop that program for a moment, and ask again: what is stored was not looked at",
		})
	case err != nil:
		found = append(found, pawl.Finding{
			Check: "store", State: pawl.FindingProblem, Text: oneLineError(err),
			Fix: "docs/internals/stores.md says what a store needs; where the file is damaged, put back a copy of it",
		})
	default:
		defer eng.Close(ctx)
		more, err := eng.Doctor(ctx)
		if err != nil {
			return err
		}
		found = append(found, more...)
	}
	if c.Output == asTable && e.outTTY {
		tellFindings(e, found)
	} else if err := e.print(c.Output, findingsOf(found)); err != nil {
		return err
	}
	return diagnosis(e, found)
}

// diagnosis says how many problems there are; they are what makes the exit code.
func diagnosis(e *env, found []pawl.Finding) error {
	problems, warnings := 0, 0
	for i := range found {
		switch found[i].State {
		case pawl.FindingProblem:
			problems++
		case pawl.FindingWarning:
			warnings++
		}
	}
	e.say("%d looked at: %d problems, %d warnings.", len(found), problems, warnings)
	if problems > 0 {
		return quiet(exitFailed)
	}
	return nil
}

// What is too little, or too much, for a disk.
const (
	leastFree = 1 << 30
	leastPart = 20 // one in twenty
	slowFlush = 20 * time.Millisecond
	fastFlush = 15 * time.Microsecond
	bigLog    = 256 << 20
)

// disk looks at what the store lies on.
func (c *doctorCmd) disk() (found []pawl.Finding) {
	say := func(state pawl.FindingState, fix, format string, args ...any) {
		found = append(found, pawl.Finding{Check: "disk", State: state, Text: fmt.Sprintf(format, args...), Fix: fix})
	}
	if !c.isFile() {
		return nil
	}
	dir := filepath.Dir(c.Store)
	switch free, size, ok := disk.Free(dir); {
	case !ok:
	case free < leastFree || free < size/leastPart:
		say(pawl.FindingProblem, "make room, or move the store: a full disk stops every commit until there is space again", "%s of %s are free", bytesText(free), bytesText(size))
	default:
		say(pawl.FindingOK, "", "%s of %s are free", bytesText(free), bytesText(size))
	}
	switch f, err := disk.Flush(dir, 300*time.Millisecond); {
	case err != nil:
		say(pawl.FindingProblem, "let this user write into the folder of the store", "nothing can be written: %v", err)
	case f.P50 > slowFlush:
		say(pawl.FindingWarning, "every step waits for it; a faster disk, or less other work on this one, makes everything faster", "a flush takes %s, one in a hundred %s", span(f.P50), span(f.P99))
	case f.P50 < fastFlush:
		say(pawl.FindingWarning, "make sure that it does not lie: memory, or a disk that keeps writes in a cache without a battery, loses them in a power failure", "a flush takes only %s", span(f.P50))
	default:
		say(pawl.FindingOK, "", "a flush takes %s, one in a hundred %s", span(f.P50), span(f.P99))
	}
	if i, err := os.Stat(c.Store + "-wal"); err == nil && i.Size() > bigLog {
		say(pawl.FindingWarning, "something keeps a read of the file open, perhaps a backup or a shell: end it", "the log beside the store has grown to %s", bytesText(uint64(i.Size())))
	}
	return found
}

// span rounds a time for a person.
func span(d time.Duration) string {
	switch {
	case d > time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d > 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}

// bytesText is a number of bytes for a person.
func bytesText(n uint64) string {
	for _, u := range []struct {
		size uint64
		name string
	}{{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.size {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(u.size), u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// tellFindings writes for a person: what is wrong has its remedy below it.
func tellFindings(e *env, found []pawl.Finding) {
	colours := map[pawl.FindingState]string{pawl.FindingOK: "32", pawl.FindingWarning: "33", pawl.FindingProblem: "31"}
	for _, row := range findingsOf(found).rows {
		state := fmt.Sprintf("%-7s", row[1])
		if e.colour(e.outTTY) {
			state = "\x1b[" + colours[pawl.FindingState(row[1])] + "m" + state + "\x1b[0m"
		}
		fmt.Fprintf(e.out, "%s  %-11s  %s\n", state, row[0], oneLine(row[2]))
		if row[3] != "" {
			fmt.Fprintf(e.out, "%22s  mend it: %s\n", "", oneLine(row[3]))
		}
	}
}

func findingsOf(found []pawl.Finding) *listing {
	l := &listing{columns: []column{{title: "CHECK"}, {title: "STATE"}, {title: "WHAT"}, {title: "FIX"}}}
	for i := range found {
		f := &found[i]
		text := f.Text
		if len(f.Executions) > 0 {
			text += " (" + f.Executions[0]
			if n := len(f.Executions); n > 1 {
				text += fmt.Sprintf(" and %d more", n-1)
			}
			text += ")"
		}
		l.rows = append(l.rows, []string{f.Check, string(f.State), text, f.Fix})
		l.names = append(l.names, f.Check)
		l.values = append(l.values, f)
	}
	return l
}
