// Package turns shares what one read of an inbox may take between the namespaces that wait in it, so that one with many
// messages does not keep the others from theirs.
//
// It must not know where messages are kept: a store lists the lines and reads on in one of them.
package turns

import (
	"cmp"
	"slices"

	"github.com/pawl-dev/pawl/record"
)

// Line is the messages of one namespace in a shard, in the order of their arrival.
type Line struct {
	Namespace string
	First     int64 // arrival of the oldest
	Last      int64 // arrival of the last one that was read
	Messages  []record.Message
}

// Take reads up to limit messages and returns one of each line in turn, the line that waits longest first. read appends
// the next n messages of a line, or all there are, and moves Last. Shares are equal until the limit is used up or every
// line is at its end; when there are more lines than room, those that wait longest get a place.
func Take(all []*Line, limit int, read func(l *Line, n int) error) ([]record.Message, error) {
	slices.SortFunc(all, func(a, b *Line) int { return cmp.Compare(a.First, b.First) })
	left, open := limit, slices.Clone(all)
	for left > 0 && len(open) > 0 {
		each := max(1, left/len(open))
		var more []*Line
		for _, l := range open {
			n, before := min(each, left), len(l.Messages)
			if n == 0 {
				break
			}
			if err := read(l, n); err != nil {
				return nil, err
			}
			got := len(l.Messages) - before
			if left -= got; got == n {
				more = append(more, l)
			}
		}
		open = more
	}
	return inTurn(all, limit), nil
}

func inTurn(all []*Line, limit int) (out []record.Message) {
	for turn := 0; ; turn++ {
		before := len(out)
		for _, l := range all {
			if turn < len(l.Messages) && len(out) < limit {
				out = append(out, l.Messages[turn])
			}
		}
		if len(out) == before {
			return out
		}
	}
}
