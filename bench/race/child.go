package race

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Result is one repetition: what a child prints.
type Result struct {
	Value float64 `json:"value"`
	// Executions are how many ended within the measurement.
	Executions int `json:"executions"`
	// CPU are seconds of the process and of its server; Written are bytes. Negative where they are not known.
	CPU     float64 `json:"cpu"`
	Written int64   `json:"written"`
	Durable string  `json:"durable"`
}

// marker begins the line with the result: systems may print lines of their own.
const marker = "race-result "

// Child is the program inside a process that the race started: `race list` prints the entries, `race run SYSTEM STORE
// CASE SECONDS COUNT DIR` does one repetition.
func Child(args []string, entries []Entry) error {
	entries = versioned(entries)
	if len(args) == 2 && args[1] == "list" {
		return printLine(entries)
	}
	if len(args) != 8 || args[1] != "run" {
		return errors.New("this program is started by `go run . -peers`")
	}
	var seconds float64
	var count int
	if _, err := fmt.Sscan(args[5]+" "+args[6], &seconds, &count); err != nil {
		return err
	}
	c, err := caseOf(args[4])
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.System != args[2] || e.Store != args[3] {
			continue
		}
		r, err := repetition(e.Open(), c, time.Duration(seconds*float64(time.Second)), count, args[7])
		if err != nil {
			return err
		}
		return printLine(r)
	}
	return fmt.Errorf("there is no system %s on %s", args[2], args[3])
}

func printLine(v any) error {
	b, err := json.Marshal(v)
	if err == nil {
		_, err = fmt.Fprintf(os.Stdout, "\n%s%s\n", marker, b)
	}
	return err
}

// repetition opens a system, warms it up, measures it, asks its store whether everything was done, and closes it.
func repetition(s System, c Case, d time.Duration, count int, dir string) (r Result, err error) {
	limit := limit
	if c.Work.Kind != Nap {
		limit = 3 * time.Minute // a system that has not done by then does not do it
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	b := newBoard()
	if err := s.Open(ctx, &Env{Dir: dir, Ended: b.ended}); err != nil {
		return r, errors.Join(fmt.Errorf("open: %w", err), s.Close())
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if r.Durable, err = s.Durable(ctx); err != nil {
		return r, err
	}
	warm, err := b.warm(ctx, s, c, d)
	if err != nil {
		return r, fmt.Errorf("warm up: %w", err)
	}
	if c.Work.Kind == Nap {
		err = b.timers(ctx, s, c, count, warm, &r)
	} else {
		err = b.measure(ctx, s, c, d, &r)
	}
	if err != nil {
		return r, err
	}
	return r, b.verify(ctx, s) // again, for those whose clock did not wait for it, and for what ran twice
}

// limit is how long one repetition may take in all, the wait for timers included.
const limit = 15 * time.Minute

// warm does a fifth of the work and says how many executions a second got through.
func (b *board) warm(ctx context.Context, s System, c Case, d time.Duration) (float64, error) {
	began := time.Now()
	n, _, err := b.loop(ctx, s, c, d/5)
	return float64(n) / time.Since(began).Seconds(), err
}

// measure runs executions for a while: so many in flight, each followed by another until time is over, and all to the end.
func (b *board) measure(ctx context.Context, s System, c Case, d time.Duration, r *Result) error {
	before, began := usageOf(s), time.Now()
	n, latencies, err := b.loop(ctx, s, c, d)
	if err == nil {
		err = b.stored(ctx, s)
	}
	if err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	r.Executions = n
	r.CPU, r.Written = usageOf(s).since(before)
	r.Value = float64(n) / took
	if c.Less {
		r.Value = median(latencies) * 1000
	}
	return nil
}

// timers starts executions that wait for one moment, well before it, and clocks from it to the last that ended.
func (b *board) timers(ctx context.Context, s System, c Case, count int, rate float64, r *Result) error {
	lead := time.Duration(float64(count)/rate*1.5*float64(time.Second)) + 3*time.Second
	for range 4 {
		// A whole second: some systems know no finer time.
		before, due := usageOf(s), time.Now().Add(lead).Truncate(time.Second)
		if err := b.startMany(ctx, s, c, count, due); err != nil {
			return err
		}
		late := time.Since(due)
		if err := errors.Join(b.all(ctx), b.stored(ctx, s)); err != nil {
			return err
		}
		if time.Now().Before(due) {
			return errors.New("timers fired early")
		}
		if late < -lead/8 { // all had been started early enough to be asleep
			r.Executions, r.Value = count, time.Since(due).Seconds()
			r.CPU, r.Written = usageOf(s).since(before)
			return nil
		}
		lead *= 2
	}
	return errors.New("executions could not be started fast enough to wait together")
}

// stored returns when the ends of all executions are in the store: at once where [Env.Ended] said so.
func (b *board) stored(ctx context.Context, s System) error {
	if _, ok := s.(Durably); ok {
		return nil
	}
	return b.verify(ctx, s)
}

// verify waits until the store has all executions that were started as ended, and not one more.
func (b *board) verify(ctx context.Context, s System) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	want := b.started()
	for {
		n, err := s.Done(ctx)
		if err != nil {
			return fmt.Errorf("count what is done: %w", err)
		}
		if n == want {
			return nil
		}
		if n > want || ctx.Err() != nil {
			return fmt.Errorf("%d executions were started, and the store says that %d have ended", want, n)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
