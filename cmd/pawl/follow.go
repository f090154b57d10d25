package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/cmd/pawl/live"
	"github.com/pawl-dev/pawl/model"
)

// followFlags are common to the verbs that follow an execution.
type followFlags struct {
	Answer []string      `short:"a" sep:"none" help:"Answer a step that waits for a signal: NODE=JSON or NODE=@FILE; or an approval: NODE=OUTCOME; repeatable." placeholder:"NODE=JSON"`
	Wait   time.Duration `help:"Stop following after this time and leave the execution open; exit code 6." placeholder:"DURATION"`
	Output format        `short:"o" help:"What to print at the end: the output (table), or the execution as json, yaml or name." enum:"table,json,yaml,name" default:"table"`
	Quiet  bool          `short:"q" help:"Show no progress."`
}

// The rhythm of following.
const (
	frameTime = 100 * time.Millisecond // between two pictures
	calm      = 60 * time.Millisecond  // without an event before it is asked what is waiting
	patience  = time.Minute            // off a terminal: a timer due within it is worth waiting for
)

// interruptible ends with the first Ctrl-C. The second kills.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// patient ends after --wait.
func (c *followFlags) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.Wait <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.Wait)
}

// follower shows one execution until it ends or must be left.
type follower struct {
	env     *env
	eng     *pawl.Engine
	run     *pawl.Run
	flags   *followFlags
	answers *answers
	detach  bool
	brief   bool // others wait for their turn: leave one that sleeps for long

	tree   *live.Tree
	lines  *live.Lines
	screen *live.Screen // nil off a terminal
	frame  int
	seen   uint64 // the last entry of which something was shown
	typed  <-chan string
	deaf   bool // nobody types
}

func newFollower(e *env, eng *pawl.Engine, run *pawl.Run, title string, a *answers, flags *followFlags) *follower {
	f := &follower{env: e, eng: eng, run: run, flags: flags, answers: a, tree: live.New(title, run.ID())}
	f.lines = live.NewLines(f.tree)
	if e.errTTY && e.getenv("TERM") != "dumb" && !flags.Quiet {
		f.screen = live.NewScreen(e.err)
	}
	f.deaf = !e.inTTY || !e.errTTY
	return f
}

// errLeave says that nothing can be done here any more, although the execution is open.
var errLeave = errors.New("leave")

// follow returns nil if the execution completed. ctx bounds it, by Ctrl-C or by time.
func (f *follower) follow(ctx context.Context) error {
	err := f.watch(ctx)
	f.rest()
	switch {
	case err == nil:
		return f.report(context.WithoutCancel(ctx))
	case errors.Is(err, errLeave):
		return f.leave(context.WithoutCancel(ctx))
	case errors.Is(err, context.DeadlineExceeded):
		f.env.say("It has not ended yet. Go on with: pawl resume %s", f.run.ID())
		return quiet(exitTimeout)
	case ctx.Err() != nil:
		f.env.say("Stopped; nothing is lost. Go on with: pawl resume %s", f.run.ID())
		return quiet(exitSignal)
	}
	return err
}

type happening struct {
	ev  pawl.Event
	err error
}

