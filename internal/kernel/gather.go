package kernel

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
)

// An execution that gathers is pending: further starts of its key reach it until its time has come or it is full. A
// debounce takes the input of the newest and waits anew, a batch collects them. Then it begins, its key is free, and the
// next start opens another one.

// Gather is how starts of one key become one execution. Times are milliseconds.
type Gather struct {
	// Size is how many starts a batch has at most; 0 is a debounce.
	Size int
	// Wait is how long a batch waits since its first start, or a debounce since its newest.
	Wait int64
	// Most bounds a debounce since its first start; 0: nothing does.
	Most int64
}

// MostGathered bounds how many starts one execution gathers.
const MostGathered = 10_000

// CodeGathered refuses a start to an execution that gathers no more; whoever has the key next takes it.
const CodeGathered = "gathered"

// gatherPrefix keeps the keys of what gathers apart from those of executions that are named.
const gatherPrefix = "gather:"

// GatherKey is the key of the execution that gathers starts of key.
func GatherKey(key string) string { return gatherPrefix + key }

// Gathers reports whether key is one of [GatherKey].
func Gathers(key string) bool { return strings.HasPrefix(key, gatherPrefix) }

// GatherRequest is the key under which a request with a start of a gathering key is known.
func GatherRequest(key, request string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s%s", len(key), key, request))
	return fmt.Sprintf("gathered:%x", sum[:16])
}

// gather is what an execution has gathered. It is changed by apply only.
type gather struct {
	Gather
	opened   int64
	n        int
	inputs   []*value // of a batch, until it is over
	size     int      // of them
	requests []string
	over     bool

	seen map[string]bool // the requests; a cache
}

func (g *gather) add(in *value) {
	g.n++
	if g.Size > 0 {
		g.inputs = append(g.inputs, in)
		g.size += in.size() + 1
	}
}

// due is when a gathering to which a start came at now begins.
func (g *gather) due(now int64) int64 {
	if g.Size > 0 {
		return g.opened + g.Wait
	}
	due := now + g.Wait
	if g.Most > 0 {
		due = min(due, g.opened+g.Most)
	}
	return due
}

func (g *gather) full() bool { return g.n >= MostGathered || g.Size > 0 && g.n >= g.Size }

// gatherOf reads what a trigger says under debounce and batch; nil where it says nothing.
func gatherOf(debounce, batch json.RawMessage) (*Gather, error) {
	var with struct {
		Quiet, Max, Wait json.RawMessage
		Size             int
	}
	switch {
	case len(batch) > 0:
		if err := json.Unmarshal(batch, &with); err != nil {
			return nil, err
		}
		wait, err := spanOf(with.Wait)
		return &Gather{Size: with.Size, Wait: wait}, err
	case len(debounce) == 0:
		return nil, nil
	case debounce[0] != '{':
		with.Quiet = debounce
	default:
		if err := json.Unmarshal(debounce, &with); err != nil {
			return nil, err
		}
	}
	quiet, err := spanOf(with.Quiet)
	if err != nil {
		return nil, err
	}
	most, err := spanOf(with.Max)
	return &Gather{Wait: quiet, Most: most}, err
}

// birth makes the start that a trigger stands for when it comes: under gatherKey where several become one execution, else
// under key. seed tells it from others of the sender.
func (t *trigger) birth(x *decider, key, workflow, gatherKey string, input, came []byte) *Start {
	seed := key
	if t.gather != nil {
		key = GatherKey(gatherKey)
	}
	start := x.birth(seed, workflow, key)
	start.Input, start.Trigger, start.Gather = input, came, t.gather
	return start
}

// list is the input of a batch: the inputs of its starts, in order of arrival.
func (g *gather) list() *value {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, in := range g.inputs {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(in.bytes())
	}
	b.WriteByte(']')
	return rawValue(b.Bytes())
}

func (g *gather) knows(request string) bool {
	if request == "" {
		return false
	}
	if g.seen == nil {
		g.seen = map[string]bool{}
		for _, r := range g.requests {
			g.seen[r] = true
		}
	}
	return g.seen[request]
}

// GatherOver reports whether the execution has gathered starts and takes no more: its key is free.
func (s *State) GatherOver() bool { return s.gather != nil && s.gather.over }

// Gathered reports whether the execution is one of several starts.
func (s *State) Gathered() bool { return s.gather != nil }

// GatherRequests are the keys under which the requests of its starts are known.
func (s *State) GatherRequests() (keys []string) {
	if s.gather == nil {
		return nil
	}
	for _, r := range s.gather.requests {
		keys = append(keys, GatherRequest(s.start.Key, r))
	}
	return keys
}

// gathering reports whether further starts may come.
func (s *State) gathering() bool { return s.gather != nil && !s.gather.over }

// gatherMore takes a further start of the key.
func (x *decider) gatherMore(i int, in *Input) {
	g, st := x.s.gather, *in.Start
	switch {
	case g == nil:
		x.notGathered(i, &model.Error{Code: "key_exists", Message: "the key belongs to execution " + x.s.start.ID.String() + ", which gathers nothing"})
		return
	case g.knows(in.Request):
		x.out.Answers = append(x.out.Answers, Answer{Input: i, Status: x.s.status, Repeated: true})
		return
	case g.over:
		x.notGathered(i, &model.Error{Code: CodeGathered, Message: "the execution gathers no more"})
		return
	}
	if err := x.refuseStart(&st); err != nil {
		x.notGathered(i, err)
		return
	}
	if why := x.mustEnd(g, &st); why != "" {
		x.gathered(why)
		x.notGathered(i, &model.Error{Code: CodeGathered, Message: "the execution gathers no more"})
		return
	}
	o := Op{kind: opGather, data: st.Input, hasData: len(st.Input) > 0, by: in.By, why: in.Why, req: in.Request}
	if bug.On(bug.GatherLost) && g.Size > 0 {
		o.data, o.hasData = nil, false // seeded: the start is answered and its input is nowhere
	}
	if len(st.Trigger) > 0 {
		o.tags = []tagValue{{"trigger", st.Trigger}}
	}
	next := *g
	next.Gather = *st.Gather
	o.n, o.due = int64(g.n+1), max(next.due(x.now), x.now+1)
	o.size, o.until, o.attempt = st.Gather.Size, st.Gather.Wait, int(st.Gather.Most)
	x.emit(o)
	x.out.Answers = append(x.out.Answers, Answer{Input: i, Status: x.s.status})
	x.endFull()
}

