package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/alecthomas/kong"

	"github.com/pawl-dev/pawl"
)

// cli is the grammar.
type cli struct {
	Run        runCmd        `cmd:"" help:"Start the workflow of a file and follow it to its end."`
	Resume     resumeCmd     `cmd:"" help:"Go on with open executions, after a crash, a Ctrl-C, a pause or a signal."`
	List       listCmd       `cmd:"" aliases:"ls" help:"List executions, newest first."`
	Count      countCmd      `cmd:"" help:"Count executions, by status or another field, or over time."`
	Get        getCmd        `cmd:"" help:"Show one execution: its steps, and why it is waiting."`
	History    historyCmd    `cmd:"" help:"Show what happened to an execution, entry by entry."`
	Signal     signalCmd     `cmd:"" help:"Send a signal to an execution."`
	Approvals  approvalsCmd  `cmd:"" help:"List what waits for people to decide."`
	Approve    approveCmd    `cmd:"" help:"Approve what an execution asks, or choose another outcome it offers."`
	Reject     rejectCmd     `cmd:"" help:"Reject what an execution asks."`
	Cancel     cancelCmd     `cmd:"" help:"Ask executions to end, undoing what they did."`
	Pause      pauseCmd      `cmd:"" help:"Stop executions from starting anything, until resumed."`
	Deploy     deployCmd     `cmd:"" help:"Add the workflows of files as versions; starts use them from then on."`
	Versions   versionsCmd   `cmd:"" help:"List the deployed versions of a workflow, or of all."`
	Activate   activateCmd   `cmd:"" help:"Let starts use another version, up or down: this is how to roll back."`
	Retire     retireCmd     `cmd:"" help:"Stop starts of a version; open executions go on."`
	Diff       diffCmd       `cmd:"" help:"Say what changed between two versions: nodes, edges, input, rules."`
	Schedule   scheduleCmd   `cmd:"" help:"List and command the schedules of triggers."`
	Limits     limitsCmd     `cmd:"" help:"List the limits that steps share; show or change one."`
	Test       testCmd       `cmd:"" help:"Play saved cases of workflows on virtual time; nothing is really called."`
	Retry      retryCmd      `cmd:"" help:"Run a failed step again; what came after it is taken back."`
	Move       moveCmd       `cmd:"" help:"Begin at another node; what was behind it is taken back."`
	Skip       skipCmd       `cmd:"" help:"End a step skipped, and go on."`
	Complete   completeCmd   `cmd:"" help:"End a step with an outcome and output given by hand."`
	Fail       failCmd       `cmd:"" help:"End a step, or an execution, in error."`
	Route      routeCmd      `cmd:"" help:"Choose the edge of a step whose edges could not be decided."`
	Rerun      rerunCmd      `cmd:"" help:"Start a closed execution again, from its failed steps or others; the rest keeps its results."`
	Fork       forkCmd       `cmd:"" help:"Start an execution with the state of another, as it is or was."`
	Migrate    migrateCmd    `cmd:"" help:"Let an execution go on with another version of its workflow."`
	Bulk       bulkCmd       `cmd:"" help:"Do one thing to every execution that a filter selects."`
	Vars       varsCmd       `cmd:"" help:"Show or change the variables of an execution."`
	Validate   validateCmd   `cmd:"" help:"Check definition files; every fault with its place and a hint."`
	Graph      graphCmd      `cmd:"" help:"Draw the workflow of a file."`
	Import     importCmd     `cmd:"" help:"Bring in what pawl export wrote, or a definition of another engine."`
	Export     exportCmd     `cmd:"" help:"Write executions with all that belongs to them as lines of JSON."`
	Backup     backupCmd     `cmd:"" help:"Copy an SQLite store that may be in use."`
	Eval       evalCmd       `cmd:"" help:"Evaluate an expression."`
	Schema     schemaCmd     `cmd:"" help:"Print the JSON Schema of definition files, or of a node type."`
	Explain    explainCmd    `cmd:"" help:"Explain a key of the definition file, such as node.retry."`
	Store      storeCmd      `cmd:"" help:"Look after the store itself."`
	Doctor     doctorCmd     `cmd:"" help:"Look for what is wrong with the disk, the store and what is stored, and say how to mend it."`
	Bench      benchCmd      `cmd:"" help:"Measure what this machine and its disk can do, and say so in plain words."`
	Completion completionCmd `cmd:"" help:"Print a completion script for a shell."`
	Version    versionCmd    `cmd:"" help:"Print the version of the program."`
}

// run is the program: it parses args, does what they ask and returns the exit code.
func run(ctx context.Context, args []string, e *env) int {
	var c cli
	exited := -1
	k, err := kong.New(&c,
		kong.Name("pawl"),
		kong.Description("Durable workflows: finished work stays finished."),
		kong.Writers(e.out, e.err),
		kong.Exit(func(code int) { exited = max(exited, code) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.UsageOnError(),
		kong.Bind(e),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		e.say("pawl: %v", err)
		return exitUsage
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := k.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		e.say("pawl: %v", err)
		e.say("Try pawl --help, or pawl VERB --help.")
		return exitUsage
	}
	return e.finish(parsed.Run())
}

// finish says what went wrong and gives the exit code.
func (e *env) finish(err error) int {
	code := exitCode(err)
	var x *exitError
	if err == nil || errors.As(err, &x) && x.quiet {
		return code
	}
	var faults pawl.Faults
	if errors.As(err, &faults) {
		e.faults(faults)
		return code
	}
	fmt.Fprintf(e.err, "pawl: %s\n", oneLineError(err))
	if hint := hintFor(err); hint != "" {
		e.say("%s", hint)
	}
	return code
}

// oneLineError drops the code in front of our own messages: the exit code says it.
func oneLineError(err error) string {
	var p *pawl.Error
	if !errors.As(err, &p) || err.Error() != p.Error() {
		return oneLine(err.Error())
	}
	text := p.Message
	if p.Cause != nil {
		if text != "" {
			text += ": "
		}
		text += p.Cause.Error()
	}
	if text == "" {
		text = p.Code
	}
	return oneLine(text)
}

// hintFor says what to do about errors that people meet.
func hintFor(err error) string {
	switch pawl.Code(err) {
	case pawl.CodeInUse:
		return "Wait for it to end, stop it with Ctrl-C (it can be resumed), or use another store with --store."
	case pawl.CodeKeyConflict:
		return "The key was used with another input; choose another --key."
	case pawl.CodeKeyExists:
		return "Choose another --key, or say what to do with the holder: --on-existing new or replace."
	case pawl.CodeNarrows:
		return "Give it a new major version, or say why it breaks nobody: pawl deploy FILE --force REASON."
	case pawl.CodeDependents:
		return "Retire those first, deploy a version that fits them, or say why it may go: --force REASON."
	case pawl.CodeRetired:
		return "pawl versions lists what there is; pawl retire --undo lets a version take starts again."
	case pawl.CodeUnavailable:
		return "Whether it happened is not known; repeat it with the same --key."
	}
	return ""
}

// faults prints what is wrong with a definition, each with its line and a caret.
func (e *env) faults(fs pawl.Faults) {
	for _, f := range fs {
		fmt.Fprint(e.err, f.Pretty(e.colour(e.errTTY)))
	}
}
