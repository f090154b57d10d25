package turns_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store/internal/turns"
)

// waiting is what waits: a line for each word, the first has waited longest, a message for each letter.
func waiting(words string) (lines []*turns.Line, read func(l *turns.Line, n int) error, reads *int) {
	reads = new(int)
	for i, w := range strings.Fields(words) {
		lines = append(lines, &turns.Line{Namespace: w, First: int64(i)})
	}
	slices.Reverse(lines) // as a store finds them
	return lines, func(l *turns.Line, n int) error {
		*reads++
		for _, c := range l.Namespace[l.Last:min(int(l.Last)+n, len(l.Namespace))] {
			l.Messages = append(l.Messages, record.Message{Body: []byte(string(c))})
			l.Last++
		}
		return nil
	}, reads
}

func TestTurns(t *testing.T) {
	for _, c := range []struct {
		words string
		limit int
		want  string
		reads int
	}{
		{"", 5, "", 0},
		{"abcdef", 3, "abc", 1},
		{"ab xyz", 10, "axbyz", 2},
		{"abcdef x", 4, "axbc", 3}, // what one line leaves goes to the other
		{"a b c d", 2, "ab", 2},    // those that wait longest get a place
		{"abc xyz", 3, "axb", 3},
		{"a", 0, "", 0},
	} {
		lines, read, reads := waiting(c.words)
		got, err := turns.Take(lines, c.limit, read)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, m := range got {
			text.Write(m.Body)
		}
		if text.String() != c.want || *reads != c.reads {
			t.Errorf("%q, %d: got %q in %d reads, want %q in %d", c.words, c.limit, text.String(), *reads, c.want, c.reads)
		}
	}
}

func TestTurnsEndAtAnError(t *testing.T) {
	lines, _, _ := waiting("ab cd")
	broken := errors.New("broken")
	if _, err := turns.Take(lines, 9, func(*turns.Line, int) error { return broken }); !errors.Is(err, broken) {
		t.Fatal(err)
	}
}
