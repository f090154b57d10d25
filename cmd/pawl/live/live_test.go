package live

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

func feed(t *Tree, evs ...pawl.Event) {
	for _, ev := range evs {
		t.Apply(ev)
	}
}

func ev(ms int, typ, step string) pawl.Event { return pawl.Event{At: at(ms), Type: typ, Step: step} }

func ended(ms int, status, step, outcome string) pawl.Event {
	return pawl.Event{At: at(ms), Type: "step_" + status, Step: step, Outcome: outcome}
}

func look(ms int) Look { return Look{Width: 80, Height: 24, Now: at(ms), Frame: 0} }

func expect(t *testing.T, tree *Tree, l Look, want string) {
	t.Helper()
	got := strings.Join(tree.Render(l), "\n")
	if want = strings.Trim(want, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSteps(t *testing.T) {
	tree := New("order 1.2.0", "01jd")
	feed(tree,
		ev(0, "started", ""),
		ev(0, "step_scheduled", "reserve"),
		pawl.Event{At: at(1), Type: "attempt_started", Step: "reserve", Attempt: 1},
		pawl.Event{At: at(20), Type: "retry_scheduled", Step: "reserve", Attempt: 1, Until: at(1020), Error: &model.Error{Code: "busy", Message: "try later"}},
	)
	expect(t, tree, look(520), `
order 1.2.0  01jd  running  520ms
↻ reserve  next attempt in 500ms  busy: try later`)
	feed(tree,
		pawl.Event{At: at(1020), Type: "attempt_started", Step: "reserve", Attempt: 2},
		ended(1500, "completed", "reserve", "success"),
		ev(1500, "step_scheduled", "gift"),
		ended(1500, "skipped", "gift", "success"),
		ev(1500, "step_scheduled", "size"),
		ended(1500, "completed", "size", "large"),
		ev(1500, "step_scheduled", "review"),
		pawl.Event{At: at(1500), Type: "wait_started", Step: "review", Until: at(60_000), Signals: []string{"review"}},
		ev(1500, "step_scheduled", "ship"),
		pawl.Event{At: at(1500), Type: "attempt_started", Step: "ship", Attempt: 1},
	)
	tree.Explain([]pawl.Waiting{{Kind: "wait", Step: "review", Signals: []string{"review"}, Until: at(60_000)}})
	expect(t, tree, look(3700), `
order 1.2.0  01jd  running  3.7s
✓ reserve  attempt 2  1.5s
○ gift     skipped
✓ size     → large
◔ review   waits for signal review, 56s left
⠋ ship     2.2s`)
	feed(tree,
		ended(4000, "failed", "ship", "error"),
		ended(4000, "cancelled", "review", "cancelled"),
		pawl.Event{At: at(4000), Type: "failed", Outcome: "error", Error: &model.Error{Code: "no_truck", Message: "none left"}},
	)
	expect(t, tree, look(99_000), `
order 1.2.0  01jd  failed  4.0s
✓ reserve  attempt 2  1.5s
○ gift     skipped
✓ size     → large
⊘ review   2.5s
✗ ship     2.5s`)
}

func TestComposites(t *testing.T) {
	tree := New("x", "id")
	feed(tree,
		ev(0, "started", ""),
		ev(0, "step_scheduled", "checks"),
		pawl.Event{At: at(0), Type: "composite_started", Step: "checks", Total: 2},
		ev(0, "step_scheduled", "checks[credit]/score"),
		ev(0, "attempt_started", "checks[credit]/score"),
		ev(0, "step_scheduled", "checks[fraud]/look"),
		ended(5, "completed", "checks[fraud]/look", "success"),
		ev(5, "step_scheduled", "checks[fraud]/inner"),
		pawl.Event{At: at(5), Type: "composite_started", Step: "checks[fraud]/inner", Total: 1},
		ev(5, "step_scheduled", "checks[fraud]/inner/deep"),
		ev(5, "attempt_started", "checks[fraud]/inner/deep"),
	)
	expect(t, tree, look(1005), `
x  id  running  1.0s
⠋ checks          ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 0/2  1.0s
⠋   credit score  1.0s
·   fraud
✓     look        5ms
⠋     inner       1.0s
⠋       deep      1.0s`)
	feed(tree,
		ended(1100, "completed", "checks[credit]/score", "success"), pawl.Event{At: at(1100), Type: "scope_closed", Step: "checks[credit]", Outcome: "success"},
		ended(1200, "completed", "checks[fraud]/inner/deep", "success"), pawl.Event{At: at(1200), Type: "scope_closed", Step: "checks[fraud]/inner", Outcome: "success"},
		ended(1200, "completed", "checks[fraud]/inner", "success"), pawl.Event{At: at(1200), Type: "scope_closed", Step: "checks[fraud]", Outcome: "success"},
		ended(1200, "completed", "checks", "success"),
		pawl.Event{At: at(1200), Type: "completed", Outcome: "done"},
	)
	expect(t, tree, look(5000), `
x  id  completed · done  1.2s
✓ checks  ━━━━━━━━━━━━━━━━━━━━ 2/2  1.2s`)
}

// TestManyItems: ten thousand items cost rows for what runs and what failed, and never more than the screen.
func TestManyItems(t *testing.T) {
	const items = 10_000
	tree := New("x", "id")
	feed(tree, ev(0, "started", ""), ev(0, "step_scheduled", "each"), pawl.Event{At: at(0), Type: "composite_started", Step: "each", Total: items})
	for i := range items {
		path := fmt.Sprintf("each[%d]", i)
		feed(tree, ev(i, "step_scheduled", path+"/work"), ev(i, "attempt_started", path+"/work"))
		if i >= items-30 {
			continue
		}
		closed := pawl.Event{At: at(i), Type: "scope_closed", Step: path, Outcome: "success"}
		status := "completed"
		if i%100 == 7 {
			status, closed.Outcome = "failed", "error"
		}
		feed(tree, ended(i, status, path+"/work", closed.Outcome), closed)
	}
	if n := len(tree.steps); n > 100 {
		t.Errorf("%d rows are kept in memory", n)
	}
	for _, height := range []int{5, 12, 24} {
		l := look(items)
		l.Height = height
		lines := tree.Render(l)
		if len(lines) > height {
			t.Errorf("%d lines on a screen of %d", len(lines), height)
		}
		if !strings.Contains(lines[1], "9970/10000, 100 failed, 30 running") {
			t.Errorf("no count in %q", lines[1])
		}
	}
}

func TestNothingLeavesTheScreen(t *testing.T) {
	tree := New(strings.Repeat("long ", 50), "id")
	feed(tree, ev(0, "started", ""), pawl.Event{At: at(1), Type: "step_failed", Step: strings.Repeat("n", 90), Outcome: "error",
		Error: &model.Error{Code: "bad", Message: "\x1b[31mred\n" + strings.Repeat("é", 200)}})
	for _, colour := range []bool{false, true} {
		for _, width := range []int{20, 40, 80} {
			for _, line := range tree.Render(Look{Width: width, Height: 10, Now: at(9), Colour: colour}) {
				if n := utf8.RuneCountInString(stripped(line)); n > width+1 {
					t.Errorf("%d columns of %d: %q", n, width, line)
				}
				if strings.Contains(line, "\x1b[31mred") || strings.Contains(line, "\n") {
					t.Errorf("data reached the terminal: %q", line)
				}
			}
		}
	}
}

// stripped is s without the colours that the package writes.
func stripped(s string) string {
	for _, e := range append(escapes[1:], "\x1b[0m", "\x1b[1m") {
		s = strings.ReplaceAll(s, e, "")
	}
	return s
}

func TestLines(t *testing.T) {
	tree := New("order 1.2.0", "01jd")
	lines := NewLines(tree)
	var got []string
	tell := func(evs ...pawl.Event) {
		for _, e := range evs {
			tree.Apply(e)
			if l := lines.Line(e); l != "" {
				got = append(got, strings.Join(strings.Fields(l)[1:], " "))
			}
		}
	}
	tell(ev(0, "started", ""), ev(0, "step_scheduled", "each"), pawl.Event{At: at(0), Type: "composite_started", Step: "each", Total: 20})
	for i := range 20 {
		p := fmt.Sprintf("each[%d]", i)
		tell(ev(i, "step_scheduled", p+"/work"), ended(i, "completed", p+"/work", "success"), pawl.Event{At: at(i), Type: "scope_closed", Step: p})
	}
	tell(
		pawl.Event{At: at(20), Type: "step_failed", Step: "each[20]/work", Outcome: "error", Error: &model.Error{Code: "bad", Message: "no"}},
		ended(3000, "completed", "each", "success"),
		pawl.Event{At: at(3000), Type: "wait_started", Step: "review", Signals: []string{"review"}},
		ended(3001, "completed", "review", "approved"),
		pawl.Event{At: at(3001), Type: "log", Step: "review", Text: "all good"},
		pawl.Event{At: at(3002), Type: "completed", Outcome: "paid"},
	)
	text := strings.Join(got, "\n")
	for _, want := range []string{
		"order 1.2.0 started 01jd", "each[20]/work failed: bad: no", "each completed 20 done 3.0s",
		"review waiting for signal review", "review completed → approved", "review all good", "order 1.2.0 completed → paid 3.0s",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if len(got) > 15 {
		t.Errorf("%d lines for 20 items:\n%s", len(got), text)
	}
}

func TestPaths(t *testing.T) {
	for _, c := range []struct{ path, scope, name string }{
		{"a", "", "a"}, {"a/b", "a", "b"}, {"each[17]/charge#2", "each[17]", "charge#2"}, {"m[a/b]/c", "m[a/b]", "c"},
	} {
		if scope, name := split(c.path); scope != c.scope || name != c.name {
			t.Errorf("split(%q) = %q, %q", c.path, scope, name)
		}
	}
	for _, c := range []struct{ scope, step, instance string }{
		{"each[17]", "each", "17"}, {"a/each[1]", "a/each", "1"}, {"one", "one", ""}, {"m[a/b]", "m", "a/b"}, {"e[1]/f[2]", "e[1]/f", "2"},
	} {
		if step, instance := owner(c.scope); step != c.step || instance != c.instance {
			t.Errorf("owner(%q) = %q, %q", c.scope, step, instance)
		}
	}
}

func TestScreenRepaintsInPlace(t *testing.T) {
	var b bytes.Buffer
	s := NewScreen(&b)
	s.Paint([]string{"one", "two"})
	b.Reset()
	s.Paint([]string{"three"})
	if !strings.Contains(b.String(), "\x1b[2A\x1b[J") {
		t.Errorf("the second picture does not replace the first: %q", b.String())
	}
	s.Close()
	if !strings.HasSuffix(b.String(), "\x1b[?25h") {
		t.Errorf("the cursor is not given back: %q", b.String())
	}
}

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-1: "0s", 5 * time.Millisecond: "5ms", 1500 * time.Millisecond: "1.5s", 42 * time.Second: "42s",
		90 * time.Second: "1m30s", 3 * time.Hour: "3h00m", 72 * time.Hour: "3d",
	} {
		if got := Took(d); got != want {
			t.Errorf("Took(%v) = %q, want %q", d, got, want)
		}
	}
}
