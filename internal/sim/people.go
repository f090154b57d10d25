package sim

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// people decide approvals; each belongs to the groups that its letters name.
var people = []string{"ab", "a", "b", "bc", "c"}

func groupsOf(person string) (groups []string) {
	for _, r := range person {
		groups = append(groups, "group-"+string(r))
	}
	return groups
}

// approval asks people, with an edge for everything that may come of it.
func (b *graphOf) approval() block {
	r := b.g.r
	outcomes := pick(r, []string{"approved", "rejected"}, []string{"fine", "later", "never"})
	with := map[string]any{"title": "Number ${ vars.v }", "outcomes": outcomes, "quorum": 1 + r.IntN(3), "veto": 1 + r.IntN(2)}
	if r.IntN(2) == 0 {
		with["assignees"] = []string{pick(r, "group-a", "group-b", "ab")}
		with["escalate"] = []any{
			map[string]any{"after": b.g.duration(1_000, 600_000), "add": []string{"group-a", "group-b", "group-c"}},
			map[string]any{"after": b.g.duration(1_000, 60_000), "notify": map[string]any{"v": "${ vars.v }"}},
		}
	}
	if r.IntN(3) == 0 {
		with["exclude"] = []string{pick(r, "group-c", "a")}
	}
	id := b.node("approval", with)
	b.last().Outcomes = outcomes
	bad := b.node("set", map[string]any{})
	b.edge(id, model.OnAny, bad)
	if r.IntN(2) == 0 {
		b.Nodes[len(b.Nodes)-2].Timeout = b.g.duration(5_000, 900_000)
	}
	return b.merged(id, []string{id, bad})
}

// decide lets a person decide an approval that waits, or one that does not.
func (c *clients) decide(o *op, x *witness) {
	person := pick(c.w.r, people...)
	d := &kernel.Decision{Outcome: pick(c.w.r, "approved", "rejected", "fine", "later"), Groups: groupsOf(person)}
	var open []kernel.Outstanding
	if x != nil {
		for a := range kernel.Open(x.state) {
			if a.Ask != nil {
				open = append(open, a)
			}
		}
	}
	if len(open) > 0 {
		a := open[c.w.r.IntN(len(open))]
		d.Step = a.Step
		if c.w.r.IntN(8) > 0 {
			d.Outcome = pick(c.w.r, a.Ask.Outcomes...)
		}
	}
	if c.w.r.IntN(2) == 0 {
		d.Form = mustJSON(map[string]any{"op": o.n})
	}
	o.cmd.Verb, o.cmd.Decision, o.cmd.By = shard.Decide, d, person
}

// asking is an execution in which an approval waits; nil where there is none, and now and then so.
func (c *clients) asking() *witness {
	var some []*witness
	for _, x := range c.w.judge.all() {
		if !x.forgot && x.state.Asks() > 0 {
			some = append(some, x)
		}
	}
	if len(some) == 0 || c.w.r.IntN(6) == 0 {
		return nil
	}
	return some[c.w.r.IntN(len(some))]
}

// vote sends a decision about an execution.
func (c *clients) vote(id record.ID) {
	n := len(c.ops)
	o := &op{n: n, safe: true, cmd: engine.Command{Execution: id, Request: fmt.Sprintf("r%d", n)}}
	c.decide(o, c.w.judge.execs[id])
	c.ask(o)
}

// everybodyVotes lets people answer what is asked when the world has healed.
func (c *clients) everybodyVotes() {
	for _, x := range c.w.judge.all() {
		if !x.forgot && x.state.Asks() > 0 {
			for range 4 {
				c.w.after(c.w.upTo(time.Minute), func() { c.vote(x.id) })
			}
		}
	}
}

// handOver gives the token of an attempt to somebody who answers it some time, once or twice, whatever becomes of the
// attempt and its process.
func (c *clients) handOver(t runner.Token) {
	w := c.w
	if !w.o.Calm && !w.healed && w.r.IntN(3) == 0 {
		w.after(w.upTo(time.Minute), func() { c.migrate(t.Execution) }) // maybe its node is called otherwise then
	}
	for range w.r.IntN(2) {
		w.after(w.upTo(time.Minute), func() { c.callBack(t, &kernel.Callback{Progress: mustJSON(map[string]any{"at": w.now})}) })
	}
	r := model.Result{Output: mustJSON(map[string]any{"by": "token"})}
	if w.r.IntN(5) == 0 {
		r = model.Result{Error: &model.Error{Code: "sim", Message: "the holder of the token failed"}}
	}
	for range 1 + w.r.IntN(2) {
		w.after(w.upTo(pick(w.r, 300*time.Millisecond, 2*time.Minute)), func() { c.callBack(t, &kernel.Callback{Result: &r}) })
	}
}