// notGathered refuses a start and journals nothing: it changed nothing here.
func (x *decider) notGathered(i int, err *model.Error) {
	x.out.Answers = append(x.out.Answers, Answer{Input: i, Status: x.s.status, Error: err})
}

// mustEnd says why a start cannot be added to what is gathered, so that it opens a new gathering; "" if it can.
func (x *decider) mustEnd(g *gather, st *Start) string {
	switch {
	case x.s.start.NotBefore <= x.now:
		return "time"
	case st.Version != x.s.start.Version:
		return "version"
	case st.Gather == nil || (st.Gather.Size > 0) != (g.Size > 0):
		return "changed"
	case g.Size > 0 && g.size+len(st.Input) > x.bounds.Payload:
		return "bytes"
	}
	return ""
}

// endFull ends a gathering that has as many starts as it may.
func (x *decider) endFull() {
	if x.err == nil && x.s.gathering() && x.s.gather.full() {
		x.gathered("full")
	}
}

// gathered ends the gathering; the execution begins as soon as it may.
func (x *decider) gathered(why string) {
	if x.err == nil && x.s.gathering() {
		x.emit(Op{kind: opGathered, n: int64(x.s.gather.n), word: why})
		x.openTags() // of the input as it is now
	}
}

// birthOfGathering puts the first of several starts off.
func (x *decider) birthOfGathering(st *Start) {
	g := gather{Gather: *st.Gather, opened: x.now}
	st.NotBefore = max(g.due(x.now), x.now+1)
}

func (s *State) applyGather(o *Op) error {
	g := s.gather
	if g == nil || g.over {
		return fmt.Errorf("the execution gathers nothing")
	}
	g.Gather = Gather{Size: o.size, Wait: o.until, Most: int64(o.attempt)}
	in := rawValue(o.data)
	g.add(in)
	s.bytes += in.size()
	if g.Size == 0 {
		s.bytes -= s.input.size()
		s.input = in
	}
	for _, t := range o.tags {
		v := rawValue(t.data)
		s.bytes += v.size() - s.trigger.size()
		s.trigger = v
	}
	s.gatherRequest(o.req)
	s.start.NotBefore = o.due
	s.addTimer(timer{due: o.due, kind: timerBegin})
	return nil
}

func (s *State) gatherRequest(request string) {
	if request == "" {
		return
	}
	s.gather.requests = append(s.gather.requests, request)
	if s.gather.seen != nil {
		s.gather.seen[request] = true
	}
}

func (s *State) applyGathered() error {
	g := s.gather
	if g == nil || g.over {
		return fmt.Errorf("the execution gathers nothing")
	}
	g.over = true
	if g.Size > 0 {
		s.bytes -= g.size - len(g.inputs) + s.input.size()
		s.input, g.inputs, g.size = g.list(), nil, 0
		s.bytes += s.input.size()
	}
	if s.start.NotBefore > s.at {
		s.start.NotBefore = s.at
		s.addTimer(timer{due: s.at, kind: timerBegin})
	}
	return nil
}

// gatherOpen says what is gathered so far.
func (s *State) gatherOpen() Outstanding {
	g := s.gather
	return Outstanding{
		Kind: OpenGather, Since: g.opened, Until: s.start.NotBefore, Done: g.n, Total: g.Size,
		Workflow: s.start.Workflow, Key: strings.TrimPrefix(s.start.Key, gatherPrefix),
	}
}

// gathers says what an execution waits for that is one of several starts.
func (o *Outstanding) gathers() string {
	text := "The execution gathers starts of " + o.Workflow
	if o.Key != "" {
		text += " with the key " + o.Key
	}
	text += fmt.Sprintf(": %d so far", o.Done)
	if o.Total > 0 {
		return text + fmt.Sprintf(", begins with number %d or at its time", o.Total)
	}
	return text + ", begins with the input of the newest when none comes any more"
}

func (g *Gather) append(dst []byte) []byte {
	dst = append(dst, `{"wait":`...)
	dst = fmt.Append(dst, g.Wait)
	dst = appendInt(dst, "size", int64(g.Size))
	return append(appendInt(dst, "most", g.Most), '}')
}

func (p *parser) gather() *Gather {
	g := &Gather{}
	p.object(func(key string) {
		switch key {
		case "wait":
			g.Wait = p.int()
		case "size":
			g.Size = int(p.int())
		case "most":
			g.Most = p.int()
		default:
			p.unknown(key)
		}
	})
	return g
}

func (c *codec) gather(s *State) {
	if !c.save {
		s.gather = &gather{}
	}
	g := s.gather
	num(c, &g.Size)
	num(c, &g.Wait)
	num(c, &g.Most)
	num(c, &g.opened)
	num(c, &g.n)
	list(c, &g.inputs, c.value)
	list(c, &g.requests, func(r *string) { str(c, r) })
	c.flag(&g.over)
	if !c.save {
		for _, v := range g.inputs {
			s.bytes += v.size()
			g.size += v.size() + 1
		}
	}
}
