package kernel

import (
	"slices"
	"strings"
)

// Bounds of what a head says of waiting: so many things, of so many bytes each.
const (
	waitingMost    = 8
	waitingLongest = 80
)

// WaitingOn is in short words what an open execution waits for while nothing of it is at work: "signal NAME",
// "condition", "timer", "retry", "approval", "callback", "child WORKFLOW", "answer", "limit NAME/KEY", "task TYPE",
// "cancel TYPE", "start", "more starts" or "operator", several in order and joined by ", ". It is "" while a task is out
// or the execution goes on at once, and after the end.
func WaitingOn(s *State) string {
	if s.status.Closed() || s.root == nil || s.tasks > 0 && s.active() || s.more && s.active() {
		return ""
	}
	var words, some []string
	list := s.ownOpen()
	add := func() {
		for i := range list {
			some = list[i].words(some[:0])
			for _, w := range some {
				words = withWord(words, w)
			}
		}
	}
	add()
	s.eachStep(func(st *step) {
		list = st.open(list[:0])
		add()
		if st.comp != nil && len(st.comp.kids) > 0 {
			words = withWord(words, waitingWord("child", s.start.Workflow)) // of its items, also of one that ended and left them (rest: finish)
		}
	})
	return strings.Join(words, ", ")
}

// withWord adds a word to a sorted list of the first few.
func withWord(words []string, w string) []string {
	i, found := slices.BinarySearch(words, w)
	if found || i == waitingMost {
		return words
	}
	words = slices.Insert(words, i, w)
	return words[:min(len(words), waitingMost)]
}

// words appends what o waits for, if it is something that comes from elsewhere.
func (o *Outstanding) words(dst []string) []string {
	switch o.Kind {
	case OpenWait:
		return o.waitWords(dst)
	case OpenScope:
		if o.Growing && len(o.Names) > 0 {
			return append(dst, waitingWord("signal", o.Names[0]))
		}
		return dst // the steps inside it say more
	case OpenTask:
		return append(dst, waitingWord("task", o.Type))
	case OpenCancel:
		return append(dst, waitingWord("cancel", o.Type))
	case OpenChild:
		return append(dst, waitingWord("child", o.Workflow))
	case OpenLimit:
		return append(dst, waitingWord("limit", o.LimitTitle()))
	case OpenBackoff:
		return append(dst, "retry")
	case OpenApproval:
		return append(dst, "approval")
	case OpenCallback:
		return append(dst, "callback")
	case OpenAnswer:
		return append(dst, "answer")
	case OpenPending:
		return append(dst, "start")
	case OpenGather:
		return append(dst, "more starts")
	case OpenPaused, OpenParked:
		return append(dst, "operator")
	}
	return dst
}

func (o *Outstanding) waitWords(dst []string) []string {
	for _, n := range o.Names {
		dst = append(dst, waitingWord("signal", n))
	}
	if o.Condition {
		dst = append(dst, "condition")
	}
	if o.Until > 0 || len(o.Names) == 0 && !o.Condition {
		dst = append(dst, "timer")
	}
	return dst
}

// waitingWord is one thing that is waited for. A comma in a name would look like the end of it.
func waitingWord(kind, name string) string {
	return strings.TrimSpace(kind + " " + clean(strings.ReplaceAll(name, ",", ";"), waitingLongest))
}
