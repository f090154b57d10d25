package kernel

import (
	"container/heap"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// limit is the state of a limit: who holds it and who waits in line. It is changed by apply only.
type limit struct {
	name, key string
	rule      rule
	fixed     bool // an operator has set the rule; what definitions say does not count any more

	used    int // weight of the holders
	holders map[claimant]*hold
	places  map[claimant]*hold // in line
	line    line
	order   int64 // of the last that joined
	// early are those who gave back what they had not asked for yet: their request is late and counts for nothing.
	early []departed
	// spent is when the rate is used up to, in milliseconds times rule.rate (GCRA): see free.
	spent int64
}

// rule is what a limit allows: so much weight at a time, or so much per time.
type rule struct {
	concurrency int
	rate        int
	per         int64 // milliseconds
}

// claimant is who holds or wants a limit: a step of an execution, "" for the execution itself.
type claimant struct {
	execution record.ID
	step      string
}

// departed is a claimant whose release came before its request. An inbox keeps the order of a sender; an entry that the
// store has rejected, and that is decided anew, may not.
type departed struct {
	claimant
	attempt int
}

// mostEarly bounds how many of them a limit remembers.
const mostEarly = 1_000

// hold is the place of a claimant, in line or among the holders.
type hold struct {
	claimant
	attempt  int
	weight   int
	priority int
	order    int64
	since    int64
	yielding bool // it was asked to make room
	at       int  // in the line
}

// line is a heap: higher priorities first, then in order of arrival.
type line []*hold

func (l line) Len() int { return len(l) }

func (l line) Less(i, j int) bool {
	if l[i].priority != l[j].priority {
		return l[i].priority > l[j].priority
	}
	return l[i].order < l[j].order
}

func (l line) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].at, l[j].at = i, j
}

func (l *line) Push(v any) {
	h := v.(*hold)
	h.at = len(*l)
	*l = append(*l, h)
}

func (l *line) Pop() any {
	last := len(*l) - 1
	h := (*l)[last]
	(*l)[last] = nil
	*l = (*l)[:last]
	return h
}

func newLimit() *limit {
	return &limit{holders: map[claimant]*hold{}, places: map[claimant]*hold{}}
}

// free reports whether weight more fits now. A rate is kept as in GCRA: the moment up to which it is spent moves on by
// per for each unit of weight, in units of 1/rate milliseconds, and may be ahead of the present by at most per.
func (l *limit) free(weight int, now int64) bool {
	if l.rule.rate > 0 {
		return l.freeAt(weight) <= now
	}
	if bug.On(bug.SlotTwice) {
		weight-- // seeded: one too many
	}
	return l.used+weight <= l.rule.concurrency
}

// freeAt is when a rate admits weight more.
func (l *limit) freeAt(weight int) int64 {
	n := int64(l.rule.rate)
	behind := l.spent - l.rule.per*n + l.rule.per*int64(weight)
	if behind <= 0 {
		return 0
	}
	return (behind + n - 1) / n
}

// at is the place of a claimant; nil where it has none.
func (l *limit) at(who claimant) *hold {
	if h := l.holders[who]; h != nil {
		return h
	}
	return l.places[who]
}

func (l *limit) capacity() int { return max(l.rule.concurrency, l.rule.rate) }

func (l *limit) ready(now int64) bool {
	return len(l.line) > 0 && (l.line[0].weight > l.capacity() || l.free(l.line[0].weight, now))
}

func (l *limit) nextTimer() int64 {
	if l.rule.rate == 0 || len(l.line) == 0 {
		return record.Never
	}
	return max(l.freeAt(l.line[0].weight), 1)
}

// bornLimit takes the name of a new limit.
func (x *decider) bornLimit(in []byte) {
	var with struct{ Name, Key string }
	if err := json.Unmarshal(in, &with); err != nil {
		x.park(&model.Error{Code: CodeBadJSON, Message: "the name of the limit cannot be read"}, "")
		return
	}
	x.emit(Op{kind: opLimit, name: with.Name, word: with.Key})
	tags := []tagValue{{"limit", appendString(nil, with.Name)}}
	if with.Key != "" {
		tags = append(tags, tagValue{"key", appendString(nil, with.Key)})
	}
	x.emit(Op{kind: opTags, tags: tags})
}

// limitMail handles what executions send to a limit.
func (x *decider) limitMail(m *Mail) bool {
	switch m.Kind {
	case MailAcquire:
		x.acquire(m)
	case MailRelease:
		if m.Outcome == byAudit {
			x.leaked(claimant{m.From, m.Step}, m.Attempt)
			break
		}
		x.released(claimant{m.From, m.Step}, m.Attempt, "released")
	case MailCheck: // the caller answers, from the state
	default:
		return false
	}
	return true
}

// wish is the body of MailAcquire.
type wish struct {
	rule
	weight, priority int
	strategy         string
}