func (c *clients) callBack(t runner.Token, say *kernel.Callback) {
	cmd := engine.Command{Verb: shard.Callback, Execution: t.Execution, Callback: say, Task: kernel.TaskRef{Step: t.Step, Attempt: t.Attempt}}
	c.ask(&op{n: len(c.ops), safe: true, cmd: cmd})
}

// sayElse: what the holder of a token said cannot be kept, so it says that it failed.
func (c *clients) sayElse(o *op) {
	if o.cmd.Verb != shard.Callback || o.cmd.Callback.Result == nil {
		return
	}
	t := runner.Token{Execution: o.cmd.Execution, Step: o.cmd.Task.Step, Attempt: o.cmd.Task.Attempt}
	r := model.Result{Error: &model.Error{Code: "sim", Message: "the answer could not be kept"}}
	c.w.after(time.Second, func() { c.callBack(t, &kernel.Callback{Result: &r}) })
}

// poll is what the judge knows of an approval: it counts the votes by itself.
type poll struct {
	Outcomes     []string
	Quorum, Veto int
	votes        map[string]string // word, by person
}

// decided is the word that has as many votes as it needs; "" where none has.
func (p *poll) decided() string {
	n := map[string]int{}
	for _, word := range p.votes {
		n[word]++
	}
	for i, word := range p.Outcomes {
		need := p.Veto
		if i == 0 {
			need = p.Quorum
		}
		if n[word] >= need {
			return word
		}
	}
	return ""
}

func (j *judge) asked(x *witness, e *record.Entry, f *fact) {
	p := &poll{votes: map[string]string{}}
	if err := json.Unmarshal(f.Ask, p); err != nil {
		j.fail("I22", "%s: entry %d asks nothing: %v", x.id, e.Seq, err)
	}
	x.polls[f.Step] = p
}

// voted: people decide about what waits, each once, and none after it was decided.
func (j *judge) voted(x *witness, e *record.Entry, f *fact) {
	p := x.polls[f.Step]
	switch {
	case p == nil:
		j.fail("vote", "%s: entry %d has a vote on %s, which asks nobody", x.id, e.Seq, f.Step)
		return
	case x.finished[f.Step], p.decided() != "":
		j.fail("vote", "%s: entry %d has a vote on %s, which is decided", x.id, e.Seq, f.Step)
	case p.votes[f.By] != "":
		j.fail("vote", "%s: entry %d has a second vote of %s on %s", x.id, e.Seq, f.By, f.Step)
	}
	p.votes[f.By] = f.Outcome
}

// answered: a token is answered once for each attempt that ends by it.
func (j *judge) tokenAnswered(x *witness, e *record.Entry, f *fact) {
	switch {
	case x.finished[f.Step]:
		j.fail("I4", "%s: entry %d has an answer for %s, which has ended", x.id, e.Seq, f.Step)
	case x.answers[f.Step] != "":
		j.fail("token", "%s: entry %d has a second answer for %s", x.id, e.Seq, f.Step)
	}
	x.answers[f.Step] = f.Outcome
}

// asTold: a step ends as people or the holder of its token said.
func (j *judge) asTold(x *witness, e *record.Entry, f *fact) {
	if p := x.polls[f.Step]; p != nil && !x.byHand[f.Step] {
		if word := p.decided(); word != "" && word != f.Outcome || word == "" && f.Outcome != model.TimedOut && f.Status != "cancelled" {
			j.fail("vote", "%s: entry %d ends %s %s; the votes say %q", x.id, e.Seq, f.Step, f.Outcome, word)
		}
	}
	unusable := f.Error != nil && f.Error.Code == "unknown_variable" // what the attempt sets is not declared in an item
	if word := x.answers[f.Step]; !x.byHand[f.Step] && !unusable && !(f.Status == "cancelled" && x.operated == e.Seq) && word == model.Success && f.Outcome != word {
		j.fail("token", "%s: entry %d ends %s %s; the token said %s", x.id, e.Seq, f.Step, f.Outcome, word)
	}
}

// calledBack: a success that was acknowledged is in the journal (I6).
func (j *judge) calledBack(x *witness, o *op) {
	r := o.cmd.Callback.Result
	if r != nil && r.Error == nil && x.answers[o.cmd.Task.Step] != model.Success {
		j.fail("I6", "%s: the answer of op %d to the token of %s was acknowledged and is not recorded", x.id, o.n, o.cmd.Task.Step)
	}
}
