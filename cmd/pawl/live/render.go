package live

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Look says how to draw.
type Look struct {
	Width, Height int
	Colour        bool
	Now           time.Time
	// Frame turns the spinner.
	Frame int
}

// line is one row of the picture. Where there is no room, the lines with the highest rank go first, oldest first.
type line struct {
	rank  int
	depth int
	mark  string
	tone  tone
	name  string
	text  string
	dim   bool
}

type tone uint8

const (
	plain tone = iota
	green
	red
	yellow
	blue
	grey
)

var escapes = [...]string{plain: "", green: "\x1b[32m", red: "\x1b[31m", yellow: "\x1b[33m", blue: "\x1b[36m", grey: "\x1b[2m"}

// Ranks of lines: what is live or went wrong stays longest.
const (
	rankLive    = iota // a node of the workflow itself that runs, waits or failed
	rankTrouble        // the same inside a composite: waits, failures
	rankEnded
	rankInner // inside a composite
	rankInnerEnded
)

var spinner = []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

// Render draws the tree in at most l.Height lines of at most l.Width columns, without line ends.
func (t *Tree) Render(l Look) []string {
	lines := t.scopeLines(nil, t.root, 0, l)
	lines = fit(lines, max(l.Height-2, 1))
	name := 0
	for _, x := range lines {
		name = max(name, 2*x.depth+utf8.RuneCountInString(x.name))
	}
	name = min(name, l.Width/2)
	out := []string{t.header(l)}
	for _, x := range lines {
		out = append(out, x.draw(name, l))
	}
	if w := t.waiting[""]; w.Sentence != "" {
		out = append(out, paint(clip(w.Sentence, l.Width), yellow, l.Colour))
	}
	return out
}

func (t *Tree) header(l Look) string {
	word := t.Status
	if t.Closed() && t.Outcome != "" && t.Outcome != "success" && t.Outcome != "error" {
		word += " · " + t.Outcome
	}
	end := l.Now
	if t.Closed() {
		end = t.Ended
	}
	text := t.Title + "  " + t.ID + "  "
	took := ""
	if !t.Started.IsZero() {
		took = "  " + Took(end.Sub(t.Started))
	}
	room := l.Width - utf8.RuneCountInString(word+took)
	if !l.Colour {
		return clip(clip(text, max(room, 0))+word+took, l.Width)
	}
	return bold(clip(text, max(room, 0))) + paint(word, t.tone(), true) + paint(took, grey, true)
}

func bold(s string) string { return "\x1b[1m" + s + "\x1b[0m" }

func (t *Tree) tone() tone {
	switch t.Status {
	case "completed":
		return green
	case "failed", "terminated", "parked":
		return red
	case "paused", "cancelled", "compensating":
		return yellow
	}
	return blue
}

// scopeLines appends the lines of one scope.
func (t *Tree) scopeLines(dst []line, sc *scope, depth int, l Look) []line {
	for _, s := range sc.steps {
		dst = append(dst, t.stepLine(s, depth, l))
		dst = t.instances(dst, s, depth+1, l)
	}
	return dst
}

// instances appends what is inside a composite: the one graph of a scope, the branches of a parallel, and of many
// items or passes a few that went wrong, wait or take long. The rest is a number in the line of the composite.
func (t *Tree) instances(dst []line, s *step, depth int, l Look) []line {
	many := s.opened > fewInstances
	bad, slow := 0, 0
	for _, sc := range s.scopes {
		switch {
		case sc.ended && !sc.bad && (many || s.over()):
			continue
		case many && sc.ended:
			if bad++; bad > shownInstances {
				continue
			}
		case many:
			if !sc.notable(l.Now) {
				continue
			}
			if slow++; slow > shownInstances {
				continue
			}
		}
		dst = t.instance(dst, sc, depth, l)
	}
	return dst
}

// shownInstances is how many failed and how many slow ones of many instances are shown.
const shownInstances = 3

// notable reports whether a live instance waits, or has a step that takes longer than a moment.
func (sc *scope) notable(now time.Time) bool {
	for _, s := range sc.steps {
		if !s.over() && (s.status == waiting || s.status == backoff || !s.began.IsZero() && now.Sub(s.began) > 2*time.Second) {
			return true
		}
	}
	return false
}

func (t *Tree) instance(dst []line, sc *scope, depth int, l Look) []line {
	if sc.name == "" {
		return t.scopeLines(dst, sc, depth, l)
	}
	if len(sc.steps) == 1 && len(sc.steps[0].scopes) == 0 {
		x := t.stepLine(sc.steps[0], depth, l)
		x.name = sc.name + " " + x.name
		return append(dst, x)
	}
	dst = append(dst, line{rank: rankInner, depth: depth, mark: "·", tone: grey, name: sc.name})
	return t.scopeLines(dst, sc, depth+1, l)
}

func (t *Tree) stepLine(s *step, depth int, l Look) line {
	x := line{depth: depth, name: s.name, rank: s.rank(depth)}
	x.mark, x.tone = s.mark(l)
	x.text = strings.Join(t.facts(s, l), "  ")
	x.dim = s.status == skipped || s.status == cancelled
	return x
}

func (s *step) rank(depth int) int {
	trouble := s.status == failed || s.status == waiting || s.status == backoff
	switch {
	case depth == 0 && (trouble || !s.over()):
		return rankLive
	case trouble:
		return rankTrouble
	case depth == 0:
		return rankEnded
	case s.over():
		return rankInnerEnded
	}
	return rankInner
}