// acquire gives a claimant a place. Asking again is harmless: who holds the limit keeps it, who is in line stays there.
func (x *decider) acquire(m *Mail) {
	l, who := x.s.limit, claimant{m.From, m.Step}
	w, err := decodeWish(m.Data)
	if err != nil {
		x.turnDown(who, m.Attempt, &model.Error{Code: CodeBadJSON, Message: "the request for the limit cannot be read"})
		return
	}
	if h := l.at(who); h != nil && h.attempt == m.Attempt || slices.Contains(l.early, departed{who, m.Attempt}) {
		return
	}
	x.released(who, 0, "asked anew") // an attempt before this one
	if !l.fixed && w.rule != l.rule {
		x.emit(Op{kind: opLimit, n: int64(w.concurrency), attempt: w.rate, until: w.per})
	}
	switch {
	case w.weight > l.capacity():
		x.turnDown(who, m.Attempt, &model.Error{Code: CodeLimitWeight, Message: "a weight of " + strconv.Itoa(w.weight) + " is more than the limit " + l.title() + " allows: " + l.rule.String()})
		return
	case w.strategy == "reject" && (len(l.line) > 0 || !x.s.active() || !l.free(w.weight, x.now)):
		x.turnDown(who, m.Attempt, &model.Error{Code: CodeLimitReached, Message: "the limit " + l.title() + " is used up: " + l.rule.String()})
		return
	}
	x.emit(Op{kind: opPlace, text: m.From.String(), path: m.Step, attempt: m.Attempt, n: int64(w.weight), until: int64(w.priority)})
	if w.strategy == "cancel_running" {
		x.makeRoom(w.weight)
	}
}

// Codes of steps that a limit turned down.
const (
	CodeLimitReached = "limit_reached" // strategy: reject, and the limit is used up
	CodeLimitWeight  = "limit_weight"  // the weight is more than the whole limit
)

// makeRoom asks holders to stop, oldest first, until weight more would fit.
func (x *decider) makeRoom(weight int) {
	l := x.s.limit
	if l.rule.rate > 0 {
		return
	}
	leaving := 0
	holders := l.sorted()
	for _, h := range holders {
		if h.yielding {
			leaving += h.weight
		}
	}
	for _, h := range holders {
		if l.used-leaving+weight <= l.rule.concurrency {
			return
		}
		if !h.yielding {
			leaving += h.weight
			x.emit(Op{kind: opYield, text: h.execution.String(), path: h.step, attempt: h.attempt})
			x.post(Mail{Kind: MailYield, To: h.execution, Step: h.step, Attempt: h.attempt})
		}
	}
}

// turnDown tells a claimant that it won't get the limit.
func (x *decider) turnDown(who claimant, attempt int, err *model.Error) {
	x.emit(Op{kind: opTurned, text: who.execution.String(), path: who.step, attempt: attempt, err: err})
	x.post(Mail{Kind: MailTurned, To: who.execution, Step: who.step, Attempt: attempt, Error: err})
}

// released takes a claimant off the limit. attempt 0 is any. One that has no place is remembered: where its request is
// still to come, it is too late.
func (x *decider) released(who claimant, attempt int, why string) {
	l := x.s.limit
	h := l.at(who)
	switch {
	case h == nil && attempt != 0:
		x.emit(Op{kind: opFree, text: who.execution.String(), path: who.step, attempt: attempt, word: "early", flag: true})
		return
	case h == nil || attempt != 0 && h.attempt != attempt:
		return // its end was told before
	}
	x.emit(Op{kind: opFree, text: who.execution.String(), path: who.step, attempt: h.attempt, word: why})
}

// advanceLimit serves the first in line where there is room. Nobody overtakes it, so a heavy claimant does not starve.
func (x *decider) advanceLimit() bool {
	l := x.s.limit
	if !l.ready(x.now) {
		return false
	}
	h := l.line[0]
	if h.weight > l.capacity() {
		who, attempt := h.claimant, h.attempt
		x.released(who, attempt, "too heavy")
		x.turnDown(who, attempt, &model.Error{Code: CodeLimitWeight, Message: "the limit " + l.title() + " was changed and allows less than a weight of " + strconv.Itoa(h.weight)})
		return true
	}
	x.emit(Op{kind: opGrant, text: h.execution.String(), path: h.step, attempt: h.attempt})
	x.grant(h)
	return true
}

func (x *decider) grant(h *hold) {
	if bug.On(bug.GrantTwice) {
		x.post(Mail{Kind: MailGrant, To: h.execution, Step: h.step, Attempt: h.attempt})
	}
	x.post(Mail{Kind: MailGrant, To: h.execution, Step: h.step, Attempt: h.attempt})
}

