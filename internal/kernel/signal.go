package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/model"

	"github.com/pawl-dev/pawl/internal/nearest"
)

// signal handles a message to the execution: it is kept, then offered to the waiting steps in the order in which
// they began to wait.
func (x *decider) signal(i int, in *Input) {
	sig := in.Signal
	if sig.ID != "" && slices.Contains(x.s.seen, sig.ID) {
		x.out.Answers = append(x.out.Answers, Answer{Input: i, Status: x.s.status, Repeated: true})
		return
	}
	if len(x.s.signals) >= x.bounds.Signals {
		x.expireSignals()
	}
	if err := x.refuseSignal(sig); err != nil {
		x.refuse(i, in, err)
		return
	}
	x.accept(i, in)
	x.keep(sig)
	x.warnLate(BoundPayload, int64(len(sig.Data)), x.bounds.Payload)
	x.warn(BoundSignals, int64(len(x.s.signals)), x.bounds.Signals)
	x.offer(sig.Name)
}

func (x *decider) refuseSignal(sig *Signal) *model.Error {
	w := x.d.w
	if len(w.Signals) > 0 {
		if _, ok := w.Signals[sig.Name]; !ok {
			names := signalNames(w)
			msg := "the workflow does not declare the signal " + sig.Name + "; it declares "
			for i, n := range names {
				if i > 0 {
					msg += ", "
				}
				msg += n
			}
			if hint := nearest.Hint(sig.Name, names); hint != "" {
				msg += "; " + hint
			}
			return &model.Error{Code: CodeUnknownSignal, Message: msg}
		}
	}
	if len(sig.Data) > x.bounds.Payload {
		return &model.Error{Code: CodePayload, Message: "the data of the signal is larger than the engine keeps"}
	}
	if len(x.s.signals) >= x.bounds.Signals {
		return &model.Error{Code: CodeInboxFull, Message: "the execution keeps as many signals as it may"}
	}
	return nil
}

func (x *decider) keep(sig *Signal) {
	o := Op{kind: opSignal, n: x.s.signalSeq + 1, name: sig.Name, req: sig.ID}
	if len(sig.Data) > 0 {
		o.data, o.hasData = sig.Data, true
	}
	ttl := sig.TTL
	if ttl == 0 {
		ttl = int64(x.d.w.Signals[sig.Name].TTL)
	}
	if ttl > 0 {
		o.until = x.now + min(ttl, longestSpan)
	}
	x.emit(o)
}

// expireSignals drops the kept signals whose time has run out, to make room.
func (x *decider) expireSignals() {
	for i := 0; i < len(x.s.signals) && x.err == nil; {
		if k := &x.s.signals[i]; k.expires > 0 && k.expires <= x.now {
			x.emit(Op{kind: opExpired, n: k.n})
			continue
		}
		i++
	}
}

// offer lets the steps that wait for the signal take it. While the execution is paused it is only kept.
func (x *decider) offer(name string) {
	if !x.s.active() {
		return
	}
	for _, st := range slices.Clone(x.s.waiters) {
		if x.err != nil || x.s.root == nil || !x.s.keeps(name) {
			return
		}
		if st.over() || st.stopped() || !st.waitsFor(name) {
			continue
		}
		x.tryWait(st)
	}
}

// keeps reports whether a signal of that name is left to take.
func (s *State) keeps(name string) bool {
	return slices.ContainsFunc(s.signals, func(k keptSignal) bool { return k.name == name })
}

func (st *step) waitsFor(signal string) bool {
	for i := range st.arms {
		if st.arms[i].signal == signal {
			return true
		}
	}
	return false
}
