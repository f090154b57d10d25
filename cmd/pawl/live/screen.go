package live

import (
	"fmt"
	"io"
	"strings"
)

// Screen paints a picture that changes in place at the end of a terminal's output.
type Screen struct {
	w       io.Writer
	painted int
	hidden  bool
}

// NewScreen paints on w.
func NewScreen(w io.Writer) *Screen { return &Screen{w: w} }

// Paint replaces the picture.
func (s *Screen) Paint(lines []string) {
	var b strings.Builder
	b.WriteString("\x1b[?2026h") // one frame at once, where the terminal knows it
	if !s.hidden {
		b.WriteString("\x1b[?25l")
		s.hidden = true
	}
	s.erase(&b)
	for _, l := range lines {
		b.WriteString(l)
		b.WriteString("\x1b[0m\n")
	}
	s.painted = len(lines)
	b.WriteString("\x1b[?2026l")
	io.WriteString(s.w, b.String())
}

// Print writes a line above the picture, where it stays.
func (s *Screen) Print(line string, picture []string) {
	var b strings.Builder
	s.erase(&b)
	b.WriteString(line + "\n")
	io.WriteString(s.w, b.String())
	s.painted = 0
	s.Paint(picture)
}

// Pause gives the cursor back below the picture, for a question. The next Paint replaces the picture and as many lines
// below it as [Screen.Below] was told of.
func (s *Screen) Pause() {
	if s.hidden {
		io.WriteString(s.w, "\x1b[?25h")
		s.hidden = false
	}
}

// Below says that n lines were written below the picture.
func (s *Screen) Below(n int) { s.painted += n }

// Close leaves the picture as it is and gives the cursor back.
func (s *Screen) Close() {
	s.Pause()
	s.painted = 0
}

func (s *Screen) erase(b *strings.Builder) {
	if s.painted > 0 {
		fmt.Fprintf(b, "\r\x1b[%dA\x1b[J", s.painted)
	}
}