// limitCommand handles change {concurrency | rate, per} and release {execution, step}.
func (x *decider) limitCommand(in *Input) *model.Error {
	var with struct {
		Concurrency int
		Rate        string
		Definition  bool
		Execution   string
		Step        string
	}
	sig := in.Signal
	if len(sig.Data) > 0 && json.Unmarshal(sig.Data, &with) != nil {
		return &model.Error{Code: CodeBadJSON, Message: "the data of the command cannot be read"}
	}
	switch sig.Name {
	case "change":
		r := rule{concurrency: with.Concurrency}
		if with.Definition {
			x.emit(Op{kind: opLimit, n: int64(x.s.limit.rule.concurrency), attempt: x.s.limit.rule.rate, until: x.s.limit.rule.per})
			return nil
		}
		if with.Rate != "" {
			var ok bool
			if r.rate, r.per, ok = parseRate(with.Rate); !ok {
				return &model.Error{Code: "bad_value", Message: strconv.Quote(with.Rate) + " is no rate; write a number, a slash and a time, such as 10/s"}
			}
		}
		if (r.concurrency > 0) == (r.rate > 0) || r.concurrency < 0 || r.concurrency > mostConcurrency {
			return &model.Error{Code: "bad_value", Message: "a limit allows either a concurrency from 1 on or a rate"}
		}
		x.emit(Op{kind: opLimit, n: int64(r.concurrency), attempt: r.rate, until: r.per, flag: true})
		return nil
	case "release":
		id, err := record.ParseID(with.Execution)
		who := claimant{id, with.Step}
		if err != nil || x.s.limit.holders[who] == nil && x.s.limit.places[who] == nil {
			return &model.Error{Code: "not_found", Message: "neither holds nor wants the limit"}
		}
		x.released(who, 0, "by "+in.By)
		return nil
	}
	return unknownCommand(sig, "change and release")
}

const (
	mostConcurrency = 1_000_000
	mostRate        = 1_000_000
)

// parseRate reads 10/s, 100/5m.
func parseRate(s string) (n int, per int64, ok bool) {
	count, unit, ok := strings.Cut(s, "/")
	n, err := strconv.Atoi(count)
	if !ok || err != nil || n < 1 || n > mostRate {
		return 0, 0, false
	}
	if unit != "" && (unit[0] < '0' || unit[0] > '9') {
		unit = "1" + unit
	}
	per, err = parseSpan(unit)
	return n, per, err == nil && per > 0 && per <= 366*24*3600*1000
}

// title is the name and key for people.
func (l *limit) title() string {
	if l.key == "" {
		return l.name
	}
	return l.name + "/" + l.key
}

// String is the rule as definitions write it.
func (r rule) String() string {
	if r.rate > 0 {
		return strconv.Itoa(r.rate) + " per " + formatSpan(r.per)
	}
	return strconv.Itoa(r.concurrency) + " at a time"
}

// sorted lists the holders, oldest first.
func (l *limit) sorted() []*hold {
	list := make([]*hold, 0, len(l.holders))
	for _, h := range l.holders { // sorted: below
		list = append(list, h)
	}
	slices.SortFunc(list, func(a, b *hold) int { return int(a.order - b.order) })
	return list
}

// LimitView is a limit for people.
type LimitView struct {
	Name, Key   string
	Concurrency int
	Rate        int
	Per         int64
	// Fixed: an operator set what it allows.
	Fixed bool
	Used  int
	// Holders are those who have it, oldest first; Line those who wait, the next one first, at most 1,000 of Waiting.
	Holders, Line []LimitPlace
	Waiting       int
}

// LimitPlace is one who holds or wants a limit.
type LimitPlace struct {
	Execution record.ID
	Step      string
	Attempt   int
	Weight    int
	Priority  int
	Since     int64
}

// mostShown bounds the lists of a view.
const mostShown = 1_000

// ViewLimit describes the limit that s is; false where s is none.
func ViewLimit(s *State) (LimitView, bool) {
	l := s.limit
	if l == nil {
		return LimitView{}, false
	}
	v := LimitView{Name: l.name, Key: l.key, Concurrency: l.rule.concurrency, Rate: l.rule.rate, Per: l.rule.per, Fixed: l.fixed, Used: l.used, Waiting: len(l.line)}
	for i, h := range l.sorted() {
		if i == mostShown {
			break
		}
		v.Holders = append(v.Holders, h.view())
	}
	waiting := slices.Clone(l.line)
	slices.SortFunc(waiting, func(a, b *hold) int {
		if a.priority != b.priority {
			return b.priority - a.priority
		}
		return int(a.order - b.order)
	})
	for _, h := range waiting[:min(len(waiting), mostShown)] {
		v.Line = append(v.Line, h.view())
	}
	return v, true
}

func (h *hold) view() LimitPlace {
	return LimitPlace{Execution: h.execution, Step: h.step, Attempt: h.attempt, Weight: h.weight, Priority: h.priority, Since: h.since}
}

// joined puts h at its place in the line.
func (l *limit) joined(h *hold) {
	l.places[h.claimant] = h
	heap.Push(&l.line, h)
}
