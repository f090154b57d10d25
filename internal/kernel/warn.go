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
	BoundPayload   = "payload_bytes"
	BoundDepth     = "scope_depth"
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
	switch w.Bound {
	case BoundSignals:
		return text + "; beyond it signals are refused"
	case BoundPayload:
		return text + "; beyond it a step fails or a command is refused"
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

// warnLate is warn for bounds that many executions use a good part of: it tells at the higher share only.
func (x *decider) warnLate(bound string, used int64, limit int) {
	if used*100 >= int64(limit)*int64(percents[1]) {
		x.warnAt(bound, percents[1], used, limit)
	}
}

// warn journals and tells, once each, that much of a bound is used (F44).
func (x *decider) warn(bound string, used int64, limit int) {
	if used*100 < int64(limit)*int64(percents[0]) {
		return
	}
	for _, p := range percents {
		if used*100 >= int64(limit)*int64(p) {
			x.warnAt(bound, p, used, limit)
		}
	}
}

func (x *decider) warnAt(bound string, percent int, used int64, limit int) {
	if slices.Contains(x.s.warned, warned{bound, percent}) {
		return
	}
	x.emit(Op{kind: opWarn, name: bound, attempt: percent, n: used, until: int64(limit)})
	x.out.Warnings = append(x.out.Warnings, Warning{Bound: bound, Percent: percent, Used: used, Limit: int64(limit)})
}

func (s *State) applyWarn(o *Op) {
	s.warned = append(s.warned, warned{o.name, o.attempt})
}
