package kernel

import (
	"iter"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/model"
)

// Open yields everything outstanding, the execution's own first, then in order of step path.
func Open(s *State) iter.Seq[Outstanding] {
	return func(yield func(Outstanding) bool) {
		if s.root == nil {
			return
		}
		list := s.ownOpen()
		own := len(list)
		s.eachStep(func(st *step) {
			list = st.open(list)
		})
		slices.SortStableFunc(list[own:], func(a, b Outstanding) int { return strings.Compare(a.Step, b.Step) })
		for _, o := range list {
			if o.Kind == OpenLimit {
				o.Execution = LimitID(s.start.Namespace, o.Limit, o.LimitKey)
			}
			if !yield(o) {
				return
			}
		}
	}
}

func (s *State) ownOpen() (list []Outstanding) {
	switch s.status {
	case model.Pending:
		if s.claims.waits() {
			list = append(list, s.claims.open(Outstanding{}))
			break
		}
		if s.gathering() {
			list = append(list, s.gatherOpen())
			break
		}
		list = append(list, Outstanding{Kind: OpenPending, Since: s.since, Until: s.start.NotBefore})
	case model.Paused:
		list = append(list, Outstanding{Kind: OpenPaused, Since: s.since, Reason: s.reason, By: s.by})
	case model.Parked:
		o := Outstanding{Kind: OpenParked, Step: s.parkedAt, Since: s.since, Error: s.parked}
		_, o.Node, _ = splitPath(s.parkedAt)
		list = append(list, o)
	}
	if s.gated() && s.claims.waits() && s.open() {
		list = append(list, s.claims.open(Outstanding{}))
	}
	if s.more {
		list = append(list, Outstanding{Kind: OpenMore, Since: s.at})
	}
	if s.deadline > 0 && !s.root.closing {
		list = append(list, Outstanding{Kind: OpenTimeout, Since: s.begun, Until: s.deadline})
	}
	return list
}

func (st *step) open(list []Outstanding) []Outstanding {
	o := Outstanding{Step: st.path, Node: st.node, Type: st.typ, Since: st.since, Until: st.deadline, Attempt: st.attempt, Error: st.err}
	switch {
	case !st.over() && st.claims.waits() && (!st.stopped() || st.limited()): // what it cleans up waits, too
		o = st.claims.open(o)
	case st.over():
		if !st.followed && st.due > 0 && !st.stopped() {
			o.Kind, o.Since, o.Until = OpenBackoff, st.ended, st.due
			return append(list, o)
		}
		return list
	case st.out && (st.asked != 0 || st.stopped()):
		o.Kind, o.Since, o.Until = OpenCancel, st.asked, max(st.due, st.sc.grace)
	case st.out:
		o.Kind = OpenTask
	case st.queued:
		o.Kind = OpenQueued
	case st.status == model.StepBackoff:
		o.Kind, o.Until = OpenBackoff, st.due
	case st.awaits():
		o.Kind, o.Progress = OpenCallback, st.cb.progress
		if st.due > 0 && (o.Until == 0 || st.due < o.Until) {
			o.Until = st.due
		}
	case st.ballot != nil:
		o.Kind, o.Ask = OpenApproval, st.ballot.view(st.due)
	case st.away != nil && st.away.open:
		o = st.openAway(o)
	case st.status == model.StepWaiting:
		o.Kind = OpenWait
		if st.due > 0 && (o.Until == 0 || st.due < o.Until) {
			o.Until = st.due
		}
		for _, a := range st.arms {
			switch {
			case a.signal != "":
				o.Names = append(o.Names, a.signal)
			case a.when:
				o.Condition = true
			}
		}
	case st.comp != nil:
		o.Kind, o.Running, o.Total = OpenScope, st.comp.live, st.comp.total
		o.Done, o.Growing = st.comp.good+st.comp.failed, st.comp.open
		if st.feedable() {
			for _, a := range st.arms {
				o.Names = append(o.Names, a.signal)
			}
		}
	default:
		return list // on the agenda: OpenMore, or paused
	}
	return append(list, o)
}
