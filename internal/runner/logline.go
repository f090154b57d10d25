package runner

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/model"
)

// lines are the log of one attempt, bounded in lines and bytes while it is written.
type lines struct {
	lines   []string
	bytes   int
	dropped int
}

func (l *lines) add(line string) {
	line = clip(line, maxLogLine)
	if len(l.lines) >= maxLogLines || l.bytes+len(line) > maxLogBytes {
		l.dropped++
		return
	}
	l.lines = append(l.lines, line)
	l.bytes += len(line)
}

// tidyLog bounds the log of a result, of which an executor may also have written lines itself.
func tidyLog(res *model.Result) {
	var out lines
	for _, line := range res.Log {
		out.add(text(line, maxLogLine))
	}
	if out.dropped > 0 {
		out.lines = append(out.lines, fmt.Sprintf("… %d more lines", out.dropped))
	}
	res.Log = out.lines
}

func sortedTags(tags map[string]json.RawMessage) []string {
	if len(tags) == 0 {
		return nil
	}
	out := make([]string, 0, len(tags))
	for name := range tags {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// describe is the text of a recovered value. A String or Error method that panics again must not take the worker.
func describe(v any) (s string) {
	defer func() {
		if recover() != nil {
			s = fmt.Sprintf("a %T that cannot be printed", v)
		}
	}()
	return clip(fmt.Sprint(v), maxMessage)
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
