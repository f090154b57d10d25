package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl"
)

// bulkCmd groups the verbs on bulks, one file each.
type bulkCmd struct {
	Start  bulkStartCmd  `cmd:"" help:"Do one thing to every execution that a filter selects; --plan says what it would be."`
	List   bulkListCmd   `cmd:"" aliases:"ls" help:"List bulks and how far they have come."`
	Get    bulkGetCmd    `cmd:"" help:"Show one bulk and what was refused."`
	Pause  bulkPauseCmd  `cmd:"" help:"Let a bulk begin nothing more, until resumed."`
	Resume bulkResumeCmd `cmd:"" help:"Go on with a bulk that was paused or interrupted, also after its canary."`
	Stop   bulkStopCmd   `cmd:"" help:"End a bulk; what was done stays done."`
}

// bulkArgs name one bulk.
type bulkArgs struct {
	storeFlags
	ID  string `arg:"" help:"Name of the bulk."`
	Why string `help:"Reason, kept in the journal." placeholder:"TEXT"`
}

// on opens the store and does something to the bulks.
func (a *bulkArgs) on(ctx context.Context, e *env, do func(pawl.Bulks) error) error {
	eng, err := a.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	return do(eng.Bulks())
}

// follow waits until the bulk is paused or over and tells how far it came. An interrupted one goes on with pawl bulk
// resume.
func (e *env) follow(ctx context.Context, bulks pawl.Bulks, id string, f format) error {
	p, err := bulks.Wait(ctx, id)
	if ctx.Err() != nil {
		e.say("Interrupted. Go on with: pawl bulk resume %s", id)
		return quiet(exitSignal)
	}
	if err != nil {
		return err
	}
	return e.showBulk(p, f)
}

// showBulk prints the progress of a bulk.
func (e *env) showBulk(p *pawl.BulkProgress, f format) error {
	if f != asTable {
		return e.print(f, &listing{single: true, values: []any{p}})
	}
	fmt.Fprintf(e.out, "%s is %s: %d found, %d done, %d refused\n", p.ID, p.State, p.Found, p.Done, p.Refused)
	fmt.Fprintf(e.out, "%s of %s\n", p.Do.Verb, oneLine(p.Filter.Query()))
	e.bulkCodes(&p.BulkCounts)
	if p.Error != nil {
		fmt.Fprintf(e.out, "%s\n", oneLine(p.Error.Error()))
	}
	switch p.State {
	case pawl.BulkPaused:
		e.say("Go on with: pawl bulk resume %s, or end it with: pawl bulk stop %s", p.ID, p.ID)
	case pawl.BulkRunning:
		e.say("Carry it on with: pawl bulk resume %s", p.ID)
	}
	return nil
}

// bulkCodes prints how often each code was, with an example.
func (e *env) bulkCodes(c *pawl.BulkCounts) {
	for _, code := range sortedKeys(c.Codes) {
		example := ""
		if i := slices.IndexFunc(c.Refusals, func(r pawl.BulkRefusal) bool { return r.Code == code }); i >= 0 {
			example = strings.TrimPrefix(c.Refusals[i].Message, code+": ")
		}
		fmt.Fprintf(e.out, "%d %s: %s\n", c.Codes[code], code, oneLine(example))
	}
}

func bulksOf(all []pawl.BulkProgress) *listing {
	l := &listing{
		columns: []column{{title: "BULK"}, {title: "STATE"}, {title: "VERB"}, {title: "FOUND", right: true}, {title: "DONE", right: true},
			{title: "REFUSED", right: true}, {title: "STARTED"}, {title: "NOTE"}},
		empty: "No bulks. Begin one with pawl bulk start.",
	}
	for i := range all {
		p := &all[i]
		note := ""
		if p.Error != nil {
			note = p.Error.Error()
		}
		l.names = append(l.names, p.ID)
		l.values = append(l.values, p)
		l.rows = append(l.rows, []string{p.ID, string(p.State), p.Do.Verb, strconv.Itoa(p.Found), strconv.Itoa(p.Done), strconv.Itoa(p.Refused), when(p.Started), note})
	}
	return l
}
