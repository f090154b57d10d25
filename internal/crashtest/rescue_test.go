//go:build linux

package crashtest

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/fault"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/store"
)

// rescue is what is known of the steps that are answered at about the moment at which their attempt is given up.
type rescue struct {
	*scene
	told map[string]string // the attempt whose answer was accepted, by execution
	late map[string]bool   // execution/attempt of answers that were refused

	accepted, gaveUp, overtaken int // steps ended by an answer, by the rescuer, by the answer of an attempt given up before
}

// TestF20_F28_RescuerVersusCompletion: the attempt of a step is given up because who works on it is silent, and its answer
// comes at about that moment, also where the process was stopped meanwhile, and in the next life of one that is
// killed in the middle. Answer or rescuer has won,
// never both: an accepted answer is what the step ended with, a refused one is not, and a step that was given up was told to
// all who answered later.
func TestF20_F28_RescuerVersusCompletion(t *testing.T) {
	t.Parallel()
	s := &rescue{scene: newScene(t), told: map[string]string{}, late: map[string]bool{}}
	lives := 6
	if testing.Short() {
		lives = 2
	}
	points := []string{"", fault.CommitWritten, fault.CommitReturned}
	for i := range lives {
		plan := points[i%len(points)]
		if plan != "" {
			plan = fmt.Sprintf("%s:%d:kill", plan, 100+s.r.IntN(100))
		}
		p := s.begin(plan, "-mode", "rescue", "-from", fmt.Sprint(s.started), "-grow", "1000000")
		if plan == "" { // what is due while it is stopped, deadlines and answers, comes all at once
			p.hears("told ", 20*time.Second)
			p.send(syscall.SIGSTOP)
			<-time.After(300 * time.Millisecond)
			p.send(syscall.SIGCONT)
		}
		select {
		case <-p.done:
		case <-time.After(time.Duration(500+s.r.IntN(1000)) * time.Millisecond):
			p.kill()
		}
		s.ended(p, plan)
		if s.known(p); s.heard(p, plan) {
			return
		}
	}
	s.started += 64 // which may have been started without an answer
	p := s.begin("", "-mode", "rescue", "-from", fmt.Sprint(s.started), "-grow", "0")
	if err := p.ends(time.Minute); err != nil {
		t.Fatalf("%v\n%.3000s", err, p.stderr.String())
	}
	s.ended(p, "")
	s.heard(p, "all has ended")
	if len(s.book.ends) != s.started {
		t.Errorf("%d of %d executions have ended", len(s.book.ends), s.started)
	}
	t.Logf("lives=%d executions=%d: answers accepted=%d refused=%d; steps ended by an answer=%d, of which to an attempt given up before=%d, by the rescuer=%d",
		lives, s.started, len(s.told), len(s.late), s.accepted, s.overtaken, s.gaveUp)
	if s.accepted == 0 || s.gaveUp == 0 || len(s.late) == 0 || !testing.Short() && s.overtaken == 0 {
		t.Errorf("this shows little")
	}
}

// heard notes who was told what, and compares it with the journals; true if something is wrong.
func (s *rescue) heard(p *process, when string) bool {
	s.t.Helper()
	for _, line := range p.lines {
		f := strings.Fields(line)
		switch {
		case len(f) == 3 && f[0] == "told":
			if was, ok := s.told[f[1]]; ok && was != f[2] {
				s.t.Errorf("I4: %s: the answers of attempts %s and %s were both accepted", f[1], was, f[2])
			}
			s.told[f[1]] = f[2]
		case len(f) == 3 && f[0] == "late":
			s.late[f[1]+"/"+f[2]] = true
		}
	}
	s.judge(when)
	if err := s.compare(s.t.Context()); err != nil {
		s.t.Error(err)
	}
	return s.t.Failed()
}

// compare reads the journals of all executions.
func (s *rescue) compare(ctx context.Context) error {
	b, err := Opener(s.db).Open(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	s.accepted, s.gaveUp, s.overtaken = 0, 0, 0
	for cursor := ""; ; {
		page, err := b.Search(ctx, "default", store.Filter{Workflows: []string{"rescue"}, Limit: 1000, Cursor: cursor})
		if err != nil {
			return err
		}
		for i := range page.Heads {
			entries, err := b.Journal(ctx, page.Heads[i].Execution, 1, 1<<20)
			if err != nil {
				return err
			}
			var events []kernel.Event
			for k := range entries {
				ops, err := kernel.Decode(entries[k].Body[1:])
				if err != nil {
					return err
				}
				events = kernel.Events(events, entries[k].Seq, entries[k].At, ops)
			}
			s.settle(page.Heads[i].Execution.String(), events)
		}
		if cursor = page.Next; cursor == "" {
			return nil
		}
	}
}

// settle compares one journal with what was told.
func (s *rescue) settle(id string, events []kernel.Event) {
	answer, outcome, begun, ends := "", "", 0, 0
	for i := range events {
		switch e := &events[i]; {
		case e.Node != "work":
		case e.Type == "attempt_started":
			begun = e.Attempt
		case e.Type == "callback_received":
			if answer != "" {
				s.t.Errorf("I4: %s was answered with %s and with %s", id, answer, e.Data)
			}
			if answer = string(e.Data); answer != fmt.Sprint(begun) {
				s.overtaken++
			}
		case e.Type == "step_completed" || e.Type == "step_failed":
			outcome, ends = e.Outcome, ends+1
		}
	}
	told := s.told[id]
	switch {
	case told != "" && told != answer:
		s.t.Errorf("I6: %s: the answer of attempt %s was accepted, the journal has %q", id, told, answer)
	case answer != "" && s.late[id+"/"+answer]:
		s.t.Errorf("I6: %s: the answer of attempt %s was refused, and is in the journal", id, answer)
	case ends > 1:
		s.t.Errorf("I4: %s: the step has ended %d times", id, ends)
	case ends == 1 && (answer != "") != (outcome == "success"):
		s.t.Errorf("I4: %s: answered with %q, and the step ended in %s", id, answer, outcome)
	}
	if ends == 1 && answer != "" {
		s.accepted++
	} else if ends == 1 {
		s.gaveUp++
	}
}
