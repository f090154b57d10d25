package crashtest

import (
	"context"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Book is what the test knows of one store over all lives of its victims.
type Book struct {
	starts  map[string]string // execution by key, as acknowledged
	signals map[string]bool   // keys whose signal was acknowledged
	ends    map[string]string // status by key, as acknowledged

	journals map[record.ID][]uint32    // checksums of the entries seen before
	steps    map[string]map[string]int // by execution: begun attempts of each step
	over     map[string]bool           // execution/step that had ended when we last looked
	keys     map[string]string         // idempotency key by execution/step
	owners   map[string]string         // execution/step by idempotency key
	ran      map[string]bool           // attempts with an effect
	read     int64                     // bytes of the effect log read

	Effects, Executions int
	bad                 []string
}

// NewBook knows nothing.
func NewBook() *Book {
	return &Book{
		starts: map[string]string{}, signals: map[string]bool{}, ends: map[string]string{},
		journals: map[record.ID][]uint32{}, steps: map[string]map[string]int{}, over: map[string]bool{}, keys: map[string]string{}, owners: map[string]string{}, ran: map[string]bool{},
	}
}

func (b *Book) fail(law, format string, args ...any) {
	b.bad = append(b.bad, law+": "+fmt.Sprintf(format, args...))
}

// Violations lists what was wrong, with the ids of the laws.
func (b *Book) Violations() []string { return b.bad }

// Heard notes one line that a victim printed: something that it was told is durable.
func (b *Book) Heard(line string) {
	f := strings.Fields(line)
	if len(f) != 3 {
		return
	}
	switch f[0] {
	case "start":
		if was, ok := b.starts[f[1]]; ok && was != f[2] {
			b.fail("I21", "key %s started %s and then %s", f[1], was, f[2])
		}
		b.starts[f[1]] = f[2]
	case "signal":
		b.signals[f[1]] = true
	case "end":
		if was, ok := b.ends[f[1]]; ok && was != f[2] {
			b.fail("I15", "key %s ended %s and then %s", f[1], was, f[2])
		}
		b.ends[f[1]] = f[2]
	}
}

// Look reads everything that a dead process left behind.
func (b *Book) Look(ctx context.Context, s store.Backend, effects string) error {
	list, end, err := ReadLog(effects, b.read)
	if err != nil {
		return err
	}
	b.read = end
	return b.Judge(ctx, s, list)
}

// Judge reads a store, and takes the effects that there were since it was last called.
func (b *Book) Judge(ctx context.Context, s store.Backend, effects []Effect) error {
	over := b.over
	b.over = map[string]bool{}
	byKey := map[string]*journal{}
	cursor := ""
	b.Executions = 0
	for {
		page, err := s.Search(ctx, "default", store.Filter{Limit: 1000, Cursor: cursor})
		if err != nil {
			return err
		}
		for i := range page.Heads {
			j, err := b.execution(ctx, s, &page.Heads[i])
			if err != nil {
				return err
			}
			if j.key != "" && byKey[j.key] != nil {
				b.fail("I21", "key %s belongs to %s and to %s", j.key, byKey[j.key].id, j.id)
			}
			byKey[j.key] = j
			b.Executions++
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	b.acknowledged(byKey)
	b.effects(effects, over)
	return nil
}

// acknowledged checks I1, I6 and I7: what a client was told is there, once.
func (b *Book) acknowledged(byKey map[string]*journal) {
	for key, id := range b.starts {
		j := byKey[key]
		switch {
		case j == nil:
			b.fail("I1", "start of %s was acknowledged as %s, which is not there", key, id)
		case j.id.String() != id:
			b.fail("I7", "start of %s was acknowledged as %s, there is %s", key, id, j.id)
		}
	}
	for key := range b.signals {
		if j := byKey[key]; j != nil && j.signals != 1 {
			b.fail("I6", "the signal to %s was acknowledged and received %d times", key, j.signals)
		}
	}
	for key, status := range b.ends {
		if j := byKey[key]; j != nil && j.end != status {
			b.fail("I6", "the end of %s was told as %s, the journal says %q", key, status, j.end)
		}
	}
}

// effects checks I5, and that nothing which had ended at the last look has run since.
func (b *Book) effects(list []Effect, over map[string]bool) {
	b.Effects += len(list)
	for _, e := range list {
		step := e.Execution + "/" + e.Step
		if b.steps[e.Execution][e.Step] < e.Attempt {
			b.fail("I5", "effect of %s attempt %d without an intent in the journal", step, e.Attempt)
		}
		if attempt := fmt.Sprint(step, "/", e.Attempt); b.ran[attempt] {
			b.fail("I24", "attempt %s has run twice", attempt)
		} else {
			b.ran[attempt] = true
		}
		if over[step] {
			b.fail("I4", "effect of %s attempt %d after the step had ended", step, e.Attempt)
		}
		if was, ok := b.keys[step]; ok && was != e.Key {
			b.fail("I5", "%s had the key %s and now has %s", step, was, e.Key)
		}
		if other, ok := b.owners[e.Key]; ok && other != step {
			b.fail("I5", "%s and %s share the key %s", other, step, e.Key)
		}
		b.keys[step], b.owners[e.Key] = e.Key, step
	}
}