func (s *step) mark(l Look) (string, tone) {
	switch s.status {
	case completed:
		if s.failed > 0 {
			return "✓", yellow
		}
		return "✓", green
	case failed:
		return "✗", red
	case skipped:
		return "○", grey
	case cancelled:
		return "⊘", grey
	case waiting:
		return "◔", yellow
	case backoff:
		return "↻", yellow
	case running:
		return spinner[l.Frame%len(spinner)], blue
	}
	return "○", grey
}

// facts are what a row says behind its name.
func (t *Tree) facts(s *step, l Look) []string {
	var out []string
	if s.total > 1 || s.opened > 1 {
		out = append(out, s.progress())
	}
	if s.attempt > 1 {
		out = append(out, fmt.Sprintf("attempt %d", s.attempt))
	}
	if s.outcome != "" && s.outcome != "success" && s.outcome != "error" && s.outcome != s.status {
		out = append(out, "→ "+s.outcome)
	}
	end := l.Now
	if s.over() {
		end = s.ended
	}
	switch {
	case s.status == waiting || s.status == backoff:
	case s.status == skipped:
		out = append(out, "skipped")
	case !s.began.IsZero() && (s.over() || s.status == running) && end.Sub(s.began) >= time.Millisecond:
		out = append(out, Took(end.Sub(s.began)))
	}
	if text := t.wait(s, l); text != "" {
		out = append(out, text)
	}
	if s.failure != nil {
		out = append(out, s.failure.Error())
	}
	return out
}

// wait says what a step waits for and how long at most.
func (t *Tree) wait(s *step, l Look) string {
	if s.over() {
		return ""
	}
	w, until := t.waiting[s.path], s.until
	if !w.Until.IsZero() {
		until = w.Until
	}
	left := ""
	if !until.IsZero() {
		left = Took(until.Sub(l.Now))
	}
	switch {
	case w.Kind == "queued":
		return "waits for its turn"
	case w.Kind == "cancel":
		return "asked to stop"
	case s.status == backoff && left != "":
		return "next attempt in " + left
	case s.status != waiting:
		return ""
	case len(w.Signals) > 0 && left != "":
		return "waits for signal " + strings.Join(w.Signals, " or ") + ", " + left + " left"
	case len(w.Signals) > 0:
		return "waits for signal " + strings.Join(w.Signals, " or ")
	case left != "":
		return "waits, " + left + " left"
	}
	return "waits"
}

const barWidth = 20

// progress counts instances, with a bar where the total is known.
func (s *step) progress() string {
	var b strings.Builder
	if s.total > 1 {
		full := s.done * barWidth / s.total
		fmt.Fprintf(&b, "%s%s %d/%d", strings.Repeat("━", full), strings.Repeat("╌", barWidth-full), s.done, s.total)
	} else {
		fmt.Fprintf(&b, "%d", s.opened)
	}
	if s.failed > 0 {
		fmt.Fprintf(&b, ", %d failed", s.failed)
	}
	if n := s.opened - s.done; n > 0 && s.opened > fewInstances && !s.over() {
		fmt.Fprintf(&b, ", %d running", n)
	}
	return b.String()
}

// fit drops lines until at most room are left, and says how many in their place.
func fit(lines []line, room int) []line {
	if len(lines) <= room {
		return lines
	}
	drop := len(lines) - room + 1
	gone := make([]bool, len(lines))
	for rank := rankInnerEnded; rank >= rankLive && drop > 0; rank-- {
		for i := range lines {
			if drop > 0 && lines[i].rank == rank {
				gone[i] = true
				drop--
			}
		}
	}
	var out []line
	hidden := 0
	for i, x := range lines {
		if gone[i] {
			hidden++
			continue
		}
		out = append(out, x)
	}
	return append(out, line{mark: "…", tone: grey, name: fmt.Sprintf("%d more", hidden), dim: true})
}

func (x line) draw(name int, l Look) string {
	indent := strings.Repeat("  ", x.depth)
	label := clip(indent+x.name, name)
	label += strings.Repeat(" ", max(name-utf8.RuneCountInString(label), 0))
	rest := ""
	if x.text != "" {
		rest = "  " + x.text
	}
	full := clip(label+rest, max(l.Width-2, 1))
	if !l.Colour {
		return strings.TrimRight(x.mark+" "+full, " ")
	}
	head, tail := full, ""
	if r := []rune(full); len(r) > name {
		head, tail = string(r[:name]), string(r[name:])
	}
	switch {
	case x.dim:
		head = paint(head, grey, true)
	case x.tone == red:
		tail = paint(tail, red, true)
	case x.tone == yellow:
		tail = paint(tail, yellow, true)
	default:
		tail = paint(tail, grey, true)
	}
	return paint(x.mark, x.tone, true) + " " + head + tail
}

func paint(s string, t tone, colour bool) string {
	if !colour || t == plain || s == "" {
		return s
	}
	return escapes[t] + s + "\x1b[0m"
}

// clip cuts s to n columns, with an ellipsis, and keeps control characters of data away from the terminal.
func clip(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(n-1, 0)]) + "…"
}

// Took writes a duration with the two digits that matter to a reader.
func Took(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}
