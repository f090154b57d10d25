package kernel

import (
	"fmt"
	"slices"
)

// Names of bounds in warnings.
const (
	BoundSteps     = "steps"
	BoundLiveSteps = "live_steps"
	BoundSignals   = "kept_signals"
	BoundUndos     = "pending_compensations"
)

// Warning says that an execution has used so much of a bound; each is told once.
type Warning struct {
	Bound   string
	Percent int // 20 or 80
	Used    int64
	Limit   int64
}

// String tells an operator what happens at the bound.
func (w Warning) String() string {
	text := fmt.Sprintf("%d of %d %s are used (%d %%)", w.Used, w.Limit, w.Bound, w.Percent)
	if w.Bound == BoundSignals {
		return text + "; beyond it signals are refused"
	}
	return text + "; beyond it the execution parks"
}

// warned is a warning that was given.
type warned struct {
	bound   string
	percent int
}

// percents are the shares of a bound at which it is told.
var percents = [...]int{20, 80}

// warn journals and tells, once each, that much of a bound is used (F44).
func (x *decider) warn(bound string, used int64, limit int) {
	if used*100 < int64(limit)*int64(percents[0]) {
		return
	}
	for _, p := range percents {
		w := Warning{Bound: bound, Percent: p, Used: used, Limit: int64(limit)}
		if used*100 < int64(limit)*int64(p) || slices.Contains(x.s.warned, warned{bound, p}) {
			continue
		}
		x.emit(Op{kind: opWarn, name: bound, attempt: p, n: used, until: int64(limit)})
		x.out.Warnings = append(x.out.Warnings, w)
	}
}

func (s *State) applyWarn(o *Op) {
	s.warned = append(s.warned, warned{o.name, o.attempt})
}