// watch shows events until the execution has ended.
func (f *follower) watch(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := make(chan happening, 256)
	go func() {
		defer close(events)
		for ev, err := range f.run.Watch(ctx, 0) {
			select {
			case events <- happening{ev, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	frames := time.NewTicker(frameTime)
	defer frames.Stop()
	quietFor := time.NewTimer(calm)
	defer quietFor.Stop()
	for {
		select {
		case h, ok := <-events:
			if !ok {
				return ctx.Err()
			}
			if h.err != nil {
				return h.err
			}
			f.show(h.ev)
			quietFor.Reset(calm)
		case <-quietFor.C:
			if err := f.look(ctx); err != nil {
				return err
			}
		case <-frames.C:
			f.frame++
			f.paint()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// show folds an event and tells it.
func (f *follower) show(ev pawl.Event) {
	f.tree.Apply(ev)
	f.seen = max(f.seen, ev.Seq)
	if f.flags.Quiet {
		return
	}
	if f.screen == nil {
		if line := f.lines.Line(ev); line != "" {
			fmt.Fprintln(f.env.err, line)
		}
		return
	}
	if ev.Type == "log" {
		f.screen.Print(f.lines.Line(ev), f.picture())
	}
}

func (f *follower) picture() []string {
	cols, rows := f.env.size()
	return f.tree.Render(live.Look{Width: cols, Height: rows - 1, Colour: f.env.colour(f.env.errTTY), Now: time.Now(), Frame: f.frame})
}

func (f *follower) paint() {
	if f.screen != nil {
		f.screen.Paint(f.picture())
	}
}

// rest leaves a last picture where it is.
func (f *follower) rest() {
	if f.screen != nil {
		f.screen.Paint(f.picture())
		f.screen.Close()
	}
}

// look asks what the execution waits for: it answers signals, and finds out that there is nothing to stay for.
func (f *follower) look(ctx context.Context) error {
	open, err := f.eng.Explain(ctx, f.run.ID())
	if err != nil {
		return err
	}
	f.tree.Explain(open)
	unanswered := false
	for _, w := range open {
		if w.Approval != nil {
			acted, err := f.lookApproval(ctx, w)
			if acted || err != nil {
				return err
			}
			unanswered = true
			continue
		}
		if w.Kind != "wait" || len(w.Signals) == 0 || f.answers.asked[w.Step] {
			unanswered = unanswered || w.Kind == "wait" && len(w.Signals) > 0
			continue
		}
		signal, data, ok := f.answers.next(w)
		switch {
		case ok:
			f.answers.asked[w.Step] = true
			if err := f.answer(ctx, w, signal, data); err != nil {
				return err
			}
			return nil // things move again
		case !f.deaf && !f.detach:
			f.answers.asked[w.Step] = true
			return f.ask(ctx, w)
		}
		unanswered = true
	}
	if f.stuck(open, unanswered) {
		return f.leaveInformed(ctx)
	}
	return nil
}

// leaveInformed is errLeave, unless events are on their way that say why: they come first.
func (f *follower) leaveInformed(ctx context.Context) error {
	x, err := f.run.Get(ctx)
	if err != nil || f.seen < x.Seq {
		return err
	}
	return errLeave
}

// stuck reports whether to leave: it is paused or parked; or only waiting is left, and either that was asked for or
// it is for a signal or a decision that nobody here can give, or for a function that another program has.
func (f *follower) stuck(open []pawl.Waiting, unanswered bool) bool {
	resting := len(open) > 0
	var soon bool
	for _, w := range open {
		switch {
		case w.Kind == "paused", w.Kind == "parked":
			return true
		case foreign(w):
			unanswered = true
		case slices.Contains(restful, w.Kind):
			unanswered = unanswered || w.Kind == "callback"
			soon = soon || !w.Until.IsZero() && time.Until(w.Until) < patience
		default:
			resting = false
		}
	}
	if !resting {
		return false
	}
	return f.detach || foreignOnly(open) || (unanswered && f.deaf || f.brief && !unanswered) && !soon
}

// restful are the kinds of what may be waited for without a process.
var restful = []string{"wait", "approval", "callback", "scope", "timeout", "pending"}

// foreign reports whether only the Go program that has the function can go on.
func foreign(w pawl.Waiting) bool { return w.Kind == "task" && w.Type == "function" }

// foreignOnly reports whether nothing but functions of another program would bring the execution on.
func foreignOnly(open []pawl.Waiting) bool {
	return slices.ContainsFunc(open, foreign) && !slices.ContainsFunc(open, func(w pawl.Waiting) bool {
		return !foreign(w) && w.Kind != "scope" && w.Kind != "timeout"
	})
}

// leave prints where the execution stands.
func (f *follower) leave(ctx context.Context) error {
	x, err := f.run.Get(ctx)
	if err != nil {
		return err
	}
	if f.detach && x.Status != model.Parked {
		return f.env.print(detached(f.flags.Output), &listing{single: true, names: []string{x.ID}, values: []any{bare(x)}})
	}
	for _, w := range x.Waiting {
		if w.Kind != "scope" && w.Kind != "timeout" {
			f.env.say("%s", oneLine(w.Sentence))
		}
	}
	if slices.ContainsFunc(x.Waiting, foreign) {
		f.env.say("Functions are run by the Go program that registers them, when it opens this store.")
	}
	for _, w := range x.Waiting {
		if w.Approval != nil {
			f.env.say("Decide with --answer %s=%s, or with: pawl approve %s %s", w.Node, w.Approval.Outcomes[0], x.ID, w.Step)
			break
		}
		if len(w.Signals) > 0 {
			f.env.say("Answer with --answer %s=JSON, or with: pawl signal %s %s JSON", w.Node, x.ID, w.Signals[0])
			break
		}
	}
	f.env.say("Go on with: pawl resume %s", x.ID)
	if f.flags.Output != asTable {
		if err := f.env.print(f.flags.Output, &listing{single: true, names: []string{x.ID}, values: []any{bare(x)}}); err != nil {
			return err
		}
	}
	if x.Status == model.Parked {
		return quiet(exitFailed)
	}
	return quiet(exitTimeout)
}

// detached prints the id alone unless something else was asked for.
func detached(f format) format {
	if f == asTable {
		return asName
	}
	return f
}

// report prints how the execution ended: its output to stdout, the rest to stderr.
func (f *follower) report(ctx context.Context) error {
	x, err := f.run.Wait(ctx) // it has ended, so this does not wait
	if err != nil {
		return err
	}
	switch {
	case f.flags.Output != asTable:
		err = f.env.print(f.flags.Output, &listing{single: true, names: []string{x.ID}, values: []any{bare(x)}})
	case x.Status == model.Completed && len(x.Output) > 0:
		err = printJSON(f.env.out, x.Output, true)
	}
	if err != nil {
		return err
	}
	if x.Status != model.Completed {
		if f.flags.Quiet && x.Error != nil {
			f.env.say("pawl: %s", oneLine(x.Error.Error()))
		}
		return quiet(exitFailed)
	}
	return nil
}

// bare is an execution without what history and get are for.
func bare(x *pawl.Execution) *pawl.Execution {
	c := *x
	c.Steps, c.Input, c.Seq = nil, nil, 0
	return &c
}
